import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {provenanceSchema} from './tokens.ts'

/** The request of the bytes lens; the names are the command's flags in camelCase. */
export const bytesRequestSchema = modelRefSchema.extend({
  command: z.literal('bytes').default('bytes'),
  /** Text that the byte follows. */
  prompt: z.string().optional(),
  /** Bytes after it, in hex: part of a character, say. */
  prefixHex: z
    .string()
    .regex(/^(?:[0-9a-fA-F]{2})*$/)
    .optional(),
  noSpecialTokens: z.boolean().optional(),
  /** `exact` leaves out continuations that no text encodes to; `fast` does not look. */
  mode: z.enum(['exact', 'fast']).default('exact'),
})
export type BytesRequest = z.infer<typeof bytesRequestSchema>
export type BytesRequestInput = z.input<typeof bytesRequestSchema>

/** The result of `bytes`: what the next byte is, whatever tokens the text is cut into. */
export const bytesResultSchema = z.object({
  schema: z.literal('tokenscope/bytes@1'),
  request: bytesRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled']),
  prefix: z.object({
    text: z.string(),
    bytesHex: z.string(),
    /** Ids that every encoding begins with, and the byte where they end: probabilities are given these. */
    fixedIds: z.array(z.number().int()),
    fixedByteEnd: z.number().int(),
  }),
  /**
   * 256 rows: P(byte | bytes), and what prompting with the prefix's own tokens gives. Not renormalised:
   * Σ prob + endProb + leakProb = 1.
   */
  bytes: z.array(
    z.object({byte: z.number().int(), prob: z.number(), tokenProb: z.number().nullable()})
  ),
  endProb: z.number(),
  /** Mass on control tokens, on ids that stand for nothing and on what no text encodes to. */
  leakProb: z.number(),
  /** The cover encodings after the fixed ids, the likeliest first; natural logarithms. */
  covers: z.array(z.object({ids: z.array(z.number().int()), logprob: z.number()})),
  coverCount: z.number().int(),
  /** ln P(prefix) after the fixed ids. */
  prefixLogprob: z.number(),
  /** Half the sum of absolute differences of the two columns; null where the prefix is no whole text. */
  totalVariation: z.number().nullable(),
})
export type BytesResult = z.infer<typeof bytesResultSchema>

export const bytesEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'prompt']),
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('completed'), result: bytesResultSchema}),
])
export type BytesEvent = z.infer<typeof bytesEventSchema>
