import {z} from 'zod'
import {warningSchema} from '../domain/problem.ts'
import {DEFAULT_TOKENIZERS, MAX_TOKENIZERS, tokenizerFactsSchema} from './tokenize.ts'
import {provenanceSchema} from './tokens.ts'

/** The request of the vocabulary lens; the names are the command's flags in camelCase. */
export const vocabularyRequestSchema = z.object({
  command: z.literal('vocabulary').default('vocabulary'),
  /** A packaged id, a model as models are named, or the path of a tokenizer.json or of its folder. */
  tokenizers: z.array(z.string().min(1)).min(1).max(MAX_TOKENIZERS).default(DEFAULT_TOKENIZERS),
  /** Text, bytes as `hex:e28099`, or an id as `id:412`; digits alone are text and an id. */
  search: z.string().min(1).max(1000).optional(),
  /** Entries that a list names at most; all are counted. */
  limit: z.number().int().min(1).max(10_000).default(100),
  /** Encodes the text of every entry, to tell which no text gives. */
  reach: z.boolean().optional(),
})
export type VocabularyRequest = z.infer<typeof vocabularyRequestSchema>

/**
 * What an entry is by its shape, after Qtok (arXiv 2410.12989): one byte; one character, text after a space,
 * or text within a word, of one script's letters (`alpha`), of anything else (`other`) or with characters
 * that are unassigned, private or controls (`errors`); a special or bracketed token; bytes that are no text.
 */
export const ENTRY_CLASSES = [
  ...(['pure_unicode', 'char_alpha', 'char_other', 'char_errors'] as const),
  ...(['spaced_alpha', 'spaced_other', 'spaced_errors'] as const),
  ...(['inner_alpha', 'inner_other', 'inner_errors'] as const),
  ...(['control_tokens', 'unicode_flanks'] as const),
] as const
export type EntryClass = (typeof ENTRY_CLASSES)[number]

const share = z.number().nullable()
export const vocabularyEntrySchema = z.object({
  id: z.number().int(),
  bytesHex: z.string(),
  /** For display: U+FFFD for what is only part of a character. */
  text: z.string(),
  isSpecial: z.boolean(),
})
export type VocabularyItem = z.infer<typeof vocabularyEntrySchema>

/** The result of `vocabulary`. Shares are from 0 to 1, of the entries of their tokenizer. */
export const vocabularyResultSchema = z.object({
  schema: z.literal('tokenscope/vocabulary@1'),
  request: vocabularyRequestSchema,
  model: z.null(),
  tokenizer: z.null(),
  versions: provenanceSchema.shape.versions,
  warnings: z.array(warningSchema),
  tokenizers: z.array(
    tokenizerFactsSchema.extend({
      /** Ids that stand for something. */
      entryCount: z.number().int(),
      specialCount: z.number().int(),
      /** Distinct byte strings, special tokens left out. */
      distinctCount: z.number().int(),
      /** Entries that begin with a space. */
      spaceStartShare: share,
    })
  ),
  composition: z.array(
    z.object({
      tokenizer: z.string(),
      class: z.enum(ENTRY_CLASSES),
      /** Of `alpha` classes; null otherwise. */
      script: z.string().nullable(),
      count: z.number().int(),
      share,
    })
  ),
  /** Entries by their characters; the last length stands for all above it too. */
  lengths: z.array(
    z.object({
      tokenizer: z.string(),
      characters: z.number().int(),
      count: z.number().int(),
      share,
    })
  ),
  /** Core letters of a script that have an entry of their own. */
  completeness: z.array(
    z.object({
      tokenizer: z.string(),
      script: z.string(),
      covered: z.number().int(),
      letters: z.number().int(),
      share,
    })
  ),
  /** Entries whose own text is cut into something else; null where it was not asked for. */
  unreachable: z
    .array(
      z.object({
        tokenizer: z.string(),
        count: z.number().int(),
        /** Entries that are no text by themselves, so that they were not tried. */
        untriedCount: z.number().int(),
        entries: z.array(vocabularyEntrySchema),
      })
    )
    .nullable(),
  /**
   * Entries that only one later merge takes up, and soon: what was left of them when the vocabulary was
   * trained is little. Candidates from the file alone; a model's embeddings would have to confirm them.
   */
  underTrained: z.array(
    z.object({
      tokenizer: z.string(),
      /** Null where there are no merges to tell by. */
      count: z.number().int().nullable(),
      entries: z.array(
        vocabularyEntrySchema.extend({intoId: z.number().int(), rankGap: z.number().int()})
      ),
    })
  ),
  /** Distinct byte strings, special tokens left out. */
  overlap: z.array(
    z.object({
      a: z.string(),
      b: z.string(),
      shared: z.number().int(),
      onlyA: z.number().int(),
      onlyB: z.number().int(),
      jaccard: share,
      /** Bytes of the shared strings by all bytes of a's, and of b's. */
      byteShareA: share,
      byteShareB: share,
    })
  ),
  found: z
    .array(
      z.object({
        tokenizer: z.string(),
        count: z.number().int(),
        entries: z.array(vocabularyEntrySchema),
      })
    )
    .optional(),
  timing: z.object({totalMs: z.number()}),
})
export type VocabularyResult = z.infer<typeof vocabularyResultSchema>

/** The stream of a vocabulary run; `completed` is last unless it failed or was cancelled. */
export const vocabularyEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'classifying', 'reaching']),
    /** Tokenizers, or entries of all. */
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('completed'), result: vocabularyResultSchema}),
])
export type VocabularyEvent = z.infer<typeof vocabularyEventSchema>
