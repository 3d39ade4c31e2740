import {describe, expect, it} from 'vitest'
import type {DraftStrategy} from '../../../shared/lenses/tree.ts'
import {draftDySpec, draftDySpecThreshold} from './draft-dyspec.ts'
import {draftRsdStochastic} from './draft-rsd.ts'
import {type DraftRunEvent, type DraftRunOptions, runDrafts} from './draft-run.ts'
import {DraftCounter} from './draft-stats.ts'
import type {DraftParameters} from './draft-strategy.ts'
import {type DraftContext, type DraftTree, draftPaths} from './draft-tree.ts'
import {processedLaw} from './law.ts'
import {hashedModel, MARKOV_TARGET, markovModel, PLAIN_LAW, tokensOf, toyRun} from './test-toys.ts'

const STRATEGIES: readonly [DraftStrategy, DraftParameters][] = [
  ['chain', {draftLength: 4}],
  ['specinfer', {branching: [3, 2, 1]}],
  ['dyspec', {nodes: 12}],
  ['dyspec-threshold', {draftThreshold: 0.05, nodes: 64, depth: 8}],
  ['rsd-c', {branching: [3, 2, 1]}],
  ['rsd-s', {width: 3, draftLength: 3}],
  ['spectr', {paths: 4, draftLength: 3}],
  ['token-recycling', {nodes: 80}],
  ['lookahead', {nodes: 24, branchLength: 4}],
]
const SIZE = 12
const target = hashedModel(SIZE, 3, 3)
const draft = hashedModel(SIZE, 4, 2)

function contextOn(model: typeof draft, key = 1, maxDepth = 30): DraftContext {
  return {
    ...{key, maxDepth, isEnd: () => false},
    async lawsAfter(paths) {
      const rows = await model.logprobsAfter(paths)
      return rows.map((row) => processedLaw(row, PLAIN_LAW))
    },
  }
}

async function verified(options: DraftRunOptions) {
  const events: Extract<DraftRunEvent, {kind: 'verified'}>[] = []
  for await (const event of runDrafts(options)) if (event.kind === 'verified') events.push(event)
  return events
}

describe('a target at temperature 0 (T3)', () => {
  it.each(STRATEGIES)('%s gives what greedy decoding gives', async (strategy, parameters) => {
    const greedy: number[] = []
    for (let i = 0; i < 24; i++) {
      const [row] = await target.logprobsAfter([greedy])
      greedy.push(row!.indexOf(Math.max(...row!)))
    }
    const options = toyRun(strategy, parameters, {
      ...{target, draft, targetLaw: {temperature: 0}, maxNewTokens: 24, maxSteps: 24, seed: 9},
    })
    expect(await tokensOf(options)).toEqual(greedy)
  })
})

describe('a run', () => {
  it.each(STRATEGIES)(
    'of %s ends with the end of the text, and at the length asked for',
    async (...rule) => {
      const [strategy, parameters] = rule
      const models = {target, draft, maxSteps: 100, maxNewTokens: 17}
      for (const seed of [1, 2, 3]) {
        const free = await verified(toyRun(strategy, parameters, {...models, seed}))
        expect(free.flatMap(({ids}) => ids)).toHaveLength(17)
        expect(
          free.flatMap(({tree}) => tree.nodes.map(({depth}) => depth)).every((d) => d < 17)
        ).toBe(true)
        const isEnd = (id: number) => id % 4 === 0
        const events = await verified(toyRun(strategy, parameters, {...models, seed, isEnd}))
        const ids = events.flatMap((event) => event.ids)
        const end = ids.findIndex(isEnd)
        expect(end < 0 || end === ids.length - 1).toBe(true)
        for (const {tree, verification} of events) {
          for (const {parent} of tree.nodes) {
            expect(parent < 0 || !isEnd(tree.nodes[parent]!.tokenId)).toBe(true)
          }
          if (verification.endedBy === 'end') expect(verification.next).toBeNull()
        }
      }
    }
  )

  it('stops at the context, which one more token would not fit', async () => {
    const options = {
      target,
      draft,
      contextLength: 6,
      promptIds: [0, 1],
      maxNewTokens: 50,
      maxSteps: 50,
    }
    for (const [strategy, parameters] of STRATEGIES) {
      const events = await verified(toyRun(strategy, parameters, options))
      expect(events.flatMap(({ids}) => ids)).toHaveLength(4)
    }
  })

  it.each(STRATEGIES)('of %s says how much is to be expected of each tree', async (...rule) => {
    const [strategy, parameters] = rule
    const counter = new DraftCounter()
    for (let seed = 0; seed < 120; seed++) {
      const options = toyRun(strategy, parameters, {
        ...{target, draft, promptIds: [0, 3, 1, 0, 2, 0], seed, maxNewTokens: 12, maxSteps: 20},
      })
      for (const event of await verified(options)) counter.add(event)
    }
    const stats = counter.stats()
    expect(stats.acceptedMean).toBeGreaterThan(0)
    // Estimated and observed differ by chance alone; the error of the mean bounds it.
    const slack = 4 * stats.acceptedStandardError!
    expect(Math.abs(stats.estimatedMean - stats.acceptedMean)).toBeLessThan(slack)
    expect(stats.committedMean - stats.acceptedMean).toBeCloseTo(1, 12)
    const accepted = stats.byDepth.reduce((sum, row) => sum + row.accepted, 0)
    expect(accepted).toBe(stats.perStep.reduce((sum, step) => sum + step.accepted, 0))
    expect(stats.byDepth[0]!.reached).toBe(stats.perStep.filter(({drafted}) => drafted > 0).length)
  })
})

describe('a draft with the target’s own law (T7)', () => {
  it.each(STRATEGIES.slice(0, 7))('%s: every first child is accepted', async (...rule) => {
    const [strategy, parameters] = rule
    for (const seed of [1, 2, 3, 4]) {
      const options = {target, draft: target, seed, maxNewTokens: 20, maxSteps: 20}
      for (const {tree, verification} of await verified(toyRun(strategy, parameters, options))) {
        const {accepted} = verification
        expect(accepted.every((place) => tree.nodes[place]!.order === 0)).toBe(true)
        let depth = 0
        for (let at = -1; ; depth++) {
          const child = tree.nodes.findIndex(({parent, order}) => parent === at && order === 0)
          if (child < 0) break
          at = child
        }
        expect(accepted).toHaveLength(depth)
      }
    }
  })
})

describe('the same seed (T6)', () => {
  it.each(STRATEGIES)(
    '%s: the same trees and verdicts, however nodes are stored',
    async (...rule) => {
      const [strategy, parameters] = rule
      const models = {target, draft, seed: 5, maxNewTokens: 16, maxSteps: 20}
      const first = await verified(toyRun(strategy, parameters, models))
      expect(await verified(toyRun(strategy, parameters, models))).toEqual(first)
      const reversed = await verified(
        toyRun(strategy, parameters, {...models, changeDraft: breadthReversed})
      )
      expect(reversed.map(({ids}) => ids)).toEqual(first.map(({ids}) => ids))
      expect(first.some(({tree}) => tree.nodes.length > 1)).toBe(true)
    }
  )
})

/** Level by level, each level backwards. */
function breadthReversed(tree: DraftTree): DraftTree {
  const order = [...tree.nodes.keys()].sort(
    (a, b) => tree.nodes[a]!.depth - tree.nodes[b]!.depth || b - a
  )
  const places = new Map([[-1, -1], ...order.map((place, at) => [place, at] as const)])
  return {
    ...tree,
    nodes: order.map((place) => ({
      ...tree.nodes[place]!,
      parent: places.get(tree.nodes[place]!.parent)!,
    })),
    laws: new Map([...tree.laws].map(([place, law]) => [places.get(place)!, law])),
  }
}

describe('DySpec', () => {
  it('pops values that never rise, each the mass that its earlier siblings leave', async () => {
    const popped: number[] = []
    const tree = await draftDySpec(contextOn(draft), 40, (value) => popped.push(value))
    expect(popped).toHaveLength(40)
    for (const [i, value] of popped.entries()) {
      if (i > 0) expect(value).toBeLessThanOrEqual(popped[i - 1]! + 1e-12)
      const node = tree.nodes[i]!
      const parent = node.parent < 0 ? 1 : tree.nodes[node.parent]!.jointDraftProb!
      const before = tree.nodes.filter((o) => o.parent === node.parent && o.order < node.order)
      const left = 1 - before.reduce((sum, {draftProb}) => sum + draftProb!, 0)
      expect(value).toBeCloseTo(parent * left, 6)
      expect(node.value).toBeCloseTo(node.jointDraftProb!, 6)
    }
  })

  it('by threshold has the shape of the one by size, at the last value that was taken', async () => {
    const popped: number[] = []
    const bySize = await draftDySpec(contextOn(draft), 25, (value) => popped.push(value))
    const byThreshold = await draftDySpecThreshold(contextOn(draft), {
      ...{threshold: popped.at(-1)!, maxNodes: 1000, maxDepth: 30},
    })
    const shape = (tree: DraftTree) =>
      draftPaths(tree.nodes)
        .map((path) => path.join())
        .sort()
    expect(shape(byThreshold)).toEqual(shape(bySize))
  })

  it('of a draft that knows one continuation only is a chain', async () => {
    const sure = [0, 1, 2, 3].map((state) =>
      [0, 1, 2, 3].map((id) => Number(id === (state + 1) % 4))
    )
    const tree = await draftDySpec(contextOn(markovModel(sure)), 6)
    expect(tree.nodes.map(({depth}) => depth)).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('RSD-S', () => {
  it('gives the best child its parent’s value, and keeps so many nodes a level', async () => {
    const tree = await draftRsdStochastic(contextOn(draft, 77), {width: 3, length: 4})
    for (const depth of [1, 2, 3, 4]) {
      expect(tree.nodes.filter((node) => node.depth === depth)).toHaveLength(3)
    }
    for (const {parent, order, perturbed} of tree.nodes) {
      if (parent < 0) continue
      const above = tree.nodes[parent]!.perturbed!
      if (order === 0) expect(perturbed).toBe(above)
      else expect(perturbed).toBeLessThan(above)
    }
  })

  it('of one beam is a chain', async () => {
    const tree = await draftRsdStochastic(contextOn(markovModel(MARKOV_TARGET)), {
      width: 1,
      length: 3,
    })
    expect(tree.nodes.map(({parent}) => parent)).toEqual([-1, 0, 1])
  })
})
