import type {AttributionMethod} from '../../../shared/lenses/attribute.ts'
import type {AttributionScores} from '../../../shared/lenses/attribution-picture.ts'

/** The definition that says what a method's values are and do not say; none where the unit says it all. */
export function valueHint(method: AttributionMethod, scores: AttributionScores) {
  if (method === 'occlusion-mask') return 'attribution-mask'
  if (method !== 'reagent') return undefined
  return scores === 'released' ? 'attribution-released' : 'attribution-value'
}
