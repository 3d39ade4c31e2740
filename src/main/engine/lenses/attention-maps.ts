import type {AttentionEvent} from '../../../shared/lenses/attention.ts'
import type {
  AttentionEdges,
  AttentionMap,
  AttentionTile,
  CapturedText,
  CaptureRequest,
  EdgesRequest,
  HeadRef,
  LineRequest,
  MapSummary,
  Thumbnail,
  ThumbnailsEvent,
  ThumbnailsRequest,
  TileRequest,
} from '../../../shared/lenses/attention-maps.ts'
import {cellCount, type TileShape} from '../../../shared/math/tile-cells.ts'
import {AttentionCapturer} from '../captures/attention-capturer.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import {tileKey} from '../captures/kept-tiles.ts'
import {mapJob} from '../captures/map-job.ts'
import {headsOfMap, layersOfMap, valueNormKind} from '../captures/map-rows.ts'
import {type AttentionContext, captureEvents} from './attention.ts'
import {beyond, selectedLayers, selectedQueries} from './attention-selection.ts'
import {checkHeads, openText} from './captured-text.ts'
import {WorkProgress} from './work-progress.ts'

/** Pictures of heads are told in handfuls, so that a page is not redrawn for every one. */
const EVENT_MS = 60

/** Captures the attention of ids, and keeps it. Aborted, it throws the signal's reason. */
export async function* captureAttention(
  context: AttentionContext,
  {ids, capture, layers: asked, withValueNorms, ...ref}: CaptureRequest,
  signal?: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  const startedMs = performance.now()
  const model = await context.graphs.open(ref)
  const {layers} = selectedLayers(model.structure, asked)
  const capturer = new AttentionCapturer(context, model, {
    ...{ids, layers, choice: capture, isKept: true, withValueNorms},
  })
  try {
    yield* captureEvents(capturer, {model, choice: capture, startedMs}, signal)
  } finally {
    capturer.close()
  }
}

/** A window of a map, pooled. */
export async function attentionTile(
  context: AttentionContext,
  request: TileRequest,
  signal?: AbortSignal
): Promise<AttentionTile> {
  return withMap(context, request, signal, async (matrices) => {
    const queries = selectedQueries(request.queries, matrices.tokenCount)
    const keys = selectedKeys(request.keys, matrices.tokenCount)
    const shape = {
      ...{queries, keys, pooling: request.pooling},
      rowCount: cellCount(request.rowCount, queries),
      columnCount: cellCount(request.columnCount, keys),
    }
    const {rowCount, columnCount} = shape
    const key = isWholeSquare(shape, matrices.tokenCount)
      ? tileKey(request.map, request.filters)
      : null
    const kept = key === null ? null : matrices.tile(key, rowCount)
    if (kept) {
      const {size: _, ...cells} = kept
      return {rowCount, columnCount, ...cells}
    }
    const job = await mapJob(matrices, context.thread, {...mapOf(request), queries}, signal)
    const {summary, ...cells} = await context.thread.run('tile', {...job, shape}, {signal})
    const told = await withNormKind(summary, matrices, request.map)
    if (key !== null) matrices.keepTile(key, {size: rowCount, ...cells, summary: told})
    return {rowCount, columnCount, ...cells, summary: told}
  })
}

/** What one query reads from, or what reads one key, one entry a position. */
export async function attentionLine(
  context: AttentionContext,
  request: LineRequest,
  signal?: AbortSignal
): Promise<{weights: Float32Array<ArrayBuffer>}> {
  return withMap(context, request, signal, async (matrices) => {
    const {tokenCount} = matrices
    const {of, position} = request
    if (position >= tokenCount) throw beyond('position', `${position}`, `0 to ${tokenCount - 1}`)
    const queries =
      of === 'query' ? ([position, position + 1] as const) : ([0, tokenCount] as const)
    const job = await mapJob(matrices, context.thread, {...mapOf(request), queries}, signal)
    const key = of === 'query' ? null : position
    return {weights: await context.thread.run('line', {...job, key}, {signal})}
  })
}

/** The heaviest edges of a map. */
export async function attentionEdges(
  context: AttentionContext,
  request: EdgesRequest,
  signal?: AbortSignal
): Promise<AttentionEdges> {
  return withMap(context, request, signal, async (matrices) => {
    const queries = selectedQueries(request.queries, matrices.tokenCount)
    const {maxEdgeCount} = request
    const job = await mapJob(matrices, context.thread, {...mapOf(request), queries}, signal)
    const answer = await context.thread.run('edges', {...job, maxEdgeCount}, {signal})
    const {layer: _, summary, ...edges} = answer
    return {...edges, summary: await withNormKind(summary, matrices, request.map)}
  })
}

/** Every head in small, layer by layer. */
export async function* attentionThumbnails(
  context: AttentionContext,
  request: ThumbnailsRequest,
  signal?: AbortSignal
): AsyncGenerator<ThumbnailsEvent, void, undefined> {
  const {matrices} = await openText(context, request, {layers: request.layers})
  try {
    const progress = new WorkProgress(matrices.layers.length)
    let toldMs = performance.now()
    for (const layer of matrices.layers) {
      yield progress.event
      const headCount = await matrices.headCount(layer, signal)
      let ready: Thumbnail[] = []
      for (const head of headsOf(layer, headCount)) {
        ready.push(await thumbnail(context, matrices, head, request, signal))
        if (performance.now() - toldMs < EVENT_MS && head.head < headCount - 1) continue
        yield {kind: 'thumbnails', thumbnails: ready}
        toldMs = performance.now()
        ready = []
      }
      progress.step()
    }
    yield progress.event
  } finally {
    matrices.close()
  }
}

async function thumbnail(
  {thread}: AttentionContext,
  matrices: HeadMatrices,
  head: HeadRef,
  {size: wantedSize, filters}: ThumbnailsRequest,
  signal: AbortSignal | undefined
): Promise<Thumbnail> {
  const queries = [0, matrices.tokenCount] as const
  const size = cellCount(wantedSize, queries)
  const map: AttentionMap = {kind: 'head', ...head}
  const key = tileKey(map, filters)
  const kept = key === null ? null : matrices.tile(key, size)
  if (kept) {
    const {values, maximum, summary} = kept
    return {...head, size, values, maximum, summary}
  }
  const job = await mapJob(matrices, thread, {map, filters, queries}, signal)
  const shape = {queries, keys: queries, rowCount: size, columnCount: size, pooling: 'max' as const}
  const cells = await thread.run('tile', {...job, shape}, {priority: 'batch', signal})
  if (key !== null) matrices.keepTile(key, {size, ...cells})
  return {...head, size, values: cells.values, maximum: cells.maximum, summary: cells.summary}
}

/** Whether a picture is of a whole matrix, as many cells down as across, each the largest: then it is kept. */
function isWholeSquare(
  {queries, keys, rowCount, columnCount, pooling}: TileShape,
  tokenCount: number
): boolean {
  const isAll = [queries, keys].every(([start, end]) => start === 0 && end === tokenCount)
  return isAll && rowCount === columnCount && pooling === 'max'
}

function headsOf(layer: number, headCount: number): HeadRef[] {
  return Array.from({length: headCount}, (_, head) => ({layer, head}))
}

type MapRequest = Pick<TileRequest, 'map' | 'filters'>

function mapOf({map, filters}: MapRequest): MapRequest {
  return {map, filters}
}

/** Opens what a map is made of, checks that its heads are there, and closes it afterwards. */
async function withMap<Result>(
  context: AttentionContext,
  request: CapturedText & MapRequest,
  signal: AbortSignal | undefined,
  use: (matrices: HeadMatrices) => Promise<Result>
): Promise<Result> {
  const {map} = request
  const withValueNorms = map.kind === 'aggregate' && map.by === 'value-weighted'
  const {matrices} = await openText(context, request, {layers: layersOfMap(map), withValueNorms})
  try {
    await checkHeads(matrices, headsOfMap(map), signal)
    return await use(matrices)
  } finally {
    matrices.close()
  }
}

/** What the values of a value-weighted map count by, which is the same however it was made. */
async function withNormKind(
  summary: MapSummary,
  matrices: HeadMatrices,
  map: AttentionMap
): Promise<MapSummary> {
  const kind = summary.valueNorms ?? (await valueNormKind(matrices, map))
  return kind ? {...summary, valueNorms: kind} : summary
}

/** Keys [start, end). Throws a Problem where the text is shorter. */
function selectedKeys(
  [start, end]: readonly [number, number],
  tokenCount: number
): readonly [start: number, end: number] {
  if (end > tokenCount) throw beyond('keys', `${start}:${end}`, `an end of at most ${tokenCount}`)
  return [start, end]
}
