import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {problemSchema} from '../domain/problem.ts'
import {messageSchema, samplingSchema} from './tokens.ts'

/**
 * One row of a prompt list: what is asked, and the answer whose probability is wanted. What it gives
 * depends on itself and the options alone, so that rows may be run again, in any company.
 */
export const promptRowSchema = z.object({
  /** Its own in the list, and the same whenever the row is run: draws depend on it. */
  id: z.string(),
  prompt: z.string().optional(),
  messages: z.array(messageSchema).optional(),
  /**
   * Text expected right after the prompt (of a chat, after the generation prompt). Its tokens are those
   * that follow the prompt's when both are encoded as one text; where the prompt's tokens do not begin
   * that, the answer's own when it is encoded alone. One of white space alone is none.
   */
  answer: z.string().optional(),
})
export type PromptRow = z.infer<typeof promptRowSchema>

/** Many prompts as one job, row after row, so that what is done stays done when it is cancelled. */
export const promptListRequestSchema = modelRefSchema.extend({
  rows: z.array(promptRowSchema).max(10_000),
  /** `prompt` becomes one user turn in the model's chat template. */
  chat: z.boolean().default(false),
  ...samplingSchema.shape,
  generate: z.number().int().nonnegative().max(1000).default(10),
  sample: z.boolean().default(false),
  /** Each row draws from its own stream, made of this seed and the row's id (row-seed.ts). */
  seed: z.number().int().nonnegative().default(0),
})
export type PromptListRequest = z.infer<typeof promptListRequestSchema>

/** What became of one row. */
export const promptRowResultSchema = z.object({
  id: z.string(),
  promptTokenCount: z.number().int(),
  /** Mean surprisal of the prompt's own tokens, inserted ones left out, in bits; null where none has one. */
  meanSurprisalBits: z.number().nullable(),
  /** Of each token of the prompt, in bits; NaN where it has none: the first, and inserted ones. */
  surprisalsBits: z.instanceof(Float32Array),
  completionIds: z.array(z.number().int()),
  /**
   * UTF-8 bytes of the completion in lower-case hex, special tokens left out; it may end within a
   * character.
   */
  completionHex: z.string(),
  /**
   * How probable the answer is as a whole, at temperature 1; null where the row has none. Where neither
   * it nor the prompt's end has white space at the border, it is the likelier of the answer as given and
   * the answer with a space before it.
   */
  answer: z
    .object({
      /** A space was put before it. */
      isSpaced: z.boolean(),
      tokenCount: z.number().int(),
      /** Natural logarithm of the probability of all its tokens in their order. */
      logprob: z.number(),
      prob: z.number(),
      /** What the completion says about it; see judge-answer.ts. */
      verdict: z.enum(['right', 'wrong', 'cut']),
    })
    .nullable(),
})
export type PromptRowResult = z.infer<typeof promptRowResultSchema>

export const promptListEventSchema = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('row'), row: promptRowResultSchema}),
  /** A row that could not be run; the rest goes on. */
  z.object({kind: z.literal('row-failed'), id: z.string(), problem: problemSchema}),
  z.object({
    kind: z.literal('progress'),
    done: z.number().int(),
    total: z.number().int(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('completed')}),
])
export type PromptListEvent = z.infer<typeof promptListEventSchema>
