import {expect, test} from 'vitest'
import {sampleToken} from '../figures/tree/sample-result.ts'
import {
  type DraftStepView,
  draftStepView,
  frameCount,
  frameName,
  frameOf,
  nodesAtFrame,
  testAt,
  testsBy,
  treeMask,
} from './draft-player.ts'
import {summarizeDrafts} from './draft-summary.ts'
import type {TreeStats, TreeTest, TreeTokenNode, TreeVerdict} from './tree.ts'

const told = {targetProb: 0.4, residualProb: 0.3, acceptProb: 0.2, uniform: 0.1, reachProb: 0.15}
/** Two siblings of the root, the second of which is accepted; one child each; then a correction. */
const nodes = [
  sampleToken({id: 0, parent: null, order: 0, draftProb: 0.5, ...told, status: 'rejected'}),
  sampleToken({id: 1, parent: null, order: 1, draftProb: 0.3, ...told, status: 'accepted'}),
  sampleToken({id: 2, parent: 0, order: 0, depth: 2, draftProb: 0.9, status: 'untested'}),
  sampleToken({id: 3, parent: 1, order: 0, depth: 2, draftProb: 0.8, status: 'rejected'}),
  sampleToken({id: 4, parent: 1, order: 1, depth: 2, status: 'correction'}),
  sampleToken({id: 5, parent: 4, order: 0, step: 1, draftProb: 0.2, status: 'accepted'}),
]
const test1 = (node: number, outcome: TreeTest['outcome'], part: Partial<TreeTest> = {}) => ({
  ...{node, outcome, residualProb: 0.3, acceptProb: 0.2, uniform: 0.1, residualTop: []},
  ...part,
})
const verdict = (tests: TreeTest[], part: Partial<TreeVerdict> = {}): TreeVerdict => ({
  ...{step: 0, node: null, tests, tested: tests.map(({node}) => node), residualTop: []},
  ...{correctionId: null, ...part},
})
const verdicts = [
  verdict([test1(0, 'rejected', {residualTop: [{id: 7, prob: 1}]}), test1(1, 'accepted')]),
  verdict([test1(3, 'rejected')], {
    ...{node: 1, residualTop: [{id: 9, prob: 0.6}], correctionId: 9},
  }),
]
const statusesOf = (view: DraftStepView, at: number) =>
  nodesAtFrame(view, at).map((node) => (node.tokenId === null ? '' : node.status))

test('a step is told in order: draft, mask, one frame a test, what is left, commit', () => {
  const view = draftStepView({nodes, verdicts}, 0)!
  expect(view.drafted.map(({id}) => id)).toEqual([0, 1, 2, 3])
  expect(view.tests.map(({node}) => node.id)).toEqual([0, 1, 3])
  expect(view.tests[0]!.test.residualTop).toEqual([{id: 7, prob: 1}])
  expect(view.next?.id).toBe(4)
  expect(frameCount(view)).toBe(7)
  const frames = [0, 1, 2, 3, 4, 5, 6]
  expect(frames.map((at) => frameName(view, at))).toEqual([
    ...['draft', 'mask', 'test', 'test', 'test', 'residual', 'commit'],
  ])
  expect(frames.map((at) => testsBy(view, at))).toEqual([0, 0, 1, 2, 3, 3, 3])
  expect(frames.map((at) => testAt(view, at)?.node.id ?? null)).toEqual([
    ...[null, null, 0, 1, 3, null, null],
  ])
  expect(statusesOf(view, 1)).toEqual(['open', 'open', 'open', 'open'])
  expect(statusesOf(view, 3)).toEqual(['rejected', 'accepted', 'open', 'open'])
  expect(statusesOf(view, 6)).toEqual([
    ...['rejected', 'accepted', 'untested', 'rejected', 'correction'],
  ])
  for (const name of ['draft', 'mask', 'test', 'residual', 'commit'] as const) {
    expect(frameName(view, frameOf(view, name)!)).toBe(name)
  }
  expect(draftStepView({nodes, verdicts}, 2)).toBeNull()
})

test('a step that ends with a bonus has no frame of what is left', () => {
  const bonus = nodes.map((node) =>
    node.tokenId !== null && node.id === 4 ? {...node, status: 'bonus' as const} : node
  )
  const view = draftStepView({nodes: bonus, verdicts}, 0)!
  expect(frameCount(view)).toBe(6)
  expect(frameName(view, 5)).toBe('commit')
  expect(frameOf(view, 'residual')).toBeNull()
})

test('nothing that the model says of a token is told before its test', () => {
  const view = draftStepView({nodes, verdicts}, 0)!
  const names = ['targetProb', 'residualProb', 'acceptProb', 'uniform', 'reachProb'] as const
  const factsOf = (at: number, id: number) => {
    const node = nodesAtFrame(view, at).find((one) => one.id === id) as TreeTokenNode
    return names.map((name) => node[name])
  }
  expect(factsOf(1, 1)).toEqual([null, null, null, null, null])
  expect(factsOf(2, 1)).toEqual([null, null, null, null, null])
  expect(factsOf(3, 1)).toEqual([0.4, 0.3, 0.2, 0.1, 0.15])
})

test('a token that is tested twice is rejected first and accepted then, each with its own number', () => {
  const merged = [
    sampleToken({id: 0, parent: null, order: 0, multiplicity: 2, ...told, status: 'accepted'}),
    sampleToken({id: 1, parent: null, order: 1, multiplicity: 1, ...told, status: 'rejected'}),
  ]
  const tests = [
    test1(0, 'rejected', {uniform: 0.9}),
    test1(1, 'rejected', {uniform: 0.8}),
    test1(0, 'accepted', {uniform: 0.1}),
  ]
  const view = draftStepView({nodes: merged, verdicts: [verdict(tests)]}, 0)!
  expect(view.tests.map(({node, test: {uniform}}) => [node.id, uniform])).toEqual([
    [0, 0.9],
    [1, 0.8],
    [0, 0.1],
  ])
  expect([1, 2, 3, 4].map((at) => statusesOf(view, at))).toEqual([
    ['open', 'open'],
    ['rejected', 'open'],
    ['rejected', 'rejected'],
    ['accepted', 'rejected'],
  ])
  expect(nodesAtFrame(view, 2)[0]).toMatchObject({uniform: 0.9})
})

test('in the mask a row reads the root, its ancestors and itself', () => {
  // Siblings do not read one another; the parent of a second step is the root.
  expect(treeMask(draftStepView({nodes, verdicts}, 0)!)).toEqual([
    [0],
    [0, 1],
    [0, 2],
    [0, 1, 3],
    [0, 2, 4],
  ])
  expect(treeMask(draftStepView({nodes, verdicts}, 1)!)).toEqual([[0], [0, 1]])
})

test('runs are added up; the standard error is over runs, whose steps are not independent', () => {
  const stats = (accepted: readonly number[]): TreeStats => ({
    ...{steps: accepted.length, acceptedMean: 0, acceptedStandardError: null, committedMean: 0},
    ...{committedStandardError: null, estimatedMean: 0, draftCalls: 1},
    statusCounts: {accepted: 1, rejected: 1, untested: 2, correction: 1},
    perStep: accepted.map((count) => ({
      ...{accepted: count, committed: count + 1, drafted: 4, tested: 3, estimated: 1.5},
      endedBy: 'rejection',
    })),
    byDepth: [{depth: 1, drafted: 4, reached: accepted.length, tested: 2, accepted: 1}],
    ...{targetCalls: accepted.length, targetCallsSaved: 2},
  })
  const timing = (speedUp: number) => ({
    totalMs: 1,
    draft: {oneRowMs: 1, rowCount: 1, rowsMs: 1, draftMsPerStep: 1, speedUp},
  })
  const summary = summarizeDrafts([
    {stats: stats([0, 2]), timing: timing(0.5)},
    {stats: stats([4]), timing: timing(1.5)},
  ])!
  expect(summary.acceptedMean).toBe(2)
  // Runs add up to 2 in two steps and to 4 in one: off the mean of 2 by −2 and 2; over 1.5 steps a run.
  expect(summary.acceptedStandardError).toBeCloseTo(Math.sqrt((4 + 4) / 1 / 2) / 1.5, 12)
  expect(summary.committedMean).toBe(3)
  // The steps of one run alone say nothing of how much runs differ.
  expect(summarizeDrafts([{stats: stats([0, 2, 4])}])!.acceptedStandardError).toBeNull()
  expect(summary).toMatchObject({
    ...{runCount: 2, stepCount: 3, drafted: 12, tested: 9, rejected: 2, untested: 4},
    ...{targetCallsSaved: 4, speedUp: 1},
  })
  expect(summary.byDepth).toEqual([{depth: 1, reached: 3, accepted: 2}])
  expect(summarizeDrafts([])).toBeNull()
})
