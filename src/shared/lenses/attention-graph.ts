import {z} from 'zod'
import {attentionFiltersSchema, capturedTextSchema, mapSummarySchema} from './attention-maps.ts'
import {headRefSchema} from './attention-statistics.ts'

const indexSchema = z.number().int().nonnegative()
const rangeSchema = z
  .tuple([indexSchema, indexSchema])
  .refine(([start, end]) => start < end, {message: 'the end comes after the start'})

/** Columns of a graph at most. */
export const MOST_GRAPH_COLUMNS = 512

/**
 * The attention graph: nodes are (layer, token), edges the mean of a layer's heads, or of chosen heads. Tokens
 * stand in columns, several in one where there are more than columns, and weights of edges between the same two
 * columns are added up: so nothing is lost at any size but by the filters and by the count of edges.
 */
export const graphRequestSchema = capturedTextSchema.extend({
  /** All where it is left out. */
  layers: z.array(indexSchema).min(1).max(10_000).optional(),
  /** All heads of the layers where it is left out. */
  heads: z.array(headRefSchema).min(1).max(100_000).optional(),
  filters: attentionFiltersSchema.default({dropSink: false, threshold: 0}),
  /**
   * The token whose reading is followed from its state after the last layer down: an edge's weight is the share
   * of it that passes there, ½·A of what reaches the query, rows as in attention rollout (Abnar & Zuidema 2020),
   * whose row these flows add up to. Left out: weights themselves, of all queries.
   */
  into: indexSchema.optional(),
  /** Tokens that have columns; all before and all after them share one. The whole text where it is left out. */
  window: rangeSchema.optional(),
  tokensPerColumn: z.number().int().positive().max(1_000_000).default(1),
  maxEdgesPerLayer: z.number().int().positive().max(10_000).default(64),
})
export type GraphRequest = z.infer<typeof graphRequestSchema>
export type GraphRequestInput = z.input<typeof graphRequestSchema>

/** What a layer's edges come to, those that are not among the heaviest and those that filters hide included. */
export const graphTotalsSchema = z.object({
  layer: indexSchema,
  /** Edges between different tokens, one for each weight that is not 0. */
  edgeCount: z.number().int(),
  weight: z.number(),
  /** Of these, what the filters leave. */
  leftCount: z.number().int(),
  leftWeight: z.number(),
  /** What stays on its own token: self-attention and, where a reading is followed, the residual half. */
  stayWeight: z.number(),
  /** Queries with a weight that is NaN or infinite. */
  brokenCount: z.number().int(),
})
export type GraphTotals = z.infer<typeof graphTotalsSchema>

/**
 * Edges by layer, and of each layer the heaviest first. Edge e runs from column `key[e]` before layer `layer[e]` to
 * column `query[e]` after it; it is the sum of `count[e]` edges of tokens, the heaviest of which is
 * `topWeight[e]`, by an attention weight of `topAttention[e]` of query `topQuery[e]` on key `topKey[e]`.
 */
export const attentionGraphSchema = z.object({
  layers: z.array(indexSchema),
  /** First position of each column; the first is 0. */
  starts: z.instanceof(Int32Array),
  tokenCount: z.number().int(),
  layer: z.instanceof(Int32Array),
  query: z.instanceof(Int32Array),
  key: z.instanceof(Int32Array),
  weight: z.instanceof(Float32Array),
  count: z.instanceof(Int32Array),
  topQuery: z.instanceof(Int32Array),
  topKey: z.instanceof(Int32Array),
  topWeight: z.instanceof(Float32Array),
  topAttention: z.instanceof(Float32Array),
  /**
   * [layer and one more, column]: what reaches a column before each layer and after the last where a reading is
   * followed, each row summing to 1; else what the layer's other queries read of it.
   */
  nodes: z.instanceof(Float32Array),
  /** [layer, column]: 1 where a query of the column has a weight that is NaN or infinite. */
  broken: z.instanceof(Uint8Array),
  totals: z.array(graphTotalsSchema),
  summary: mapSummarySchema,
})
export type AttentionGraph = z.infer<typeof attentionGraphSchema>
