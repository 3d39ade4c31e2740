import {cp, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {temporaryFolder} from '../../../../fixtures/broken.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../../../shared/lenses/assemble-tree.ts'
import {
  type TreeRequestInput,
  type TreeResult,
  treeExpandRequestSchema,
  treeRequestSchema,
  treeResultSchema,
} from '../../../shared/lenses/tree.ts'
import {shapeProblemOf, tokensOfTree} from '../../../shared/lenses/tree-file.ts'
import {numbersProblemOf} from '../../../shared/lenses/tree-numbers.ts'
import {BranchSessions} from '../runtime/branch-sessions.ts'
import {scoringJob} from './rows.ts'
import {attentionContext} from './test-attention.ts'
import {runTree} from './tree.ts'
import {expandTree, openTree} from './tree-expand.ts'

const ASSETS = join(import.meta.dirname, '../../../../assets/models')
const BASE = join(ASSETS, 'micro-base')
const DRAFT = join(ASSETS, 'micro-draft')
const KV = {model: 'tiny-decoder-kv', prompt: 'The queen walks'}
const PROMPTS = [
  '27 + 46 = 73. 38 + 57 =',
  'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps',
  '[ ( ) { [ ] }',
  'Tom walks to the',
]

const branches = new BranchSessions({threads: () => 1})
const context = {...attentionContext(), branches}
afterAll(async () => {
  await Promise.all([context.close(), branches.close()])
})

async function tree(request: TreeRequestInput, signal?: AbortSignal): Promise<TreeResult> {
  const parsed = treeRequestSchema.parse(request)
  const run = startTreeRun(parsed)
  for await (const event of runTree(context, parsed, signal)) foldTreeEvent(run, event)
  return treeResultSchema.parse(treeResultOf(run, 'completed'))
}

async function problemOf(running: Promise<unknown>) {
  const error = await running.catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem
  throw error
}

/** Likeliest tokens one after another, as the tokens lens generates them. */
async function greedy(model: string, ids: readonly number[], count: number): Promise<number[]> {
  const loaded = await context.models.load({model})
  const generated: number[] = []
  const {stopIds} = loaded.folder
  const generation = {count, stopIds, sampling: null, seed: 0}
  await loaded.session.run(scoringJob(Int32Array.from(ids), loaded, {generation}), {
    onEvent: (event) => {
      if (event.kind === 'rows') generated.push(...event.generatedIds)
    },
  })
  return generated
}

const tokenNodes = ({nodes}: TreeResult) =>
  nodes.flatMap((node) => (node.tokenId === null ? [] : [node]))

describe('a tree of continuations', () => {
  it('is a tree whose children sum to 1 with their rest, by every strategy', async () => {
    for (const strategy of [
      'best-first',
      'top-k',
      'top-p',
      'min-p',
      'beam',
      'sbs',
      'sample',
    ] as const) {
      const result = await tree({...KV, strategy, depth: 4, nodes: 30})
      expect(shapeProblemOf(result.nodes)).toBeNull()
      expect(tokenNodes(result).length).toBeGreaterThan(3)
      expect(result.method).toBe('tree-mask')
      const sums = new Map<number | null, number>()
      for (const node of result.nodes) {
        const prob = node.tokenId === null ? node.restProb : Math.exp(node.logprob ?? -Infinity)
        sums.set(node.parent, (sums.get(node.parent) ?? 0) + prob)
      }
      for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 6)
    }
  })

  it('on micro-base follows the model: every node’s probability is that of a plain run', async () => {
    const result = await tree({model: BASE, prompt: PROMPTS[0]!, nodes: 24, depth: 5})
    const loaded = await context.models.load({model: BASE})
    const prefix = result.tokens.map(({id}) => id)
    const byId = new Map(tokenNodes(result).map((node) => [node.id, node]))
    for (const node of [...byId.values()].slice(0, 12)) {
      const path: number[] = []
      for (let at: number | null = node.parent; at !== null; at = byId.get(at)!.parent) {
        path.unshift(byId.get(at)!.tokenId)
      }
      let row: Float32Array | null = null
      await loaded.session.run(scoringJob(Int32Array.from([...prefix, ...path]), loaded), {
        onEvent: (event) => {
          if (event.kind === 'row') row = event.logits
        },
      })
      const logits = [...(row! as Float32Array)]
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
      expect(node.rawLogprob).toBeCloseTo(logits[node.tokenId]! - Math.log(sum), 4)
    }
  })

  it('with one beam and at temperature 0 is greedy', async () => {
    for (const prompt of PROMPTS) {
      const result = await tree({model: BASE, prompt, strategy: 'beam', beams: 1, depth: 6})
      const expected = await greedy(
        BASE,
        result.tokens.map(({id}) => id),
        6
      )
      const kept = tokenNodes(result).filter(({status}) => status !== 'pruned')
      expect(kept.map(({tokenId}) => tokenId)).toEqual(expected)
    }
  })

  it('goes on from a node by the ids of its path, and shows a law’s cut tokens', async () => {
    const first = await tree({...KV, nodes: 8})
    const [child] = tokenNodes(first)
    const behind = await tree({...KV, nodes: 8, completionIds: [child!.tokenId]})
    const below = tokenNodes(first).filter(({parent}) => parent === child!.id)
    const again = tokenNodes(behind).filter(({parent}) => parent === null)
    if (below.length > 0) expect(again[0]!.rawLogprob).toBeCloseTo(below[0]!.rawLogprob!, 4)
    const cut = await tree({...KV, nodes: 8, topK: 1, temperature: 0.5})
    expect(cut.distribution).toBe('truncated')
    expect(tokenNodes(cut).some((node) => node.cut && node.logprob === null)).toBe(true)
  })

  it('stops where a branch fills the context, and says so', async () => {
    const {contextLength} = (await context.models.load({model: KV.model})).info
    const {promptTokenCount} = await tree({...KV, nodes: 1})
    const ids = new Array<number>(contextLength - promptTokenCount - 3).fill(7)
    const result = await tree({...KV, completionIds: ids, depth: 8, nodes: 40, maxChildren: 1})
    const deepest = Math.max(...tokenNodes(result).map(({depth}) => depth))
    expect(result.tokens.length + deepest).toBe(contextLength)
    expect(result.warnings.map(({code}) => code)).toContain('context-reached')
    const full = new Array<number>(contextLength - promptTokenCount).fill(7)
    expect((await problemOf(tree({...KV, completionIds: full}))).code).toBe('context-full')
  })

  it('is cancelled between runs', async () => {
    const controller = new AbortController()
    const running = tree({...KV, nodes: 1000, depth: 50, width: 1}, controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(running).rejects.toThrow('enough')
  })
})

describe('children of a node', () => {
  it('are the likeliest with the rest, and the tokens that a person put in', async () => {
    const {tokens} = await tree({...KV, nodes: 1})
    const request = treeExpandRequestSchema.parse({
      ...{model: KV.model, ids: Int32Array.from(tokens, ({id}) => id), maxChildren: 3},
      ...{paths: [new Int32Array(0), Int32Array.of(9, 4)], tokenIds: [77]},
    })
    const answers = await expandTree(context, request)
    for (const answer of answers) {
      const listed = answer.rawLogprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0)
      expect(listed + answer.rawRestProb).toBeCloseTo(1, 9)
      expect([...answer.tokens.ids]).toContain(77)
    }
    const {stopIds} = (await context.models.load({model: KV.model})).folder
    const ended = await expandTree(context, {...request, paths: [Int32Array.of(stopIds[0]!)]})
    expect(ended[0]).toMatchObject({isFinished: true, restCount: 0})
  })
})

describe('draft trees on micro-draft and micro-base', () => {
  it.each([
    'chain',
    'specinfer',
    'dyspec',
    'dyspec-threshold',
    'rsd-c',
    'rsd-s',
    'spectr',
    'token-recycling',
    'lookahead',
  ] as const)('%s at temperature 0 is greedy decoding, token for token (T3)', async (strategy) => {
    for (const prompt of PROMPTS) {
      const result = await tree({
        ...{model: BASE, draft: DRAFT, prompt, strategy, temperature: 0, maxNewTokens: 16},
      })
      const ids = result.tokens.map(({id}) => id)
      expect(result.completionIds).toEqual(await greedy(BASE, ids, 16))
      expect(shapeProblemOf(result.nodes)).toBeNull()
      const {stats} = result
      expect(stats!.perStep.reduce((sum, {committed}) => sum + committed, 0)).toBe(
        result.completionIds.length
      )
      const accepted = tokenNodes(result).filter(({status}) => status === 'accepted')
      expect(accepted).toHaveLength(stats!.perStep.reduce((sum, step) => sum + step.accepted, 0))
    }
  })

  it('drafts for itself, left after a layer; after the last one everything is accepted (T7)', async () => {
    const request = {model: BASE, prompt: PROMPTS[1]!, strategy: 'chain', maxNewTokens: 12} as const
    const early = await tree({...request, draft: 'self:2', temperature: 0})
    const ids = early.tokens.map(({id}) => id)
    expect(early.completionIds).toEqual(await greedy(BASE, ids, 12))
    expect(early.draft).toMatchObject({exitLayer: 2})
    expect(tokenNodes(early).some(({origin}) => origin === 'layer')).toBe(true)
    const whole = await tree({...request, draft: 'self:5'})
    const tested = tokenNodes(whole).filter(({acceptProb}) => acceptProb !== null)
    expect(tested.length).toBeGreaterThan(0)
    for (const {acceptProb} of tested) expect(acceptProb).toBeGreaterThan(0.999)
    expect((await problemOf(tree({...request, draft: 'self:6'}))).found).toBe('self:6')
  })

  it('gives the same tree for the same seed, and its estimate beside what was observed', async () => {
    const request = {
      ...{model: BASE, draft: DRAFT, prompt: PROMPTS[3]!, seed: 3},
      ...{strategy: 'rsd-s' as const, maxNewTokens: 20},
    }
    const [one, two] = [await tree(request), await tree(request)]
    expect(two.completionIds).toEqual(one.completionIds)
    expect(two.nodes.map(({id, parent}) => [id, parent])).toEqual(
      one.nodes.map(({id, parent}) => [id, parent])
    )
    const reach = tokenNodes(one).reduce((sum, {reachProb}) => sum + (reachProb ?? 0), 0)
    const steps = one.stats!.perStep
    expect(steps.reduce((sum, {estimated}) => sum + estimated, 0)).toBeCloseTo(reach, 9)
    expect(one.timing?.draft?.speedUp).toBeGreaterThan(0)
    // A verdict a node that was arrived at; the last of a step names what was committed instead.
    for (const verdict of one.verdicts) {
      if (verdict.correctionId !== null) {
        const sum = verdict.residualTop.reduce((total, {prob}) => total + prob, 0)
        expect(sum).toBeLessThan(1 + 1e-9)
      }
    }
  })
})

describe('what cannot be', () => {
  it('a draft of another vocabulary is refused, and the ids named', async () => {
    const request = {...KV, strategy: 'chain', draft: BASE} as const
    expect(await problemOf(tree(request))).toMatchObject({
      code: 'different-vocabularies',
      found: expect.stringContaining('1832 ids'),
    })
    const temporary = await temporaryFolder()
    const other = join(temporary.path, 'other')
    await cp(DRAFT, other, {recursive: true})
    const path = join(other, 'tokenizer.json')
    const tokenizer = JSON.parse(await readFile(path, 'utf8'))
    const entries = Object.entries(tokenizer.model.vocab as Record<string, number>)
    const swapped = entries.filter(([text]) => /^[a-z]$/.test(text)).slice(0, 2)
    const [[a, first], [b, second]] = swapped as [[string, number], [string, number]]
    tokenizer.model.vocab[a] = second
    tokenizer.model.vocab[b] = first
    await writeFile(path, JSON.stringify(tokenizer))
    const problem = await problemOf(
      tree({model: BASE, prompt: PROMPTS[0]!, strategy: 'chain', draft: other})
    )
    expect(problem.code).toBe('different-vocabularies')
    for (const id of [first, second]) expect(problem.found).toMatch(new RegExp(`\\b${id} \\(`))
    await temporary.remove()
  })

  it('a branching whose tree nobody could verify is refused before it is drafted', async () => {
    const request = {model: BASE, prompt: PROMPTS[0]!, strategy: 'specinfer'} as const
    const problem = await problemOf(tree({...request, branching: [64, 64, 2]}))
    expect(problem).toMatchObject({code: 'draft-too-large', found: '64,64,2: 12352 nodes a step'})
  })

  it('a strategy without a draft says so, as does a tree of another model', async () => {
    expect((await problemOf(tree({...KV, strategy: 'dyspec'}))).code).toBe('draft-missing')
    const made = await tree({...KV, nodes: 2})
    const saved = {
      model: KV.model,
      sha256: made.model.sha256,
      texts: ['no token at all'],
      tokens: [],
    }
    expect([...(await openTree(context, saved)).tokenIds]).toEqual([-1])
    const problem = await problemOf(openTree(context, {...saved, model: 'tiny-decoder-plain'}))
    expect(problem).toMatchObject({code: 'tree-of-another-model', found: made.model.sha256})
  })

  it('every kind of tree has numbers that are checked when it is opened; foreign tokens are named', async () => {
    const law = {temperature: 0.8, topP: 0.9}
    for (const strategy of [
      'best-first',
      'beam',
      'sbs',
      'sample',
      'specinfer',
      'spectr',
    ] as const) {
      const made = await tree({
        model: BASE,
        prompt: PROMPTS[0]!,
        strategy,
        depth: 3,
        draft: DRAFT,
        ...law,
      })
      expect(numbersProblemOf(made)).toBeNull()
      const saved = {model: BASE, sha256: made.model.sha256}
      const tokens = tokensOfTree(made)
      expect(tokens.length).toBeGreaterThan(1)
      await openTree(context, {...saved, texts: [], tokens})
      const problemWith = (token: (typeof tokens)[number]) =>
        problemOf(openTree(context, {...saved, texts: [], tokens: [...tokens, token]}))
      expect(await problemWith({id: 1e6, bytesHex: '20'})).toMatchObject({
        ...{code: 'unknown-token-id', found: '1000000'},
        advice: expect.stringMatching(/\S/),
      })
      const [one, other] = tokens as [(typeof tokens)[number], (typeof tokens)[number]]
      expect(await problemWith({...one, bytesHex: other.bytesHex})).toMatchObject({
        code: 'tree-token',
        found: expect.stringContaining(other.bytesHex),
        expected: expect.stringContaining(one.bytesHex),
      })
    }
  })
})
