import {z} from 'zod'
import {attentionGraphSchema} from './attention-graph.ts'
import {attentionFiltersSchema} from './attention-maps.ts'
import {importanceSchema} from './attention-statistics.ts'

const indexSchema = z.number().int().nonnegative()

/** What is drawn of an attention graph: its lines, and importances under its columns. */
export const graphPictureSchema = z.object({
  view: z.literal('graph'),
  graph: attentionGraphSchema,
  /** Whose reading is followed; null: the heaviest weights of all. */
  into: indexSchema.nullable(),
  filters: attentionFiltersSchema,
  window: z.object({start: z.number().min(0), span: z.number().positive()}),
  edgesPerLayer: z.number().int().min(1).max(1000),
  /** The first tints the tokens. */
  importances: z.array(importanceSchema).max(6),
})
export type GraphPicture = z.infer<typeof graphPictureSchema>
