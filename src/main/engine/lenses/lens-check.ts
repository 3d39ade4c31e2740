import {ProblemError} from '../../../shared/domain/problem.ts'
import {computeNormalizer} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import {captureResidual} from '../captures/residual-capture.ts'
import {factsOf} from '../onnx/graph-facts.ts'
import type {HeadGraph} from '../onnx/head-graph.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {LoadedModel} from '../runtime/models.ts'
import {scoringJob} from './rows.ts'

/** What the head by itself may differ by from the model, in probability; half precision rounds more. */
const LIMIT = 1e-3
const HALF_LIMIT = 2e-2
/** Tokens of the sequence that is compared: its end follows from several positions. */
const TOKEN_COUNT = 4
/** Nodes that round a whole tensor by its largest entry, so that its rows are not independent. */
const ROUNDS_TOGETHER = new Set([
  'DynamicQuantizeLinear',
  'DynamicQuantizeMatMul',
  'MatMulIntegerToFloat',
])

/** How far the lens of the last point may be from the model's own probabilities. */
export function lensLimitOf({graph, structure}: GraphedModel): number {
  const point = structure.residual?.points.at(-1)
  const dtype = (point && factsOf(graph.model).types.typeOf(point.tensor)) ?? 'float32'
  return dtype === 'float32' ? LIMIT : HALF_LIMIT
}

/** Whether the head rounds all positions of a run together. */
export function roundsTogether({graph}: HeadGraph): boolean {
  return graph.model.graph.node.some(({opType}) => ROUNDS_TOGETHER.has(opType))
}

/** Runs a model's head on `rowCount` states [row, hidden]; gives logits [row, vocabulary]. */
export function runHead(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  head: HeadGraph,
  job: {states: Float32Array; rowCount: number},
  signal: AbortSignal | undefined
): Promise<Float32Array> {
  const {graph, residual, layout, logits} = head
  return sessions.use(
    {
      model,
      name: 'head',
      overlay: () => encodeOverlay(graph),
      head: {residual, layout, logits, isRowByRow: roundsTogether(head)},
    },
    (session) => session.runHead(job, signal ? {signal} : {}),
    {signal}
  )
}

/** What the last point of the stream of a sequence is, [position, hidden]. */
export async function lastPointOf(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  ids: Int32Array,
  signal: AbortSignal | undefined
): Promise<Float32Array> {
  const position = ids.length - 1
  const options = {signal, position, hasRoomFor: () => true}
  const capture = captureResidual(sessions, model, ids, options)
  let step = await capture.next()
  while (!step.done) step = await capture.next()
  return step.value.points.at(-1) ?? new Float32Array()
}

/** The largest difference in probability of two tables of logits [row, width]; 1 where they are not alike, or where one holds what is no number. */
export function probDifference(a: ArrayLike<number>, b: ArrayLike<number>, width: number): number {
  if (a.length !== b.length || width === 0 || a.length % width !== 0) return 1
  if (hasNaN(a) || hasNaN(b)) return 1
  const [left, right] = [Float32Array.from(a), Float32Array.from(b)]
  let largest = 0
  for (let start = 0; start < left.length; start += width) {
    const [ofLeft, ofRight] = [left, right].map(
      (logits) => computeNormalizer(logits, start, width).logSumExp
    )
    for (let at = start; at < start + width; at++) {
      const difference = Math.abs(exp(left[at]! - ofLeft!) - exp(right[at]! - ofRight!))
      largest = Math.max(largest, difference)
    }
  }
  return largest
}

export function hasNaN(logits: ArrayLike<number>): boolean {
  for (let i = 0; i < logits.length; i++) if (Number.isNaN(logits[i])) return true
  return false
}

/** Models whose head was compared with their own logits, and agreed. */
const checked = new WeakSet<GraphedModel['structure']>()

/**
 * Compares, once for each model, what the head makes of the last point of the stream with the model's own logits
 * of the same sequence. Throws a Problem where they are not the same.
 */
export async function requireTrueLens(
  sessions: InstrumentedSessions,
  loaded: LoadedModel,
  {model, head, ids}: {model: GraphedModel; head: HeadGraph; ids: Int32Array},
  signal: AbortSignal | undefined
): Promise<void> {
  if (checked.has(model.structure)) return
  // Of one token alone there is nothing to be rounded together.
  const some = ids.slice(0, roundsTogether(head) ? 1 : TOKEN_COUNT)
  const position = some.length - 1
  const states = await lastPointOf(sessions, model, some, signal)
  const hiddenSize = states.length / some.length
  const job = {states: states.slice(position * hiddenSize), rowCount: 1}
  const lens = await runHead(sessions, model, head, job, signal)
  let own: Float32Array | null = null
  await loaded.session.run(scoringJob(some, loaded, {rowPosition: position}), {
    ...(signal ? {signal} : {}),
    onEvent: (event) => {
      if (event.kind === 'row' && event.position === position) own = event.logits
    },
  })
  if (!own) throw new Error(`the run gave no row for position ${position}`)
  const difference = probDifference(lens, own, loaded.info.vocabularySize)
  const limit = lensLimitOf(model)
  if (!(difference <= limit)) throw untrueLens(loaded, difference, limit)
  checked.add(model.structure)
}

function untrueLens(
  {folder}: Pick<LoadedModel, 'folder'>,
  difference: number,
  limit: number
): ProblemError {
  return new ProblemError({
    code: 'output-head-misread',
    message: 'The output head by itself does not give the model’s own predictions.',
    file: folder.filePath,
    found: `probabilities that differ by ${difference.toPrecision(2)} after the last layer`,
    expected: `the same to ${limit}`,
    advice: 'Use the other views: the logit lens cannot be trusted on this graph.',
  })
}
