import {z} from 'zod'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {BASELINES} from './packaged-tokenizers.ts'
import {provenanceSchema} from './tokens.ts'

/** Sentences that mean the same, in some languages: the i-th of each belong together. */
export const parallelTextSchema = z.record(z.string(), z.array(z.string()))
export type ParallelText = z.infer<typeof parallelTextSchema>

export const DEFAULT_TOKENIZERS = ['gpt2', 'cl100k', 'o200k', 'llama2', 'llama3', 'mistral']
/** More are a mistake, and would not fit into memory together. */
export const MAX_TOKENIZERS = 16
/** Tokens of one tokenizer that a result lists; all are counted. */
export const MAX_LISTED_TOKENS = 1_000_000

/** The request of the tokenize lens; the names are the command's flags in camelCase. */
export const tokenizeRequestSchema = z.object({
  command: z.literal('tokenize').default('tokenize'),
  /** A packaged id, a model as models are named, or the path of a tokenizer.json or of its folder. */
  tokenizers: z.array(z.string().min(1)).max(MAX_TOKENIZERS).default(DEFAULT_TOKENIZERS),
  baselines: z.array(z.enum(BASELINES)).default([]),
  text: z.string().optional(),
  /** A file on the engine's machine, read there; a large one in parts. */
  textFile: z.string().min(1).optional(),
  wordRule: z.enum(['whitespace', 'uax29']).default('whitespace'),
  /** What lengths are relative to; one of those that are compared. */
  reference: z.string().min(1).optional(),
  /** Aligned sentences, or those that come with the program. */
  parallel: z.union([z.literal('builtin'), parallelTextSchema]).optional(),
  referenceLanguage: z.string().default('en'),
  noSpecialTokens: z.boolean().optional(),
  parseSpecial: z.boolean().optional(),
  /** Encodes the text with a second implementation as well, where there is one, and compares. */
  checkEngines: z.boolean().optional(),
  /** Price of a million tokens, in any currency. */
  price: z.number().nonnegative().optional(),
  /** Tokens that a context window holds. */
  contextLength: z.number().int().positive().optional(),
  maxTokens: z.number().int().nonnegative().max(MAX_LISTED_TOKENS).default(100_000),
})
export type TokenizeRequest = z.infer<typeof tokenizeRequestSchema>
export type TokenizeRequestInput = z.input<typeof tokenizeRequestSchema>

/** What is known of a tokenizer before it has cut anything. */
export const tokenizerFactsSchema = z.object({
  id: z.string(),
  kind: z.enum(['packaged', 'model', 'file', 'baseline']),
  name: z.string(),
  /** BPE, Unigram, WordPiece or WordLevel; null for a baseline. */
  modelType: z.string().nullable(),
  /** Of tokenizer.json; null for a baseline. */
  sha256: z.string().nullable(),
  /** One more than the highest id; null where no list ends. */
  vocabularySize: z.number().int().nullable(),
  /** Of a packaged vocabulary: its makers'. */
  licence: z.string().nullable(),
  /** The package with its version, or the path. */
  source: z.string(),
  /** Of a byte-level vocabulary: bytes that no entry stands for, which would vanish. */
  missingByteCount: z.number().int().nullable(),
  hasMerges: z.boolean(),
})
export type TokenizerFacts = z.infer<typeof tokenizerFactsSchema>

/**
 * Something to know before reading a row. `lossless`, `dummy-prefix`, `normalized` and `lossy` say how
 * tokens stand to the text; `reference` how many vectors of the reference come out alike; `engines`
 * whether a second implementation agrees; `special-text` how what looks like a special token was read;
 * `inserted` that tokens were put around the text, which no count includes; `missing-bytes` that bytes
 * have no entry; `approximate` that a large text was cut where a token may have spanned.
 */
export const badgeSchema = z.object({
  kind: z.enum([
    ...(['lossless', 'dummy-prefix', 'normalized', 'lossy', 'reference', 'engines'] as const),
    ...(['special-text', 'inserted', 'missing-bytes', 'approximate'] as const),
  ]),
  isGood: z.boolean(),
  text: z.string(),
})
export type Badge = z.infer<typeof badgeSchema>

/** A stretch of the text that a tokenizer changed or dropped. */
export const textChangeSchema = z.object({
  byteStart: z.number().int(),
  byteEnd: z.number().int(),
  fromHex: z.string(),
  /** Empty where nothing stands for it. */
  toHex: z.string(),
})
export type TextChange = z.infer<typeof textChangeSchema>

const ratio = z.number().nullable()
/** One tokenizer's row, but for its tokens. */
export const tokenizeRowSchema = z.object({
  tokenizer: z.string(),
  facts: tokenizerFactsSchema,
  /** Typed tokens: what was inserted is in no count. */
  tokenCount: z.number().int(),
  insertedCount: z.number().int(),
  /** UTF-8 bytes and code points of the text. */
  bytes: z.number().int(),
  characters: z.number().int(),
  bytesPerToken: ratio,
  charactersPerToken: ratio,
  wordCount: z.number().int(),
  /** Tokens that belong to a word, by word. */
  fertility: ratio,
  /** All tokens by word, those between words too. */
  tokensPerWord: ratio,
  continuedWordShare: ratio,
  /** Distinct tokens used, and their share of the vocabulary. */
  distinctCount: z.number().int(),
  utilisation: ratio,
  /** Rényi efficiency of order 2.5 over the tokens used. */
  renyiEfficiency: ratio,
  /** tokenCount by the reference's: below 1 is shorter. */
  relativeLength: ratio.optional(),
  /** tokenCount by the context length that was asked about. */
  contextShare: ratio.optional(),
  cost: ratio.optional(),
  changedByteCount: z.number().int(),
  droppedByteCount: z.number().int(),
  /** The first 1,000 bytes that no token stands for. */
  droppedBytesHex: z.string().optional(),
  /** The first 100 changes. */
  changes: z.array(textChangeSchema),
  badges: z.array(badgeSchema),
})
export type TokenizeRow = z.infer<typeof tokenizeRowSchema>

const agreementSchema = z.object({
  a: z.string(),
  b: z.string(),
  /** |A∩B| / |A| of interior boundaries; null where a cuts nowhere. */
  precision: ratio,
  recall: ratio,
  f1: z.number(),
  /** Share of the bytes that both cut exactly, so that it was compared. */
  coverage: ratio,
  /** Aligned blocks by how many tokens each side has there. */
  blocks: z.object({
    '1:1': z.number().int(),
    '1:n': z.number().int(),
    'm:1': z.number().int(),
    'm:n': z.number().int(),
  }),
})

export const tokenizeMetricsSchema = z.object({
  boundaryAgreement: z.array(agreementSchema),
  /** Tokens of aligned sentences by those of the reference language. */
  parity: z
    .array(
      z.object({
        tokenizer: z.string(),
        language: z.string(),
        tokenCount: z.number().int(),
        bytes: z.number().int(),
        premium: ratio,
        pairs: z.number().int(),
      })
    )
    .optional(),
  /** Gini coefficient of tokens a sentence over the languages: 0 is equal. */
  fairness: z.array(z.object({tokenizer: z.string(), gini: ratio})).optional(),
})
export type TokenizeMetrics = z.infer<typeof tokenizeMetricsSchema>

/** Bytes of a file that are no UTF-8; U+FFFD stands for each stretch in the text. */
export const invalidBytesSchema = z.object({
  fileOffset: z.number().int(),
  hex: z.string(),
  /** Where its U+FFFD stands in the UTF-8 of the text. */
  byteStart: z.number().int(),
})
export type InvalidBytes = z.infer<typeof invalidBytesSchema>

/** The result of `tokenize` without lists of tokens, which travel as columns. */
export const tokenizeSummarySchema = z.object({
  schema: z.literal('tokenscope/tokenize@1'),
  request: tokenizeRequestSchema,
  /** Nothing is run through a model; tokenizers are in the rows. */
  model: z.null(),
  tokenizer: z.null(),
  versions: provenanceSchema.shape.versions,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled']),
  /** The well-formed text that spans point into; null where it was read in parts. */
  text: z.string().nullable(),
  bytes: z.number().int(),
  /** The first 1,000 stretches. */
  invalidBytes: z.array(invalidBytesSchema),
  results: z.array(tokenizeRowSchema),
  metrics: tokenizeMetricsSchema,
  timing: z.object({totalMs: z.number()}),
})
export type TokenizeSummary = z.infer<typeof tokenizeSummarySchema>

/** The result of `tokenize`, as the command prints it. */
export const tokenizeResultSchema = tokenizeSummarySchema.extend({
  results: z.array(tokenizeRowSchema.extend({tokens: z.array(tokenSchema)})),
})
export type TokenizeResult = z.infer<typeof tokenizeResultSchema>

/** The stream of a tokenize run; `completed` is last unless it failed or was cancelled. */
export const tokenizeEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'tokenizing']),
    /** Tokenizers loaded, or bytes of the text. */
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('opened'),
    /** All of the text; of one that is read in parts the first, as soon as it is read. */
    text: z.string().nullable(),
    bytes: z.number().int(),
  }),
  /**
   * The tokens of one tokenizer, at most `maxTokens` from the start of the text: in the order in which
   * tokenizers were named, each as soon as it has cut the text. Its row has what is known by then, proofs come
   * with the result; null for a text that is read in parts.
   */
  z.object({
    kind: z.literal('tokens'),
    tokenizer: z.string(),
    tokens: tokenTableSchema,
    row: tokenizeRowSchema.nullable(),
  }),
  z.object({kind: z.literal('completed'), result: tokenizeSummarySchema}),
])
export type TokenizeEvent = z.infer<typeof tokenizeEventSchema>
