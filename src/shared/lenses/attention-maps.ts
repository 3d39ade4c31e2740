import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {attentionEventSchema, captureChoiceSchema} from './attention.ts'
import {
  headRefSchema,
  headStatisticsSchema,
  importanceMethodSchema,
  importanceSchema,
  importanceVariantSchema,
  probedHeadSchema,
  repeatProbeSchema,
} from './attention-statistics.ts'
import {valueNormKindSchema} from './value-norms.ts'

export {
  HEAD_SCORES,
  type HeadName,
  type HeadRef,
  type HeadStatistics,
  headNameSchema,
  headRefSchema,
  headStatisticsSchema,
  type Importance,
  importanceMethodSchema,
  importanceSchema,
  importanceVariantSchema,
  type ProbedHead,
  probedHeadSchema,
  type RepeatProbe,
  repeatProbeSchema,
} from './attention-statistics.ts'

const indexSchema = z.number().int().nonnegative()
/** From the first up to the second, which is not among them. */
const rangeSchema = z
  .tuple([indexSchema, indexSchema])
  .refine(([start, end]) => start < end, {message: 'the end comes after the start'})

const headRefsSchema = z.array(headRefSchema).min(1).max(100_000)

/** Which text's attention is meant, and by which route it is captured. */
export const capturedTextSchema = modelRefSchema.extend({
  ids: z.instanceof(Int32Array),
  capture: captureChoiceSchema.default('qk'),
})
export type CapturedText = z.infer<typeof capturedTextSchema>

/** The engine knows that somebody looks at a text. */
export const lookEventSchema = z.object({kind: z.literal('looking')})
export type LookEvent = z.infer<typeof lookEventSchema>

/**
 * One matrix [query, key] that can be drawn (definitions: heads; importance). `value-weighted` is
 * A·‖v_j·W_O^h‖ summed over its heads (Kobayashi 2020), A·‖v_j‖ where the output projection is not found;
 * `attention-rollout` is the product of the layers up to and including one (Abnar & Zuidema 2020);
 * `difference` is a − b.
 */
export const attentionMapSchema = z.discriminatedUnion('kind', [
  headRefSchema.extend({kind: z.literal('head')}),
  z.object({
    kind: z.literal('aggregate'),
    by: z.enum(['mean', 'max', 'value-weighted']),
    heads: headRefsSchema,
  }),
  z.object({kind: z.literal('attention-rollout'), throughLayer: indexSchema}),
  z.object({kind: z.literal('difference'), a: headRefSchema, b: headRefSchema}),
])
export type AttentionMap = z.infer<typeof attentionMapSchema>

/**
 * What of a matrix is shown, applied in this order; row by row. Only the first changes weights, the others
 * hide them; a difference is filtered by the size of its weights. What is hidden is never drawn as zero without being counted: see {@link mapSummarySchema}.
 */
export const attentionFiltersSchema = z.object({
  /**
   * Column 0 is taken out and the rows are renormalised to what they summed to; of a difference, in both
   * heads before they are compared.
   */
  dropSink: z.boolean().default(false),
  /** Positions hidden as queries and as keys, ascending: special or inserted tokens, say. */
  hiddenPositions: z.instanceof(Int32Array).optional(),
  /** One number a position: only edges within a group (a sentence, a turn) are shown. */
  groups: z.instanceof(Int32Array).optional(),
  /** Smaller weights are hidden. */
  threshold: z.number().min(0).default(0),
  /** At most so many keys a query, the heaviest; earlier keys first where weights are equal. */
  topK: z.number().int().positive().optional(),
  /** The smallest set of keys a query whose weights reach this share of what the filters above left. */
  mass: z.number().gt(0).max(1).optional(),
})
export type AttentionFilters = z.infer<typeof attentionFiltersSchema>

/** What the filters left, over the rows asked for that have any weight at all and no NaN. */
export const mapSummarySchema = z.object({
  rowCount: z.number().int(),
  /** Mean over rows of the share of a row's weight, over all keys, that is not shown. */
  hiddenShare: z.number(),
  /** Rows of which only key 0 is left. */
  sinkOnlyRowCount: z.number().int(),
  /** Mean over rows of 1 − r, what a sink operator sends nowhere; null where rows sum to 1. */
  nowhereShare: z.number().nullable(),
  /** Weights of a broken model that are NaN or infinite. */
  nonFiniteCount: z.number().int(),
  /**
   * Of a value-weighted map: `basis-dependent` where a head's output projection was not found, so that its
   * values count by their own length; absent of other maps.
   */
  valueNorms: valueNormKindSchema.optional(),
})
export type MapSummary = z.infer<typeof mapSummarySchema>

const mapRequestSchema = capturedTextSchema.extend({
  map: attentionMapSchema,
  filters: attentionFiltersSchema.default({dropSink: false, threshold: 0}),
})

/** Captures the attention of ids, and keeps it; layers that are there already are not run again. */
export const captureRequestSchema = capturedTextSchema.extend({
  layers: z.array(indexSchema).min(1).max(10_000).optional(),
  /** The norms of each value vector as well, for value-weighted maps. */
  withValueNorms: z.boolean().default(false),
})
export type CaptureRequest = z.infer<typeof captureRequestSchema>
export const captureEventSchema = attentionEventSchema

/** A window of a matrix at a resolution. */
export const tileRequestSchema = mapRequestSchema.extend({
  queries: rangeSchema,
  keys: rangeSchema,
  /** At most as many as there are queries and keys: each cell stands for a block of them. */
  rowCount: z.number().int().positive().max(8192),
  columnCount: z.number().int().positive().max(8192),
  /** `max` keeps a single bright cell visible at any size. */
  pooling: z.enum(['max', 'mean']).default('max'),
})
export type TileRequest = z.infer<typeof tileRequestSchema>
export type TileRequestInput = z.input<typeof tileRequestSchema>

/**
 * Cells [row, column], row-major: cell (r, c) pools queries [q0 + floor(r·n/R), q0 + floor((r+1)·n/R)) and
 * keys likewise. 0 where nothing is shown, NaN where a weight is NaN or infinite. Of a difference, `max`
 * pools by the largest size and keeps its sign.
 */
export const attentionTileSchema = z.object({
  rowCount: z.number().int(),
  columnCount: z.number().int(),
  values: z.instanceof(Float32Array),
  minimum: z.number(),
  maximum: z.number(),
  summary: mapSummarySchema,
  /** The size that the heaviest weights of three in four rows stay below, where it was found before. */
  typicalMaximum: z.number().optional(),
})
export type AttentionTile = z.infer<typeof attentionTileSchema>

/**
 * A tile as a page draws it: see `PackedCells`. Cells that stand for several tokens are rounded to 8 significant
 * bits, those of one query and one key are exact; minimum, maximum and typical maximum are exact in any case.
 */
export const packedTileSchema = attentionTileSchema.omit({values: true}).extend({
  typicalMaximum: z.number(),
  ends: z.instanceof(Int32Array),
  values: z.union([z.instanceof(Float32Array), z.instanceof(Uint16Array)]),
})
export type PackedTile = z.infer<typeof packedTileSchema>

/** Exact weights of one query over all keys, or of one key over all queries, filters applied. */
export const lineRequestSchema = mapRequestSchema.extend({
  of: z.enum(['query', 'key']),
  position: indexSchema,
})
export type LineRequest = z.infer<typeof lineRequestSchema>
export type LineRequestInput = z.input<typeof lineRequestSchema>

/** The heaviest edges of a matrix that the filters leave, by query and then by key. */
export const edgesRequestSchema = mapRequestSchema.extend({
  queries: rangeSchema.optional(),
  maxEdgeCount: z.number().int().positive().max(1_000_000).default(20_000),
})
export type EdgesRequest = z.infer<typeof edgesRequestSchema>
export type EdgesRequestInput = z.input<typeof edgesRequestSchema>
export const attentionEdgesSchema = z.object({
  query: z.instanceof(Int32Array),
  key: z.instanceof(Int32Array),
  weight: z.instanceof(Float32Array),
  summary: mapSummarySchema,
  /** Edges that the filters leave beyond the greatest count. */
  omittedCount: z.number().int(),
  /** What the sizes of those come to; a whole row is about 1. */
  omittedWeight: z.number(),
})
export type AttentionEdges = z.infer<typeof attentionEdgesSchema>

/** Every head as a small picture, max-pooled, in the order of layers and heads. */
export const thumbnailsRequestSchema = capturedTextSchema.extend({
  layers: z.array(indexSchema).min(1).max(10_000).optional(),
  /** Cells a side. */
  size: z.number().int().min(1).max(256).default(48),
  filters: attentionFiltersSchema.default({dropSink: false, threshold: 0}),
})
export type ThumbnailsRequest = z.infer<typeof thumbnailsRequestSchema>
export type ThumbnailsRequestInput = z.input<typeof thumbnailsRequestSchema>
export const thumbnailSchema = headRefSchema.extend({
  /** Cells a side, fewer than asked where the text is shorter. */
  size: z.number().int(),
  values: z.instanceof(Float32Array),
  maximum: z.number(),
  summary: mapSummarySchema,
})
export type Thumbnail = z.infer<typeof thumbnailSchema>

const workProgressSchema = z.object({
  kind: z.literal('progress'),
  done: z.number(),
  total: z.number(),
  secondsLeft: z.number().nullable(),
})
export const thumbnailsEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  z.object({kind: z.literal('thumbnails'), thumbnails: z.array(thumbnailSchema)}),
])
export type ThumbnailsEvent = z.infer<typeof thumbnailsEventSchema>

export const headsRequestSchema = capturedTextSchema.extend({
  layers: z.array(indexSchema).min(1).max(10_000).optional(),
})
export type HeadsRequest = z.infer<typeof headsRequestSchema>
export type HeadsRequestInput = z.input<typeof headsRequestSchema>
export const headsEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  z.object({kind: z.literal('heads'), heads: z.array(headStatisticsSchema)}),
])
export type HeadsEvent = z.infer<typeof headsEventSchema>

export const probeRequestSchema = modelRefSchema.extend(repeatProbeSchema.shape)
export type ProbeRequest = z.infer<typeof probeRequestSchema>
export type ProbeRequestInput = z.input<typeof probeRequestSchema>
export const probeEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  /** Means over the seeds; last. */
  z.object({kind: z.literal('probed'), heads: z.array(probedHeadSchema)}),
])
export type ProbeEvent = z.infer<typeof probeEventSchema>

/** How much each token matters by the attention graph alone (definitions: importance). */
export const importanceRequestSchema = capturedTextSchema.extend({
  method: importanceMethodSchema.default('wpr'),
  /** Of Weighted PageRank only. */
  variant: importanceVariantSchema.default('position-corrected'),
  /** Whose importance, of rollout and flow: the last position where it is left out. */
  query: indexSchema.optional(),
})
export type ImportanceRequest = z.infer<typeof importanceRequestSchema>
export type ImportanceRequestInput = z.input<typeof importanceRequestSchema>
export const importanceEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  z.object({kind: z.literal('importance'), importance: importanceSchema}),
])
export type ImportanceEvent = z.infer<typeof importanceEventSchema>

/** "Heads like this one": by the similarity of their patterns on this text, most alike first. */
export const similarHeadsRequestSchema = capturedTextSchema.extend({of: headRefSchema})
export type SimilarHeadsRequest = z.infer<typeof similarHeadsRequestSchema>
export type SimilarHeadsRequestInput = z.input<typeof similarHeadsRequestSchema>
export const similarHeadsEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  z.object({
    kind: z.literal('similar'),
    heads: z.array(headRefSchema.extend({similarity: z.number()})),
  }),
])
export type SimilarHeadsEvent = z.infer<typeof similarHeadsEventSchema>

/** Which tokens Zero-TPrune would keep (Wang, Dedhia & Jha 2024) at a budget. */
export const pruneRequestSchema = capturedTextSchema.extend({
  /** Tokens to keep. */
  keepCount: z.number().int().positive(),
  variant: importanceVariantSchema.default('position-corrected'),
})
export type PruneRequest = z.infer<typeof pruneRequestSchema>
export type PruneRequestInput = z.input<typeof pruneRequestSchema>
export const pruneEventSchema = z.discriminatedUnion('kind', [
  workProgressSchema,
  z.object({
    kind: z.literal('pruned'),
    /** Positions, ascending; the rest can be deleted by an intervention. */
    kept: z.instanceof(Int32Array),
    /** Dropped for little importance, and for being like a token that stays. */
    droppedByImportance: z.instanceof(Int32Array),
    droppedBySimilarity: z.instanceof(Int32Array),
  }),
])
export type PruneEvent = z.infer<typeof pruneEventSchema>
