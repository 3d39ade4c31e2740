import {z} from 'zod'
import {criticalScoreMethodSchema} from './critical.ts'

/** What of a critical result is drawn. */
export const criticalPictureSchema = z.object({
  /** Numbers under the tokens, top to bottom; those that the result does not have are left out. */
  tracks: z
    .array(criticalScoreMethodSchema)
    .min(1)
    .max(4)
    .default(['rollout', 'contrastive', 'difference', 'base']),
  /** A position that is marked. */
  selected: z.number().int().nonnegative().nullable().default(null),
})
export type CriticalPicture = z.infer<typeof criticalPictureSchema>
