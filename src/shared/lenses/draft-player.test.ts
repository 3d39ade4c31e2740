import {expect, test} from 'vitest'
import {sampleToken} from '../figures/tree/sample-result.ts'
import {
  draftStepView,
  frameCount,
  frameName,
  nodesAtFrame,
  testsBy,
  treeMask,
} from './draft-player.ts'
import {summarizeDrafts} from './draft-summary.ts'
import type {TreeStats, TreeVerdict} from './tree.ts'

/** Two siblings of the root, the second of which is accepted; one child each; then a correction. */
const nodes = [
  sampleToken({id: 0, parent: null, order: 0, draftProb: 0.5, status: 'rejected'}),
  sampleToken({id: 1, parent: null, order: 1, draftProb: 0.3, status: 'accepted'}),
  sampleToken({id: 2, parent: 0, order: 0, depth: 2, draftProb: 0.9, status: 'untested'}),
  sampleToken({id: 3, parent: 1, order: 0, depth: 2, draftProb: 0.8, status: 'rejected'}),
  sampleToken({id: 4, parent: 1, order: 1, depth: 2, status: 'correction'}),
  sampleToken({id: 5, parent: 4, order: 0, step: 1, draftProb: 0.2, status: 'accepted'}),
]
const verdict = (part: Partial<TreeVerdict>): TreeVerdict => ({
  ...{step: 0, node: null, tested: [], residualTop: [], residuals: [], correctionId: null},
  ...part,
})
const verdicts = [
  verdict({tested: [0, 1], residuals: [{node: 0, top: [{id: 7, prob: 1}]}]}),
  verdict({node: 1, tested: [3], residualTop: [{id: 9, prob: 0.6}], correctionId: 9}),
]

test('a step is told in order: draft, mask, one frame a test, commit', () => {
  const view = draftStepView({nodes, verdicts}, 0)!
  expect(view.drafted.map(({id}) => id)).toEqual([0, 1, 2, 3])
  expect(view.tests.map(({node}) => node.id)).toEqual([0, 1, 3])
  expect(view.tests[0]!.residualTop).toEqual([{id: 7, prob: 1}])
  expect(view.next?.id).toBe(4)
  expect(frameCount(view)).toBe(6)
  const names = [0, 1, 2, 3, 4, 5].map((at) => frameName(view, at))
  expect(names).toEqual(['draft', 'mask', 'test', 'test', 'test', 'commit'])
  expect([0, 1, 2, 3, 4, 5].map((at) => testsBy(view, at))).toEqual([0, 0, 1, 2, 3, 3])
  const statuses = (at: number) =>
    nodesAtFrame(view, at).map((node) => (node.tokenId === null ? '' : node.status))
  expect(statuses(1)).toEqual(['open', 'open', 'open', 'open'])
  expect(statuses(3)).toEqual(['rejected', 'accepted', 'open', 'open'])
  expect(statuses(5)).toEqual(['rejected', 'accepted', 'untested', 'rejected', 'correction'])
  expect(draftStepView({nodes, verdicts}, 2)).toBeNull()
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

test('runs are added up over their steps, with the standard error of the mean', () => {
  const stats = (accepted: readonly number[]): TreeStats => ({
    ...{steps: accepted.length, acceptedMean: 0, acceptedStandardError: null, committedMean: 0},
    ...{committedStandardError: null, estimatedMean: 0, statusCounts: {}, draftCalls: 1},
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
  // 0, 2, 4: mean 2, deviation 2, error 2 ÷ √3.
  expect(summary.acceptedMean).toBe(2)
  expect(summary.acceptedStandardError).toBeCloseTo(2 / Math.sqrt(3), 12)
  expect(summary.committedMean).toBe(3)
  expect(summary).toMatchObject({
    drafted: 12,
    tested: 9,
    untested: 3,
    targetCallsSaved: 4,
    speedUp: 1,
  })
  expect(summary.byDepth).toEqual([{depth: 1, reached: 3, accepted: 2}])
  expect(summarizeDrafts([])).toBeNull()
})
