import {z} from 'zod'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {tokenSchema, tokenTableSchema} from '../domain/token.ts'
import {distributionSchema} from './next-tokens.ts'
import {promptSchema, provenanceSchema, turnSchema} from './tokens.ts'
import {treeColumnsSchema, treeNodeSchema} from './tree-nodes.ts'

export * from './tree-nodes.ts'

/** Trees of what a model could say next. */
export const CONTINUATION_STRATEGIES = [
  'best-first',
  'top-k',
  'top-p',
  'min-p',
  'beam',
  'sbs',
  'sample',
] as const
/** Trees that a draft proposes and the model verifies; all keep the model's law. */
export const DRAFT_STRATEGIES = [
  'chain',
  'specinfer',
  'dyspec',
  'dyspec-threshold',
  'rsd-c',
  'rsd-s',
  'spectr',
  'token-recycling',
  'lookahead',
] as const
export const treeStrategySchema = z.enum([...CONTINUATION_STRATEGIES, ...DRAFT_STRATEGIES])
export type TreeStrategy = z.infer<typeof treeStrategySchema>
export type ContinuationStrategy = (typeof CONTINUATION_STRATEGIES)[number]
export type DraftStrategy = (typeof DRAFT_STRATEGIES)[number]

export function isDraftStrategy(strategy: TreeStrategy): strategy is DraftStrategy {
  return (DRAFT_STRATEGIES as readonly string[]).includes(strategy)
}

const count = (max: number) => z.number().int().min(1).max(max)
const prob = z.number().positive().max(1)

/** How a law is turned from logits: temperature, then the likeliest tokens; 0 is greedy. */
export const treeLawSchema = z.object({
  temperature: z.number().min(0).max(100).default(1),
  /** Keeps the likeliest tokens: so many, of so much mass, at least so probable beside the likeliest. */
  topK: count(100_000).optional(),
  topP: prob.optional(),
  minP: z.number().min(0).max(1).optional(),
})
export type TreeLaw = z.infer<typeof treeLawSchema>

/**
 * The request of the tree lens; the names are the command's flags in camelCase. What a strategy does not
 * read is ignored; what is left out has a default of the strategy (`tree-defaults.ts`).
 */
export const treeRequestSchema = modelRefSchema
  .extend(promptSchema.shape)
  .extend(treeLawSchema.shape)
  .extend({
    command: z.literal('tree').default('tree'),
    strategy: treeStrategySchema.default('best-first'),
    /** A model with the same vocabulary, or `self:LAYER` for the model itself, left after a layer. */
    draft: z.string().min(1).optional(),
    /** Most nodes of a tree, without root and rests; of a draft, of one step. */
    nodes: count(100_000).optional(),
    depth: count(10_000).optional(),
    /** Nodes that are run together; beams of `rsd-s`. */
    width: count(4096).optional(),
    maxChildren: count(1000).optional(),
    beams: count(256).optional(),
    /** Exponent of the length that a finished beam's score is divided by. */
    lengthPenalty: z.number().min(-10).max(10).optional(),
    /** Children of each node, by level. */
    branching: z.array(count(256)).min(1).max(64).optional(),
    paths: count(64).optional(),
    samples: count(4096).optional(),
    /** Tokens of a drafted chain or path. */
    draftLength: count(256).optional(),
    /** Longest branch that a trie gives. */
    branchLength: count(256).optional(),
    /** Paths below this probability are left out. */
    jointThreshold: z.number().min(0).max(1).optional(),
    /** Draws of a smaller estimate are not made. */
    draftThreshold: prob.optional(),
    draftTemperature: z.number().min(0).max(100).optional(),
    draftTopP: prob.optional(),
    /** Most steps of draft and verification, and most tokens that they commit. */
    steps: count(100_000).optional(),
    maxNewTokens: count(100_000).optional(),
    /** Which law the tree shows; what its parameters call for otherwise. */
    distribution: distributionSchema.optional(),
    seed: z.number().int().nonnegative().default(0),
  })
export type TreeRequest = z.infer<typeof treeRequestSchema>
export type TreeRequestInput = z.input<typeof treeRequestSchema>

const likeliestSchema = z.array(z.object({id: z.number().int(), prob: z.number()}))

/** A drafted token against the number that was drawn: accepted where `uniform` < `acceptProb`. */
export const treeTestSchema = z.object({
  node: z.number().int().nonnegative(),
  /** Of the token, in what was left to be drawn then. */
  residualProb: z.number(),
  acceptProb: z.number(),
  uniform: z.number(),
  outcome: z.enum(['accepted', 'rejected']),
  /** What is left after a rejection: its likeliest tokens. Empty where the rule does not say. */
  residualTop: likeliestSchema,
})
export type TreeTest = z.infer<typeof treeTestSchema>

/** What happened at one node while a draft was verified. */
export const treeVerdictSchema = z.object({
  step: z.number().int().nonnegative(),
  /** Whose children were tested; null for the root of the first step. */
  node: z.number().int().nonnegative().nullable(),
  /** The nodes of `tests`. */
  tested: z.array(z.number().int().nonnegative()),
  /** One a test, in order: a node that several drafted paths share is tested once for each, until it is accepted. */
  tests: z.array(treeTestSchema),
  /** What the correction was drawn from: its likeliest tokens. Empty where a child was accepted. */
  residualTop: likeliestSchema,
  /** The token that was drawn instead; null where a child was accepted. */
  correctionId: z.number().int().nullable(),
})
export type TreeVerdict = z.infer<typeof treeVerdictSchema>

export const treeStepSchema = z.object({
  /** Drafts that were accepted; with the token of the model that follows them. */
  accepted: z.number().int(),
  committed: z.number().int(),
  drafted: z.number().int(),
  /** Tests, of which a node may have had several. */
  tested: z.number().int(),
  /** Sum of `reachProb`: what was to be expected of this drawn tree. */
  estimated: z.number(),
  endedBy: z.enum(['rejection', 'leaf', 'end', 'limit']),
})
export type TreeStep = z.infer<typeof treeStepSchema>

export const treeStatsSchema = z.object({
  steps: z.number().int(),
  /** Means are over steps. Errors are over runs, as a run's steps are not independent: null of one run. */
  acceptedMean: z.number(),
  acceptedStandardError: z.number().nullable(),
  committedMean: z.number(),
  committedStandardError: z.number().nullable(),
  estimatedMean: z.number(),
  perStep: z.array(treeStepSchema),
  /** Acceptance at a depth is accepted/reached, the steps that arrived at its parent. `tested` counts tests. */
  byDepth: z.array(
    z.object({
      depth: z.number().int(),
      drafted: z.number().int(),
      reached: z.number().int(),
      tested: z.number().int(),
      accepted: z.number().int(),
    })
  ),
  statusCounts: z.record(z.string(), z.number().int()),
  /** Runs of the models after the prompt. */
  targetCalls: z.number().int(),
  draftCalls: z.number().int(),
  /** Calls that plain decoding of the same tokens would have taken besides. */
  targetCallsSaved: z.number().int(),
})
export type TreeStats = z.infer<typeof treeStatsSchema>

/** `tree-mask`: many nodes in one run behind one cache; `paths`: each path a row of its own. */
export const treeMethodSchema = z.enum(['tree-mask', 'paths'])
export type TreeMethod = z.infer<typeof treeMethodSchema>

/** Wall-clock of a run, which no figure and no comparison looks at. */
export const treeTimingSchema = z.object({
  totalMs: z.number(),
  /** Of draft trees: what one step takes, and what that buys on this machine; it may be below 1. */
  draft: z
    .object({
      /** One run of the model for one row, and for the rows of a tree. */
      oneRowMs: z.number(),
      rowCount: z.number().int(),
      rowsMs: z.number(),
      draftMsPerStep: z.number(),
      /** committedMean · t(1) / (t(n + 1) + draft time per step). */
      speedUp: z.number(),
    })
    .nullable(),
})
export type TreeTiming = z.infer<typeof treeTimingSchema>

const draftModelSchema = provenanceSchema.pick({model: true}).extend({
  /** Of `self:LAYER`: the last layer that the draft computes. */
  exitLayer: z.number().int().nullable(),
})

/** The stream of a tree run, in order; `completed` is last unless it failed or was cancelled. */
export const treeEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'reading', 'hashing', 'prompt', 'growing', 'drafting']),
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('tokenized'),
    /** With the defaults of its strategy filled in. */
    request: treeRequestSchema,
    text: z.string(),
    promptTokenCount: z.number().int(),
    tokens: tokenTableSchema,
    turns: z.array(turnSchema),
    ...provenanceSchema.shape,
    draft: draftModelSchema.nullable(),
    distribution: distributionSchema,
    method: treeMethodSchema,
    warnings: z.array(warningSchema),
  }),
  /** New nodes, parents before children, or what is new about known ones. */
  z.object({kind: z.literal('nodes'), nodes: treeColumnsSchema}),
  z.object({kind: z.literal('verdict'), verdict: treeVerdictSchema}),
  /** A step of draft and verification is over; `ids` are what it committed. */
  z.object({kind: z.literal('step'), step: treeStepSchema, ids: z.instanceof(Int32Array)}),
  z.object({
    kind: z.literal('completed'),
    /** Nodes whose continuations were computed, and those of them that the tree did not need. */
    expandedCount: z.number().int(),
    surplusCount: z.number().int(),
    stats: treeStatsSchema.nullable(),
    warnings: z.array(warningSchema),
    timing: treeTimingSchema,
  }),
])
export type TreeEvent = z.infer<typeof treeEventSchema>

/** The result of `tree`: what the command prints, what is saved and what the page draws. */
export const treeResultSchema = z.object({
  schema: z.literal('tokenscope/tree@1'),
  request: treeRequestSchema,
  ...provenanceSchema.shape,
  draft: draftModelSchema.nullable(),
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled', 'failed']),
  timing: treeTimingSchema.optional(),
  text: z.string(),
  promptTokenCount: z.number().int(),
  turns: z.array(turnSchema).optional(),
  /** The prompt's, `completionIds` included. */
  tokens: z.array(tokenSchema),
  distribution: distributionSchema,
  method: treeMethodSchema,
  nodes: z.array(treeNodeSchema),
  verdicts: z.array(treeVerdictSchema),
  /** Null for trees of continuations. */
  stats: treeStatsSchema.nullable(),
  expandedCount: z.number().int().nullable(),
  surplusCount: z.number().int().nullable(),
  /** What the steps of a draft committed, in order. */
  completionIds: z.array(z.number().int()),
})
export type TreeResult = z.infer<typeof treeResultSchema>

/** Children of nodes of a tree that the page holds: paths are token ids after the prompt's `ids`. */
export const treeExpandRequestSchema = modelRefSchema.extend(treeLawSchema.shape).extend({
  ids: z.instanceof(Int32Array),
  paths: z.array(z.instanceof(Int32Array)).min(1).max(256),
  maxChildren: count(1000),
  /** Tokens that are listed besides, however improbable: what a person put in. */
  tokenIds: z.array(z.number().int().nonnegative()).max(64).default([]),
})
export type TreeExpandRequest = z.infer<typeof treeExpandRequestSchema>

/** What may follow one path: children by falling probability, then tokens asked for, and the rest. */
export const treeExpansionSchema = z.object({
  tokens: tokenTableSchema,
  /** NaN where the probability is 0. */
  rawLogprobs: z.instanceof(Float64Array),
  temperatureLogprobs: z.instanceof(Float64Array),
  truncatedLogprobs: z.instanceof(Float64Array),
  rawRestProb: z.number(),
  temperatureRestProb: z.number(),
  truncatedRestProb: z.number(),
  restCount: z.number().int(),
  /** The path ends the text or fills the context: nothing follows. */
  isFinished: z.boolean(),
})
export type TreeExpansion = z.infer<typeof treeExpansionSchema>

/**
 * Whether a saved tree belongs to a model and names its tokens as that does, and which vocabulary entries the texts of an imported one are.
 */
export const treeOpenRequestSchema = modelRefSchema.extend({
  /** Of the model that made the tree; null where its file does not say. */
  sha256: z.string().nullable(),
  texts: z.array(z.string().max(10_000)).max(100_000).default([]),
  /** Tokens as the file has them: each id with its bytes. */
  tokens: z
    .array(z.object({id: z.number().int().nonnegative(), bytesHex: z.string().max(100_000)}))
    .max(1_000_000)
    .default([]),
})
export const treeOpenAnswerSchema = z.object({
  ...provenanceSchema.shape,
  /** One a text; −1 where no single token is this text. */
  tokenIds: z.instanceof(Int32Array),
})
export type TreeOpenAnswer = z.infer<typeof treeOpenAnswerSchema>
