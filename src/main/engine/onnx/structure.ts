import type {Problem} from '../../../shared/domain/problem.ts'
import type {OnnxModel, OnnxNode} from './schema.ts'

/**
 * A model's graph as a value: every weight of a kilobyte or more is an external reference to a range
 * of a file (`externalData` with `location` an absolute real path, `offset`, `length`), so it costs
 * what the graph costs. Read by `readModelGraph`, changed by `GraphEditor` on a copy of its own.
 */
export interface ModelGraph {
  /** The .onnx file, absolute, links resolved. */
  readonly path: string
  readonly model: OnnxModel
}

/** What of a model can be found by the structure of its graph. What could not be found is null, with a problem. */
export interface ModelStructure {
  readonly layers: readonly AttentionLayer[]
  readonly residual: ResidualStream | null
  readonly head: OutputHead | null
  readonly inputs: StructureInputs
  /** What was looked for and not found, and why; shown by `inspect`. */
  readonly problems: readonly Problem[]
}

/** Graph inputs and outputs by what they are for; names as in the graph. */
export interface StructureInputs {
  readonly inputIds: string | null
  readonly attentionMask: string | null
  readonly positionIds: string | null
  readonly useCacheBranch: string | null
  /** In order of layers; `input` is fed, `output` gives it back. */
  readonly kvCache: readonly {readonly input: string; readonly output: string}[]
}

/** All attention of one transformer block, counted from 0. Most have one site; unfused heads have many. */
export interface AttentionLayer {
  readonly layer: number
  readonly sites: readonly AttentionSite[]
  /** Over all sites; null where only a run tells. */
  readonly queryHeadCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
  /** Why nothing can be captured here: linear attention, a fused operator that hands out nothing, … */
  readonly problem: Problem | null
}

export type AttentionOperator =
  | 'softmax'
  | 'ai.onnx.Attention'
  | 'com.microsoft.GroupQueryAttention'
  | 'com.microsoft.MultiHeadAttention'
  | 'com.microsoft.DecoderMaskedMultiHeadAttention'
  | 'com.microsoft.Attention'

/** One place where attention weights come to be. */
export interface AttentionSite {
  readonly operator: AttentionOperator
  /** The Softmax, or the fused node. */
  readonly node: OnnxNode
  /**
   * Of an unfused site: the weights after the guard against rows without any key and before any cast
   * or quantization; null of a fused one.
   */
  readonly weights: string | null
  /** Queries and keys, or why they cannot be had. */
  readonly queryKey: QueryKeySource | Problem
  /** The tensor that is multiplied with the weights, and the product; null of a fused site. */
  readonly values: ValueSource | null
  /** The [heads × headSize, hidden] float matrix that takes the heads' outputs on, where it is found. */
  readonly outputProjection: string | null
}

/**
 * Both operands of the QK product as they enter it, in the graph's own layout, and the element-wise
 * way from the product to the Softmax.
 *
 * scores = steps(queryFactor · keyFactor · query · keyᵀ), weights = softmax(scores) over keys
 */
export interface QueryKeySource {
  readonly query: Operand
  /** Walked back through what repeats it for the query heads: one entry a key-value head. */
  readonly key: Operand
  readonly steps: readonly ScoreStep[]
  /** Extra weight in the Softmax's denominator that goes to no key: a learned sink, one entry a head. */
  readonly sink: ScoreOperand | null
}

/** A tensor of queries, keys or values and how to bring it to [batch, head, position, size] in float32. */
export interface Operand {
  readonly tensor: string
  /** What each axis of the tensor is; `size-of-heads` is heads × size in one axis, `batch-heads` batch × heads. */
  readonly layout: readonly OperandAxis[]
  /** Constant that it is multiplied with after it was walked back. */
  readonly factor: number
}
export type OperandAxis = 'batch' | 'head' | 'batch-heads' | 'position' | 'size' | 'heads-size'

/** Something that is added to, multiplied with or compared in the scores. */
export type ScoreOperand =
  | {readonly kind: 'constant'; readonly value: number}
  /** Broadcasts to [batch, head, query, key] from the right. */
  | {readonly kind: 'tensor'; readonly tensor: string}

/** One element-wise operation on the scores [batch, head, query, key]; `x` is the scores so far. */
export type ScoreStep =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: ScoreOperand}
  /** x − operand, or operand − x where `isReversed`. */
  | {readonly kind: 'sub' | 'div'; readonly operand: ScoreOperand; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}
  /** Where(condition, x, other), or Where(condition, other, x) where `keepsFalse`. */
  | {
      readonly kind: 'where'
      readonly condition: string
      readonly other: ScoreOperand
      readonly keepsFalse: boolean
    }
  /** Keys after the query (its absolute position) are forbidden; so are those `window` or more before it. */
  | {readonly kind: 'causal'; readonly window: number | null}
  /** Keys at or beyond the operand (one entry a batch row, or a constant) are forbidden. */
  | {readonly kind: 'key-count'; readonly count: ScoreOperand}

export interface ValueSource {
  /** One entry a key-value head, walked back like the key. */
  readonly value: Operand
  /** weights · values, [batch, head, query, size] in the graph's own layout. */
  readonly product: string
}

/** The residual stream: what every token carries from block to block. */
export interface ResidualStream {
  /**
   * `layerCount + 1` tensors [batch, position, hidden]: what enters each block, then what leaves the last
   * one, before the final norm.
   */
  readonly points: readonly ResidualPoint[]
}
export interface ResidualPoint {
  readonly tensor: string
  /**
   * Of a fused norm that does not hand out its sum: the tensors whose sum it is, to be added by a node of
   * our own; `tensor` is then the first of them.
   */
  readonly addends: readonly string[] | null
  readonly layout: 'batch-position-hidden' | 'flat-hidden'
}

/** Everything from the last residual point to the logits. */
export interface OutputHead {
  readonly logits: string
  /** Nodes on the way, in order; cloning them for another point gives its logit lens. */
  readonly nodes: readonly OnnxNode[]
  /** The final norm's output, where one is told apart from the head. */
  readonly normed: string | null
}
