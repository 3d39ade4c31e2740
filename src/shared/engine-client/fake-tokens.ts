import type {Problem} from '../domain/problem.ts'
import {hexOfBytes, tokenTableOf} from '../domain/token.ts'
import type {LogitLens, LogitLensRequest} from '../lenses/logit-lens.ts'
import type {
  NextTokens,
  StatisticsColumns,
  TokensEvent,
  TokensRequest,
  TrackedColumns,
} from '../lenses/tokens.ts'
import {computeNormalizer, computeRowStatistics, rankInRow} from '../math/distribution.ts'
import {computeNextTokens} from '../math/next-tokens.ts'
import {drawToken, likeliestId} from '../math/sample.ts'
import {createSeededRandom} from '../math/seeded-random.ts'
import {FAKE_END_ID, fakeBytesOf, fakeLogits, fakeTableOf} from './fake-language.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt, fakeTooLong} from './fake-prompt.ts'
import {problemError} from './problem-of.ts'

const CHUNK = 16

export interface FakeTokensOptions {
  readonly contextLength: number
  readonly pause: (signal?: AbortSignal) => Promise<void>
  readonly delayMs: number
  /** Fails a run after so many positions, as if the engine had ended. */
  readonly failAfter?: number | undefined
  readonly failure?: Problem | undefined
}

/** A run as the tokens lens tells it, chunk by chunk and token by token. */
export async function* runFakeTokens(
  request: TokensRequest,
  {contextLength, pause, ...options}: FakeTokensOptions,
  signal?: AbortSignal
): AsyncGenerator<TokensEvent> {
  const {parts, text, turns} = fakeEncodePrompt(request, contextLength)
  if (parts.length > contextLength) throw problemError(fakeTooLong(parts.length, contextLength))
  const ids = parts.map((part) => part.id)
  const promptTokenCount = ids.length - (request.completionIds?.length ?? 0)
  const table = tokenTableOf(parts)
  const provenance = FAKE_PROVENANCE
  yield {
    kind: 'tokenized',
    text,
    promptTokenCount,
    tokens: table,
    turns,
    provenance,
    warnings: [],
  }
  for (let first = 0; first < ids.length; first += CHUNK) {
    await pause(signal)
    if (options.failAfter !== undefined && first >= options.failAfter) {
      throw problemError(options.failure ?? LOST)
    }
    const end = Math.min(ids.length, first + CHUNK)
    yield {
      kind: 'progress',
      phase: 'prompt',
      done: end,
      total: ids.length,
      secondsLeft: ((ids.length - end) / CHUNK) * (options.delayMs / 1000),
    }
    yield {kind: 'statistics', firstPosition: first, columns: statistics(ids, first, end)}
  }
  const random = createSeededRandom(request.seed)
  for (let i = 0; i < request.generate; i++) {
    await pause(signal)
    const logits = fakeLogits(ids)
    ids.push(request.sample ? drawToken(logits, request, random) : likeliestId(logits))
    const position = ids.length - 1
    yield {
      kind: 'generated',
      firstPosition: position,
      tokens: fakeTableOf([ids[position]!]),
      columns: statistics(ids, position, position + 1),
    }
  }
  const position = request.position === 'last' ? ids.length - 1 : request.position
  yield {kind: 'next', next: fakeNextOf(ids, {...request, position})}
  if (request.track.length > 0) yield {kind: 'tracked', tracked: fakeTrackedOf(ids, request.track)}
  const timing = {runMs: ids.length * 0.5, totalMs: ids.length * 0.5 + 2, tokensPerSecond: 1800}
  yield {
    kind: 'completed',
    stopReason: request.generate > 0 ? 'count' : null,
    warnings: [],
    timing,
  }
}

const LOST: Problem = {
  code: 'engine-lost',
  message: 'The engine stopped while this was under way.',
  advice: 'Wait until it has restarted, then run it again.',
}

/** Statistics of the positions from `first` up to `end`. */
function statistics(ids: readonly number[], first: number, end: number): StatisticsColumns {
  const count = end - first
  const columns: StatisticsColumns = {
    logprob: new Float64Array(count).fill(Number.NaN),
    entropyBits: new Float64Array(count).fill(Number.NaN),
    rank: new Float64Array(count).fill(Number.NaN),
    maxLogprob: new Float64Array(count).fill(Number.NaN),
    topPMass: new Float64Array(count).fill(Number.NaN),
    endProb: new Float64Array(count).fill(Number.NaN),
    klToUniformBits: new Float64Array(count).fill(Number.NaN),
    klFromUniformBits: new Float64Array(count).fill(Number.NaN),
  }
  for (let i = Math.max(1, first); i < end; i++) {
    const logits = fakeLogits(ids.slice(0, i))
    const row = computeRowStatistics(logits, 0, logits.length, ids[i]!, [FAKE_END_ID])
    for (const name of Object.keys(columns) as (keyof StatisticsColumns)[]) {
      columns[name][i - first] = row[name]
    }
  }
  return columns
}

/** The next-token table after a position. */
export function fakeNextOf(
  ids: readonly number[],
  spec: {position: number; topK: number; temperature: number; topP: number}
): NextTokens {
  return fakeTableOfLogits(fakeLogits(ids.slice(0, spec.position + 1)), spec)
}

function fakeTableOfLogits(
  row: Float32Array,
  spec: {position: number; topK: number; temperature: number; topP: number}
): NextTokens {
  const {ids: top, ...columns} = computeNextTokens(row, spec)
  const {position, temperature, topP} = spec
  return {
    ...columns,
    logits: Float32Array.from(columns.logits),
    rawLogprobs: Float64Array.from(columns.rawLogprobs),
    sampledProbs: Float64Array.from(columns.sampledProbs),
    position,
    temperature,
    topP,
    tokens: fakeTableOf([...top]),
  }
}

/** Tokens followed through a sequence. */
export function fakeTrackedOf(
  ids: readonly number[],
  tokenIds: readonly number[]
): TrackedColumns[] {
  const rows = ids.map((_, i) => {
    const logits = fakeLogits(ids.slice(0, i + 1))
    return {logits, ...computeNormalizer(logits, 0, logits.length)}
  })
  return tokenIds.map((tokenId) => ({
    tokenId,
    prob: Float64Array.from(rows, (row) => Math.exp(row.logits[tokenId]! - row.logSumExp)),
    rank: Int32Array.from(rows, ({logits}) => rankInRow(logits, 0, logits.length, tokenId)),
    logit: Float32Array.from(rows, ({logits}) => logits[tokenId]!),
  }))
}

/** The logit lens of a pretended model: the output's logits come to be evenly from layer to layer. */
export function fakeLensOf(request: LogitLensRequest, layerCount: number): LogitLens {
  const {ids, position, temperature, topP, topK, tokenIds} = request
  const logits = fakeLogits([...ids.slice(0, position + 1)])
  const rows = Array.from({length: layerCount + 1}, (_, row) =>
    logits.map((logit) => (logit * row) / layerCount)
  )
  const follow = (tokenId: number): TrackedColumns => ({
    tokenId,
    bytesHex: hexOfBytes(fakeBytesOf(tokenId)),
    prob: Float64Array.from(rows, (row) =>
      Math.exp(row[tokenId]! - computeNormalizer(row, 0, row.length).logSumExp)
    ),
    rank: Int32Array.from(rows, (row) => rankInRow(row, 0, row.length, tokenId)),
    logit: Float32Array.from(rows, (row) => row[tokenId]!),
  })
  const next = ids[position + 1]
  return {
    position,
    temperature,
    topP,
    rows: rows.map((row) => fakeTableOfLogits(row, {position, topK, temperature, topP})),
    tracked: tokenIds.map(follow),
    output: follow(likeliestId(logits)),
    occurred: next === undefined ? null : follow(next),
  }
}
