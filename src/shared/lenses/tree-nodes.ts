import {z} from 'zod'
import {tokenTableSchema} from '../domain/token.ts'

/** What a node is in its tree. Most nodes of a draft are `untested`, which is not `rejected`. */
export const treeStatusSchema = z.enum([
  'open',
  'expanded',
  'finished',
  'pruned',
  'accepted',
  'rejected',
  'untested',
  'correction',
  'bonus',
])
export type TreeStatus = z.infer<typeof treeStatusSchema>

/** Who proposed a node: the model itself, a draft model, an early exit, a trie, a matrix, or a person. */
export const treeOriginSchema = z.enum([
  'model',
  'draft',
  'layer',
  'trie',
  'matrix',
  'edited',
  'imported',
])
export type TreeOrigin = z.infer<typeof treeOriginSchema>

const number = z.number().nullable()

/**
 * One token of a tree, as results and files hold it. What does not apply is null. Log-probabilities are
 * natural; null where the probability is 0.
 */
export const treeTokenNodeSchema = z.object({
  id: z.number().int().nonnegative(),
  /** Of a draft: which step drafted it, from 0. 0 in trees of continuations. */
  step: z.number().int().nonnegative(),
  /** Null for what follows the prompt directly. */
  parent: z.number().int().nonnegative().nullable(),
  /** 1 is the first token after the root of its step. */
  depth: z.number().int().positive(),
  /** Among siblings: the order of drawing, or by falling probability. */
  order: z.number().int().nonnegative(),
  tokenId: z.number().int().nonnegative(),
  bytesHex: z.string(),
  text: z.string(),
  /** Under the result's `distribution`, of the token given its path, and of the path given the root. */
  logprob: number,
  pathLogprob: number,
  /** Of the token given its path, at temperature 1, at the temperature, and truncated besides. */
  rawLogprob: number,
  temperatureLogprob: number,
  truncatedLogprob: number,
  /** Truncation takes it out. */
  cut: z.boolean(),
  /** Of the draft, given the path. */
  draftProb: number,
  /** Its law when it was drawn: earlier siblings removed where they were. */
  usedProb: number,
  /** Product of `draftProb` along the path. */
  jointDraftProb: number,
  /** What it was chosen by: joint probability, a beam's score, a draft's estimate of acceptance. */
  value: number,
  /** Stochastic beams: the perturbed log-probability of its path. */
  perturbed: number,
  /** Drafted paths that share it. */
  multiplicity: number,
  /** Sampled runs that went through it. */
  visits: number,
  /** Of the target, after temperature and truncation. */
  targetProb: number,
  /** In the residual at the moment of its test; its chance of passing it; the number that was drawn. */
  residualProb: number,
  acceptProb: number,
  uniform: number,
  /** Probability that it is accepted, given this drawn tree: their sum is the estimate of a step. */
  reachProb: number,
  origin: treeOriginSchema,
  status: treeStatusSchema,
})
export type TreeTokenNode = z.infer<typeof treeTokenNodeSchema>

/** All other tokens at a node, so that children sum to 1 under the result's `distribution`. */
export const treeRestNodeSchema = z.object({
  id: z.number().int().nonnegative(),
  parent: z.number().int().nonnegative().nullable(),
  tokenId: z.null(),
  restProb: z.number(),
  rawRestProb: z.number(),
  temperatureRestProb: z.number(),
  truncatedRestProb: z.number(),
  /** Tokens of the vocabulary that it stands for. */
  restCount: z.number().int(),
})
export type TreeRestNode = z.infer<typeof treeRestNodeSchema>

export const treeNodeSchema = z.union([treeTokenNodeSchema, treeRestNodeSchema])
export type TreeNode = z.infer<typeof treeNodeSchema>

/** Columns of whole numbers, and of numbers that are NaN where they do not apply. */
export const TREE_WHOLE_COLUMNS = ['step', 'depth', 'order'] as const
export const TREE_NUMBER_COLUMNS = [
  'rawLogprob',
  'temperatureLogprob',
  'truncatedLogprob',
  'logprob',
  'pathLogprob',
  'draftProb',
  'usedProb',
  'jointDraftProb',
  'value',
  'perturbed',
  'multiplicity',
  'visits',
  'targetProb',
  'residualProb',
  'acceptProb',
  'uniform',
  'reachProb',
] as const
/** Of rests; NaN for tokens. */
export const TREE_REST_COLUMNS = [
  'restProb',
  'rawRestProb',
  'temperatureRestProb',
  'truncatedRestProb',
  'restCount',
] as const

const whole = z.instanceof(Int32Array)
const numbers = z.instanceof(Float64Array)

/**
 * Nodes as columns, the form in which they cross the contract: one entry a node in each. A node whose id
 * came before replaces what was known of it.
 */
export const treeColumnsSchema = z.object({
  ids: z.instanceof(Int32Array),
  /** −1 for what follows the prompt directly. */
  parents: z.instanceof(Int32Array),
  /** A rest has an entry too, which says nothing. */
  tokens: tokenTableSchema,
  /** Bit 0: a rest. Bit 1: cut. */
  flags: z.instanceof(Uint8Array),
  /** Places in `treeOriginSchema` and `treeStatusSchema`. */
  origins: z.instanceof(Uint8Array),
  statuses: z.instanceof(Uint8Array),
  step: whole,
  depth: whole,
  order: whole,
  rawLogprob: numbers,
  temperatureLogprob: numbers,
  truncatedLogprob: numbers,
  logprob: numbers,
  pathLogprob: numbers,
  draftProb: numbers,
  usedProb: numbers,
  jointDraftProb: numbers,
  value: numbers,
  perturbed: numbers,
  multiplicity: numbers,
  visits: numbers,
  targetProb: numbers,
  residualProb: numbers,
  acceptProb: numbers,
  uniform: numbers,
  reachProb: numbers,
  restProb: numbers,
  rawRestProb: numbers,
  temperatureRestProb: numbers,
  truncatedRestProb: numbers,
  restCount: numbers,
})
export type TreeColumns = z.infer<typeof treeColumnsSchema>
