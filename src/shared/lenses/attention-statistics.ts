import {z} from 'zod'
import {warningSchema} from '../domain/problem.ts'

const indexSchema = z.number().int().nonnegative()

/** One query head of one layer, both counted from 0. */
export const headRefSchema = z.object({layer: indexSchema, head: indexSchema})
export type HeadRef = z.infer<typeof headRefSchema>

/** The scores of heads that have a chance level. */
export const HEAD_SCORES = [
  'previousTokenScore',
  'firstTokenScore',
  'duplicateTokenScore',
  'inductionScore',
] as const
const perScoreSchema = z.object({
  previousTokenScore: z.number().nullable(),
  firstTokenScore: z.number().nullable(),
  duplicateTokenScore: z.number().nullable(),
  inductionScore: z.number().nullable(),
})

/** Statistics of one head (definitions: heads); null where no position is eligible. */
export const headStatisticsSchema = headRefSchema.extend({
  entropyBits: z.number().nullable(),
  normalizedEntropy: z.number().nullable(),
  meanDistance: z.number().nullable(),
  /** Null where key 0 holds over 90 %. */
  meanDistanceWithoutSink: z.number().nullable(),
  ...perScoreSchema.shape,
  /** What uniform attention over the visible keys would score. */
  chance: perScoreSchema,
  /** On how many positions each score rests; fewer than 5 are drawn hollow. */
  positionCounts: z.object({
    rows: z.number().int(),
    previousTokenScore: z.number().int(),
    firstTokenScore: z.number().int(),
    duplicateTokenScore: z.number().int(),
    inductionScore: z.number().int(),
  }),
  nowhereShare: z.number().nullable(),
  nonFiniteCount: z.number().int(),
})
export type HeadStatistics = z.infer<typeof headStatisticsSchema>

/**
 * The random-repeat probe (definitions: heads): begin token and `length` random distinct tokens, `repeats`
 * times, for several seeds. Only it gives heads names.
 */
export const repeatProbeSchema = z.object({
  length: z.number().int().min(2).max(2000).default(50),
  repeats: z.number().int().min(2).max(16).default(2),
  seeds: z.number().int().min(1).max(64).default(5),
})
export type RepeatProbe = z.infer<typeof repeatProbeSchema>
/** What the probe calls a head; a head may be several. */
export const headNameSchema = z.enum(['induction', 'previous-token', 'duplicate-token', 'sink'])
export type HeadName = z.infer<typeof headNameSchema>
export const probedHeadSchema = headStatisticsSchema.extend({names: z.array(headNameSchema)})
export type ProbedHead = z.infer<typeof probedHeadSchema>
export const importanceMethodSchema = z.enum(['wpr', 'attention-rollout', 'attention-flow'])
export const importanceVariantSchema = z.enum([
  'position-corrected',
  'plain',
  'drop-sink',
  'damped',
])
export const importanceSchema = z.object({
  method: importanceMethodSchema,
  /** Null but for Weighted PageRank. */
  variant: importanceVariantSchema.nullable(),
  /** Null for Weighted PageRank, which has no query. */
  query: z.number().int().nullable(),
  /** Mass on the first remaining token; above .5 a warning says so. */
  firstTokenShare: z.number(),
  /** One entry a position; NaN where it has none (a dropped sink). */
  values: z.instanceof(Float64Array),
  /** Of position-corrected: the last ones rest on too few rows, and are drawn hollow. */
  hollowPositions: z.array(z.number().int()),
  warnings: z.array(warningSchema),
})
export type Importance = z.infer<typeof importanceSchema>
