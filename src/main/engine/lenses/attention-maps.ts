import type {AttentionEvent} from '../../../shared/lenses/attention.ts'
import type {
  AttentionEdges,
  AttentionFilters,
  AttentionGraph,
  AttentionMap,
  AttentionTile,
  CapturedText,
  CaptureRequest,
  EdgesRequest,
  GraphRequest,
  HeadRef,
  LineRequest,
  ThumbnailsEvent,
  ThumbnailsRequest,
  TileRequest,
} from '../../../shared/lenses/attention-maps.ts'
import {HeaviestEdges} from '../../../shared/math/heaviest-edges.ts'
import {RowFilters} from '../../../shared/math/row-filters.ts'
import {cellCount, TileCells} from '../../../shared/math/tile-cells.ts'
import {AttentionCapturer} from '../captures/attention-capturer.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import {headsOfMap, layersOfMap, mapRows, sumsToOne, valueNormKind} from '../captures/map-rows.ts'
import {type AttentionContext, captureEvents} from './attention.ts'
import {beyond, selectedLayers, selectedQueries} from './attention-selection.ts'
import {checkHeads, openText} from './captured-text.ts'

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
  return withMap(context, request, request.map, signal, async (matrices) => {
    const queries = selectedQueries(request.queries, matrices.tokenCount)
    const keys = selectedKeys(request.keys, matrices.tokenCount)
    const cells = new TileCells({
      ...{queries, keys, pooling: request.pooling},
      rowCount: cellCount(request.rowCount, queries),
      columnCount: cellCount(request.columnCount, keys),
    })
    const summary = await eachRow(matrices, request, {queries, signal}, (query, row) =>
      cells.addRow(query, row)
    )
    const {rowCount, columnCount} = cells.shape
    return {rowCount, columnCount, ...cells.finish(), summary}
  })
}

/** What one query reads from, or what reads one key, one entry a position. */
export async function attentionLine(
  context: AttentionContext,
  request: LineRequest,
  signal?: AbortSignal
): Promise<{weights: Float32Array<ArrayBuffer>}> {
  return withMap(context, request, request.map, signal, async (matrices) => {
    const {tokenCount} = matrices
    const {of, position} = request
    if (position >= tokenCount) throw beyond('position', `${position}`, `0 to ${tokenCount - 1}`)
    const weights = new Float32Array(tokenCount)
    const queries =
      of === 'query' ? ([position, position + 1] as const) : ([0, tokenCount] as const)
    await eachRow(matrices, request, {queries, signal}, (query, row) => {
      if (of === 'query') weights.set(row)
      else weights[query] = row[position]!
    })
    return {weights}
  })
}

/** The heaviest edges of a map. */
export async function attentionEdges(
  context: AttentionContext,
  request: EdgesRequest,
  signal?: AbortSignal
): Promise<AttentionEdges> {
  return withMap(context, request, request.map, signal, async (matrices) => {
    const queries = selectedQueries(request.queries, matrices.tokenCount)
    const edges = new HeaviestEdges(request.maxEdgeCount)
    const summary = await eachRow(matrices, request, {queries, signal}, (query, row) =>
      edges.addRow(0, query, row)
    )
    const {layer: _, ...kept} = edges.finish()
    return {...kept, summary}
  })
}

/** The heaviest edges of some layers, each the mean of its heads or of those that are chosen. */
export async function attentionGraph(
  context: AttentionContext,
  request: GraphRequest,
  signal?: AbortSignal
): Promise<AttentionGraph> {
  const {filters, heads} = request
  const layers = [...new Set(request.layers)].sort((a, b) => a - b)
  const {matrices} = await openText(context, request, {layers})
  try {
    const {tokenCount} = matrices
    if (heads) await checkHeads(matrices, heads, signal)
    const edges = new HeaviestEdges(request.maxEdgeCount)
    const rows = new RowFilters(filters, tokenCount, {sumsToOne: true})
    for (const layer of layers) {
      const chosen = heads
        ? heads.filter((head) => head.layer === layer)
        : headsOf(layer, await matrices.headCount(layer, signal))
      if (chosen.length === 0) continue
      const map: AttentionMap = {kind: 'aggregate', by: 'mean', heads: chosen}
      await addRows(
        matrices,
        map,
        {rows, queries: [0, tokenCount], filters, signal},
        (query, row) => edges.addRow(layer, query, row)
      )
    }
    return {...edges.finish(), summary: rows.summary}
  } finally {
    matrices.close()
  }
}

/** Every head in small, layer by layer. */
export async function* attentionThumbnails(
  context: AttentionContext,
  request: ThumbnailsRequest,
  signal?: AbortSignal
): AsyncGenerator<ThumbnailsEvent, void, undefined> {
  const {matrices} = await openText(context, request, {layers: request.layers})
  try {
    const {tokenCount, layers} = matrices
    const whole = [0, tokenCount] as const
    const size = cellCount(request.size, whole)
    for (const [done, layer] of layers.entries()) {
      yield {kind: 'progress', done, total: layers.length, secondsLeft: null}
      const headCount = await matrices.headCount(layer, signal)
      for (const head of headsOf(layer, headCount)) {
        const cells = new TileCells({
          ...{queries: whole, keys: whole, pooling: 'max'},
          ...{rowCount: size, columnCount: size},
        })
        const map: AttentionMap = {kind: 'head', ...head}
        await eachRow(
          matrices,
          {map, filters: NO_FILTERS},
          {queries: whole, signal},
          (query, row) => cells.addRow(query, row)
        )
        const {values, maximum} = cells.finish()
        yield {kind: 'thumbnails', thumbnails: [{...head, size, values, maximum}]}
      }
    }
  } finally {
    matrices.close()
  }
}

const NO_FILTERS: AttentionFilters = {dropSink: false, threshold: 0}

function headsOf(layer: number, headCount: number): HeadRef[] {
  return Array.from({length: headCount}, (_, head) => ({layer, head}))
}

/** Opens what a map is made of, checks that its heads are there, and closes it afterwards. */
async function withMap<Result>(
  context: AttentionContext,
  text: CapturedText,
  map: AttentionMap,
  signal: AbortSignal | undefined,
  use: (matrices: HeadMatrices) => Promise<Result>
): Promise<Result> {
  const withValueNorms = map.kind === 'aggregate' && map.by === 'value-weighted'
  const {matrices} = await openText(context, text, {layers: layersOfMap(map), withValueNorms})
  try {
    await checkHeads(matrices, headsOfMap(map), signal)
    return await use(matrices)
  } finally {
    matrices.close()
  }
}

interface RowWindow {
  readonly queries: readonly [start: number, end: number]
  readonly signal: AbortSignal | undefined
}

/** Gives every filtered row of a map to `take`, which must not keep it; returns what the filters left. */
async function eachRow(
  matrices: HeadMatrices,
  {map, filters}: {map: AttentionMap; filters: AttentionFilters},
  window: RowWindow,
  take: (query: number, row: Float32Array) => void
): Promise<AttentionTile['summary']> {
  const isDifference = map.kind === 'difference'
  const own = isDifference ? {...filters, dropSink: false} : filters
  const rows = new RowFilters(own, matrices.tokenCount, {sumsToOne: sumsToOne(map)})
  await addRows(matrices, map, {rows, filters, ...window}, take)
  const kind = await valueNormKind(matrices, map, window.signal)
  return kind ? {...rows.summary, valueNorms: kind} : rows.summary
}

async function addRows(
  matrices: HeadMatrices,
  map: AttentionMap,
  {rows, filters, queries, signal}: RowWindow & {rows: RowFilters; filters: AttentionFilters},
  take: (query: number, row: Float32Array) => void
): Promise<void> {
  const {tokenCount} = matrices
  const options = {queries, signal, dropSink: filters.dropSink}
  for await (const {queryStart, values} of mapRows(matrices, map, options)) {
    for (let at = 0; at < values.length; at += tokenCount) {
      const query = queryStart + at / tokenCount
      const row = values.subarray(at, at + tokenCount)
      rows.apply(query, row)
      take(query, row)
    }
  }
}

/** Keys [start, end). Throws a Problem where the text is shorter. */
function selectedKeys(
  [start, end]: readonly [number, number],
  tokenCount: number
): readonly [start: number, end: number] {
  if (end > tokenCount) throw beyond('keys', `${start}:${end}`, `an end of at most ${tokenCount}`)
  return [start, end]
}
