import {describe, expect, it} from 'vitest'
import type {DraftStrategy} from '../../../shared/lenses/tree.ts'
import type {DraftRunOptions} from './draft-run.ts'
import type {DraftParameters} from './draft-strategy.ts'
import type {DraftNode, DraftTree} from './draft-tree.ts'
import {kSeqRuleWith, optimalRho} from './k-seq.ts'
import {drawFrom} from './law.ts'
import {chiSquareOfThree, MARKOV_DRAFT, MARKOV_TARGET, oneHot, toyRun} from './test-toys.ts'
import {independentRule, lookUpRule, type VerifyRule} from './verify-rules.ts'

/** 63 degrees of freedom, p = 0.001. */
const CRITICAL = 103.4
const RUN_COUNT = process.env.TOKENSCOPE_FULL ? 120_000 : 8_000

/** Three tokens by repeated steps on the Markov toy (T2): how far their joint law is from the exact product. */
function chiSquare(
  strategy: DraftStrategy,
  parameters: DraftParameters,
  options: Partial<DraftRunOptions> = {}
): Promise<number> {
  return chiSquareOfThree(RUN_COUNT, (seed) => toyRun(strategy, parameters, {...options, seed}))
}

/** The tree without some nodes and what hangs on them. */
function without(tree: DraftTree, isDropped: (node: DraftNode) => boolean): DraftTree {
  const places = new Map([[-1, -1]])
  const nodes: DraftNode[] = []
  for (const [place, node] of tree.nodes.entries()) {
    const parent = places.get(node.parent)
    if (parent === undefined || isDropped(node)) continue
    places.set(place, nodes.push({...node, parent}) - 1)
  }
  const laws = [...tree.laws].flatMap(([place, law]) => {
    const at = places.get(place)
    return at === undefined ? [] : [[at, law] as const]
  })
  return {...tree, nodes, laws: new Map(laws)}
}

const RULES: readonly [DraftStrategy, DraftParameters][] = [
  ['chain', {draftLength: 2}],
  ['specinfer', {branching: [2, 2]}],
  ['dyspec', {nodes: 6}],
  ['dyspec-threshold', {draftThreshold: 0.08, nodes: 64, depth: 8}],
  ['rsd-c', {branching: [2, 2]}],
  ['rsd-s', {width: 3, draftLength: 2}],
  ['rsd-s', {width: 2, draftLength: 3}],
  ['spectr', {paths: 3, draftLength: 2}],
  ['token-recycling', {nodes: 80}],
  ['lookahead', {nodes: 8, branchLength: 3}],
]
/** A text in which every state occurs before the root, state 0. */
const TEXT = [0, 1, 2, 3, 1, 1, 0, 3, 3, 0, 2, 1, 0]

describe('the law of what is committed (T2)', () => {
  it.each(RULES)('%s %j is the target’s', async (strategy, parameters) => {
    expect(await chiSquare(strategy, parameters, {promptIds: TEXT})).toBeLessThan(CRITICAL)
  })

  it('a draft that takes the likeliest token is exact with its own law, all on that token', async () => {
    const options = {draftLaw: {temperature: 0}}
    expect(await chiSquare('chain', {draftLength: 2}, options)).toBeLessThan(CRITICAL)
  })

  it('on the look-up rules children may be dropped', async () => {
    for (const strategy of ['token-recycling', 'lookahead'] as const) {
      const options: Partial<DraftRunOptions> = {
        promptIds: TEXT,
        changeDraft: (tree) => without(tree, ({tokenId}) => tokenId % 2 === 0),
      }
      const parameters = {nodes: 20, branchLength: 3}
      expect(await chiSquare(strategy, parameters, options)).toBeLessThan(CRITICAL)
    }
  })
})

describe('negative controls, each of which must fail (T2)', () => {
  const fails = async (...call: Parameters<typeof chiSquare>) =>
    expect(await chiSquare(...call)).toBeGreaterThan(CRITICAL)

  it.each([
    ['dyspec', {nodes: 6}],
    ['rsd-c', {branching: [2, 2]}],
    ['rsd-s', {width: 3, draftLength: 2}],
    ['specinfer', {branching: [2, 2]}],
  ] as const)('%s with drawn children dropped that the draft finds unlikely', async (...rule) => {
    const [strategy, parameters] = rule
    await fails(strategy, parameters as DraftParameters, {
      changeDraft: (tree) => without(tree, ({draftProb}) => draftProb! < 0.25),
    })
  })

  it('a correction from the target instead of the residual', async () => {
    const options: Partial<DraftRunOptions> = {
      correct: (_, target, uniform) => drawFrom(target, uniform),
    }
    const ratioRules = process.env.TOKENSCOPE_FULL ? RULES.slice(0, 8) : RULES.slice(2, 3)
    for (const [strategy, parameters] of ratioRules) await fails(strategy, parameters, options)
  })

  it('draws without replacement that are tested as if they were independent', async () => {
    await fails('dyspec', {nodes: 6}, {rule: independentRule})
    await fails('rsd-c', {branching: [2, 2]}, {rule: independentRule})
  })

  it('siblings of RSD-S in the order of the draft’s law', async () => {
    const sorted = (tree: DraftTree): DraftTree => ({
      ...tree,
      nodes: tree.nodes.map((node) => ({
        ...node,
        order: tree.nodes.filter(
          (other) => other.parent === node.parent && other.draftProb! > node.draftProb!
        ).length,
      })),
    })
    await fails('rsd-s', {width: 3, draftLength: 2}, {changeDraft: sorted})
  })

  it.runIf(process.env.TOKENSCOPE_FULL)(
    'K-SEQ with a smaller factor than the optimal one',
    async () => {
      const rule = kSeqRuleWith((p, q, k) => 0.9 * optimalRho(p, q, k))
      // The effect is small: it takes many runs to show.
      await fails('spectr', {paths: 3, draftLength: 2}, {rule})
    }
  )

  it('a draft that takes the likeliest token, with the probability that its model gave', async () => {
    const changeDraft = (tree: DraftTree): DraftTree => ({
      ...tree,
      laws: new Map(
        [...tree.laws].map(([place]) => {
          const state = place < 0 ? 0 : tree.nodes[place]!.tokenId
          return [place, Float64Array.from(MARKOV_DRAFT[state]!)]
        })
      ),
    })
    await fails('chain', {draftLength: 2}, {draftLaw: {temperature: 0}, changeDraft})
  })

  it('a look-up of a draw from the draft', async () => {
    const rule: VerifyRule = (p, q, tokens) => {
      const state = MARKOV_TARGET.findIndex((row) =>
        row.every((prob, id) => Math.abs(prob - p[id]!) < 1e-9)
      )
      const draft = state < 0 ? oneHot(4, 0) : Float64Array.from(MARKOV_DRAFT[state]!)
      return lookUpRule(draft, q, tokens)
    }
    await fails('token-recycling', {nodes: 80}, {rule, promptIds: TEXT})
    await fails('lookahead', {nodes: 8, branchLength: 3}, {rule, promptIds: TEXT})
  })
})
