import type {ModelRef} from '../../../shared/domain/model.ts'
import {
  addReach,
  addRows,
  mixWithResidual,
  rolloutStart,
} from '../../../shared/math/attention/attention-rollout.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {type AttentionContext, attentionRows} from './attention.ts'
import type {TargetPlan} from './attribution-target.ts'
import {sizesOf} from './intervention-run.ts'

interface AttentionOf {
  readonly context: AttentionContext
  readonly ref: ModelRef
  readonly model: GraphedModel
  readonly ids: Int32Array
  readonly signal: AbortSignal | undefined
}

/** What each context position has, and what the first token of the sequence holds, which may be none of them. */
export interface AttentionFound {
  readonly values: Float64Array
  readonly firstTokenShare: number
}

/**
 * What the context has of the attention of the positions that predict the target, mean over those: the mean over
 * heads of the last layer, or attention rollout (Abnar and Zuidema 2020). Says how many layers are done.
 */
export async function* attentionValues(
  method: 'attention-rollout' | 'last-attention',
  source: AttentionOf,
  {contextPositions, readPositions}: TargetPlan
): AsyncGenerator<{done: number; total: number}, AttentionFound, undefined> {
  const layers = sizesOf(source.model).layers.map((_, layer) => layer)
  const total = method === 'last-attention' ? 1 : layers.length
  const count = source.ids.length
  let reaches: Float64Array[] = readPositions.map((query) => rolloutStart(count, query))
  const wanted = method === 'last-attention' ? layers.slice(-1) : [...layers].reverse()
  for (const [done, layer] of wanted.entries()) {
    yield {done, total}
    if (method === 'last-attention') {
      const start = Math.min(...readPositions)
      const rows = await meanRows(source, layer, [start, count])
      reaches = readPositions.map((query) => {
        return rows.slice((query - start) * count, (query - start + 1) * count)
      })
    } else {
      reaches = await passedDown(source, layer, reaches)
    }
    source.signal?.throwIfAborted()
  }
  yield {done: total, total}
  const meanAt = (position: number) =>
    reaches.reduce((all, reach) => all + reach[position]!, 0) / reaches.length
  return {values: Float64Array.from(contextPositions, meanAt), firstTokenShare: meanAt(0)}
}

/** What reaches the tokens below a layer of what reached those above it. */
async function passedDown(
  source: AttentionOf,
  layer: number,
  reaches: readonly Float64Array[]
): Promise<Float64Array[]> {
  const count = source.ids.length
  const {sums, headCount} = await summedRows(source, layer, [0, count])
  const all = Int32Array.from({length: count}, () => count)
  const keys = {starts: new Int32Array(count), ends: all}
  const below = reaches.map(() => new Float64Array(count))
  for (let query = 0; query < count; query++) {
    const row = sums.slice(query * count, (query + 1) * count)
    mixWithResidual(row, query, headCount)
    for (const [i, reach] of reaches.entries()) {
      if (reach[query]) addReach(below[i]!, {row, query, reach: reach[query]!, keys})
    }
  }
  return below
}

async function meanRows(
  source: AttentionOf,
  layer: number,
  queries: readonly [number, number]
): Promise<Float64Array> {
  const {sums, headCount} = await summedRows(source, layer, queries)
  return sums.map((sum) => sum / headCount)
}

/** Σ over heads of the weights of some queries, [query, key]. */
async function summedRows(
  {context, ref, model, ids, signal}: AttentionOf,
  layer: number,
  queries: readonly [number, number]
): Promise<{sums: Float64Array; headCount: number}> {
  const headCount = sizesOf(model).layers[layer]!.queryHeadCount
  const sums = new Float64Array((queries[1] - queries[0]) * ids.length)
  for (let head = 0; head < headCount; head++) {
    const {model: name, file} = ref
    const request = {model: name, file, ids, layer, head, queries, capture: 'qk' as const}
    const {weights} = await attentionRows(context, request, signal)
    addRows(sums, weights)
  }
  return {sums, headCount}
}
