import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, describe, expect, it, vi} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../../../shared/lenses/assemble-critical.ts'
import {
  type CriticalRequestInput,
  type CriticalResult,
  criticalRequestSchema,
  criticalResultSchema,
} from '../../../shared/lenses/critical.ts'
import {releasedCriticalPosition} from '../../../shared/math/critical/critical-rules.ts'
import {rankCorrelation} from '../../../shared/math/rank-correlation.ts'
import {ContrastRows} from '../critical/contrast-rows.ts'
import {openBranching} from '../generation/branching-model.ts'
import {rollOut} from '../generation/rollouts.ts'
import {BranchSessions} from '../runtime/branch-sessions.ts'
import {runCritical} from './critical.ts'
import {attentionContext} from './test-attention.ts'

const ASSETS = join(import.meta.dirname, '../../../../assets')
const model = join(ASSETS, 'models/micro-base')
const positive = join(ASSETS, 'models/micro-positive')
const negative = join(ASSETS, 'models/micro-negative')
const PROMPT = 'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. How many books has Kai?'
const WRONG = ' So we add. 38 + 7 = 45. Answer: 45.'
const checker = {kind: 'number', marker: 'Answer:'} as const

const branches = new BranchSessions({threads: () => 1})
const context = {...attentionContext(), branches, contrasts: new ContrastRows(branches)}
afterAll(async () => {
  await Promise.all([context.close(), branches.close()])
})

async function critical(request: Partial<CriticalRequestInput>): Promise<CriticalResult> {
  const parsed = criticalRequestSchema.parse({
    ...{model, prompt: PROMPT, answer: '31', checker, rollouts: 16, maxNewTokens: 64},
    ...request,
  })
  let run = startCriticalRun(parsed)
  for await (const event of runCritical(context, parsed)) run = foldCriticalEvent(run, event)
  return criticalResultSchema.parse(criticalResultOf(run, 'completed'))
}

async function codeOf(request: Partial<CriticalRequestInput>): Promise<string> {
  const error = await critical(request).catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem.code
  throw error
}

const textAt = ({tokens}: CriticalResult, position: number) =>
  Buffer.from(tokens[position]!.bytesHex, 'hex').toString()

describe('rollouts on the built-in model', () => {
  it('a response is wrong from the word that is wrong on', async () => {
    const result = await critical({response: WRONG, mode: 'exhaustive', rollouts: 32})
    expect(result.verdict).toBe('wrong')
    expect(result.promptSuccess!.successCount).toBeGreaterThan(3)
    const rollouts = result.scores.filter(({method}) => method === 'rollout')
    // Every prefix but the whole response.
    expect(rollouts.map(({position}) => position)).toEqual(
      Array.from(
        {length: result.tokens.length - result.responseStart - 1},
        (_, i) => result.responseStart + i
      )
    )
    expect(rollouts.every(({sampleCount}) => sampleCount === 32)).toBe(true)
    const released = result.critical.find(({rule}) => rule === 'released')!
    expect(textAt(result, released.position)).toBe(' add')
    expect(releasedCriticalPosition(rollouts as never, 3)).toBe(released.position)
  })

  it('completions are those that the same seeds give one at a time', async () => {
    const graphed = await context.graphs.open({model})
    const tokenizer = (await context.graphs.tokenizer(graphed))!
    const {parts} = await tokenizer.encode(PROMPT)
    const ids = Int32Array.from(parts, ({id}) => id)
    const options = {
      ...{temperature: 1, topP: 0.95, maxNewTokens: 40, roomCount: 500},
      stopIds:
        graphed.files.decoder && 'stopIds' in graphed.files.decoder
          ? graphed.files.decoder.stopIds
          : [],
    }
    const starts = Array.from({length: 12}, (_, i) => ({
      path: i % 2 ? [parts[0]!.id] : [],
      seed: i,
    }))
    const idsOf = async (width: number, method: 'tree-mask' | 'paths', roomCount = 500) => {
      const own = openBranching(branches, graphed, ids, {method})
      const all: (readonly number[])[] = []
      for await (const one of rollOut(own, starts, {...options, width, roomCount}))
        all[one.index] = one.ids
      return all
    }
    const together = await idsOf(12, 'tree-mask')
    expect(await idsOf(1, 'tree-mask')).toEqual(together)
    expect(await idsOf(5, 'paths')).toEqual(together)
    expect(new Set(together.map(String)).size).toBeGreaterThan(3)
    // With room for a few at a time the others wait.
    expect(await idsOf(12, 'tree-mask', 60)).toEqual(together)
  })

  it('adaptive rollouts name the same token with fewer of them', async () => {
    const every = await critical({response: WRONG, mode: 'exhaustive'})
    const adaptive = await critical({response: WRONG})
    const positionOf = ({critical: all}: CriticalResult) =>
      all.find(({rule}) => rule === 'released')?.position
    expect(positionOf(adaptive)).toBe(positionOf(every))
    expect(adaptive.completionCount!).toBeLessThan(every.completionCount! / 2)
    // A prefix that both sampled whole has the very same count.
    const whole = adaptive.scores.filter(({sampleCount}) => sampleCount === 16)
    expect(whole.length).toBeGreaterThan(0)
    for (const score of whole) expect(every.scores).toContainEqual(score)
  })

  it('forbidding the token lets it recover', async () => {
    const result = await critical({response: WRONG, counterfactual: true})
    const {position, passAtK} = result.counterfactual!
    expect(position).toBe(result.critical.find(({rule}) => rule === 'released')!.position)
    expect(passAtK.map(({k}) => k)).toEqual([1, 2, 4, 8, 16])
    expect(passAtK[0]!.kept).toBeLessThan(0.1)
    expect(passAtK[0]!.forbidden).toBeGreaterThan(passAtK[0]!.kept)
    for (const {low, high, forbidden, k} of passAtK) {
      expect(high).toBeGreaterThanOrEqual(low)
      expect(forbidden, `k ${k}`).toBeGreaterThanOrEqual(low)
      expect(forbidden, `k ${k}`).toBeLessThanOrEqual(high)
    }
  })

  it('what replaces a forbidden token is another, also where that one is nearly certain', async () => {
    const graphed = await context.graphs.open({model})
    const tokenizer = (await context.graphs.tokenizer(graphed))!
    const {parts} = await tokenizer.encode(PROMPT)
    const own = openBranching(
      branches,
      graphed,
      Int32Array.from(parts, ({id}) => id)
    )
    const [row] = await own.logitsAfter([[]])
    const likeliest = row!.indexOf(row!.reduce((a, b) => Math.max(a, b)))
    const firstOf = async (forbiddenId?: number) => {
      const starts = Array.from({length: 32}, (_, seed) => ({
        ...{path: [], seed, ...(forbiddenId === undefined ? {} : {forbiddenId})},
      }))
      const options = {temperature: 1, topP: 0.95, maxNewTokens: 2, roomCount: 400, width: 32}
      const firsts: number[] = []
      for await (const {ids} of rollOut(own, starts, {...options, stopIds: []})) {
        firsts.push(ids[0]!)
      }
      return firsts
    }
    const free = await firstOf()
    expect(free.filter((id) => id === likeliest).length).toBeGreaterThan(16)
    const without = await firstOf(likeliest)
    expect(without).not.toContain(likeliest)
    expect(new Set(without).size).toBeGreaterThan(1)
  })

  it('whoever asked can stop it between two events', async () => {
    const request = criticalRequestSchema.parse({
      ...{model, prompt: PROMPT, answer: '31', checker, response: WRONG},
      ...{rollouts: 64, maxNewTokens: 64, mode: 'exhaustive'},
    })
    const stop = new AbortController()
    const reason = new Error('nobody wants it any more')
    let count = 0
    const listening = async () => {
      for await (const event of runCritical(context, request, stop.signal)) {
        if (event.kind === 'scores') count++
        if (count > 0) stop.abort(reason)
      }
    }
    await expect(listening()).rejects.toBe(reason)
    expect(count).toBe(1)
  })

  it('whoever goes away without a word ends its runs of the model', async () => {
    const request = criticalRequestSchema.parse({
      ...{model, prompt: PROMPT, answer: '31', checker, response: WRONG},
      ...{rollouts: 64, maxNewTokens: 64, mode: 'exhaustive'},
    })
    const outer = new AbortController()
    const use = vi.spyOn(branches, 'use')
    try {
      for await (const event of runCritical(context, request, outer.signal)) {
        if (event.kind === 'progress' && event.phase === 'sampling') break
      }
      const before = use.mock.calls.length
      expect(before).toBeGreaterThan(0)
      // Those that would go on take turns with these, one for one.
      const graphed = await context.graphs.open({model})
      const own = openBranching(branches, graphed, Int32Array.of(5))
      for (let i = 0; i < 8; i++) await own.logitsAfter([[6 + i]])
      expect(use.mock.calls.length - before).toBe(8)
      expect(branches.useCount).toBe(0)
    } finally {
      use.mockRestore()
    }
  })

  it('completions end where the context ends, which holds the prompt too', async () => {
    const last = 'How many books has Kai?'
    const filler = 'Mira has 5 beads. '
    const graphed = await context.graphs.open({model})
    const tokenizer = (await context.graphs.tokenizer(graphed))!
    const countOf = async (text: string) => (await tokenizer.encode(text)).parts.length
    const perFiller = (await countOf(filler.repeat(11))) - (await countOf(filler.repeat(10)))
    const fillers = Math.floor((2048 - 50) / perFiller)
    const prompt = filler.repeat(fillers) + last
    const roomCount = 2048 - (await countOf(prompt))
    expect(roomCount).toBeGreaterThan(20)
    const word = (await tokenizer.encode(' lamp')).parts[0]!.id
    const request = {prompt, answer: '', rollouts: 2, maxNewTokens: 500}
    const any = {kind: 'regex', pattern: 'Answer: 977'} as const
    const ids = Array<number>(roomCount).fill(word)
    const full = await critical({...request, responseIds: ids, checker: any, mode: 'adaptive'})
    expect(full.tokens).toHaveLength(2048)
    await expect(
      critical({...request, responseIds: [...ids, word], checker: any})
    ).rejects.toMatchObject({problem: {code: 'response-too-long'}})
    // Hot, so that none ends by itself before the context does.
    const hot = {temperature: 100, topP: 1, responseIds: ids.slice(0, 3)}
    const cut = await critical({...request, ...hot, checker: any})
    expect(cut.warnings.map(({code}) => code)).toContain('completions-cut')
    for (const {ids: completion} of cut.examples) {
      expect(completion.length).toBeLessThanOrEqual(roomCount)
    }
    expect(Math.max(...cut.examples.map((one) => one.ids.length))).toBe(roomCount)
  })

  it('examples are completions that the checker judges as they are marked', async () => {
    const result = await critical({response: WRONG})
    const responseText = (position: number) =>
      result.tokens
        .slice(result.responseStart, position + 1)
        .map(({bytesHex}) => Buffer.from(bytesHex, 'hex').toString())
        .join('')
    expect(result.examples.length).toBeGreaterThan(4)
    for (const {position, isRight, bytesHex} of result.examples) {
      const text = responseText(position) + Buffer.from(bytesHex, 'hex').toString()
      expect(/Answer: 31\b/u.test(text.slice(text.lastIndexOf('Answer:')))).toBe(isRight)
    }
  })

  it('the same request gives the same numbers', async () => {
    const [a, b] = [await critical({response: WRONG}), await critical({response: WRONG})]
    expect({...a, timing: null}).toEqual({...b, timing: null})
  })

  it('a right response is said to be right, and a wrong one can be sampled', async () => {
    const right = await critical({response: ' So we subtract. 38 - 7 = 31. Answer: 31.'})
    expect(right.verdict).toBe('right')
    expect(right.warnings.map(({code}) => code)).toContain('response-right')
    expect(right.completionCount).toBe(0)
    const wrong = await critical({sampleResponse: true, rollouts: 4, temperature: 2.5, topP: 1})
    expect(wrong.verdict).toBe('wrong')
  })

  it('without any success from the prompt no token is called critical', async () => {
    const result = await critical({response: WRONG, answer: '977'})
    expect(result.isRecoverable).toBe(false)
    expect(result.critical).toEqual([])
    expect(result.warnings.map(({code}) => code)).toContain('not-recoverable')
  })
})

describe('contrastive estimation', () => {
  it('scores each token from the rows before it', async () => {
    const result = await critical({response: WRONG, method: 'both', positive, negative})
    expect(result.contrast!.positive.sha256).not.toBe(result.contrast!.negative.sha256)
    const byMethod = (method: string) => result.scores.filter((score) => score.method === method)
    const responseIds = result.tokens.slice(result.responseStart).map(({id}) => id)
    // By a plain run of the whole text, and logarithms.
    const probsOf = async (path: string) => {
      const ids = Int32Array.from(result.tokens, ({id}) => id)
      const graphed = await context.graphs.open({model: path})
      const own = openBranching(branches, graphed, ids.slice(0, 1), {method: 'paths'})
      const paths = responseIds.map((_, i) => [...ids.slice(1, result.responseStart + i)])
      const rows = await own.logitsAfter(paths)
      return rows.map((row) => {
        const max = row.reduce((a, b) => Math.max(a, b))
        const weights = [...row].map((logit) => Math.exp(logit - max))
        const sum = weights.reduce((a, b) => a + b)
        return weights.map((weight) => weight / sum)
      })
    }
    const [p, n, base] = [await probsOf(positive), await probsOf(negative), await probsOf(model)]
    for (const [i, id] of responseIds.entries()) {
      const shares = p[i]!.map((prob, at) => prob ** 2 / n[i]![at]!)
      const estimate = shares[id]! / shares.reduce((a, b) => a + b)
      expect(byMethod('contrastive')[i]!.value).toBeCloseTo(1 - estimate, 4)
      expect(byMethod('difference')[i]!.value).toBeCloseTo(Math.log(n[i]![id]! / p[i]![id]!), 3)
      expect(byMethod('base')[i]!.value).toBeCloseTo(1 - base[i]![id]!, 5)
    }
    const rollouts = byMethod('rollout')
    const values = rollouts.map(
      ({position}) => byMethod('contrastive').find((one) => one.position === position)!.value
    )
    expect(result.agreement!.spearman).toBeCloseTo(
      rankCorrelation(
        rollouts.map(({value}) => 1 - value),
        values
      )!,
      12
    )
  })

  it('of the same model twice is the model’s own probability', async () => {
    const result = await critical({
      ...{response: WRONG, method: 'contrastive', beta: 1.7, checker: undefined},
      ...{positive: model, negative: model},
    })
    expect(result.verdict).toBe('unchecked')
    expect(result.warnings.map(({code}) => code)).toContain('contrast-not-fine-tuned')
    for (const {method, value, position} of result.scores) {
      if (method === 'difference') expect(value).toBe(0)
      if (method !== 'contrastive') continue
      const base = result.scores.find((one) => one.method === 'base' && one.position === position)!
      expect(value).toBeCloseTo(base.value, 5)
    }
  })
})

describe('bad input', () => {
  it.each([
    ['no response', {}, 'response-missing'],
    ['two responses', {response: WRONG, sampleResponse: true}, 'response-missing'],
    ['an empty response', {response: ''}, 'response-empty'],
    [
      'more tokens than the context has left',
      {responseIds: Array(2040).fill(5)},
      'response-too-long',
    ],
    ['ids beyond the vocabulary', {responseIds: [99_999]}, 'unknown-token-id'],
    ['no checker', {response: WRONG, checker: undefined}, 'checker-missing'],
    [
      'a checker that takes everything',
      {response: WRONG, checker: {kind: 'script', source: '() => true'}},
      'checker-matches-everything',
    ],
    ['an answer that is no number', {response: WRONG, answer: 'thirty-one'}, 'answer-not-a-number'],
    ['no answer', {response: WRONG, answer: ''}, 'answer-not-a-number'],
    [
      'a checker that throws on completions',
      {response: WRONG, checker: {kind: 'script', source: '(r) => { if (r) throw 1 }'}},
      'checker-failed',
    ],
    [
      'another vocabulary',
      {response: WRONG, method: 'contrastive', positive: 'tiny-decoder-kv', negative},
      'different-vocabularies',
    ],
    [
      'no models to contrast',
      {...{model: 'tiny-decoder-kv', prompt: 'The queen', response: ' walks'}, method: 'both'},
      'contrast-model-missing',
    ],
  ] as const)('%s', async (_, request, code) => {
    expect(await codeOf(request as Partial<CriticalRequestInput>)).toBe(code)
  })

  it('completions that never end are counted', async () => {
    const result = await critical({
      response: WRONG,
      maxNewTokens: 2,
      checker: {kind: 'regex', pattern: '= 31'},
    })
    expect(result.warnings.map(({code}) => code)).toContain('completions-cut')
  })

  it('a response that the tokenizer would not write is told', async () => {
    const graphed = await context.graphs.open({model})
    const tokenizer = (await context.graphs.tokenizer(graphed))!
    const bytes = [...Buffer.from(WRONG)].map((byte) => tokenizer.idOfBytes(Uint8Array.of(byte))!)
    const result = await critical({responseIds: bytes, rollouts: 1})
    expect(result.warnings.map(({code}) => code)).toContain('response-not-canonical')
  })
})

it('word problems of the evaluation files have answers that the checker reads', async () => {
  const lines = (await readFile(join(ASSETS, 'evaluation/word-problems.jsonl'), 'utf8'))
    .trim()
    .split('\n')
  expect(lines.length).toBeGreaterThan(10)
  const {prompt, worked, answer} = JSON.parse(lines[0]!)
  const result = await critical({prompt, response: worked, answer, rollouts: 1})
  expect(result.verdict).toBe('right')
})
