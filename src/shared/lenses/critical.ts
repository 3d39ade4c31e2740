import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {answerCheckerSchema} from './critical-checker.ts'
import {promptSchema, provenanceSchema, turnSchema} from './tokens.ts'

export * from './critical-checker.ts'

const countSchema = z.number().int().nonnegative()

/** The request of the critical lens; the names are the command's flags in camelCase. */
export const criticalRequestSchema = modelRefSchema.extend(promptSchema.shape).extend({
  command: z.literal('critical').default('critical'),
  /** What followed the prompt, as text or as ids; one of the two, or `sampleResponse`. */
  response: z.string().optional(),
  responseIds: z.array(countSchema).optional(),
  /** A wrong response is sampled from the prompt, in at most 64 tries. */
  sampleResponse: z.boolean().optional(),
  /** The right answer, for checkers that compare with one. */
  answer: z.string().default(''),
  checker: answerCheckerSchema.optional(),
  method: z.enum(['rollout', 'contrastive', 'both']).default('rollout'),
  /** Completions of each prefix. */
  rollouts: z.number().int().min(1).max(4096).default(64),
  /** Successes of 64 that still count as none; of other counts the same share. */
  tolerance: z.number().int().min(0).max(63).default(3),
  temperature: z.number().positive().max(100).default(1),
  topP: z.number().gt(0).max(1).default(0.95),
  maxNewTokens: z.number().int().min(1).max(100_000).default(128),
  mode: z.enum(['exhaustive', 'adaptive']).default('adaptive'),
  /** Models of right and of wrong responses; those of the built-in family unless stated. */
  positive: z.string().min(1).optional(),
  negative: z.string().min(1).optional(),
  beta: z.number().min(0).max(100).default(1),
  /** The critical token is forbidden, and what follows instead is sampled. */
  counterfactual: z.boolean().optional(),
  seed: countSchema.default(0),
})
export type CriticalRequest = z.infer<typeof criticalRequestSchema>
export type CriticalRequestInput = z.input<typeof criticalRequestSchema>

const shareSchema = z.object({
  successCount: countSchema,
  sampleCount: countSchema,
  /** 95 % interval of the share (Wilson 1927). */
  low: z.number(),
  high: z.number(),
})

export const criticalScoreMethodSchema = z.enum(['rollout', 'contrastive', 'difference', 'base'])
export type CriticalScoreMethod = z.infer<typeof criticalScoreMethodSchema>

/**
 * One number of one response token. `rollout`: success rate of completions of the prefix that it ends; `contrastive`:
 * 1 − s_t; `difference`: d_t = ln p⁻ − ln p⁺ in nats; `base`: 1 − p of the model itself. The counts and the interval
 * are of rollouts alone.
 */
export const criticalScoreSchema = z.object({
  position: countSchema,
  method: criticalScoreMethodSchema,
  value: z.number(),
  ...shareSchema.partial().shape,
})
export type CriticalScore = z.infer<typeof criticalScoreSchema>

/** A completion of a prefix, for looking at. */
export const criticalExampleSchema = z.object({
  /** Of the prefix's last token. */
  position: countSchema,
  isRight: z.boolean(),
  ids: z.array(countSchema),
  /** UTF-8 of the completion, special tokens left out. */
  bytesHex: z.string(),
})
export type CriticalExample = z.infer<typeof criticalExampleSchema>

export const criticalTokenSchema = z.object({
  method: criticalScoreMethodSchema,
  rule: z.enum(['released', 'ours', 'top']),
  position: countSchema,
})
export type CriticalToken = z.infer<typeof criticalTokenSchema>

/** How far the two estimators say the same. */
export const criticalAgreementSchema = z.object({
  /** Whether the released rule's token is the one with the highest 1 − s_t. */
  sameToken: z.boolean(),
  /** Rank correlation of 1 − success rate and 1 − s_t over the tokens that have both; null where it is not defined. */
  spearman: z.number().nullable(),
})

export type CriticalAgreement = z.infer<typeof criticalAgreementSchema>

export const counterfactualSchema = z.object({
  /** Of the token that was forbidden. */
  position: countSchema,
  passAtK: z.array(
    z.object({
      k: z.number().int(),
      kept: z.number(),
      forbidden: z.number(),
      /** 95 % interval of pass@k with the token forbidden, which holds `forbidden` (see `passAtKInterval`). */
      low: z.number(),
      high: z.number(),
    })
  ),
})
export type Counterfactual = z.infer<typeof counterfactualSchema>

/** What the response is, before anything is sampled from its prefixes. */
const verdictSchema = z.enum(['right', 'wrong', 'unchecked'])

/** A response that was given or sampled, as ids. */
export const criticalResponseSchema = z.object({
  responseIds: z.array(countSchema),
  verdict: verdictSchema,
  /** Responses that were sampled until it came; null where it was given. */
  tryCount: countSchema.nullable(),
})
export type CriticalResponse = z.infer<typeof criticalResponseSchema>

/** The two models that are contrasted; null where none are. */
const contrastSchema = z.object({
  positive: provenanceSchema.shape.model,
  negative: provenanceSchema.shape.model,
  /** Whether they are the built-in pair, which was trained on right and on wrong responses. */
  isFineTuned: z.boolean(),
})

/** The stream of a run, in order; `completed` is last unless it failed or was cancelled. */
export const criticalEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'reading', 'generating', 'contrasting', 'sampling']),
    done: z.number(),
    total: z.number(),
    /** An upper estimate; null until there is one. */
    secondsLeft: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('tokenized'),
    /** The checkers' text of the response is what follows the prompt. */
    text: z.string(),
    /** The first response token's position. */
    responseStart: countSchema,
    tokens: tokenTableSchema,
    turns: z.array(turnSchema),
    /** Whether the response is right; a right one is not looked into. */
    verdict: verdictSchema,
    contrast: contrastSchema.nullable(),
    provenance: provenanceSchema,
    warnings: z.array(warningSchema),
  }),
  z.object({kind: z.literal('prompt'), success: shareSchema}),
  /** Scores that are new or better known; one position and method may come again. */
  z.object({
    kind: z.literal('scores'),
    scores: z.array(criticalScoreSchema),
    examples: z.array(criticalExampleSchema),
  }),
  z.object({kind: z.literal('counterfactual'), counterfactual: counterfactualSchema}),
  z.object({
    kind: z.literal('completed'),
    critical: z.array(criticalTokenSchema),
    agreement: criticalAgreementSchema.nullable(),
    /** False where the prompt's own success is below 10 %: no token is called critical then. */
    isRecoverable: z.boolean(),
    completionCount: countSchema,
    warnings: z.array(warningSchema),
    timing: z.object({runMs: z.number(), totalMs: z.number()}),
  }),
])
export type CriticalEvent = z.infer<typeof criticalEventSchema>

export const criticalResultSchema = z.object({
  schema: z.literal('tokenscope/critical@1'),
  request: criticalRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled', 'failed']),
  timing: z.object({runMs: z.number(), totalMs: z.number()}).optional(),
  text: z.string(),
  responseStart: countSchema,
  turns: z.array(turnSchema).optional(),
  tokens: z.array(tokenSchema),
  verdict: verdictSchema,
  contrast: contrastSchema.nullable(),
  promptSuccess: shareSchema.optional(),
  isRecoverable: z.boolean().optional(),
  scores: z.array(criticalScoreSchema),
  critical: z.array(criticalTokenSchema),
  agreement: criticalAgreementSchema.nullable(),
  counterfactual: counterfactualSchema.optional(),
  examples: z.array(criticalExampleSchema),
  completionCount: countSchema.optional(),
})
export type CriticalResult = z.infer<typeof criticalResultSchema>
