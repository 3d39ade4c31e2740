import {setImmediate as nextTurn} from 'node:timers/promises'
import {tokenTableOf} from '../../../shared/domain/token.ts'
import type {
  AttentionArchiveEvent,
  AttentionArchiveRequest,
  AttentionEvent,
  AttentionProgress,
  AttentionRequest,
  AttentionRows,
  CaptureChoice,
  CapturedLayerFacts,
} from '../../../shared/lenses/attention.ts'
import {brokenWeightsWarning, nonFiniteCountOf} from '../../../shared/lenses/broken-weights.ts'
import {BASIS_DEPENDENT_WARNING} from '../../../shared/lenses/value-norms.ts'
import {AttentionCapturer, type CaptureContext} from '../captures/attention-capturer.ts'
import {HeadMatrices} from '../captures/head-matrices.ts'
import {hasQueriesAndKeys} from '../captures/layer-routes.ts'
import {NpzWriter} from '../export/npz.ts'
import {type GraphedModel, requireRunnable} from '../runtime/model-graphs.ts'
import {
  filtersOf,
  isAsCaptured,
  isBasisDependent,
  mapsOfLayer,
  writeMaps,
} from './attention-archive.ts'
import {selectedHeads, selectedLayers, selectedQueries} from './attention-selection.ts'
import {type ReadText, readText, type TextContext} from './attention-text.ts'
import {weightsSourceOf} from './describe-structure.ts'

/** What the lens works with. */
export type AttentionContext = TextContext & CaptureContext

/** Multiplications that rows may take before the coordinator answers others. */
const SLICE_PRODUCTS = 4e6
const MOST_PIECE_NUMBERS = 1 << 20

/**
 * The attention lens: the text, then its attention layer by layer, kept in the engine so that any row can
 * be asked for. Aborted, it throws the signal's reason and gives no other event.
 */
export async function* runAttention(
  context: AttentionContext,
  request: AttentionRequest,
  signal?: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  const startedMs = performance.now()
  const text = yield* readText(context, request, signal)
  const {layers, warnings} = selectedLayers(text.model.structure, request.layers)
  selectedQueries(request.queries, text.ids.length)
  yield tokenizedEvent(text, warnings)
  const capturer = new AttentionCapturer(context, text.model, {
    ...{ids: text.ids, layers, choice: request.capture, isKept: true},
  })
  try {
    const {model} = text
    yield* captureEvents(capturer, {model, choice: request.capture, startedMs}, signal)
  } finally {
    capturer.close()
  }
}

/** Captures all layers that are wished for, part by part: what is there, and at last what it took. */
export async function* captureEvents(
  capturer: AttentionCapturer,
  {model, choice, startedMs}: {model: GraphedModel; choice: CaptureChoice; startedMs: number},
  signal?: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  const captureStartedMs = performance.now()
  const told = new Set<number>()
  for (const layer of capturer.layers) {
    if (told.has(layer)) continue
    yield* capturing(capturer, layer, signal)
    signal?.throwIfAborted()
    // All layers of its part are there now.
    const there = capturer.layers.filter((one) => !told.has(one) && capturer.has(one))
    for (const one of there) told.add(one)
    yield {kind: 'captured', layers: there.map((one) => factsOf(model, capturer, one, choice))}
  }
  const endedMs = performance.now()
  yield {
    kind: 'completed',
    partCount: capturer.parts.length,
    bytes: capturer.kept.byteLength,
    timing: {captureMs: endedMs - captureStartedMs, totalMs: endedMs - startedMs},
  }
}

/**
 * A capture as a numpy archive, piece by piece: where it does not fit the memory all at once, each part is
 * written and dropped before the next is captured.
 */
export async function* archiveAttention(
  context: AttentionContext,
  request: AttentionArchiveRequest,
  signal?: AbortSignal
): AsyncGenerator<AttentionArchiveEvent, void, undefined> {
  const text = yield* readText(context, request, signal)
  if (!isAsCaptured(request)) {
    yield* archiveMaps(context, request, text, signal)
    return
  }
  const {layers: wanted} = selectedLayers(text.model.structure, request.layers)
  const [queryStart, queryEnd] = selectedQueries(request.queries, text.ids.length)
  const capturer = new AttentionCapturer(context, text.model, {
    ...{ids: text.ids, layers: wanted, choice: request.capture, isKept: false},
  })
  const {layers, kept} = capturer
  const writer = new NpzWriter()
  try {
    // Head counts may be known only to a run, and the shape comes before the weights.
    yield* capturing(capturer, layers[0]!, signal)
    const headCounts = layers.map(
      (layer) =>
        kept.factsOf(layer)?.queryHeadCount ??
        text.model.structure.layers[layer]?.queryHeadCount ??
        kept.factsOf(layers[0]!)!.queryHeadCount
    )
    const heads = selectedHeads(request.heads, headCounts)
    const shape = [layers.length, heads.length, queryEnd - queryStart, text.ids.length]
    yield piece(writer.begin({name: 'weights', dtype: 'float32', shape}))
    let brokenCount = 0
    for (const [i, layer] of layers.entries()) {
      yield* capturing(capturer, layer, signal)
      for (const head of heads) {
        for await (const rows of rowPieces(capturer, {layer, head, queryStart, queryEnd})) {
          signal?.throwIfAborted()
          brokenCount += nonFiniteCountOf(rows)
          yield piece(writer.write(rows))
        }
      }
      capturer.release(layer)
      yield progress('writing', i + 1, layers.length)
    }
    yield piece(writer.end())
    if (brokenCount > 0) yield {kind: 'warning', warning: brokenWeightsWarning(brokenCount)}
    yield* writeAxes(writer, {layers, heads}, request.withTokenIds ? text.ids : null)
  } finally {
    capturer.close()
  }
}

/**
 * The same of an aggregate, and of filtered weights: one matrix a layer and head, or one a layer, over the heads
 * that `heads` names.
 */
async function* archiveMaps(
  context: AttentionContext,
  request: AttentionArchiveRequest,
  {model, ids}: ReadText,
  signal: AbortSignal | undefined
): AsyncGenerator<AttentionArchiveEvent, void, undefined> {
  const {layers} = selectedLayers(model.structure, request.layers)
  const queries = selectedQueries(request.queries, ids.length)
  // A rollout goes through all layers before, whichever are written.
  const isRollout = request.aggregate === 'attention-rollout'
  const needed = isRollout ? selectedLayers(model.structure, undefined).layers : layers
  const matrices = new HeadMatrices(context, model, {
    ...{ids, layers: needed, choice: request.capture},
    withValueNorms: request.aggregate === 'value-weighted',
  })
  const writer = new NpzWriter()
  try {
    const headCounts: number[] = []
    for (const layer of layers) {
      for await (const {done, total, secondsLeft} of matrices.ensure(layer, signal)) {
        yield {kind: 'progress', phase: 'capturing', done, total, secondsLeft}
      }
      headCounts.push(await matrices.headCount(layer, signal))
    }
    // It is of all heads too.
    const heads = selectedHeads(isRollout ? undefined : request.heads, headCounts)
    const mapCount = request.aggregate ? 1 : heads.length
    const shape = [layers.length, mapCount, queries[1] - queries[0], ids.length]
    yield piece(writer.begin({name: 'weights', dtype: 'float32', shape}))
    let isTold = false
    let brokenCount = 0
    for (const [i, layer] of layers.entries()) {
      const maps = mapsOfLayer(request.aggregate, layer, heads)
      if (!isTold && (await isBasisDependent(matrices, maps, signal))) {
        isTold = true
        yield {kind: 'warning', warning: BASIS_DEPENDENT_WARNING}
      }
      const filters = filtersOf(request)
      brokenCount += yield* writeMaps(matrices, maps, {writer, filters, queries, signal})
      yield progress('writing', i + 1, layers.length)
    }
    yield piece(writer.end())
    if (brokenCount > 0) yield {kind: 'warning', warning: brokenWeightsWarning(brokenCount)}
    yield* writeAxes(writer, {layers, heads}, request.withTokenIds ? ids : null)
  } finally {
    matrices.close()
  }
}

/** What the axes of an archive are, and its end. */
function* writeAxes(
  writer: NpzWriter,
  axes: {readonly layers: readonly number[]; readonly heads: readonly number[]},
  ids: Int32Array | null
): Generator<AttentionArchiveEvent, void, undefined> {
  for (const [name, numbers] of Object.entries({...axes, ...(ids ? {tokenIds: ids} : {})})) {
    yield piece(writer.begin({name, dtype: 'int32', shape: [numbers.length]}))
    yield piece(writer.write(Int32Array.from(numbers)))
    yield piece(writer.end())
  }
  yield piece(writer.finish())
}

/** Which rows of a text's attention are wanted. */
export interface RowsRequest {
  readonly model: string
  readonly file?: string | undefined
  readonly ids: Int32Array
  readonly capture: CaptureChoice
  readonly layer: number
  readonly head: number
  readonly queries: readonly [start: number, end: number]
}

/** Rows of one head: from what is kept, else by capturing its layer. Throws a Problem for what is not there. */
export async function attentionRows(
  context: AttentionContext,
  {ids, layer, head, queries, capture, ...ref}: RowsRequest,
  signal?: AbortSignal
): Promise<AttentionRows> {
  const model = await context.graphs.open(ref)
  requireRunnable(model)
  const {layers} = selectedLayers(model.structure, [layer])
  const [queryStart, queryEnd] = selectedQueries([...queries], ids.length)
  const matrices = new HeadMatrices(context, model, {ids, layers, choice: capture})
  try {
    selectedHeads([head], [await matrices.headCount(layer, signal)])
    const weights = await matrices.rows(layer, head, queryStart, queryEnd, signal, 'interactive')
    return {queryStart, queryEnd, keyCount: ids.length, weights}
  } finally {
    matrices.close()
  }
}

/** Rows in slices that take a few milliseconds, so that the coordinator always answers. */
async function* rowPieces(
  {kept}: AttentionCapturer,
  {
    layer,
    head,
    queryStart,
    queryEnd,
  }: {layer: number; head: number; queryStart: number; queryEnd: number}
): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
  const keyCount = kept.key.ids.length
  const rowCount = Math.max(
    1,
    Math.floor(Math.min(SLICE_PRODUCTS / (keyCount * 64), MOST_PIECE_NUMBERS / keyCount))
  )
  for (let start = queryStart; start < queryEnd; start += rowCount) {
    const end = Math.min(queryEnd, start + rowCount)
    const rows = kept.rows({layer, head, queryStart: start, queryEnd: end})
    if (!rows) throw new Error(`layer ${layer} is not captured`)
    yield rows
    await nextTurn()
  }
}

async function* capturing(
  capturer: AttentionCapturer,
  layer: number,
  signal: AbortSignal | undefined
): AsyncGenerator<AttentionProgress, void, undefined> {
  for await (const {done, total, secondsLeft} of capturer.ensure(layer, signal)) {
    yield {kind: 'progress', phase: 'capturing', done, total, secondsLeft}
  }
}

function tokenizedEvent(
  {prompt, provenance, model}: ReadText,
  warnings: readonly {code: string; message: string}[]
): AttentionEvent {
  return {
    kind: 'tokenized',
    text: prompt.text,
    promptTokenCount: prompt.promptTokenCount,
    tokens: tokenTableOf(prompt.parts),
    turns: [...prompt.turns],
    ...provenance,
    warnings: [...prompt.warnings, ...model.warnings, ...warnings],
    layerCount: model.structure.layers.length,
  }
}

function factsOf(
  model: GraphedModel,
  {kept}: AttentionCapturer,
  layer: number,
  choice: CaptureChoice
): CapturedLayerFacts {
  const facts = kept.factsOf(layer)
  const found = model.structure.layers[layer]
  if (!facts || !found) throw new Error(`layer ${layer} is not captured`)
  const isRecomputed = choice === 'qk' && hasQueriesAndKeys(found)
  return {
    layer,
    source: isRecomputed ? 'queries-keys' : weightsSourceOf(found),
    ...facts,
    keyValueHeadCount: facts.keyValueHeadCount ?? found.keyValueHeadCount,
  }
}

function piece(bytes: Uint8Array<ArrayBuffer>): AttentionArchiveEvent {
  return {kind: 'piece', bytes}
}

function progress(
  phase: AttentionProgress['phase'],
  done: number,
  total: number
): AttentionProgress {
  return {kind: 'progress', phase, done, total, secondsLeft: null}
}
