import {z} from 'zod'
import {
  attributionChoiceSchema,
  attributionLooksSchema,
  targetChoiceSchema,
  tokenChangesSchema,
} from '../../shared/links/link-attribution.ts'
import {type AttributionState, initialAttribution} from './attribution-state.ts'

/** What of the document is attribution's, as it is kept for a reload. */
export const attributionShape = {
  attributionChoice: attributionChoiceSchema.catch(initialAttribution.attributionChoice),
  attributionLooks: attributionLooksSchema.catch(initialAttribution.attributionLooks),
  attributionTargets: z.record(z.string(), targetChoiceSchema).catch({}),
  attributionChanges: z.record(z.string(), tokenChangesSchema).catch({}),
} satisfies Record<keyof AttributionState, z.ZodType>
