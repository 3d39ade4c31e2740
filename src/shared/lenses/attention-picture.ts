import {z} from 'zod'
import {
  attentionFiltersSchema,
  attentionMapSchema,
  attentionTileSchema,
  headNameSchema,
} from './attention-maps.ts'

const indexSchema = z.number().int().nonnegative()
const rangeSchema = z
  .tuple([indexSchema, indexSchema])
  .refine(([start, end]) => start < end, {message: 'the end comes after the start'})

/**
 * How a range is cut into colours: `square-root` gives small weights more of them, as rows of long texts need
 * whose weights are a few thousandths beside a few tenths; `linear` cuts it evenly.
 */
export const colorStepsSchema = z.enum(['square-root', 'linear'])
export type ColorSteps = z.infer<typeof colorStepsSchema>

/** The colour range of a picture: from 0 to `maximum`, of a difference from −`maximum`. */
export const colorRangeSchema = z.object({
  maximum: z.number().positive(),
  /** The same for every head, run and panel, whatever their own largest weight is. */
  isLocked: z.boolean(),
  /** `square-root` where absent. */
  steps: colorStepsSchema.optional(),
  /** The same for both heads that stand beside each other. */
  isShared: z.boolean().optional(),
})
export type ColorRange = z.infer<typeof colorRangeSchema>

/** What one query reads from: its heaviest keys, exact, and all others together. */
export const readRowSchema = z.object({
  query: indexSchema,
  keys: z.array(z.object({key: indexSchema, weight: z.number()})),
  restWeight: z.number(),
})
export type ReadRow = z.infer<typeof readRowSchema>

/** One weight that is lit. */
export const attentionCellSchema = z.object({
  query: indexSchema,
  key: indexSchema,
  weight: z.number(),
})
export type AttentionCell = z.infer<typeof attentionCellSchema>

/** A head's or several heads' weights, queries down and keys across. */
export const matrixPictureSchema = z.object({
  view: z.literal('matrix'),
  map: attentionMapSchema,
  filters: attentionFiltersSchema,
  queries: rangeSchema,
  keys: rangeSchema,
  tile: attentionTileSchema,
  /** The same cells without filters, so that what is hidden can be marked. */
  unfiltered: z.instanceof(Float32Array).optional(),
  range: colorRangeSchema,
  row: readRowSchema.nullable().default(null),
  cell: attentionCellSchema.nullable().default(null),
  pairs: z
    .array(z.object({from: indexSchema, to: indexSchema}))
    .max(64)
    .default([]),
  /** What the random-repeat probe calls the head, with its score. */
  probeName: z.object({name: headNameSchema, score: z.number()}).nullable().default(null),
})
export type MatrixPicture = z.infer<typeof matrixPictureSchema>

/** What of a text's attention is drawn. */
export const attentionPictureSchema = z.discriminatedUnion('view', [matrixPictureSchema])
export type AttentionPicture = z.infer<typeof attentionPictureSchema>
export type AttentionView = AttentionPicture['view']
