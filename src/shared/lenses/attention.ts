import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {
  headStatisticsSchema,
  importanceMethodSchema,
  importanceSchema,
  importanceVariantSchema,
  probedHeadSchema,
  repeatProbeSchema,
} from './attention-statistics.ts'
import {attentionSourceSchema} from './inspect.ts'
import {promptSchema, provenanceSchema, turnSchema} from './tokens.ts'

const indexSchema = z.number().int().nonnegative()
/** Indices, each once and ascending. */
const indexListSchema = z
  .array(indexSchema)
  .min(1)
  .max(10_000)
  .refine((list) => list.every((value, i) => i === 0 || value > list[i - 1]!), {
    message: 'ascending, each once',
  })

/** Of which layers, heads and queries; everything where nothing is said. */
export const attentionSelectionSchema = z.object({
  layers: indexListSchema.optional(),
  heads: indexListSchema.optional(),
  /** Query positions from the first up to the second, which is not among them. */
  queries: z
    .tuple([indexSchema, indexSchema])
    .refine(([start, end]) => start < end, {message: 'the end comes after the start'})
    .optional(),
})
export type AttentionSelection = z.infer<typeof attentionSelectionSchema>

/**
 * `qk` captures queries and keys, from which weights are recomputed, and weights where those cannot be had;
 * `weights` captures what the graph's own softmax gave, whose size grows with the square of the tokens.
 */
export const captureChoiceSchema = z.enum(['qk', 'weights'])
export type CaptureChoice = z.infer<typeof captureChoiceSchema>

/**
 * One matrix a layer, of its heads together: their mean, the largest of each weight, or summed and weighted by
 * the values that they move; or the product of the layers up to it.
 */
export const aggregateChoiceSchema = z.enum(['mean', 'max', 'value-weighted', 'attention-rollout'])
export type AggregateChoice = z.infer<typeof aggregateChoiceSchema>

/** What of a matrix is shown or written; only the first changes weights, the others hide them. */
const shownWeightsSchema = z.object({
  dropSink: z.boolean().optional(),
  threshold: z.number().min(0).max(1e9).optional(),
  topK: z.number().int().min(1).max(1000).optional(),
  mass: z.number().gt(0).max(1).optional(),
})

/** The request of the attention lens; the names are the command's flags in camelCase. */
export const attentionRequestSchema = modelRefSchema
  .extend(promptSchema.shape)
  .extend(attentionSelectionSchema.shape)
  .extend({
    command: z.literal('attention').default('attention'),
    capture: captureChoiceSchema.default('qk'),
    /** Likeliest tokens that are appended to the prompt before its attention is captured. */
    generate: z.number().int().nonnegative().max(100_000).default(0),
    /** Each head by itself where it is left out. */
    aggregate: aggregateChoiceSchema.optional(),
    ...shownWeightsSchema.shape,
    /** By which method tokens are ranked: Weighted PageRank where it is left out. */
    importance: importanceMethodSchema.optional(),
    /** Of Weighted PageRank. */
    variant: importanceVariantSchema.optional(),
    /** Of rollout and flow: the last position where it is left out. */
    query: indexSchema.optional(),
    repeatProbe: repeatProbeSchema.optional(),
  })
export type AttentionRequest = z.infer<typeof attentionRequestSchema>
export type AttentionRequestInput = z.input<typeof attentionRequestSchema>

/** How the attention of one layer was had. */
export const capturedLayerSchema = z.object({
  layer: indexSchema,
  source: attentionSourceSchema,
  queryHeadCount: z.number().int().positive(),
  /** Null where the weights themselves were captured and only a run of the keys would tell. */
  keyValueHeadCount: z.number().int().positive().nullable(),
  /** What queries and keys are stored as: float16 only where memory is short (error up to 2e-3). */
  dtype: z.enum(['float32', 'float16']),
})
export type CapturedLayerFacts = z.infer<typeof capturedLayerSchema>

const progressSchema = z.object({
  kind: z.literal('progress'),
  phase: z.enum(['loading', 'reading', 'hashing', 'generating', 'capturing', 'writing']),
  done: z.number(),
  total: z.number(),
  secondsLeft: z.number().nullable(),
})
export type AttentionProgress = z.infer<typeof progressSchema>

/** The stream of a capture, in order; `completed` is last unless it failed or was cancelled. */
export const attentionEventSchema = z.discriminatedUnion('kind', [
  progressSchema,
  /** The whole sequence that is captured, what was generated included. */
  z.object({
    kind: z.literal('tokenized'),
    text: z.string(),
    promptTokenCount: z.number().int(),
    tokens: tokenTableSchema,
    turns: z.array(turnSchema),
    model: provenanceSchema.shape.model,
    tokenizer: provenanceSchema.shape.tokenizer,
    versions: provenanceSchema.shape.versions,
    warnings: z.array(warningSchema),
    /** Of the model, not only of what was asked for. */
    layerCount: z.number().int(),
  }),
  /** Layers whose rows can be asked for from now on. */
  z.object({kind: z.literal('captured'), layers: z.array(capturedLayerSchema)}),
  z.object({
    kind: z.literal('completed'),
    /** Runs of the text that it took: more than one where memory is short. */
    partCount: z.number().int(),
    /** What is kept of it now. */
    bytes: z.number(),
    timing: z.object({captureMs: z.number(), totalMs: z.number()}),
  }),
])
export type AttentionEvent = z.infer<typeof attentionEventSchema>

/** Rows of one head of a captured text: [query, key], each row over all positions. */
export const attentionRowsSchema = z.object({
  queryStart: z.number().int(),
  queryEnd: z.number().int(),
  keyCount: z.number().int(),
  weights: z.instanceof(Float32Array),
})
export type AttentionRows = z.infer<typeof attentionRowsSchema>

/** What is to be written of which capture. */
export const attentionArchiveRequestSchema = attentionRequestSchema.extend({
  /** Off: `tokenIds` is left out, so that the file does not tell the text. */
  withTokenIds: z.boolean().default(true),
})
export type AttentionArchiveRequest = z.infer<typeof attentionArchiveRequestSchema>

/** A capture as the bytes of a numpy archive: `weights` (layer, head, query, key), `layers`, `heads`, `tokenIds`. */
export const attentionArchiveEventSchema = z.discriminatedUnion('kind', [
  progressSchema,
  z.object({kind: z.literal('piece'), bytes: z.instanceof(Uint8Array)}),
  z.object({kind: z.literal('warning'), warning: warningSchema}),
])
export type AttentionArchiveEvent = z.infer<typeof attentionArchiveEventSchema>

/** What is counted over the weights of a text. */
export const attentionStatisticsSchema = z.object({
  /** Of the layers and heads that were chosen. */
  heads: z.array(headStatisticsSchema).optional(),
  /** Null where a position takes no part. */
  importance: importanceSchema.extend({values: z.array(z.number().nullable())}).optional(),
  /** What `mass` and the other filters hide of the mean of the heads, or of the aggregate that was chosen. */
  mass: z
    .object({
      hiddenShare: z.number(),
      sinkOnlyRows: z.number().int(),
      rowCount: z.number().int(),
    })
    .optional(),
  /** What a sink that is no token takes of a row, on the mean; absent where rows sum to 1. */
  nowhereShare: z.number().optional(),
  /** The same heads on random repeated tokens, with the names that only this gives. */
  repeatProbe: repeatProbeSchema.extend({heads: z.array(probedHeadSchema)}).optional(),
})
export type AttentionStatistics = z.infer<typeof attentionStatisticsSchema>

/** The result of `attention`. Weights themselves are rows on demand, or an archive. */
export const attentionResultSchema = z.object({
  schema: z.literal('tokenscope/attention@1'),
  request: attentionRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled', 'failed']),
  timing: z.object({captureMs: z.number(), totalMs: z.number()}).optional(),
  text: z.string(),
  promptTokenCount: z.number().int(),
  turns: z.array(turnSchema).optional(),
  tokens: z.array(tokenSchema),
  layerCount: z.number().int(),
  /** Of the captured layers; null where they differ or nothing was captured. */
  queryHeadCount: z.number().int().nullable(),
  keyValueHeadCount: z.number().int().nullable(),
  /** Lengths of the axes of `weights` in the archive: layers, heads, queries, keys. */
  shape: z.array(z.number().int()).length(4),
  layers: z.array(capturedLayerSchema),
  ...attentionStatisticsSchema.shape,
})
export type AttentionResult = z.infer<typeof attentionResultSchema>
