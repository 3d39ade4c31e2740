import {planCapture} from '../onnx/capture-plan.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {layersByRoute} from './layer-routes.ts'
import {runPlan} from './run-plan.ts'

/** Lengths of the texts that are run. */
const LENGTHS = [16, 64, 256, 1024]
/** Times each is measured: machines have slow spells. */
const TURN_COUNT = 3
/** A run that takes longer is measured once. */
const SHORT_SECONDS = 0.6
/** No run is begun that can be expected to take longer. */
const LONGEST_SECONDS = 1.5

/**
 * Measures a model by short captures of all its layers, for `sessions.calibrations`, until one would take long. Each
 * length is run once before it is measured: the first runs of a session take up to twice as long as later ones.
 */
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
  const run = async (length: number, isMeasured: boolean) => {
    const ids = Int32Array.from({length}, (_, i) => (13 + 7919 * i) % vocabularySize)
    let seconds = 0
    const runs = runPlan(sessions, model, plan, ids, {
      ...{signal, isMeasured},
      onCaptured({elapsedMs}) {
        seconds += elapsedMs / 1000
      },
    })
    for await (const _ of runs) signal?.throwIfAborted()
    return seconds
  }
  const warmed: {length: number; seconds: number}[] = []
  for (const length of LENGTHS) {
    const before = warmed.at(-1)
    const expected = before ? (before.seconds * length) / before.length : 0
    if (length > contextLength || expected > LONGEST_SECONDS) break
    warmed.push({length, seconds: await run(length, false)})
  }
  // Turn by turn, so that a slow spell does not hit one length alone.
  for (let turn = 0; turn < TURN_COUNT; turn++) {
    for (const {length, seconds} of warmed) {
      if (turn === 0 || seconds <= SHORT_SECONDS) await run(length, true)
    }
  }
}
