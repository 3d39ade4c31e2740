import {z} from 'zod'
import {colorStepsSchema} from '../lenses/attention-picture.ts'

const position = z.number().int().nonnegative()
const rest = {
  aggregate: z.enum(['head', 'mean', 'max', 'value-weighted', 'attention-rollout', 'difference']),
  scope: z.enum(['layer', 'model']),
  other: z.object({layer: position, head: position}),
}

/** What a pane was told to show of attention; no head where none was chosen. */
export const attentionChoiceSchema = z.union([
  z.object({layer: position, head: position, ...rest}),
  z.object({layer: z.null(), head: z.null(), ...rest}),
])
export const attentionFilterChoiceSchema = z.object({
  mass: z.number().gt(0).max(1),
  threshold: z.number().min(0),
  topK: z.number().int().positive().nullable(),
  isSinkDropped: z.boolean(),
  areSpecialsHidden: z.boolean(),
  isWithinSentences: z.boolean(),
})
/** The part of a matrix that is seen, in tokens. */
export const matrixWindowSchema = z.object({
  query: z.number().min(0),
  key: z.number().min(0),
  span: z.number().positive(),
})
export const matrixPlaceSchema = z.object({query: position, key: position})

/** What a link restores of the attention lens: heads by pane, filters, and colours. */
export const linkAttentionSchema = z.object({
  shown: z.tuple([attentionChoiceSchema, attentionChoiceSchema]),
  /** Further heads that are drawn as lines beside the one that is shown. */
  companions: z.tuple([z.array(position).max(64), z.array(position).max(64)]).default([[], []]),
  filters: attentionFilterChoiceSchema,
  range: z.number().positive().nullable().default(null),
  steps: colorStepsSchema.default('square-root'),
})
export type LinkAttention = z.infer<typeof linkAttentionSchema>
