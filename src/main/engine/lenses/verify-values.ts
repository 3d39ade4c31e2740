import {setImmediate as nextTurn} from 'node:timers/promises'
import type {InspectCheck} from '../../../shared/lenses/inspect.ts'
import {CaptureRecorder} from '../captures/capture-recorder.ts'
import {recomputeRows} from '../captures/recompute-rows.ts'
import {runPlan} from '../captures/run-plan.ts'
import {planCapture, type SiteCapture} from '../onnx/capture-plan.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {numbersOf} from './plain-output.ts'
import {broken, notApplicable} from './verify-rows.ts'

const CHECK = 'values-mixed'

/** A tensor [1, head, position, size]. */
interface Heads {
  readonly headCount: number
  readonly size: number
  readonly values: ArrayLike<number>
}

/**
 * Weights times values of every head, against what the model's own product gives: Σ_k A[q, k] · v[k] (Vaswani et
 * al. 2017, equation 1). The deviation is in parts of the largest number of the layer.
 */
export async function valuesCheck(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  {ids, layers, limit}: {ids: Int32Array; layers: readonly number[]; limit: number},
  signal?: AbortSignal
): Promise<InspectCheck> {
  if (model.structure.layers.some(({sites}) => sites.some(roundsWeights))) {
    return notApplicable(
      CHECK,
      'the model rounds weights to 8 bits before it multiplies with values'
    )
  }
  const plan = planCapture(model.graph, model.structure, {
    ...{route: 'weights', layers},
    wants: {mixing: true},
  })
  const recorder = new CaptureRecorder(plan, {tokenCount: ids.length, dtype: 'float32'})
  const tensors = new Map<string, Heads>()
  const run = runPlan(sessions, model, plan, ids, {
    ...{signal, chunkLength: ids.length},
    onCaptured(event) {
      recorder.append(Object.fromEntries(event.tensors.map((tensor) => [tensor.name, tensor])))
      for (const tensor of event.tensors) {
        const [, headCount = 0, , size = 0] = tensor.dims
        tensors.set(tensor.name, {headCount, size, values: numbersOf(tensor)})
      }
    },
  })
  for await (const _ of run) signal?.throwIfAborted()
  let value = 0
  let headCount = 0
  for (const {layer, sites} of plan.layers) {
    let firstHead = 0
    for (const site of sites) {
      const pair = pairOf(site, tensors)
      if (!pair) break
      const heads = {layer, firstHead, count: pair.mixed.headCount}
      const weightsOf = (head: number) =>
        recomputeRows(recorder.capture, {layer, head, queryStart: 0, queryEnd: ids.length})
      value = Math.max(value, await deviationOf(pair, weightsOf, heads, ids.length))
      firstHead += heads.count
      headCount += heads.count
    }
  }
  if (headCount === 0) return notApplicable(CHECK, 'the values of no layer were found')
  if (!Number.isFinite(value)) return broken(CHECK, limit, 'products with values are no numbers')
  const note = `weights times values, and what the model makes of them, of ${headCount} heads; in parts of the largest number`
  return {check: CHECK, value, limit, passed: value <= limit, note}
}

function roundsWeights({values}: GraphedModel['structure']['layers'][number]['sites'][number]) {
  return values?.value.preparation.some(({kind}) => kind === 'quantize') ?? false
}

function pairOf(
  {mixing}: SiteCapture,
  tensors: ReadonlyMap<string, Heads>
): {values: Heads; mixed: Heads} | null {
  const values = mixing && tensors.get(mixing.values)
  const mixed = mixing && tensors.get(mixing.mixed)
  return values && mixed ? {values, mixed} : null
}

async function deviationOf(
  {values, mixed}: {values: Heads; mixed: Heads},
  weightsOf: (head: number) => Float32Array,
  {firstHead, count}: {firstHead: number; count: number},
  tokenCount: number
): Promise<number> {
  const {size} = mixed
  if (values.size !== size || count % values.headCount !== 0) return Number.NaN
  let [worst, largest] = [0, 0]
  for (let head = 0; head < count; head++) {
    await nextTurn()
    const weights = weightsOf(firstHead + head)
    const valueHead = Math.floor((head * values.headCount) / count)
    for (let query = 0; query < tokenCount; query++) {
      for (let i = 0; i < size; i++) {
        let sum = 0
        for (let key = 0; key < tokenCount; key++) {
          const weight = weights[query * tokenCount + key]!
          if (weight !== 0)
            sum += weight * values.values[(valueHead * tokenCount + key) * size + i]!
        }
        const own = mixed.values[(head * tokenCount + query) * size + i]!
        largest = Math.max(largest, Math.abs(own))
        const difference = Math.abs(sum - own)
        // What is no number makes the whole figure none.
        worst = difference > worst || Number.isNaN(difference) ? difference : worst
        if (Number.isNaN(worst)) return Number.NaN
      }
    }
  }
  return largest === 0 ? worst : worst / largest
}
