import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionFilters, AttentionMap, MapSummary} from '../../lenses/attention-maps.ts'
import type {MatrixPicture} from '../../lenses/attention-picture.ts'
import type {TokensResult} from '../../lenses/tokens.ts'
import {createSeededRandom} from '../../math/seeded-random.ts'
import {storyResult} from '../tokens/sample-result.ts'

const LAYER_COUNT = 6
const HEAD_COUNT = 8

type SampleSource = Pick<
  TokensResult,
  'model' | 'tokenizer' | 'versions' | 'text' | 'tokens' | 'promptTokenCount'
> & {readonly request: Pick<TokensResult['request'], 'model' | 'prompt'>}

/** An invented attention result over the tokens of another one, for tests and the gallery. */
export function sampleAttention(source: SampleSource = storyResult()): AttentionResult {
  const {model, tokenizer, versions, text, tokens, promptTokenCount} = source
  return {
    schema: 'tokenscope/attention@1',
    request: {
      command: 'attention',
      model: source.request.model,
      prompt: source.request.prompt ?? '',
      capture: 'qk',
      generate: 0,
    },
    model,
    tokenizer,
    versions,
    warnings: [],
    status: 'completed',
    text,
    promptTokenCount,
    tokens: tokens.map(
      ({position, id, bytesHex, text, byteStart, byteEnd, isSpecial, isInserted, spanClass}) => ({
        ...{position, id, bytesHex, text},
        ...{byteStart, byteEnd, isSpecial, isInserted, spanClass},
      })
    ),
    layerCount: LAYER_COUNT,
    queryHeadCount: HEAD_COUNT,
    keyValueHeadCount: HEAD_COUNT,
    shape: [LAYER_COUNT, HEAD_COUNT, tokens.length, tokens.length],
    layers: Array.from({length: LAYER_COUNT}, (_, layer) => ({
      layer,
      source: 'queries-keys' as const,
      queryHeadCount: HEAD_COUNT,
      keyValueHeadCount: HEAD_COUNT,
      dtype: 'float32' as const,
    })),
  }
}

/**
 * Weights [query, key] as an induction head would have them: what followed the same token before, else the
 * first token.
 */
export function inductionWeights(ids: readonly number[], seed = 3): Float32Array<ArrayBuffer> {
  const count = ids.length
  const random = createSeededRandom(seed)
  const weights = new Float32Array(count * count)
  for (let query = 0; query < count; query++) {
    const row = weights.subarray(query * count, query * count + query + 1)
    let sum = 0
    for (let key = 0; key <= query; key++) {
      const noise = random.nextUnit()
      const isInduced = key > 0 && key < query && ids[key - 1] === ids[query]
      row[key] = 0.02 + 0.1 * noise * noise * noise + (isInduced ? 2 + 3 * noise : 0)
      sum += row[key]!
    }
    row[0]! += 0.6
    sum += 0.6
    for (let key = 0; key <= query; key++) row[key]! /= sum
  }
  return weights
}

/** The smallest set of keys a row whose weights reach a share of it; the rest is 0 (definitions: 70 % of mass). */
export function keepMass(
  weights: Float32Array,
  count: number,
  mass: number
): {values: Float32Array<ArrayBuffer>; summary: MapSummary} {
  const values = new Float32Array(weights.length)
  let hidden = 0
  let sinkOnlyRowCount = 0
  for (let query = 0; query < count; query++) {
    const keys = Array.from({length: query + 1}, (_, key) => key)
    const weightOf = (key: number) => weights[query * count + key]!
    keys.sort((a, b) => weightOf(b) - weightOf(a) || a - b)
    let kept = 0
    let keptCount = 0
    while (kept < mass - 1e-6 && keptCount < keys.length) {
      const key = keys[keptCount++]!
      values[query * count + key] = weightOf(key)
      kept += weightOf(key)
    }
    hidden += 1 - kept
    if (keptCount === 1 && keys[0] === 0) sinkOnlyRowCount += 1
  }
  const summary = {
    rowCount: count,
    hiddenShare: hidden / count,
    sinkOnlyRowCount,
    nowhereShare: null,
    nonFiniteCount: 0,
  }
  return {values, summary}
}

/** A matrix of one head over all tokens of a result. */
export function sampleMatrix(
  result: AttentionResult,
  change: Partial<MatrixPicture> = {},
  map: AttentionMap = {kind: 'head', layer: 3, head: 5}
): MatrixPicture {
  const count = result.tokens.length
  const filters: AttentionFilters = {dropSink: false, threshold: 0, ...change.filters}
  const weights = inductionWeights(result.tokens.map(({id}) => id))
  const {values, summary} = keepMass(weights, count, filters.mass ?? 1)
  const maximum = values.reduce((most, value) => Math.max(most, value), 0)
  const query = 13
  const row = Array.from({length: query + 1}, (_, key) => ({
    key,
    weight: values[query * count + key]!,
  })).sort((a, b) => b.weight - a.weight)
  return {
    view: 'matrix',
    map,
    filters,
    queries: [0, count],
    keys: [0, count],
    tile: {rowCount: count, columnCount: count, values, minimum: 0, maximum, summary},
    ...(filters.mass === undefined ? {} : {unfiltered: weights}),
    range: {maximum: 1, isLocked: true},
    row: {
      query,
      keys: row.slice(0, 3),
      restWeight: row.slice(3).reduce((sum, {weight}) => sum + weight, 0),
    },
    cell: null,
    pairs: [],
    probeName: {name: 'induction', score: 0.91},
    ...change,
  }
}
