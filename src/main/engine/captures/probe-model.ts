import {planCapture} from '../onnx/capture-plan.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {layersByRoute} from './layer-routes.ts'
import {runPlan} from './run-plan.ts'

/** Lengths of the texts that are run, the short ones again: machines have slow spells. */
const LENGTHS = [16, 64, 256, 1024]
const TURN_COUNT = 3
const SHORT_SECONDS = 0.3
/** No run is begun that can be expected to take longer. */
const LONGEST_SECONDS = 1.5

/** Measures a model by short captures of all its layers, for `sessions.calibrations`, until one would take long. */
export async function probeModel(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  signal?: AbortSignal
): Promise<void> {
  const {structure, files} = model
  const all = structure.layers.map(({layer}) => layer)
  const routes = layersByRoute(structure, all, 'qk')
  const route = routes['queries-keys'].length > 0 ? 'queries-keys' : 'weights'
  if (routes[route].length === 0) return
  const plan = planCapture(model.graph, structure, {route, layers: routes[route]})
  const contextLength = files.config?.contextLength?.value ?? Number.POSITIVE_INFINITY
  const vocabularySize = files.config?.vocabularySize?.value ?? 64
  const calibration = sessions.calibrations.of(model.key, route)
  for (const length of LENGTHS) {
    if (length > contextLength) return
    const expected = calibration.secondsFor(length, length)
    if (expected !== null && expected > LONGEST_SECONDS) return
    const turnCount = (expected ?? 0) < SHORT_SECONDS ? TURN_COUNT : 1
    const ids = Int32Array.from({length}, (_, i) => (13 + 7919 * i) % vocabularySize)
    for (let turn = 0; turn < turnCount; turn++) {
      const run = runPlan(sessions, model, plan, ids, {signal, onCaptured: () => {}})
      for await (const _ of run) signal?.throwIfAborted()
    }
  }
}
