import {z} from 'zod'
import {
  attentionEdgesSchema,
  attentionFiltersSchema,
  attentionMapSchema,
  headNameSchema,
  headRefSchema,
  importanceVariantSchema,
  thumbnailSchema,
} from './attention-maps.ts'
import {colorStepsSchema, matrixPictureSchema, readRowSchema} from './attention-picture.ts'
import {importanceSchema} from './attention-statistics.ts'

const indexSchema = z.number().int().nonnegative()
const pairsSchema = z
  .array(z.object({from: indexSchema, to: indexSchema}))
  .max(64)
  .default([])
/** Pinned tokens, in the order of their numbers. */
const pinsSchema = z.array(indexSchema).max(64).default([])

/** The range of colours of several matrices: locked where its end is given, else their own. */
const viewRangeSchema = z.object({
  maximum: z.number().positive().nullable(),
  steps: colorStepsSchema.default('square-root'),
})

/** Weights as lines between two columns of tokens; of several heads each in a colour of its own. */
export const linesPictureSchema = z.object({
  view: z.literal('lines'),
  sources: z
    .array(z.object({map: attentionMapSchema, edges: attentionEdgesSchema}))
    .min(1)
    .max(64),
  filters: attentionFiltersSchema,
  /** Tokens between top and bottom; ends need not be whole. */
  window: z.object({start: z.number().min(0), span: z.number().positive()}),
  range: viewRangeSchema,
  /** What the marked token reads in the first matrix. */
  row: readRowSchema.nullable().default(null),
  pairs: pairsSchema,
})
export type LinesPicture = z.infer<typeof linesPictureSchema>

/** Every head in small, layers down and heads across. */
export const overviewPictureSchema = z.object({
  view: z.literal('overview'),
  thumbnails: z.array(thumbnailSchema).max(100_000),
  filters: attentionFiltersSchema,
  range: viewRangeSchema,
  /** The head that is marked. */
  selected: headRefSchema.nullable().default(null),
  /** What the random-repeat probe calls heads. */
  names: z.array(headRefSchema.extend({name: headNameSchema, score: z.number()})).default([]),
  /** What a person calls heads. */
  labels: z.array(headRefSchema.extend({label: z.string().max(200)})).default([]),
  pins: pinsSchema,
  pairs: pairsSchema,
})
export type OverviewPicture = z.infer<typeof overviewPictureSchema>

/** Two heads in one range of colours, and the second minus the first around zero. */
export const twoHeadsPictureSchema = z.object({
  view: z.literal('two-heads'),
  a: matrixPictureSchema,
  b: matrixPictureSchema,
  difference: matrixPictureSchema,
})
export type TwoHeadsPicture = z.infer<typeof twoHeadsPictureSchema>

/** One row of the next-token tables before and after a change; a probability that is not listed is null. */
export const changedRowSchema = z.object({
  id: indexSchema,
  name: z.string(),
  before: z.number().nullable(),
  after: z.number().nullable(),
})
export type ChangedRow = z.infer<typeof changedRowSchema>

/** Which tokens Zero-TPrune would keep at a budget, and what follows when the model is run without the others. */
export const pruningPictureSchema = z.object({
  view: z.literal('pruning'),
  keepCount: z.number().int().positive(),
  variant: importanceVariantSchema,
  /** Positions, ascending. */
  kept: z.instanceof(Int32Array),
  droppedByImportance: z.instanceof(Int32Array),
  droppedBySimilarity: z.instanceof(Int32Array),
  /** Null where it was not run. */
  outcome: z
    .object({
      rows: z.array(changedRowSchema).max(1000),
      othersBefore: z.number(),
      othersAfter: z.number(),
      klBits: z.number(),
      totalVariation: z.number(),
    })
    .nullable()
    .default(null),
  /** The marked token. */
  selected: indexSchema.nullable().default(null),
  pins: pinsSchema,
})
export type PruningPicture = z.infer<typeof pruningPictureSchema>

/** How much each token matters by the attention graph; the first importance tints the text. */
export const importancePictureSchema = z.object({
  view: z.literal('importance'),
  importances: z.array(importanceSchema).min(1).max(6),
  /** The marked token. */
  selected: indexSchema.nullable().default(null),
})
export type ImportancePicture = z.infer<typeof importancePictureSchema>

/** What of a text's attention is drawn, beside a matrix and the graph. */
export const attentionViewPictureSchema = z.discriminatedUnion('view', [
  linesPictureSchema,
  overviewPictureSchema,
  twoHeadsPictureSchema,
  pruningPictureSchema,
  importancePictureSchema,
])
export type AttentionViewPicture = z.infer<typeof attentionViewPictureSchema>
