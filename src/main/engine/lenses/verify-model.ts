import type {InspectCheck} from '../../../shared/lenses/inspect.ts'
import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {AttentionCapture} from '../captures/attention-capture.ts'
import {CaptureRecorder} from '../captures/capture-recorder.ts'
import {layersByRoute} from '../captures/layer-routes.ts'
import {maskedKeys, recomputeRows} from '../captures/recompute-rows.ts'
import {runPlan} from '../captures/run-plan.ts'
import {type CaptureRoute, planCapture} from '../onnx/capture-plan.ts'
import {WEIGHTS_CHANGED} from '../onnx/find-query-key.ts'
import {buildHeadGraph} from '../onnx/head-graph.ts'
import type {AttentionLayer} from '../onnx/structure.ts'
import {graphsWithin} from '../onnx/walk-graph.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedTensor} from '../runtime/worker-protocol.ts'
import {
  hasNaN,
  lastPointOf,
  lensLimitOf,
  probDifference,
  roundsTogether,
  runHead,
} from './lens-check.ts'

/** Checks of a verification, measured or not. */
export const CHECK_COUNT = 7
const TOKEN_COUNT = 24
/** Cuts that do not divide the text, so that the last run is a short one. */
const CHUNK_LENGTH = 7
/** What each comparison may deviate by, in float32 and in float16. */
const LIMITS = {
  float32: {rowSums: 1e-5, rows: 1e-5, logits: 0},
  float16: {rowSums: 4e-4, rows: 2e-3, logits: 2e-3},
} as const
/** These operators take another way through their kernel when they hand out scores. */
const OTHER_KERNEL_LIMIT = 1e-5
const OTHER_KERNELS = /GroupQueryAttention|MultiHeadAttention/

interface Measured {
  readonly capture: AttentionCapture
  readonly output: readonly number[]
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
  yield rowSumCheck(model, limits.rowSums, weights.capture)
  yield forbiddenKeysCheck(model, weights.capture, queriesKeys?.capture ?? null)
  yield rowsCheck(
    'recomputed-rows',
    limits.rows,
    queriesKeys?.capture ?? null,
    weights.capture,
    'rows recomputed from queries and keys, and the weights of the graph'
  )
  const hasCache = structure.inputs.kvCache.length > 0
  const cached = hasCache ? await measure('weights', able, CHUNK_LENGTH) : null
  const check = rowsCheck(
    'cached-rows',
    limits.rows,
    cached?.capture ?? null,
    weights.capture,
    `weights of runs of ${CHUNK_LENGTH} tokens through the KV cache, and of one run`
  )
  yield quantizesByRun(model) && check.value !== null ? asDifferentByDesign(check) : check
  yield await lensCheck(sessions, model, {ids, plain}, signal)
}

/** The lens of the last point against the logits (nostalgebraist 2020: they are the same by definition). */
async function lensCheck(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  {ids, plain}: {ids: Int32Array; plain: readonly number[]},
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

/** Such a model answers otherwise to a text in pieces, instrumented or not: the figure says by how much. */
function asDifferentByDesign({check, value}: InspectCheck): InspectCheck {
  const note =
    'not applicable: the model quantizes activations by the largest of each run, so that a text in pieces has other rows by design'
  return {check, value, limit: null, passed: null, note}
}

function notApplicable(check: InspectCheck['check'], why: string): InspectCheck {
  return {check, value: null, limit: null, passed: null, note: `not applicable: ${why}`}
}

/** A check that failed because there was no number to compare. */
function broken(check: InspectCheck['check'], limit: number, why: string): InspectCheck {
  return {
    check,
    value: null,
    limit,
    passed: false,
    note: `${why}: the weights of the model are broken`,
  }
}

const NO_WEIGHTS = 'no layer hands out weights'

/** Ids spread over the vocabulary, the begin token first where there is one. */
export function shortText({files}: GraphedModel): Int32Array {
  const {config} = files
  const count = Math.min(TOKEN_COUNT, config?.contextLength?.value ?? TOKEN_COUNT)
  const vocabularySize = config?.vocabularySize?.value ?? 64
  const ids = Int32Array.from({length: count}, (_, i) => (13 + 7919 * i) % vocabularySize)
  if (config?.beginId !== null && config?.beginId !== undefined) ids[0] = config.beginId
  return ids
}

/** What the file as it is gives for a text in one run. */
export async function plainOutput(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  ids: Int32Array,
  signal?: AbortSignal
): Promise<number[]> {
  const output: number[] = []
  const job = {ids, outputs: [mainOutput(model)], chunkLength: ids.length}
  await sessions.use(
    {model, name: 'plain', overlay: () => null},
    (session) =>
      session.capture(job, {
        ...(signal ? {signal} : {}),
        onCaptured: ({tensors}) => output.push(...numbersOf(tensors[0]!)),
      }),
    {signal}
  )
  return output
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
  const output: number[] = []
  const run = runPlan(sessions, model, plan, ids, {
    ...{signal, chunkLength, extraOutputs: [main]},
    onCaptured({tensors}) {
      recorder.append(Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor])))
      output.push(...numbersOf(tensors.find(({name}) => name === main)!))
    },
  })
  for await (const _ of run) signal?.throwIfAborted()
  return {capture: recorder.capture, output}
}

/** The logits, or what the graph gives instead. */
function mainOutput({structure, files}: GraphedModel): string {
  const {outputs} = files.header
  return (
    structure.head?.logits ?? outputs.find(({name}) => name === 'logits')?.name ?? outputs[0]!.name
  )
}

function numbersOf({type, data}: CapturedTensor): number[] {
  if (type === 'float16' && data instanceof Uint16Array) return [...float32OfFloat16Bits(data)]
  return Array.from(data as ArrayLike<number | bigint>, Number)
}

function logitsCheck(
  {structure, isMerged}: GraphedModel,
  strictLimit: number,
  plain: readonly number[],
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

function headCountCheck({structure, files}: GraphedModel, capture: AttentionCapture): InspectCheck {
  const expected = files.config?.queryHeadCount?.value ?? null
  const layerCount = files.config?.layerCount?.value ?? structure.layers.length
  const wrong = capture.layers.filter(
    ({layer, queryHeadCount}) =>
      queryHeadCount !== (structure.layers[layer]?.queryHeadCount ?? expected ?? queryHeadCount) ||
      (expected !== null && queryHeadCount !== expected)
  ).length
  const missing = Math.abs(layerCount - capture.layers.length)
  return {
    check: 'head-counts',
    ...{value: wrong + missing, limit: 0, passed: wrong + missing === 0},
    note: `layers whose heads are not those of the configuration, and layers too many or too few, of ${layerCount}`,
  }
}

function rowSumCheck(
  {structure}: GraphedModel,
  limit: number,
  capture: AttentionCapture
): InspectCheck {
  // A sink takes its share of a row: there only more than 1 is wrong.
  const hasSink = structure.layers.some(({sites}) =>
    sites.some(({queryKey}) => !('advice' in queryKey) && queryKey.sink !== null)
  )
  const isChanged = new Set(structure.layers.filter(hasChangedWeights).map(({layer}) => layer))
  const layers = capture.layers.filter(({layer}) => !isChanged.has(layer))
  if (capture.layers.length > 0 && layers.length === 0) {
    return notApplicable('row-sums', 'the model changes its weights after the softmax')
  }
  let value = 0
  let rowCount = 0
  let brokenCount = 0
  for (const {row} of rowsOf({...capture, layers})) {
    const sum = row.reduce((total, weight) => total + weight, 0)
    if (sum === 0) continue
    rowCount++
    if (!Number.isFinite(sum)) brokenCount++
    else value = Math.max(value, hasSink ? sum - 1 : Math.abs(sum - 1))
  }
  if (rowCount === 0) return notApplicable('row-sums', NO_WEIGHTS)
  if (brokenCount > 0) {
    return broken('row-sums', limit, `${brokenCount} of ${rowCount} rows hold what is no number`)
  }
  return {
    check: 'row-sums',
    ...{value, limit, passed: value <= limit},
    note: hasSink ? 'rows sum to at most 1, since a sink takes a share' : 'rows sum to 1',
  }
}

/** A gate after the softmax leaves rows of any sum. */
function hasChangedWeights({sites}: AttentionLayer): boolean {
  return sites.some(({queryKey}) => 'advice' in queryKey && queryKey.code === WEIGHTS_CHANGED)
}

/** Masks of these numbers leave something of what they mask; a model that leaves more does not mask. */
const MOST_LEFT_BY_MILD_MASKS = 1e-3

/**
 * Weights where no query may look: after itself, in a decoder, and wherever the model's own masks (padding,
 * windows, with or without distances added) forbid it, as its scores before the softmax show.
 */
function forbiddenKeysCheck(
  {files}: GraphedModel,
  capture: AttentionCapture,
  queriesKeys: AttentionCapture | null
): InspectCheck {
  const check = 'forbidden-keys'
  if (capture.layers.length === 0) return notApplicable(check, NO_WEIGHTS)
  const isCausal = files.kind === 'decoder'
  const scored = new Set(queriesKeys?.layers.map(({layer}) => layer))
  const {tokenCount} = capture
  let [value, mildValue, count, brokenCount] = [0, 0, 0, 0]
  for (const {layer, queryHeadCount} of capture.layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      const rows = recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: tokenCount})
      const masked = scored.has(layer) ? maskedKeys(queriesKeys!, {layer, head}) : null
      rows.forEach((weight, at) => {
        const isLater = isCausal && at % tokenCount > Math.floor(at / tokenCount)
        const isMasked = masked?.[at] === 1
        if (!isLater && !isMasked) return
        count++
        if (!Number.isFinite(weight)) brokenCount++
        else if (masked === null || isMasked) value = Math.max(value, weight)
        else mildValue = Math.max(mildValue, weight)
      })
    }
  }
  if (count === 0) return notApplicable(check, 'every query may see every key')
  if (brokenCount > 0) {
    return broken(check, 0, `${brokenCount} of ${count} weights on such keys are no numbers`)
  }
  const what = `weights on ${count} keys, after their query or forbidden by the model’s own masks`
  if (value === 0 && mildValue > 0 && mildValue <= MOST_LEFT_BY_MILD_MASKS) {
    const note = `${what}: the model masks with a finite number, which leaves something of them`
    return {check, value: mildValue, limit: null, passed: null, note}
  }
  const largest = Math.max(value, mildValue)
  const note = `${what}, are exactly 0`
  return {check, value: largest, limit: 0, passed: largest === 0, note}
}

function rowsCheck(
  check: 'recomputed-rows' | 'cached-rows',
  limit: number,
  a: AttentionCapture | null,
  b: AttentionCapture,
  note: string
): InspectCheck {
  const layers = (a?.layers ?? []).filter(({layer}) => b.layers.some((one) => one.layer === layer))
  if (!a || layers.length === 0) {
    return notApplicable(check, `there are not both of ${note}`)
  }
  let value = 0
  for (const {layer, queryHeadCount} of layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      const all = {layer, head, queryStart: 0, queryEnd: a.tokenCount}
      value = Math.max(value, largestDifference(recomputeRows(a, all), recomputeRows(b, all)))
    }
  }
  return {check, value, limit, passed: value <= limit, note}
}

function* rowsOf(capture: AttentionCapture): Generator<{query: number; row: Float32Array}> {
  const {tokenCount} = capture
  for (const {layer, queryHeadCount} of capture.layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      for (let query = 0; query < tokenCount; query++) {
        const rows = {layer, head, queryStart: query, queryEnd: query + 1}
        yield {query, row: recomputeRows(capture, rows)}
      }
    }
  }
}

/** Of two sequences of numbers; infinite where they are not as long, or where one is no number. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.MAX_VALUE
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const difference = Math.abs(a[i]! - b[i]!)
    largest = Math.max(largest, Number.isFinite(difference) ? difference : Number.MAX_VALUE)
  }
  return largest
}
