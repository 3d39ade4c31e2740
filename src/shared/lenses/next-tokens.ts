import {z} from 'zod'
import {tokenTableSchema} from '../domain/token.ts'

/** How the next token is drawn, and how the next-token table is shown. */
export const samplingSchema = z.object({
  temperature: z.number().positive().max(100).default(1),
  topP: z.number().positive().max(1).default(1),
})
export type Sampling = z.infer<typeof samplingSchema>

/** Which distribution a table shows. */
export const distributionSchema = z.enum(['raw', 'temperature', 'truncated'])
export type Distribution = z.infer<typeof distributionSchema>

/**
 * What may follow `position`: the `topK` likeliest tokens, under the raw distribution (temperature 1)
 * and as sampled (temperature, then top-p, renormalised). Both are taken over the whole vocabulary;
 * in each, the rows and the rest sum to 1.
 */
export const nextTokensSchema = z.object({
  position: z.number().int(),
  temperature: z.number(),
  topP: z.number(),
  tokens: tokenTableSchema,
  logits: z.instanceof(Float32Array),
  rawLogprobs: z.instanceof(Float64Array),
  /** 0 where top-p cuts the token. */
  sampledProbs: z.instanceof(Float64Array),
  rawRestProb: z.number(),
  sampledRestProb: z.number(),
  /** Tokens of the vocabulary that have no row. */
  restCount: z.number().int(),
  /** Tokens that top-p keeps, and the raw probability of those that it cuts. */
  keptCount: z.number().int(),
  cutRawProb: z.number(),
})
export type NextTokens = z.infer<typeof nextTokensSchema>

/**
 * One token followed through the sequence: entry `position` is about what may come after that
 * position, unlike the statistics, which are about the token at it. One entry a position.
 */
export const trackedColumnsSchema = z.object({
  tokenId: z.number().int(),
  /** The token's bytes, so that a figure can name it. */
  bytesHex: z.string().optional(),
  prob: z.instanceof(Float64Array),
  rank: z.instanceof(Int32Array),
  logit: z.instanceof(Float32Array),
})
export type TrackedColumns = z.infer<typeof trackedColumnsSchema>

/** A candidate as a result lists it. */
export const nextTokenSchema = z.object({
  id: z.number().int(),
  bytesHex: z.string(),
  text: z.string(),
  /** Under `distribution`; 0 and null where top-p cuts it. */
  prob: z.number(),
  logprob: z.number().nullable(),
  rawProb: z.number(),
})
export type NextToken = z.infer<typeof nextTokenSchema>
