import type {
  AttentionFilters,
  AttentionMap,
  HeadRef,
} from '../../../shared/lenses/attention-maps.ts'
import type {MapJob} from '../runtime/matrix-protocol.ts'
import type {MatrixThread} from '../runtime/matrix-thread.ts'
import type {HeadMatrices} from './head-matrices.ts'
import {layersOfMap} from './map-rows.ts'
import {sharedFloat32} from './shared-numbers.ts'

export interface MapWish {
  readonly map: AttentionMap
  readonly filters: AttentionFilters
  /** From the first up to the second, which is not among them. */
  readonly queries: readonly [start: number, end: number]
}

/**
 * What the matrix thread is asked for rows of a map: the layers it is made of, or the map as a whole where it
 * is a product of layers, or where its layers do not fit the memory all at once.
 */
export async function mapJob(
  matrices: HeadMatrices,
  thread: MatrixThread,
  wish: MapWish,
  signal: AbortSignal | undefined
): Promise<MapJob> {
  const {map, queries} = wish
  const {tokenCount} = matrices
  const whole = (rows: Float32Array): MapJob => ({
    ...wish,
    text: {tokenCount, layers: []},
    whole: rows,
  })
  if (map.kind === 'attention-rollout') {
    const rollout = await matrices.rollout(map.throughLayer, signal)
    return whole(rollout.subarray(queries[0] * tokenCount, queries[1] * tokenCount))
  }
  const text = await matrices.text(layersOfMap(map), signal)
  if (text) return {...wish, text, whole: null}
  return whole(await gathered(matrices, thread, wish, signal))
}

/** A map whose layers do not fit all at once, made of one layer after another. */
async function gathered(
  matrices: HeadMatrices,
  thread: MatrixThread,
  {map, filters, queries}: MapWish,
  signal: AbortSignal | undefined
): Promise<Float32Array> {
  const into = sharedFloat32((queries[1] - queries[0]) * matrices.tokenCount)
  for (const {part, factor} of partsOf(map)) {
    const text = (await matrices.text(layersOfMap(part), signal))!
    const takesLarger = map.kind === 'aggregate' && map.by === 'max'
    const dropsSink = map.kind === 'difference' && filters.dropSink
    const job = {text, map: part, queries, into, factor, takesLarger, dropsSink}
    await thread.run('gather', job, {signal})
  }
  return into
}

/** Maps of one layer each, which make a map when they are added up or the largest is taken. */
function partsOf(map: AttentionMap): {part: AttentionMap; factor: number}[] {
  if (map.kind === 'difference') {
    return [
      {part: {kind: 'head', ...map.a}, factor: 1},
      {part: {kind: 'head', ...map.b}, factor: -1},
    ]
  }
  if (map.kind !== 'aggregate')
    throw new RangeError(`a ${map.kind} is of one layer or made as a whole`)
  const byLayer = new Map<number, HeadRef[]>()
  for (const head of map.heads) {
    byLayer.set(head.layer, [...(byLayer.get(head.layer) ?? []), head])
  }
  return [...byLayer.values()].map((heads) => ({
    part: {...map, heads},
    factor: map.by === 'mean' ? heads.length / map.heads.length : 1,
  }))
}
