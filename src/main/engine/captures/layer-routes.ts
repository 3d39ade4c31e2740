import type {CaptureChoice} from '../../../shared/lenses/attention.ts'
import type {CaptureRoute} from '../onnx/capture-plan.ts'
import type {AttentionLayer, ModelStructure} from '../onnx/structure.ts'

/** Whether rows of a layer can be recomputed from its queries and keys, at each of its sites. */
export function hasQueriesAndKeys({sites}: AttentionLayer): boolean {
  return sites.length > 0 && sites.every(({queryKey}) => !('advice' in queryKey))
}

/** Layers by the route that each is captured on; those without attention are in neither. */
export function layersByRoute(
  {layers}: ModelStructure,
  wanted: readonly number[],
  choice: CaptureChoice
): Readonly<Record<CaptureRoute, readonly number[]>> {
  const found = layers.filter(
    ({layer, problem, sites}) => wanted.includes(layer) && !problem && sites.length > 0
  )
  const isRecomputed = (layer: AttentionLayer) => choice === 'qk' && hasQueriesAndKeys(layer)
  const numbers = (some: readonly AttentionLayer[]) => some.map(({layer}) => layer)
  return {
    'queries-keys': numbers(found.filter(isRecomputed)),
    weights: numbers(found.filter((layer) => !isRecomputed(layer))),
  }
}
