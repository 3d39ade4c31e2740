import {eventIterator, oc} from '@orpc/contract'
import {z} from 'zod'
import {modelInfoSchema, modelListingSchema, modelRefSchema} from '../domain/model.ts'
import {preferencesChangeSchema, preferencesSchema} from '../domain/preferences.ts'
import {problemSchema} from '../domain/problem.ts'
import {tokenTableSchema} from '../domain/token.ts'
import {figureRequestSchema} from '../figures/request.ts'
import {
  attentionArchiveEventSchema,
  attentionArchiveRequestSchema,
  attentionEventSchema,
  attentionRequestSchema,
  attentionRowsSchema,
  captureChoiceSchema,
} from '../lenses/attention.ts'
import {attentionGraphSchema, graphRequestSchema} from '../lenses/attention-graph.ts'
import {
  attentionEdgesSchema,
  attentionTileSchema,
  capturedTextSchema,
  captureEventSchema,
  captureRequestSchema,
  edgesRequestSchema,
  headsEventSchema,
  headsRequestSchema,
  importanceEventSchema,
  importanceRequestSchema,
  lineRequestSchema,
  lookEventSchema,
  packedTileSchema,
  probeEventSchema,
  probeRequestSchema,
  pruneEventSchema,
  pruneRequestSchema,
  similarHeadsEventSchema,
  similarHeadsRequestSchema,
  thumbnailsEventSchema,
  thumbnailsRequestSchema,
  tileRequestSchema,
} from '../lenses/attention-maps.ts'
import {
  attributeEventSchema,
  attributeRequestSchema,
  attributionTrialResultSchema,
  attributionTrialSchema,
} from '../lenses/attribute.ts'
import {bytesEventSchema, bytesRequestSchema} from '../lenses/bytes.ts'
import {
  criticalEventSchema,
  criticalRequestSchema,
  criticalResponseSchema,
} from '../lenses/critical.ts'
import {inspectEventSchema, inspectRequestSchema} from '../lenses/inspect.ts'
import {interveneEventSchema, interveneRequestSchema} from '../lenses/intervene.ts'
import {logitLensEventSchema, logitLensRequestSchema} from '../lenses/logit-lens.ts'
import {promptListEventSchema, promptListRequestSchema} from '../lenses/prompt-list.ts'
import {MAX_TOKENIZERS, tokenizeEventSchema, tokenizeRequestSchema} from '../lenses/tokenize.ts'
import {
  nextTokensSchema,
  promptSchema,
  samplingSchema,
  tokensEventSchema,
  tokensRequestSchema,
  trackedColumnsSchema,
} from '../lenses/tokens.ts'
import {
  treeEventSchema,
  treeExpandRequestSchema,
  treeExpansionSchema,
  treeOpenAnswerSchema,
  treeOpenRequestSchema,
  treeRequestSchema,
} from '../lenses/tree.ts'
import {vocabularyEventSchema, vocabularyRequestSchema} from '../lenses/vocabulary.ts'

/**
 * Every call and stream between a page (or the command line) and the engine. Calls that take long are
 * streams: aborting the call cancels the work. Numbers travel as typed arrays (see codec.ts).
 * An expected failure is the error `PROBLEM` with the four parts as its data.
 */
const procedure = oc.errors({
  PROBLEM: {data: problemSchema},
})

/** Bytes too large for a message are fetched by their id, once (architecture: decision 2). */
export const bytesRefSchema = z.union([
  z.object({bytes: z.instanceof(Uint8Array)}),
  z.object({blobId: z.string(), byteLength: z.number().int()}),
])
export type BytesRef = z.infer<typeof bytesRefSchema>

/** A sequence that has been or can be run: what it was asked of, and its ids. */
export const sequenceSchema = modelRefSchema.extend({ids: z.instanceof(Int32Array)})
export type Sequence = z.infer<typeof sequenceSchema>

const engineStatusSchema = z.object({
  processId: z.number().int(),
  /** How often the host has started the engine; 1 at first. */
  startCount: z.number().int(),
  /** Why the previous engine process ended, in words; null for the first. */
  lastExit: z.string().nullable(),
  versions: z.object({tokenscope: z.string(), onnxruntime: z.string(), schema: z.string()}),
  /** Of the next model that is loaded; a loaded one says its own. */
  threads: z.number().int(),
  maxMemoryBytes: z.number(),
  /** What the host was told on its command line, so that the preference has no say in it. */
  fixedByHost: z.array(z.enum(['threads', 'maxMemoryBytes'])).optional(),
  usedMemoryBytes: z.number(),
  /** What the engine runs on, which may be another machine than the page's. */
  machine: z
    .object({
      memoryBytes: z.number(),
      logicalCores: z.number().int(),
      physicalCores: z.number().int(),
    })
    .optional(),
  /** Where preferences are kept; null where they are not. */
  preferencesPath: z.string().nullable().optional(),
  loaded: z.array(modelInfoSchema),
  /** Model runs under way or waiting. */
  runningCount: z.number().int(),
})
export type EngineStatus = z.infer<typeof engineStatusSchema>

const loadEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('stage'),
    stage: z.enum(['reading', 'hashing', 'tokenizer', 'session', 'checking']),
    doneBytes: z.number(),
    totalBytes: z.number(),
    /** Resident memory of the engine so far. */
    memoryBytes: z.number(),
  }),
  z.object({kind: z.literal('loaded'), model: modelInfoSchema}),
])
export type LoadEvent = z.infer<typeof loadEventSchema>

const folderEntrySchema = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'model', 'file']),
})
export const folderListingSchema = z.object({
  path: z.string(),
  /** Null at the root of the file system. */
  parent: z.string().nullable(),
  /** Places worth starting from: home, the hub cache, recent folders. */
  places: z.array(z.object({name: z.string(), path: z.string()})),
  entries: z.array(folderEntrySchema),
  /** The folder itself, where it is a model folder. */
  model: modelListingSchema.nullable(),
})
export type FolderListing = z.infer<typeof folderListingSchema>

/** How a vocabulary entry came to be, as its tokenizer file tells it. */
export const derivationSchema = z.object({
  /**
   * `byte`: stands for a single byte, which a byte-level vocabulary starts from or falls back on.
   * `piece`: not built from others, so an entry of a Unigram or WordPiece vocabulary, a character that a
   * BPE vocabulary starts from, or one of its entries that its merges do not lead to.
   */
  kind: z.enum(['special', 'byte', 'merged', 'piece']),
  /** Of a Unigram piece: its natural log-probability. */
  score: z.number().nullable(),
  /**
   * Of a merged token: the merges that build it, in the order in which they apply, the last one last.
   * `rank` counts the merges of the file from 0.
   */
  merges: z.array(
    z.object({
      leftHex: z.string(),
      rightHex: z.string(),
      rank: z.number().int(),
    })
  ),
})
export type Derivation = z.infer<typeof derivationSchema>

/** One entry of a tokenizer's vocabulary, and what the same bytes are in others. */
export const tokenizerEntrySchema = z.object({
  bytesHex: z.string(),
  isSpecial: z.boolean(),
  derivation: derivationSchema,
  elsewhere: z.array(
    z.object({
      tokenizer: z.string(),
      /** Null where no entry has these bytes. */
      id: z.number().int().nullable(),
      /** The ids that it cuts these bytes into; null where they are no text by themselves. */
      pieceIds: z.array(z.number().int()).nullable(),
    })
  ),
})
export type TokenizerEntry = z.infer<typeof tokenizerEntrySchema>

export const tokenizerEntryRequestSchema = z.object({
  tokenizer: z.string().min(1),
  id: z.number().int().nonnegative(),
  /** Tokenizers in which the same bytes are looked for. */
  others: z.array(z.string().min(1)).max(MAX_TOKENIZERS).default([]),
})
export type TokenizerEntryRequest = z.infer<typeof tokenizerEntryRequestSchema>

const preferencesStateSchema = z.object({
  preferences: preferencesSchema,
  /** What is wrong with the file, once, after it was set aside or repaired; else null. */
  problem: problemSchema.nullable(),
})

/** A line of the engine's log: never text of a prompt or a completion. */
export const logLineSchema = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
})
export type LogLine = z.infer<typeof logLineSchema>

export const contract = {
  engine: {
    status: procedure.output(engineStatusSchema),
    /** The status now and after every change, at most ten times a second. */
    watch: procedure.output(eventIterator(engineStatusSchema)),
    /**
     * Ends the engine process whatever it is doing; its host starts a new one. For a run that has no
     * place to be cancelled in: a model without a KV cache takes a prompt in one piece.
     */
    stop: procedure.output(z.void()),
    /** The log so far (its last lines), then what is added, at most ten times a second. */
    log: procedure.output(eventIterator(z.array(logLineSchema))),
  },
  preferences: {
    /**
     * Now and after every change, whichever window or engine on the same state folder makes it. A
     * problem goes to all who watch when it is found, else to the next who does.
     */
    watch: procedure.output(eventIterator(preferencesStateSchema)),
    /**
     * Changes some; memory holds at once, threads for models that are loaded from then on. A change
     * that cannot be written holds until the engine ends, and `watch` tells why.
     */
    change: procedure.input(preferencesChangeSchema).output(preferencesSchema),
  },
  models: {
    list: procedure.output(z.array(modelListingSchema)),
    load: procedure.input(modelRefSchema).output(eventIterator(loadEventSchema)),
    /** What its makers say of a model: the README of its folder, as Markdown. */
    card: procedure.input(modelRefSchema).output(z.object({path: z.string(), text: z.string()})),
    /** What of a model is found in its graph; the model is run only to verify it. */
    inspect: procedure.input(inspectRequestSchema).output(eventIterator(inspectEventSchema)),
    unload: procedure.input(modelRefSchema).output(z.object({freedBytes: z.number()})),
    /** Takes a folder off the list of those that were opened before; its files stay as they are. */
    forget: procedure.input(z.object({path: z.string().min(1)})).output(z.void()),
  },
  folders: {
    /** What is in a folder of this machine; the home folder where no path is given. */
    list: procedure.input(z.object({path: z.string().optional()})).output(folderListingSchema),
  },
  text: {
    /** Text to tokens without running the model. */
    tokenize: procedure.input(modelRefSchema.extend(promptSchema.shape)).output(
      z.object({
        /** The well-formed text that byte spans point into (of a chat, the template's output). */
        text: z.string(),
        tokens: tokenTableSchema,
        contextLength: z.number().int(),
      })
    ),
    /** The vocabulary entries that some ids stand for. */
    describe: procedure
      .input(modelRefSchema.extend({ids: z.array(z.number().int().nonnegative()).max(1000)}))
      .output(tokenTableSchema),
    /** How one vocabulary entry came to be. */
    derive: procedure
      .input(modelRefSchema.extend({id: z.number().int().nonnegative()}))
      .output(derivationSchema),
  },
  bytes: {
    /** The exact distribution of the byte after a text, whatever tokens it is cut into. */
    run: procedure.input(bytesRequestSchema).output(eventIterator(bytesEventSchema)),
  },
  tokenizers: {
    /** One text as several tokenizers cut it; no model is run. */
    compare: procedure.input(tokenizeRequestSchema).output(eventIterator(tokenizeEventSchema)),
    /** What vocabularies are made of; no text is needed. */
    vocabulary: procedure
      .input(vocabularyRequestSchema)
      .output(eventIterator(vocabularyEventSchema)),
    /** How an entry of any tokenizer came to be, and what it is in others. */
    entry: procedure.input(tokenizerEntryRequestSchema).output(tokenizerEntrySchema),
    /** Keeps a tokenizer.json that was dropped on a page; answers the path that it goes by. */
    keep: procedure
      .input(z.object({name: z.string().max(255), bytes: z.instanceof(Uint8Array)}))
      .output(z.object({path: z.string()})),
    /**
     * Keeps a text that was opened on a page, part by part; the first has no path and is answered with the one
     * that the text goes by.
     */
    keepText: procedure
      .input(
        z.object({
          name: z.string().max(255),
          path: z.string().nullable(),
          bytes: z.instanceof(Uint8Array),
        })
      )
      .output(z.object({path: z.string()})),
  },
  prompts: {
    /** Many prompts as one job; leaving the stream cancels it. */
    run: procedure.input(promptListRequestSchema).output(eventIterator(promptListEventSchema)),
  },
  tokens: {
    run: procedure.input(tokensRequestSchema).output(eventIterator(tokensEventSchema)),
    /** The next-token table after one position; from kept logits where they are, else by a re-run. */
    next: procedure
      .input(
        sequenceSchema.extend({
          position: z.number().int().nonnegative(),
          topK: z.number().int().min(1).max(1000),
          ...samplingSchema.shape,
        })
      )
      .output(nextTokensSchema),
    /** Some tokens followed through the sequence, from kept logits or by a re-run. */
    track: procedure
      .input(sequenceSchema.extend({tokenIds: z.array(z.number().int().nonnegative()).max(64)}))
      .output(z.array(trackedColumnsSchema)),
    /**
     * The next-token table after one position from what each layer leaves in the residual stream. The
     * sequence is run once; other positions and other temperatures need no further run.
     */
    lens: procedure.input(logitLensRequestSchema).output(eventIterator(logitLensEventSchema)),
    /** Seconds that a run would take here, from what earlier runs took; null before any. */
    estimate: procedure
      .input(modelRefSchema.extend({tokenCount: z.number().int(), generate: z.number().int()}))
      .output(z.object({seconds: z.number().nullable()})),
  },
  attention: {
    /** Captures the attention of a text, and keeps it in the engine. */
    run: procedure.input(attentionRequestSchema).output(eventIterator(attentionEventSchema)),
    /** Rows of one head of a text: from what is kept, else by capturing its layer again. */
    rows: procedure
      .input(
        sequenceSchema.extend({
          capture: captureChoiceSchema,
          layer: z.number().int().nonnegative(),
          head: z.number().int().nonnegative(),
          /** From the first up to the second, which is not among them. */
          queries: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
        })
      )
      .output(attentionRowsSchema),
    /** Captures the attention of ids that are known, and keeps it. */
    capture: procedure.input(captureRequestSchema).output(eventIterator(captureEventSchema)),
    /** Says that a text is on a screen, until the stream is left: its capture gives way last. */
    look: procedure.input(capturedTextSchema).output(eventIterator(lookEventSchema)),
    /** A window of one head's matrix, or of several heads' together, at a resolution. */
    tile: procedure.input(tileRequestSchema).output(attentionTileSchema),
    /** The same in few bytes, to be drawn. */
    picture: procedure.input(tileRequestSchema).output(packedTileSchema),
    /** What one query reads from, or what reads one key: exact weights, one entry a position. */
    line: procedure
      .input(lineRequestSchema)
      .output(z.object({weights: z.instanceof(Float32Array)})),
    /** The heaviest edges of a matrix. */
    edges: procedure.input(edgesRequestSchema).output(attentionEdgesSchema),
    /** The heaviest edges of every layer, in columns, with what is left out. */
    graph: procedure.input(graphRequestSchema).output(attentionGraphSchema),
    /** Every head in small, as they become ready. */
    thumbnails: procedure
      .input(thumbnailsRequestSchema)
      .output(eventIterator(thumbnailsEventSchema)),
    /** Statistics of every head, layer by layer. */
    heads: procedure.input(headsRequestSchema).output(eventIterator(headsEventSchema)),
    /** The same on random repeated tokens, which alone gives heads their names. */
    probe: procedure.input(probeRequestSchema).output(eventIterator(probeEventSchema)),
    /** Token importance over the attention graph. */
    importance: procedure
      .input(importanceRequestSchema)
      .output(eventIterator(importanceEventSchema)),
    /** Heads whose patterns on this text are like one head's. */
    similar: procedure
      .input(similarHeadsRequestSchema)
      .output(eventIterator(similarHeadsEventSchema)),
    /** Tokens that Zero-TPrune would keep. */
    prune: procedure.input(pruneRequestSchema).output(eventIterator(pruneEventSchema)),
    /** The weights of a capture as the bytes of a numpy archive, in order. */
    archive: procedure
      .input(attentionArchiveRequestSchema)
      .output(eventIterator(attentionArchiveEventSchema)),
  },
  interventions: {
    /** What would follow a prompt, without and with something changed inside the model. */
    run: procedure.input(interveneRequestSchema).output(eventIterator(interveneEventSchema)),
  },
  attributions: {
    /** What each token of a context is worth to a target, as it converges; leaving the stream cancels it. */
    run: procedure.input(attributeRequestSchema).output(eventIterator(attributeEventSchema)),
    /** What becomes of a target when tokens before it are changed by hand. */
    try: procedure
      .input(sequenceSchema.extend(attributionTrialSchema.shape))
      .output(attributionTrialResultSchema),
  },
  criticals: {
    /** Looks for the token after which a response went wrong; leaving the stream cancels it. */
    run: procedure.input(criticalRequestSchema).output(eventIterator(criticalEventSchema)),
    /** The response of a request as ids, typed or sampled, and what its checker says of it. */
    respond: procedure.input(criticalRequestSchema).output(criticalResponseSchema),
  },
  trees: {
    /** Grows a tree of continuations, or drafts and verifies; leaving the stream cancels it. */
    run: procedure.input(treeRequestSchema).output(eventIterator(treeEventSchema)),
    /**
     * Children of nodes of a tree that the page holds, one answer a path. What the engine computed of the same
     * prompt before is not computed again.
     */
    expand: procedure.input(treeExpandRequestSchema).output(z.array(treeExpansionSchema)),
    /** Whether a saved tree is of this model, and which tokens the texts of an imported one are. */
    open: procedure.input(treeOpenRequestSchema).output(treeOpenAnswerSchema),
  },
  figures: {
    /** A figure or its data as a file's bytes: the same bytes that the command line writes. */
    export: procedure.input(figureRequestSchema).output(
      z.object({
        fileName: z.string(),
        mediaType: z.string(),
        content: bytesRefSchema,
        warnings: z.array(z.object({code: z.string(), message: z.string()})),
      })
    ),
  },
  blobs: {
    /** The bytes behind a blob id, for pages that have no address to fetch from. */
    read: procedure.input(z.object({blobId: z.string()})).output(z.instanceof(Uint8Array)),
    /** Bytes of a stated length, for measuring the way from engine to page. */
    probe: procedure
      .input(
        z.object({
          byteLength: z
            .number()
            .int()
            .nonnegative()
            .max(1 << 28),
          asBlob: z.boolean(),
        })
      )
      .output(bytesRefSchema),
  },
}
export type Contract = typeof contract
