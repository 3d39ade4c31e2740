import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {
  nextTokenSchema,
  nextTokensSchema,
  samplingSchema,
  trackedColumnsSchema,
} from './next-tokens.ts'

/**
 * What is asked of the logit lens (nostalgebraist 2020): the next-token table after one position of a
 * sequence, from what each layer leaves in the residual stream there.
 */
export const logitLensRequestSchema = modelRefSchema.extend({
  ids: z.instanceof(Int32Array),
  position: z.number().int().nonnegative(),
  topK: z.number().int().min(1).max(1000),
  ...samplingSchema.shape,
  /** Tokens followed through the layers, besides the output's likeliest and the one that occurred. */
  tokenIds: z.array(z.number().int().nonnegative()).max(64),
})
export type LogitLensRequest = z.infer<typeof logitLensRequestSchema>

/**
 * The model's own final norm and head on the residual stream at one position. Row 0 is what enters the
 * first layer, row l + 1 what leaves layer l; the last row is the model's own prediction.
 */
export const logitLensSchema = z.object({
  position: z.number().int(),
  temperature: z.number(),
  topP: z.number(),
  rows: z.array(nextTokensSchema),
  /** One entry a row in each column, at temperature 1. */
  tracked: z.array(trackedColumnsSchema),
  /** What the last row finds likeliest, followed likewise. */
  output: trackedColumnsSchema,
  /** The token at the next position, followed likewise; null after the last one. */
  occurred: trackedColumnsSchema.nullable(),
})
export type LogitLens = z.infer<typeof logitLensSchema>

/** The stream of the logit lens, in order; `lens` is last unless it failed or was cancelled. */
export const logitLensEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    /** Positions run so far, of those that have to be run. */
    done: z.number().int(),
    total: z.number().int(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('lens'), lens: logitLensSchema}),
])
export type LogitLensEvent = z.infer<typeof logitLensEventSchema>

const followedTokenSchema = z.object({
  tokenId: z.number().int(),
  /** At temperature 1. */
  prob: z.number(),
  /** Tokens more probable than it. */
  rank: z.number().int(),
})

/** One layer as a result lists it; probabilities of `next` are under the result's `distribution`. */
export const logitLensRowSchema = z.object({
  next: z.array(nextTokenSchema),
  restProb: z.number(),
  tracked: z.array(followedTokenSchema).optional(),
  /** The token that is likeliest after the last layer. */
  output: followedTokenSchema,
  /** The token that follows in the text; absent after the last one. */
  occurred: followedTokenSchema.optional(),
})
export type LogitLensRow = z.infer<typeof logitLensRowSchema>
