import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {logitLensRowSchema, logitLensSchema} from './logit-lens.ts'
import {
  distributionSchema,
  nextTokenSchema,
  nextTokensSchema,
  samplingSchema,
  trackedColumnsSchema,
} from './next-tokens.ts'

export * from './next-tokens.ts'

/** One turn of a chat prompt, as chat templates take it. */
export const messageSchema = z.object({role: z.string(), content: z.string()})
export type Message = z.infer<typeof messageSchema>

/** A chat turn's stretch of the template's output, in UTF-8 bytes, end exclusive. */
export const turnSchema = z.object({
  role: z.string(),
  byteStart: z.number().int(),
  byteEnd: z.number().int(),
})
export type Turn = z.infer<typeof turnSchema>

/** What is given to the model: text as typed or a chat, then ids that follow it as they are. */
export const promptSchema = z.object({
  prompt: z.string().optional(),
  messages: z.array(messageSchema).optional(),
  /** `prompt` becomes one user turn in the model's chat template. */
  chat: z.boolean().optional(),
  noSpecialTokens: z.boolean().optional(),
  /** Text that looks like a special token becomes that token instead of being literal. */
  parseSpecial: z.boolean().optional(),
  /** Cuts a prompt that is longer than the context, at its start or at its end. */
  truncate: z.enum(['left', 'right']).optional(),
  /** Ids after the prompt, never re-encoded: a chosen candidate, or an earlier completion. */
  completionIds: z.array(z.number().int().nonnegative()).optional(),
})
export type PromptInput = z.infer<typeof promptSchema>

/** The request of the tokens lens; the names are the command's flags in camelCase. */
export const tokensRequestSchema = modelRefSchema.extend(promptSchema.shape).extend({
  command: z.literal('tokens').default('tokens'),
  topK: z.number().int().min(1).max(1000).default(10),
  ...samplingSchema.shape,
  position: z.union([z.number().int().nonnegative(), z.literal('last')]).default('last'),
  generate: z.number().int().nonnegative().max(100_000).default(0),
  /** Draw with temperature and top-p; otherwise take the likeliest token. */
  sample: z.boolean().default(false),
  /** Token ids whose probability, rank and logit are followed at every position. */
  track: z.array(z.number().int().nonnegative()).max(64).default([]),
  /** The next-token table of `position` after each layer as well. */
  logitLens: z.boolean().optional(),
  seed: z.number().int().nonnegative().default(0),
  /** Off: every step runs the whole sequence again. For tests and for comparison. */
  kvCache: z.boolean().optional(),
})
export type TokensRequest = z.infer<typeof tokensRequestSchema>
export type TokensRequestInput = z.input<typeof tokensRequestSchema>

/**
 * Statistics of consecutive positions at temperature 1, one entry a position; NaN where undefined
 * (position 0 has nothing before it). Each belongs to the token at its position and is taken from the
 * distribution before that token is known.
 */
export const statisticsColumnsSchema = z.object({
  /** ln of the probability of the token that occurred, in nats. */
  logprob: z.instanceof(Float64Array),
  entropyBits: z.instanceof(Float64Array),
  /** Tokens more probable than the one that occurred, so 0 is the likeliest. */
  rank: z.instanceof(Float64Array),
  /** ln of the probability of the likeliest token, in nats. */
  maxLogprob: z.instanceof(Float64Array),
  /** Total probability of tokens at least as probable as the one that occurred, itself included. */
  topPMass: z.instanceof(Float64Array),
  /** Total probability of the stop ids; NaN where the model has none. */
  endProb: z.instanceof(Float64Array),
  /** KL(p‖U) of the row that predicted the token, U all tokens alike. */
  klToUniformBits: z.instanceof(Float64Array),
  /** KL(U‖p); NaN where a token is forbidden. */
  klFromUniformBits: z.instanceof(Float64Array),
})
export type StatisticsColumns = z.infer<typeof statisticsColumnsSchema>
export const STATISTICS = [
  'logprob',
  'entropyBits',
  'rank',
  'maxLogprob',
  'topPMass',
  'endProb',
  'klToUniformBits',
  'klFromUniformBits',
] as const satisfies readonly (keyof StatisticsColumns)[]

/** Why generation ended. */
export const stopReasonSchema = z.enum(['count', 'stop-id', 'context-full'])
export type StopReason = z.infer<typeof stopReasonSchema>

/** What every result carries about what made it. */
export const provenanceSchema = z.object({
  model: z.object({id: z.string(), path: z.string(), sha256: z.string()}),
  tokenizer: z.object({id: z.string(), sha256: z.string()}),
  versions: z.object({tokenscope: z.string(), onnxruntime: z.string(), schema: z.string()}),
})
export type Provenance = z.infer<typeof provenanceSchema>

/** The stream of a tokens run, in order; `completed` is last unless it failed or was cancelled. */
export const tokensEventSchema = z.discriminatedUnion('kind', [
  /** The whole sequence to be scored, before the model has run. */
  z.object({
    kind: z.literal('tokenized'),
    text: z.string(),
    promptTokenCount: z.number().int(),
    tokens: tokenTableSchema,
    /** Of a chat: where each turn stands in the text, the template's own words included. */
    turns: z.array(turnSchema),
    provenance: provenanceSchema,
    warnings: z.array(warningSchema),
  }),
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'prompt', 'generating', 'capturing']),
    done: z.number(),
    total: z.number(),
    /** An upper estimate; null until there is one. */
    secondsLeft: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('statistics'),
    firstPosition: z.number().int(),
    columns: statisticsColumnsSchema,
  }),
  /** Tokens appended by generation, each with its statistics. */
  z.object({
    kind: z.literal('generated'),
    firstPosition: z.number().int(),
    tokens: tokenTableSchema,
    columns: statisticsColumnsSchema,
  }),
  z.object({kind: z.literal('next'), next: nextTokensSchema}),
  z.object({kind: z.literal('tracked'), tracked: z.array(trackedColumnsSchema)}),
  z.object({kind: z.literal('logit-lens'), lens: logitLensSchema}),
  z.object({
    kind: z.literal('completed'),
    stopReason: stopReasonSchema.nullable(),
    warnings: z.array(warningSchema),
    timing: z.object({
      runMs: z.number(),
      totalMs: z.number(),
      tokensPerSecond: z.number().nullable(),
    }),
  }),
])
export type TokensEvent = z.infer<typeof tokensEventSchema>

const statistic = z.number().nullable()
/** A token with its statistics, as the result lists it. */
export const scoredTokenSchema = tokenSchema.extend({
  logprob: statistic,
  surprisalBits: statistic,
  entropyBits: statistic,
  rank: statistic,
  maxLogprob: statistic,
  topPMass: statistic,
  endProb: statistic,
  // Results that were kept by an earlier version have none.
  klToUniformBits: statistic.default(null),
  klFromUniformBits: statistic.default(null),
})
export type ScoredToken = z.infer<typeof scoredTokenSchema>

/** The result of the tokens lens: what the command prints and what the page draws. */
export const tokensResultSchema = z.object({
  schema: z.literal('tokenscope/tokens@1'),
  request: tokensRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled', 'failed']),
  timing: z
    .object({runMs: z.number(), totalMs: z.number(), tokensPerSecond: z.number().nullable()})
    .optional(),
  /** The well-formed prompt that byte spans point into; completion tokens go on counting after it. */
  text: z.string(),
  promptTokenCount: z.number().int(),
  /** Of a chat: its turns, as stretches of `text`. */
  turns: z.array(turnSchema).optional(),
  tokens: z.array(scoredTokenSchema),
  /** The position after which `next` stands; null before there is one. */
  position: z.number().int().nullable(),
  distribution: distributionSchema,
  next: z.array(nextTokenSchema),
  restProb: z.number().nullable(),
  /** The rest of the raw distribution, and how many tokens of the vocabulary have no row. */
  rawRestProb: z.number().nullable().optional(),
  restCount: z.number().int().nullable().optional(),
  /** Tokens that top-p keeps, and the raw probability of those that it cuts. */
  keptCount: z.number().int().nullable().optional(),
  cutRawProb: z.number().nullable().optional(),
  completionIds: z.array(z.number().int()),
  stopReason: stopReasonSchema.nullable(),
  tracked: z
    .array(
      z.object({
        tokenId: z.number().int(),
        /** Its bytes, where they were asked for, so that a figure can name it. */
        bytesHex: z.string().optional(),
        positions: z.array(
          z.object({
            position: z.number().int().describe('the token is followed as what comes after it'),
            prob: z.number(),
            rank: z.number().int(),
            logit: z.number(),
          })
        ),
      })
    )
    .optional(),
  /** What the model's own head makes of the residual stream after each layer, at `position`. */
  logitLens: z.array(logitLensRowSchema.extend({layer: z.number().int().nonnegative()})).optional(),
  /** The same of what enters the first layer. */
  logitLensInput: logitLensRowSchema.optional(),
})
export type TokensResult = z.infer<typeof tokensResultSchema>
