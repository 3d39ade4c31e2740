import type {AttentionEvent} from '../lenses/attention.ts'
import type {
  AttentionEdges,
  AttentionFilters,
  AttentionMap,
  AttentionTile,
  CaptureRequest,
  EdgesRequest,
  LineRequest,
  MapSummary,
  ThumbnailsEvent,
  ThumbnailsRequest,
  TileRequest,
} from '../lenses/attention-maps.ts'
import {HeaviestEdges} from '../math/heaviest-edges.ts'
import {RowFilters} from '../math/row-filters.ts'
import {cellCount, TileCells} from '../math/tile-cells.ts'
import {fakeCapturedLayer} from './fake-attention.ts'
import {FAKE_MODEL} from './fake-model.ts'

type Pause = (signal: AbortSignal) => Promise<void>

/** Layers that are meant: all of the one model where none are named. */
export function fakeLayers(asked: readonly number[] | undefined): readonly number[] {
  return asked ?? Array.from({length: FAKE_MODEL.layerCount}, (_, layer) => layer)
}

/** A capture of ids, which costs nothing. */
export async function* runFakeCapture(
  {layers}: CaptureRequest,
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  const wanted = fakeLayers(layers)
  for (const [done, layer] of wanted.entries()) {
    await pause(signal)
    yield {kind: 'progress', phase: 'capturing', done, total: wanted.length, secondsLeft: null}
    yield {kind: 'captured', layers: [fakeCapturedLayer(layer)]}
  }
  yield {kind: 'completed', partCount: 1, bytes: 0, timing: {captureMs: 1, totalMs: 2}}
}

/** A window of a map of heads that look at all keys before them alike. */
export function fakeTile(request: TileRequest): AttentionTile {
  const {queries, keys} = request
  const cells = new TileCells({
    ...{queries, keys, pooling: request.pooling},
    rowCount: cellCount(request.rowCount, queries),
    columnCount: cellCount(request.columnCount, keys),
  })
  const summary = eachRow(request, queries, (query, row) => cells.addRow(query, row))
  const {rowCount, columnCount} = cells.shape
  return {rowCount, columnCount, ...cells.finish(), summary}
}

export function fakeLine(request: LineRequest): {weights: Float32Array<ArrayBuffer>} {
  const {ids, of, position} = request
  const weights = new Float32Array(ids.length)
  const queries = of === 'query' ? ([position, position + 1] as const) : ([0, ids.length] as const)
  eachRow(request, queries, (query, row) => {
    if (of === 'query') weights.set(row)
    else weights[query] = row[position]!
  })
  return {weights}
}

export function fakeEdges(request: EdgesRequest): AttentionEdges {
  const edges = new HeaviestEdges(request.maxEdgeCount)
  const queries = request.queries ?? ([0, request.ids.length] as const)
  const summary = eachRow(request, queries, (query, row) => edges.addRow(0, query, row))
  const {layer: _, ...kept} = edges.finish()
  return {...kept, summary}
}

/** Every head in small, a layer at a time. */
export async function* runFakeThumbnails(
  {ids, layers, size: wanted, filters}: ThumbnailsRequest,
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<ThumbnailsEvent, void, undefined> {
  const whole = [0, ids.length] as const
  const size = cellCount(wanted, whole)
  const all = fakeLayers(layers)
  for (const [done, layer] of all.entries()) {
    await pause(signal)
    yield {kind: 'progress', done, total: all.length, secondsLeft: null}
    const thumbnails = Array.from({length: FAKE_MODEL.queryHeadCount}, (_, head) => {
      const cells = new TileCells({
        ...{queries: whole, keys: whole, rowCount: size, columnCount: size, pooling: 'max'},
      })
      const map = {kind: 'head' as const, layer, head}
      const summary = eachRow({ids, map, filters}, whole, (query, row) => cells.addRow(query, row))
      const {values, maximum} = cells.finish()
      return {layer, head, size, values, maximum, summary}
    })
    yield {kind: 'thumbnails', thumbnails}
  }
}

/** What a query may see, evenly. */
export function uniformRow(keyCount: number, query: number): Float32Array {
  return new Float32Array(keyCount).fill(1 / (query + 1), 0, query + 1)
}

/** Rows of a map whose heads are all alike. */
function mapRow(map: AttentionMap, keyCount: number, query: number): Float32Array {
  const row = uniformRow(keyCount, query)
  if (map.kind === 'difference') return row.fill(0)
  const isSum = map.kind === 'aggregate' && map.by === 'value-weighted'
  return isSum ? row.map((weight) => weight * map.heads.length) : row
}

function eachRow(
  {ids, map, filters}: {ids: Int32Array; map: AttentionMap; filters: AttentionFilters},
  [start, end]: readonly [number, number],
  take: (query: number, row: Float32Array) => void
): MapSummary {
  const sumsToOne = map.kind === 'head' || (map.kind === 'aggregate' && map.by === 'mean')
  const rows = new RowFilters(filters, ids.length, {sumsToOne})
  for (let query = start; query < end; query++) {
    const row = mapRow(map, ids.length, query)
    rows.apply(query, row)
    take(query, row)
  }
  return rows.summary
}
