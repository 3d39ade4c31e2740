import type {InspectCheck} from '../../../shared/lenses/inspect.ts'
import type {AttentionCapture} from '../captures/attention-capture.ts'
import {CaptureRecorder} from '../captures/capture-recorder.ts'
import {layersByRoute} from '../captures/layer-routes.ts'
import {runPlan} from '../captures/run-plan.ts'
import {type CaptureRoute, planCapture} from '../onnx/capture-plan.ts'
import {buildHeadGraph} from '../onnx/head-graph.ts'
import {graphsWithin} from '../onnx/walk-graph.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {
  hasNaN,
  lastPointOf,
  lensLimitOf,
  probDifference,
  roundsTogether,
  runHead,
} from './lens-check.ts'
import {joined, mainOutput, numbersOf, plainOutput} from './plain-output.ts'
import {paddingCheck} from './verify-padding.ts'
import {
  broken,
  forbiddenKeysCheck,
  headCountCheck,
  largestDifference,
  notApplicable,
  rowSumCheck,
  rowsCheck,
} from './verify-rows.ts'
import {shortText, windowNote} from './verify-text.ts'
import {valuesCheck} from './verify-values.ts'

/** Checks of a verification, measured or not. */
export const CHECK_COUNT = 9
/** Cuts that do not divide the text, so that the last run is a short one. */
const CHUNK_LENGTH = 7
/** What each comparison may deviate by, in float32 and in float16. */
const LIMITS = {
  float32: {rowSums: 1e-5, rows: 1e-5, logits: 0, padding: 1e-4},
  float16: {rowSums: 4e-4, rows: 2e-3, logits: 2e-3, padding: 2e-2},
} as const
/** These operators take another way through their kernel when they hand out scores. */
const OTHER_KERNEL_LIMIT = 1e-5
const OTHER_KERNELS = /GroupQueryAttention|MultiHeadAttention/

interface Measured {
  readonly capture: AttentionCapture
  readonly output: Float32Array
}

/**
 * The checks of a model on a short text of its own vocabulary: whether instrumenting leaves its answer
 * alone, and whether its attention is one. Each is given as soon as it is measured.
 */
export async function* verifyModel(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  signal?: AbortSignal
): AsyncGenerator<InspectCheck, void, undefined> {
  const {structure, files} = model
  const isFloat16 =
    files.header.inputs.some(({dtype}) => dtype === 'float16') || /fp16/.test(files.file)
  const limits = LIMITS[isFloat16 ? 'float16' : 'float32']
  const ids = shortText(model)
  const all = structure.layers.map(({layer}) => layer)
  const recomputed = layersByRoute(structure, all, 'qk')['queries-keys']
  const able = layersByRoute(structure, all, 'weights').weights
  const measure = (route: CaptureRoute, layers: readonly number[], chunkLength?: number) =>
    measureOnce(sessions, model, ids, {route, layers, chunkLength, signal})

  const plain = await plainOutput(sessions, model, ids, signal)
  const weights = await measure('weights', able)
  const queriesKeys = recomputed.length > 0 ? await measure('queries-keys', recomputed) : null
  yield logitsCheck(model, limits.logits, plain, [weights, ...(queriesKeys ? [queriesKeys] : [])])
  yield headCountCheck(model, weights.capture)
  yield await rowSumCheck(model, limits.rowSums, weights.capture)
  yield withNote(
    await forbiddenKeysCheck(model, weights.capture, queriesKeys?.capture ?? null),
    windowNote(model, ids.length)
  )
  yield await rowsCheck(
    'recomputed-rows',
    limits.rows,
    queriesKeys?.capture ?? null,
    weights.capture,
    'rows recomputed from queries and keys, and the weights of the graph'
  )
  const hasCache = structure.inputs.kvCache.length > 0
  const cached = hasCache ? await measure('weights', able, CHUNK_LENGTH) : null
  const check = await rowsCheck(
    'cached-rows',
    limits.rows,
    cached?.capture ?? null,
    weights.capture,
    `weights of runs of ${CHUNK_LENGTH} tokens through the KV cache, and of one run`
  )
  const isByRun = quantizesByRun(model)
  yield isByRun && check.value !== null ? asDifferentByDesign(check) : check
  yield await valuesCheck(sessions, model, {ids, layers: able, limit: limits.rows}, signal)
  const padded = await paddingCheck(
    sessions,
    model,
    {ids, layers: able, limit: limits.padding},
    signal
  )
  yield isByRun && padded.value !== null ? asDifferentByDesign(padded) : padded
  yield await lensCheck(sessions, model, {ids, plain}, signal)
}

/** The lens of the last point against the logits (nostalgebraist 2020: they are the same by definition). */
async function lensCheck(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  {ids, plain}: {ids: Int32Array; plain: Float32Array},
  signal?: AbortSignal
): Promise<InspectCheck> {
  const check = 'lens-equal'
  const head = buildHeadGraph(model.graph, model.structure)
  if ('advice' in head) return notApplicable(check, head.message)
  const states = await lastPointOf(sessions, model, ids, signal)
  const lens = await runHead(sessions, model, head, {states, rowCount: ids.length}, signal)
  const limit = lensLimitOf(model)
  if (hasNaN(plain)) return broken(check, limit, 'logits of the model are no numbers')
  const value = probDifference(lens, plain, plain.length / ids.length)
  const note = 'probabilities of the lens after the last layer, and of the model'
  if (roundsTogether(head)) {
    const why = 'the head quantizes by the largest number of all tokens of a run'
    return {check, value, limit: null, passed: null, note: `not applicable: ${why}`}
  }
  return {check, value, limit, passed: value <= limit, note}
}

/** Operators that scale bytes of activations by the largest number of all tokens of a run. */
const QUANTIZES_BY_RUN = /^(DynamicQuantizeLinear|DynamicQuantizeMatMul|QAttention)$/

function quantizesByRun({graph}: GraphedModel): boolean {
  for (const {node} of graphsWithin(graph.model.graph)) {
    if (node.some(({opType}) => QUANTIZES_BY_RUN.test(opType))) return true
  }
  return false
}

function withNote(check: InspectCheck, note: string | null): InspectCheck {
  return note === null ? check : {...check, note: `${check.note}; ${note}`}
}

/** Such a model answers otherwise to a text in pieces, instrumented or not: the figure says by how much. */
function asDifferentByDesign({check, value}: InspectCheck): InspectCheck {
  const note =
    'not applicable: the model quantizes activations by the largest of each run, so that a text in other pieces has other rows by design'
  return {check, value, limit: null, passed: null, note}
}

async function measureOnce(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  ids: Int32Array,
  {
    route,
    layers,
    chunkLength = ids.length,
    signal,
  }: {
    route: CaptureRoute
    layers: readonly number[]
    chunkLength?: number | undefined
    signal?: AbortSignal | undefined
  }
): Promise<Measured> {
  const plan = planCapture(model.graph, model.structure, {route, layers})
  const recorder = new CaptureRecorder(plan, {tokenCount: ids.length, dtype: 'float32'})
  const main = mainOutput(model)
  let output: Float32Array = new Float32Array()
  const run = runPlan(sessions, model, plan, ids, {
    ...{signal, chunkLength, extraOutputs: [main]},
    onCaptured({tensors}) {
      recorder.append(Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor])))
      output = joined(output, numbersOf(tensors.find(({name}) => name === main)!))
    },
  })
  for await (const _ of run) signal?.throwIfAborted()
  return {capture: recorder.capture, output}
}

function logitsCheck(
  {structure, isMerged}: GraphedModel,
  strictLimit: number,
  plain: Float32Array,
  instrumented: readonly Measured[]
): InspectCheck {
  const hasOtherKernel = structure.layers.some(({sites}) =>
    sites.some(({operator}) => OTHER_KERNELS.test(operator))
  )
  const hasOtherWay = hasOtherKernel || isMerged
  const limit = hasOtherWay ? Math.max(strictLimit, OTHER_KERNEL_LIMIT) : strictLimit
  const value = Math.max(...instrumented.map(({output}) => largestDifference(output, plain)))
  return {
    check: 'logits-equal',
    ...{value, limit, passed: value <= limit},
    note: isMerged
      ? 'outputs of the graph with a cache, which was instrumented, and of the file, which starts a text without one'
      : hasOtherKernel
        ? 'outputs of the instrumented and the plain model; its fused attention takes another kernel when it hands out scores'
        : 'outputs of the instrumented and the plain model, bit by bit',
  }
}
