import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {
  attributionMethodSchema,
  attributionRowSchema,
  attributionTargetSchema,
  attributionWorkSchema,
  samplerSchema,
} from './attribute-row.ts'
import {attributionPresetSchema} from './attribution-presets.ts'
import {promptSchema, provenanceSchema, turnSchema} from './tokens.ts'

export * from './attribute-row.ts'
export * from './attribution-presets.ts'

const indexSchema = z.number().int().nonnegative()

/** The request of the attribution lens; the names are the command's flags in camelCase. */
export const attributeRequestSchema = modelRefSchema.extend(promptSchema.shape).extend({
  command: z.literal('attribute').default('attribute'),
  method: attributionMethodSchema.default('reagent'),
  /** One of the five says what is explained; without any it is the likeliest token after the text. */
  targetPosition: indexSchema.min(1).optional(),
  /** A token that is put after the text. */
  targetToken: indexSchema.optional(),
  /** Positions from the first up to the second, which is not among them. */
  targetSpan: z
    .tuple([indexSchema.min(1), indexSchema])
    .refine(([start, end]) => start < end, {message: 'the end comes after the start'})
    .optional(),
  /** Why the first token follows the text rather than the second. */
  contrast: z
    .tuple([indexSchema, indexSchema])
    .refine(([first, second]) => first !== second, {message: 'two tokens'})
    .optional(),
  /** Every token that `generate` appends, one row each. */
  allGenerated: z.boolean().optional(),
  /** Likeliest tokens that are appended to the prompt first. */
  generate: indexSchema.max(100_000).default(0),
  /** A masked model where one shares the tokenizer, else `uniform`, unless stated. */
  sampler: samplerSchema.optional(),
  /** The masked model; `micro-mlm` of the built-in models unless stated. */
  mlm: z.string().min(1).optional(),
  /** What the numbers below are where they are not stated. */
  preset: attributionPresetSchema.default('ours'),
  /** Share of the context that a step replaces. */
  ratio: z.number().gt(0).max(0.99).optional(),
  /** Tokens that the stopping test keeps; below 1 a share of the context. */
  keep: z
    .number()
    .gt(0)
    .refine((keep) => keep < 1 || Number.isInteger(keep), {
      message: 'a share below 1, or a whole number of tokens',
    })
    .optional(),
  /** In how many probes' lists a position of the rationale stands at least. */
  overlap: indexSchema.optional(),
  /** The stopping test wants the target among so many. */
  stopK: indexSchema.min(1).max(1000).optional(),
  maxSteps: indexSchema.min(1).max(100_000).optional(),
  /** Of ReAGent; of other methods permutations, or draws of a replacement. */
  probes: indexSchema.min(1).max(256).optional(),
  /** The stopping test is made at every so many steps; more than 1 changes the result. */
  testEvery: indexSchema.min(1).max(100_000).default(1),
  /** With a sparse stopping test: the exact mode is run too, to say what it changed. */
  compareExact: z.boolean().optional(),
  faithfulness: z.boolean().optional(),
  /** Perturbations for each number of `faithfulness`. */
  draws: indexSchema.min(1).max(10_000).default(16),
  curves: z.boolean().optional(),
  seed: indexSchema.default(0),
})
export type AttributeRequest = z.infer<typeof attributeRequestSchema>
export type AttributeRequestInput = z.input<typeof attributeRequestSchema>

/** What the runs of a method went by: its preset with what was stated in place of it. */
export const attributionSettingsSchema = z.object({
  ratio: z.number(),
  /** In tokens. */
  keepCount: z.number().int(),
  overlap: z.number().int(),
  stopK: z.number().int(),
  maxSteps: z.number().int(),
  probes: z.number().int(),
  testEvery: z.number().int(),
  /** Null of methods that replace nothing. */
  sampler: samplerSchema.nullable(),
  /** The masked model behind the sampler. */
  mlm: z.string().nullable(),
})
export type AttributionSettings = z.infer<typeof attributionSettingsSchema>

/** What a row is worth so far. Columns have one entry a context token that can be replaced. */
export const attributionEstimateSchema = z.object({
  kind: z.literal('estimate'),
  /** Which target, from 0; more than one only with `allGenerated`. */
  row: z.number().int(),
  target: attributionTargetSchema,
  positions: z.instanceof(Int32Array),
  /** NaN where nothing was measured yet. */
  values: z.instanceof(Float64Array),
  /** 10th and 90th percentile over stopped probes; NaN before one has stopped. */
  low: z.instanceof(Float64Array),
  high: z.instanceof(Float64Array),
  /** Empty of other methods than ReAGent. */
  released: z.instanceof(Float64Array),
  /** Steps of each probe, and whether it has stopped (1). Bars are hollow until one has. */
  probeSteps: z.instanceof(Int32Array),
  probeStopped: z.instanceof(Uint8Array),
  /** The explained probability with each probe's highest positions alone, in its last stopping test; NaN before one. */
  keptProbs: z.instanceof(Float64Array),
  probDrop: z.number().nullable(),
  startLevel: z.number().nullable(),
  redrawnCount: z.number().int(),
  /** Positions of the rationale so far. */
  rationale: z.instanceof(Int32Array),
  /** What was run so far. */
  work: attributionWorkSchema,
})
export type AttributionEstimate = z.infer<typeof attributionEstimateSchema>

/** The stream of an attribution, in order; `completed` is last unless it failed or was cancelled. */
export const attributeEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum([
      'loading',
      'reading',
      'hashing',
      'generating',
      'sampling',
      'capturing',
      'attributing',
      'checking',
      'writing',
    ]),
    done: z.number(),
    total: z.number(),
    /** An upper estimate; null until there is one. */
    secondsLeft: z.number().nullable(),
  }),
  /** The whole sequence, what was generated included. */
  z.object({
    kind: z.literal('tokenized'),
    text: z.string(),
    promptTokenCount: z.number().int(),
    tokens: tokenTableSchema,
    turns: z.array(turnSchema),
    provenance: provenanceSchema,
    settings: attributionSettingsSchema,
    warnings: z.array(warningSchema),
  }),
  attributionEstimateSchema,
  /** A target is done; it comes once more when it has been checked. */
  z.object({kind: z.literal('row'), row: z.number().int(), result: attributionRowSchema}),
  z.object({
    kind: z.literal('completed'),
    warnings: z.array(warningSchema),
    timing: z.object({runMs: z.number(), totalMs: z.number()}),
  }),
])
export type AttributeEvent = z.infer<typeof attributeEventSchema>

/**
 * The result of `attribute`: the first target's row, and `rows` with every generated token's where those were
 * asked for. Of a run that was cancelled the last estimate, with `stopReason` `cancelled`.
 */
export const attributeResultSchema = z.object({
  schema: z.literal('tokenscope/attribute@1'),
  request: attributeRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled', 'failed']),
  timing: z.object({runMs: z.number(), totalMs: z.number()}).optional(),
  text: z.string(),
  promptTokenCount: z.number().int(),
  turns: z.array(turnSchema).optional(),
  tokens: z.array(tokenSchema),
  method: attributionMethodSchema,
  settings: attributionSettingsSchema,
  ...attributionRowSchema.partial().shape,
  rows: z.array(attributionRowSchema).optional(),
})
export type AttributeResult = z.infer<typeof attributeResultSchema>

/** Tokens of a sequence changed by hand: what becomes of a target. */
export const attributionTrialSchema = z.object({
  targetPositions: z.array(indexSchema.min(1)).min(1).max(1000),
  targetTokenIds: z.array(indexSchema).min(1).max(1000),
  contrastId: indexSchema.nullable().default(null),
  /** Made together. */
  changes: z.array(z.object({position: indexSchema, id: indexSchema})).max(10_000),
})
export type AttributionTrial = z.infer<typeof attributionTrialSchema>

/** The explained probability without and with the changes. */
export const attributionTrialResultSchema = z.object({
  before: z.number(),
  after: z.number(),
})
export type AttributionTrialResult = z.infer<typeof attributionTrialResultSchema>
