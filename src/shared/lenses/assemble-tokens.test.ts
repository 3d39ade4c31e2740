import {describe, expect, it} from 'vitest'
import {type TokenParts, tokenTableOf} from '../domain/token.ts'
import {
  assembleTokens,
  foldTokensEvent,
  startTokensRun,
  tokensResultOf,
  withNextTokens,
  withTracked,
} from './assemble-tokens.ts'
import {
  type NextTokens,
  type TokensEvent,
  tokensRequestSchema,
  tokensResultSchema,
} from './tokens.ts'

const part = (id: number, text: string, byteStart: number): TokenParts => ({
  id,
  bytes: new TextEncoder().encode(text),
  byteStart,
  byteEnd: byteStart + text.length,
  isSpecial: false,
  isInserted: false,
  spanClass: 'lossless',
})

const column = (...values: number[]) => Float64Array.from(values)
const columns = (...logprobs: number[]) => ({
  logprob: column(...logprobs),
  entropyBits: column(...logprobs.map((value) => -value)),
  rank: column(...logprobs.map((value) => (Number.isNaN(value) ? value : 3))),
  maxLogprob: column(...logprobs.map((value) => value / 2)),
  topPMass: column(...logprobs.map((value) => value * 0 + 0.5)),
  // This model has no stop ids.
  endProb: column(...logprobs.map(() => Number.NaN)),
  klToUniformBits: column(...logprobs.map((value) => 3 + value)),
  klFromUniformBits: column(...logprobs.map((value) => 1 - value)),
})

const half = Math.log(0.5)
const next: NextTokens = {
  position: 1,
  temperature: 1,
  topP: 1,
  tokens: tokenTableOf([part(7, 'x', 0), part(8, 'y', 0)]),
  logits: Float32Array.of(2, 1),
  rawLogprobs: column(Math.log(0.5), Math.log(0.3)),
  sampledProbs: column(0.5, 0.3),
  rawRestProb: 0.2,
  sampledRestProb: 0.2,
  restCount: 4,
  keptCount: 6,
  cutRawProb: 0,
}

const request = tokensRequestSchema.parse({model: 'm', prompt: 'ab', generate: 1, track: [9]})
const events: TokensEvent[] = [
  {
    kind: 'tokenized',
    text: 'ab',
    promptTokenCount: 2,
    tokens: tokenTableOf([part(1, 'a', 0), part(2, 'b', 1)]),
    turns: [],
    provenance: {
      model: {id: 'm', path: '/m', sha256: '00'},
      tokenizer: {id: 'm', sha256: '11'},
      versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
    },
    warnings: [{code: 'early', message: 'early'}],
  },
  {kind: 'progress', phase: 'prompt', done: 0, total: 2, secondsLeft: null},
  {kind: 'statistics', firstPosition: 0, columns: columns(Number.NaN, half)},
  {kind: 'next', next},
  {
    kind: 'generated',
    firstPosition: 2,
    tokens: tokenTableOf([part(7, 'x', 2)]),
    columns: columns(0),
  },
  {
    kind: 'tracked',
    tracked: [
      {
        tokenId: 9,
        bytesHex: '7a',
        prob: column(0.1, 0.2, 0.3),
        rank: Int32Array.of(4, 3, 2),
        logit: Float32Array.of(-1, 0, 1),
      },
    ],
  },
  {
    kind: 'completed',
    stopReason: 'count',
    warnings: [{code: 'late', message: 'late'}],
    timing: {runMs: 1, totalMs: 2, tokensPerSecond: 3},
  },
]

describe('assembling a tokens result', () => {
  it('gives what the schema says, without NaN or negative zero', () => {
    const result = assembleTokens(request, events)!
    expect(tokensResultSchema.parse(result)).toEqual(result)
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
    expect(result.tokens[0]).toMatchObject({position: 0, logprob: null, rank: null, topPMass: null})
    expect(result.tokens[1]).toMatchObject({
      logprob: half,
      surprisalBits: 1,
      rank: 3,
      endProb: null,
    })
    expect(result.tokens[2]).toMatchObject({position: 2, id: 7, byteStart: 2, byteEnd: 3})
    expect(Object.is(result.tokens[2]!.surprisalBits, 0)).toBe(true)
    expect(result).toMatchObject({
      status: 'completed',
      completionIds: [7],
      stopReason: 'count',
      distribution: 'raw',
      restProb: 0.2,
      restCount: 4,
      position: 1,
      promptTokenCount: 2,
    })
    expect(result.next[0]).toMatchObject({id: 7, text: 'x', logprob: Math.log(0.5)})
    expect(result.next[0]!.prob).toBeCloseTo(0.5, 12)
    expect(result.warnings.map(({code}) => code)).toEqual(['early', 'late'])
    expect(result.tracked).toEqual([
      {
        tokenId: 9,
        bytesHex: '7a',
        positions: [
          {position: 0, prob: 0.1, rank: 4, logit: -1},
          {position: 1, prob: 0.2, rank: 3, logit: 0},
          {position: 2, prob: 0.3, rank: 2, logit: 1},
        ],
      },
    ])
  })

  it('gives a valid part of it after every event, and nothing before the first', () => {
    let run = startTokensRun(request)
    expect(tokensResultOf(run, 'cancelled')).toBeNull()
    for (const event of events) {
      const before = JSON.stringify(run)
      const after = foldTokensEvent(run, event)
      // Folding changes nothing that was handed out.
      expect(JSON.stringify(run)).toBe(before)
      run = after
      const result = tokensResultOf(run, 'cancelled')
      expect(tokensResultSchema.safeParse(result).error).toBeUndefined()
    }
    const early = assembleTokens(request, events.slice(0, 1), 'failed')!
    expect(early).toMatchObject({status: 'failed', next: [], restProb: null, position: null})
    expect(early.tokens.every((token) => token.entropyBits === null)).toBe(true)
  })

  it('names the distribution of another temperature or top-p and records it in the request', () => {
    const result = assembleTokens(request, events)!
    const hot = withNextTokens(result, {...next, temperature: 2, sampledProbs: column(0.4, 0.35)})
    expect(hot).toMatchObject({distribution: 'temperature', request: {temperature: 2, position: 1}})
    expect(hot.next[0]).toMatchObject({prob: 0.4})
    expect(hot.next[0]!.logprob).toBeCloseTo(Math.log(0.4), 12)
    expect(hot.next[0]!.rawProb).toBeCloseTo(0.5, 12)
    const cut = withNextTokens(result, {
      ...next,
      position: 2,
      topP: 0.5,
      sampledProbs: column(1, 0),
      sampledRestProb: 0,
      keptCount: 1,
      cutRawProb: 0.5,
    })
    expect(cut).toMatchObject({
      distribution: 'truncated',
      restProb: 0,
      rawRestProb: 0.2,
      cutRawProb: 0.5,
      position: 2,
      request: {topP: 0.5, position: 'last', topK: 2},
    })
    expect(cut.next[1]).toMatchObject({prob: 0, logprob: null})
    expect(tokensResultSchema.safeParse(cut).error).toBeUndefined()
    expect(withTracked(result, []).request.track).toEqual([])
  })

  it('starts from the completion that the request brings', () => {
    const continued = {...request, completionIds: [4]}
    expect(assembleTokens(continued, events)!.completionIds).toEqual([4, 7])
  })
})
