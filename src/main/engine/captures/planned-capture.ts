import {type CapturePlan, type CaptureRequest, planCapture} from '../onnx/capture-plan.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'

/** Plans of a model that are kept: a capture makes one for its cost and the same again for its run. */
const MAX_PLAN_COUNT = 4

const plans = new WeakMap<GraphedModel, Map<string, CapturePlan>>()

/** The plan of a capture, made once for as long as it is among the latest of its model. */
export function plannedCapture(model: GraphedModel, request: CaptureRequest): CapturePlan {
  const known = plans.get(model) ?? new Map<string, CapturePlan>()
  plans.set(model, known)
  const {layers, route, wants} = request
  const key = JSON.stringify([layers, route, wants])
  const plan = known.get(key) ?? planCapture(model.graph, model.structure, request)
  known.delete(key)
  known.set(key, plan)
  for (const oldest of known.keys()) {
    if (known.size <= MAX_PLAN_COUNT) break
    known.delete(oldest)
  }
  return plan
}
