import {z} from 'zod'
import {problemSchema, warningSchema} from './problem.ts'

/** Where a model was found. */
export const modelSourceSchema = z.enum(['builtin', 'cache', 'recent', 'folder'])
/** What a model is; only a decoder predicts the next token. */
export const modelKindSchema = z.enum([
  'decoder',
  'encoder',
  'encoder-decoder',
  'vision',
  'unknown',
])
export type ModelKind = z.infer<typeof modelKindSchema>

/** A model that could be opened, as `tokenscope models` lists it. Nothing has been loaded yet. */
export const modelListingSchema = z.object({
  id: z.string(),
  path: z.string(),
  source: modelSourceSchema,
  kind: modelKindSchema,
  family: z.string().nullable(),
  layerCount: z.number().int().nullable(),
  queryHeadCount: z.number().int().nullable(),
  keyValueHeadCount: z.number().int().nullable(),
  vocabularySize: z.number().int().nullable(),
  contextLength: z.number().int().nullable(),
  /** Storage types of the weights, one a model file. */
  dtypes: z.array(z.string()),
  /** Model files relative to `path`, the default first. */
  files: z.array(z.string()),
  /** Bytes of the default file with its external data. */
  bytes: z.number(),
  /** Why it cannot be opened, where that is known from its files alone. */
  problem: problemSchema.nullable(),
})
export type ModelListing = z.infer<typeof modelListingSchema>

/** A loaded model. */
export const modelInfoSchema = z.object({
  id: z.string(),
  path: z.string(),
  source: modelSourceSchema,
  file: z.string(),
  /** Of the model file's bytes, then of its external data in the order of their names. */
  sha256: z.string(),
  kind: modelKindSchema,
  family: z.string(),
  layerCount: z.number().int(),
  queryHeadCount: z.number().int(),
  keyValueHeadCount: z.number().int(),
  hiddenSize: z.number().int().nullable(),
  /** Width of the logits; may exceed the tokenizer's list. */
  vocabularySize: z.number().int(),
  contextLength: z.number().int(),
  parameterCount: z.number().nullable(),
  dtype: z.string(),
  hasKvCache: z.boolean(),
  beginId: z.number().int().nullable(),
  /** Ids after which generation stops, from generation_config.json. */
  stopIds: z.array(z.number().int()),
  chatTemplate: z.boolean(),
  /** Bytes of the longest vocabulary entry: no text of more than so many a token fits the context. */
  longestTokenBytes: z.number().int().optional(),
  tokenizer: z.object({id: z.string(), sha256: z.string(), tokenCount: z.number().int()}),
  /** Resident memory that loading it took, in bytes, as measured. */
  memoryBytes: z.number(),
  threads: z.number().int(),
  warnings: z.array(warningSchema),
})
export type ModelInfo = z.infer<typeof modelInfoSchema>

/** What names a model in a request: a built-in id, a folder, or `org/name` in the local hub cache. */
export const modelRefSchema = z.object({
  model: z.string().min(1),
  /** One of the folder's model files, relative to it; its default otherwise. */
  file: z.string().optional(),
})
export type ModelRef = z.infer<typeof modelRefSchema>
