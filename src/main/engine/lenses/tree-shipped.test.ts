import {afterAll, describe, expect, it} from 'vitest'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../../../shared/lenses/assemble-tree.ts'
import {
  DRAFT_STRATEGIES,
  type DraftStrategy,
  type TreeRequestInput,
  type TreeResult,
  treeRequestSchema,
} from '../../../shared/lenses/tree.ts'
import {openBranching} from '../generation/branching-model.ts'
import {BranchSessions} from '../runtime/branch-sessions.ts'
import {draftIndependent} from '../trees/draft-independent.ts'
import {draftPaths} from '../trees/draft-tree.ts'
import {processedLaw} from '../trees/law.ts'
import {attentionContext} from './test-attention.ts'
import {
  evaluationPrompts,
  greedyTokens,
  plainLogits,
  plainLogprobs,
  promptIds,
  SHIPPED,
} from './test-shipped.ts'
import {runTree} from './tree.ts'

/** What trees must come to on the models that ship, over 50 prompts of every kind, or the first of them. */
const IS_FULL = process.env.TOKENSCOPE_FULL !== undefined
const PROMPTS = evaluationPrompts(50)
const SOME = IS_FULL ? PROMPTS : PROMPTS.slice(0, 20)
const FEW = IS_FULL ? PROMPTS : PROMPTS.slice(0, 5)
const NEW_TOKENS = 12
const LIMIT_MS = 600_000

const branches = new BranchSessions({threads: () => 1})
const context = {...attentionContext(), branches}
afterAll(async () => {
  await Promise.all([context.close(), branches.close()])
})

async function tree(request: TreeRequestInput): Promise<TreeResult> {
  const parsed = treeRequestSchema.parse({...request, model: SHIPPED.base})
  const run = startTreeRun(parsed)
  for await (const event of runTree(context, parsed)) foldTreeEvent(run, event)
  return treeResultOf(run, 'completed')!
}

describe('drafts at temperature 0', () => {
  const drafted: readonly {strategy: DraftStrategy; draft: string}[] = [
    ...DRAFT_STRATEGIES.map((strategy) => ({strategy, draft: SHIPPED.draft})),
    {strategy: 'rsd-c', draft: 'self:2'},
  ]

  it(
    'give plain greedy decoding, token for token (T3)',
    async () => {
      for (const [i, prompt] of SOME.entries()) {
        const ids = await promptIds(context, SHIPPED.base, prompt)
        const expected = await greedyTokens(context, SHIPPED.base, ids, NEW_TOKENS)
        // Each prompt by one strategy in turn, or by all of them.
        const strategies = IS_FULL ? drafted : [drafted[i % drafted.length]!]
        for (const {strategy, draft} of strategies) {
          const result = await tree({
            ...{model: SHIPPED.base, prompt, strategy, draft, temperature: 0},
            maxNewTokens: NEW_TOKENS,
          })
          expect(result.completionIds, `${strategy} after “${prompt}”`).toEqual(expected)
        }
      }
    },
    LIMIT_MS
  )
})

describe('a drafted tree behind a prompt', () => {
  it.each(['base', 'draft'] as const)(
    'has the logits of plain runs at every node (T4), and goes on from the gathered cache as a fresh run does (T5): micro-%s',
    async (name) => {
      const model = SHIPPED[name]
      const graphed = await context.graphs.open({model})
      const drafter = await context.graphs.open({model: SHIPPED.draft})
      let worst = 0
      const expectSame = async (ids: readonly number[], found: Float32Array) => {
        const expected = await plainLogits(context, model, ids)
        for (const [id, logit] of expected.entries()) {
          worst = Math.max(worst, Math.abs(logit - found[id]!))
        }
      }
      for (const [seed, prompt] of FEW.entries()) {
        const ids = await promptIds(context, model, prompt)
        const draft = openBranching(branches, drafter, Int32Array.from(ids))
        const {nodes} = await draftIndependent(
          {
            ...{key: seed, maxDepth: 10, isEnd: () => false},
            async lawsAfter(paths) {
              const rows = await draft.logprobsAfter(paths)
              return rows.map((row) => processedLaw(row, {temperature: 1.5}))
            },
          },
          [3, 2, 1]
        )
        const paths = draftPaths(nodes)
        const target = openBranching(branches, graphed, Int32Array.from(ids))
        expect(target.method).toBe('tree-mask')
        const rows = await target.logitsAfter([[], ...paths])
        await expectSame(ids, rows[0]!)
        for (const [i, path] of paths.entries()) await expectSame([...ids, ...path], rows[i + 1]!)
        const kept = [...paths.at(-1)!, 17]
        target.retain([kept])
        const [next, later] = await target.logitsAfter([kept, [...kept, 23]])
        await expectSame([...ids, ...kept], next!)
        await expectSame([...ids, ...kept, 23], later!)
      }
      expect(worst).toBeLessThan(1e-4)
    },
    LIMIT_MS
  )
})

describe('beam search', () => {
  const [BEAMS, DEPTH] = [3, 5]

  /** Written anew: every beam's text run whole, every continuation sorted. */
  async function plainBeams(ids: readonly number[], stopIds: readonly number[]) {
    let alive: {path: number[]; score: number}[] = [{path: [], score: 0}]
    const finished: typeof alive = []
    for (let depth = 1; depth <= DEPTH && finished.length < BEAMS; depth++) {
      const all: typeof alive = []
      for (const {path, score} of alive) {
        const row = await plainLogprobs(context, SHIPPED.base, [...ids, ...path])
        for (const [id, logprob] of row.entries()) {
          all.push({path: [...path, id], score: score + logprob})
        }
      }
      all.sort((a, b) => b.score - a.score)
      const best = all.slice(0, 2 * BEAMS)
      const ended = (one: (typeof best)[number]) => stopIds.includes(one.path.at(-1)!)
      finished.push(...best.slice(0, BEAMS).filter(ended))
      alive = best.filter((one) => !ended(one)).slice(0, BEAMS)
    }
    return (finished.length >= BEAMS ? finished : [...finished, ...alive])
      .map(({path, score}) => ({path, value: score / path.length}))
      .sort((a, b) => b.value - a.value)
  }

  it(
    'equals a plain implementation',
    async () => {
      const {stopIds} = (await context.models.load({model: SHIPPED.base})).folder
      for (const prompt of SOME) {
        const result = await tree({
          ...{model: SHIPPED.base, prompt, strategy: 'beam', beams: BEAMS, depth: DEPTH},
        })
        const tokens = result.nodes.flatMap((node) => (node.tokenId === null ? [] : [node]))
        const byId = new Map(tokens.map((node) => [node.id, node]))
        const pathOf = (id: number | null): number[] =>
          id === null ? [] : [...pathOf(byId.get(id)!.parent), byId.get(id)!.tokenId]
        const found = tokens
          .filter(({status}) => status === 'finished' || status === 'open')
          .map(({id, value}) => ({path: pathOf(id), value: value!}))
          .sort((a, b) => b.value - a.value)
        const ids = result.tokens.map(({id}) => id)
        const expected = await plainBeams(ids, stopIds)
        expect(found.map(({path}) => path.join()).sort(), prompt).toEqual(
          expected.map(({path}) => path.join()).sort()
        )
        for (const [i, {value}] of found.entries()) expect(value).toBeCloseTo(expected[i]!.value, 4)
      }
    },
    LIMIT_MS
  )
})

describe('a best-first tree', () => {
  it(
    'holds all paths above a threshold, and no others',
    async () => {
      const [threshold, depth] = [0.01, 4]
      for (const prompt of ['Tom walks to the', 'Mira keeps', ...FEW]) {
        const result = await tree({
          ...{model: SHIPPED.base, prompt, nodes: 5000, depth, maxChildren: 1000},
          jointThreshold: threshold,
        })
        const ids = result.tokens.map(({id}) => id)
        const {stopIds} = (await context.models.load({model: SHIPPED.base})).folder
        const above = new Map<string, number>()
        const look = async (path: readonly number[], before: number): Promise<void> => {
          if (path.length >= depth || stopIds.includes(path.at(-1)!)) return
          const row = await plainLogprobs(context, SHIPPED.base, [...ids, ...path])
          for (const [id, logprob] of row.entries()) {
            if (Math.exp(before + logprob) < threshold) continue
            above.set([...path, id].join(), before + logprob)
            await look([...path, id], before + logprob)
          }
        }
        await look([], 0)
        const tokens = result.nodes.flatMap((node) => (node.tokenId === null ? [] : [node]))
        const byId = new Map(tokens.map((node) => [node.id, node]))
        const pathOf = (id: number | null): number[] =>
          id === null ? [] : [...pathOf(byId.get(id)!.parent), byId.get(id)!.tokenId]
        const found = new Map(
          tokens.map(({id, pathLogprob}) => [pathOf(id).join(), pathLogprob ?? -Infinity])
        )
        // A path that is at the threshold to five digits may fall either way.
        const isClose = (logprob: number) => Math.abs(Math.exp(logprob) / threshold - 1) < 1e-5
        for (const [path, logprob] of above) {
          if (isClose(logprob)) continue
          expect(found.get(path), `${prompt}: ${path}`).toBeCloseTo(logprob, 4)
        }
        for (const [path, logprob] of found) {
          expect(above.has(path) || isClose(logprob), `${prompt}: ${path}`).toBe(true)
        }
      }
    },
    LIMIT_MS
  )
})
