import {z} from 'zod'
import {resolvedUnitSchema, TOKEN_UNIT} from '../units/unit-choice.ts'
import {attributionMethodSchema, attributionRowSchema} from './attribute-row.ts'

const indexSchema = z.number().int().nonnegative()

/** Of ReAGent: ours, signed and per step, or the softmax as released; other methods have one kind of values. */
export const attributionScoresSchema = z.enum(['per-step', 'released'])
export type AttributionScores = z.infer<typeof attributionScoresSchema>

/** Another method's values for the same target. */
export const besideSchema = z.object({method: attributionMethodSchema, row: attributionRowSchema})
export type BesideMethod = z.infer<typeof besideSchema>

/** One target's context as rows, with other methods in columns of their own. */
export const barsPictureSchema = z.object({
  view: z.literal('bars'),
  /** Which of the result's targets. */
  row: indexSchema.default(0),
  scores: attributionScoresSchema.default('per-step'),
  /** Values are summed over it. */
  unit: resolvedUnitSchema.default(TOKEN_UNIT),
  /** Smaller values are folded until so many rows are left. */
  rowLimit: indexSchema.min(4).max(10_000).default(60),
  beside: z.array(besideSchema).max(8).default([]),
  /** A context position that is marked. */
  selected: indexSchema.nullable().default(null),
})
export type BarsPicture = z.infer<typeof barsPictureSchema>

/** Every target a row, its context across. */
export const heatMapPictureSchema = z.object({
  view: z.literal('heat-map'),
  scores: attributionScoresSchema.default('per-step'),
})
export type HeatMapPicture = z.infer<typeof heatMapPictureSchema>

/** What of an attribution is drawn. */
export const attributionPictureSchema = z.discriminatedUnion('view', [
  barsPictureSchema,
  heatMapPictureSchema,
])
export type AttributionPicture = z.infer<typeof attributionPictureSchema>
