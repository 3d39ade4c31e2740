import type {InspectCheck} from '../../../shared/lenses/inspect.ts'
import {CaptureRecorder} from '../captures/capture-recorder.ts'
import {recomputeRows} from '../captures/recompute-rows.ts'
import {runPlan} from '../captures/run-plan.ts'
import {planCapture} from '../onnx/capture-plan.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {FedTensor} from '../runtime/worker-protocol.ts'
import {mainOutput, numbersOf, plainOutput} from './plain-output.ts'
import {broken, notApplicable} from './verify-rows.ts'

const CHECK = 'padding'
/** Tokens at the end of the text that stand for padding. */
const PADDING_COUNT = 6

/**
 * The text with its last tokens taken for padding, against the text without them: no query of the rest looks at
 * padding, and the rest is answered alike. The deviation is the weight on padding or the difference of the
 * answer, in parts of its largest number, whichever is larger.
 */
export async function paddingCheck(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  {ids, layers, limit}: {ids: Int32Array; layers: readonly number[]; limit: number},
  signal?: AbortSignal
): Promise<InspectCheck> {
  const realCount = ids.length - PADDING_COUNT
  const mask = realCount > 0 ? maskOf(model, ids.length, realCount) : 'the context is too short'
  if (typeof mask === 'string') return notApplicable(CHECK, mask)
  const plan = planCapture(model.graph, model.structure, {route: 'weights', layers})
  const recorder = new CaptureRecorder(plan, {tokenCount: ids.length, dtype: 'float32'})
  const main = mainOutput(model)
  let padded: Float32Array = new Float32Array()
  const run = runPlan(sessions, model, plan, ids, {
    ...{signal, chunkLength: ids.length, extraOutputs: [main], fed: mask},
    onCaptured({tensors}) {
      recorder.append(Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor])))
      padded = numbersOf(tensors.find(({name}) => name === main)!)
    },
  })
  for await (const _ of run) signal?.throwIfAborted()
  const alone = await plainOutput(sessions, model, ids.slice(0, realCount), signal)
  // An output of one row for a whole text has nothing to be compared by position.
  if (padded.length * realCount !== alone.length * ids.length) {
    return notApplicable(CHECK, 'the model does not answer for every position')
  }
  // What this operator hands out for keys beyond the count that its mask comes down to was never written.
  const countsKeys = model.structure.layers.some(({sites}) =>
    sites.some(({operator}) => operator === 'com.microsoft.GroupQueryAttention')
  )
  const onPadding = countsKeys ? 0 : largestOnPadding(recorder, realCount)
  const answer = relativeDifference(padded.subarray(0, alone.length), alone)
  const value = Math.max(onPadding, answer)
  if (!Number.isFinite(value)) return broken(CHECK, limit, 'weights or outputs are no numbers')
  const outputs = `outputs of ${realCount} tokens with and without ${PADDING_COUNT} masked ones behind them, in parts of the largest`
  const note = countsKeys ? outputs : `${outputs}; weights on these are exactly 0`
  return {check: CHECK, value, limit, passed: onPadding === 0 && answer <= limit, note}
}

/** What the mask is fed; or why padding cannot be told to the model. */
function maskOf(
  {structure, files}: GraphedModel,
  tokenCount: number,
  realCount: number
): Readonly<Record<string, FedTensor>> | string {
  const {attentionMask: name, isMaskAdded} = structure.inputs
  const input = files.header.inputs.find((one) => one.name === name)
  if (!input) return 'the model takes no mask'
  if (isMaskAdded || input.dimensions.length !== 2 || input.dtype !== 'int64') {
    return 'the mask of the model is not one of whole numbers for keys'
  }
  const seen = Array.from({length: tokenCount}, (_, key) => (key < realCount ? 1n : 0n))
  return {
    [input.name]: {
      type: 'int64',
      data: BigInt64Array.from(seen),
      dimensions: [1, tokenCount],
    },
  }
}

/** Of queries that are no padding themselves; NaN where a weight is. */
function largestOnPadding({capture}: CaptureRecorder, realCount: number): number {
  const {tokenCount} = capture
  let largest = 0
  for (const {layer, queryHeadCount} of capture.layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      const rows = recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: realCount})
      rows.forEach((weight, at) => {
        if (at % tokenCount < realCount) return
        if (weight > largest || Number.isNaN(weight)) largest = weight
      })
      if (Number.isNaN(largest)) return largest
    }
  }
  return largest
}

function relativeDifference(a: Float32Array, b: Float32Array): number {
  let [worst, largest] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) return Number.NaN
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!))
    largest = Math.max(largest, Math.abs(b[i]!))
  }
  return largest === 0 ? worst : worst / largest
}
