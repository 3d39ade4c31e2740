import type {AttentionArchiveEvent, AttentionRequest} from '../../../shared/lenses/attention.ts'
import type {
  AttentionFilters,
  AttentionMap,
  HeadRef,
} from '../../../shared/lenses/attention-maps.ts'
import {nonFiniteCountOf} from '../../../shared/lenses/broken-weights.ts'
import {RowFilters} from '../../../shared/math/row-filters.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import {mapRows, sumsToOne, valueNormKind} from '../captures/map-rows.ts'
import type {NpzWriter} from '../export/npz.ts'

/** Whether an archive holds the weights as they are: no aggregate, nothing hidden or taken out. */
export function isAsCaptured(request: AttentionRequest): boolean {
  const {aggregate, dropSink, threshold, topK, mass} = request
  return !aggregate && !dropSink && !threshold && topK === undefined && mass === undefined
}

/** What of a matrix a request shows. */
export function filtersOf({dropSink, threshold, topK, mass}: AttentionRequest): AttentionFilters {
  return {
    ...{dropSink: dropSink ?? false, threshold: threshold ?? 0},
    ...(topK === undefined ? {} : {topK}),
    ...(mass === undefined ? {} : {mass}),
  }
}

/** The matrices of one layer, in the order of the archive: one a head, or one of all of them. */
export function mapsOfLayer(
  aggregate: AttentionRequest['aggregate'],
  layer: number,
  heads: readonly number[]
): AttentionMap[] {
  const refs: HeadRef[] = heads.map((head) => ({layer, head}))
  switch (aggregate) {
    case undefined:
      return refs.map((head) => ({kind: 'head', ...head}))
    case 'attention-rollout':
      return [{kind: 'attention-rollout', throughLayer: layer}]
    default:
      return [{kind: 'aggregate', by: aggregate, heads: refs}]
  }
}

/** Whether values of any of these maps count by their own length, since no output projection was found. */
export async function isBasisDependent(
  matrices: HeadMatrices,
  maps: readonly AttentionMap[],
  signal: AbortSignal | undefined
): Promise<boolean> {
  for (const map of maps) {
    if ((await valueNormKind(matrices, map, signal)) === 'basis-dependent') return true
  }
  return false
}

/** Writes the rows of one layer's maps, filtered: what is hidden is 0. Returns how many were no numbers. */
export async function* writeMaps(
  matrices: HeadMatrices,
  maps: readonly AttentionMap[],
  {
    writer,
    filters,
    queries,
    signal,
  }: {
    writer: NpzWriter
    filters: AttentionFilters
    queries: readonly [start: number, end: number]
    signal: AbortSignal | undefined
  }
): AsyncGenerator<AttentionArchiveEvent, number, undefined> {
  const {tokenCount} = matrices
  let brokenCount = 0
  for (const map of maps) {
    const rows = new RowFilters(filters, tokenCount, {sumsToOne: sumsToOne(map)})
    const whole =
      map.kind === 'attention-rollout'
        ? (await matrices.rollout(map.throughLayer, signal)).subarray(
            queries[0] * tokenCount,
            queries[1] * tokenCount
          )
        : null
    const options = {queries, dropSink: filters.dropSink, signal, whole}
    for await (const {queryStart, values} of mapRows(matrices, map, options)) {
      brokenCount += nonFiniteCountOf(values)
      for (let at = 0; at < values.length; at += tokenCount) {
        rows.apply(queryStart + at / tokenCount, values.subarray(at, at + tokenCount))
      }
      yield {kind: 'piece', bytes: writer.write(values)}
    }
  }
  return brokenCount
}
