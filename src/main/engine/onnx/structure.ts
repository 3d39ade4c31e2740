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
  readonly blocksWithoutAttention: readonly BlockWithoutAttention[]
  readonly inputs: StructureInputs
  /** What was looked for and not found, and why; shown by `inspect`. */
  readonly problems: readonly Problem[]
}

/** A block of the stream that mixes tokens without attention: no layer counts it. */
export interface BlockWithoutAttention {
  readonly node: OnnxNode
  /** The last layer before it; −1 before the first one. */
  readonly afterLayer: number
}

/** Graph inputs and outputs by what they are for; names as in the graph. */
export interface StructureInputs {
  readonly inputIds: string | null
  readonly attentionMask: string | null
  /** The mask is numbers that are added to the scores, 0 where a key may be seen; others hold 1 there. */
  readonly isMaskAdded: boolean
  /** Of each token of the run: [batch, position]. */
  readonly positionIds: string | null
  /** The same without a batch: [position]. */
  readonly cachePosition: string | null
  readonly tokenTypeIds: string | null
  readonly useCacheBranch: string | null
  readonly counts: readonly CountInput[]
  /** In order of layers. */
  readonly kvCache: readonly CacheTensor[]
}

/** An input of one whole number. */
export interface CountInput {
  readonly input: string
  /**
   * What it is: positions before this run, positions with those of this run, the last of these, or logits
   * that are wanted (0 asks for every position's).
   */
  readonly counts: 'past' | 'keys' | 'last-key' | 'rows'
}

/** A tensor of the KV cache: `input` is fed, `output` gives it back, longer along `axis` where that is known. */
export interface CacheTensor {
  readonly input: string
  readonly output: string
  readonly axis: number | null
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
  /** Axes of `weights` in the order batch, heads, query, key; null where they are in this order. */
  readonly weightsOrder: readonly number[] | null
  /** Queries and keys, or why they cannot be had. */
  readonly queryKey: QueryKeySource | Problem
  /** The tensor that is multiplied with the weights, and the product; null where it is not found. */
  readonly values: ValueSource | null
  /** What takes the heads' outputs on, where it is found as a matrix of a storage that is understood. */
  readonly outputProjection: OutputProjection | null
}

/**
 * Both operands of the QK product as they enter it, in the graph's own layout, and the element-wise
 * way from the product to the Softmax.
 *
 * scores = steps(query.factor · key.factor · query · keyᵀ), weights = softmax(scores) over keys
 */
export interface QueryKeySource {
  readonly query: Operand
  /** Walked back through what repeats it for the query heads: one entry a key-value head. */
  readonly key: Operand
  readonly steps: readonly ScoreStep[]
  /** Extra scores in the Softmax that belong to no key: a learned sink. */
  readonly sink: ScoreOperand | null
}

/**
 * A tensor of queries, keys or values and how to bring it to [batch, head, position, size] in float32:
 * first `preparation`, step by step, then the axes of `layout`, then times `factor`.
 */
export interface Operand {
  readonly tensor: string
  /** What is done to the tensor, by nodes of our own, to get what enters the product; mostly nothing. */
  readonly preparation: readonly OperandStep[]
  /** What each axis of the prepared tensor is; axes that are not named have length 1. */
  readonly layout: readonly OperandAxis[]
  /** Constant that it is multiplied with after it was walked back. */
  readonly factor: number
}
/**
 * `head` counts query heads of queries and key-value heads of keys and values, unless `group` stands
 * beside it: then `head` counts key-value heads and `group` the query heads that share one.
 * `heads-size` is heads × size in one axis, `batch-heads` batch × heads.
 */
export type OperandAxis =
  | 'batch'
  | 'head'
  | 'group'
  | 'batch-heads'
  | 'position'
  | 'size'
  | 'heads-size'

/** What a fused operator does to an operand before the product, restated; `tensor` is the operand so far. */
export type OperandStep =
  /** tensor · columns [start, end) of the matrix `weights`, over the last axis. */
  | {
      readonly kind: 'project'
      readonly weights: string
      readonly start: number
      readonly end: number
    }
  /** Columns [start, end) of the last axis. */
  | {readonly kind: 'columns'; readonly start: number; readonly end: number}
  /** Entries [start, end) of a vector are added along the last axis. */
  | {readonly kind: 'bias'; readonly tensor: string; readonly start: number; readonly end: number}
  /** Entry `index` of `axis`, which goes away. */
  | {readonly kind: 'entry'; readonly axis: number; readonly index: number}
  /** Entries [start, end) of `axis`. */
  | {
      readonly kind: 'range'
      readonly axis: number
      readonly start: number
      readonly end: number
    }
  /** Entries 0, `step`, 2 · `step`, … of `axis`: those between are the same. */
  | {readonly kind: 'every'; readonly axis: number; readonly step: number}
  /** [batch, position, heads × size] to [batch, head, position, size]. */
  | {readonly kind: 'split-heads'; readonly headCount: number}
  /** RMS norm over size, of [batch, head, position, size]. */
  | {readonly kind: 'rms-norm'; readonly weight: string; readonly epsilon: number}
  /**
   * com.microsoft RotaryEmbedding of [batch, head, position, size] with tables [positions, size / 2], at
   * the positions in `positions` [batch, position]; where that is null, at the last ones of `total` keys (a
   * tensor with one entry), or from 0 on where that is null too.
   */
  | {
      readonly kind: 'rotary'
      readonly cos: string
      readonly sin: string
      readonly isInterleaved: boolean
      readonly positions: string | null
      readonly total: string | null
    }
  /** The cached ones before this run come first, along the positions of [batch, head, position, size]. */
  | {readonly kind: 'after-past'; readonly past: string}
  /** Rounded to 8 bits and back: QuantizeLinear and DequantizeLinear with these. */
  | {readonly kind: 'quantize'; readonly scale: string; readonly zeroPoint: string | null}

/** What each axis of the scores is at one step. Axes that are not named have length 1. */
export type ScoreAxis = 'batch' | 'head' | 'group' | 'batch-heads' | 'query' | 'key'

/** Something that is added to, multiplied with or compared in the scores. */
export type ScoreOperand = {readonly kind: 'constant'; readonly value: number} | ScoreTensor
/** Broadcasts, from the right, to scores that have the axes `axes`; a sink has the axes it names alone. */
export interface ScoreTensor {
  readonly kind: 'tensor'
  readonly tensor: string
  readonly axes: readonly ScoreAxis[]
}

/** One element-wise operation on the scores [batch, head, query, key]; `x` is the scores so far. */
export type ScoreStep =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: ScoreOperand}
  /** x − operand, or operand − x where `isReversed`. */
  | {readonly kind: 'sub' | 'div'; readonly operand: ScoreOperand; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}
  /** Where(condition, x, other), or Where(condition, other, x) where `keepsFalse`. */
  | {
      readonly kind: 'where'
      readonly condition: ScoreTensor
      readonly other: ScoreOperand
      readonly keepsFalse: boolean
    }
  /**
   * Keys after the query are forbidden; so are those `window` or more before it. The last query stands at
   * the last key where `alignment` is `end`, the first query at the first key where it is `start`.
   */
  | {readonly kind: 'causal'; readonly window: number | null; readonly alignment: 'start' | 'end'}
  /** Keys at or beyond `count` + `added` (`count` has one entry a batch row) are forbidden. */
  | {readonly kind: 'key-count'; readonly count: string; readonly added: number}
  /**
   * The mask input of the com.microsoft operators, by its rank: 1 [batch] valid lengths, or [2 × batch]
   * ends and then starts; 2 [batch, key]; 3 [batch, query, key]; 4 [batch, 1, max, max] of which rows from
   * the past's length on are taken. `filter` is added where it forbids (0, or beyond a length).
   */
  | {
      readonly kind: 'key-mask'
      readonly mask: string
      readonly rank: 1 | 2 | 3 | 4
      readonly filter: number
    }

export interface ValueSource {
  /** One entry a key-value head, walked back like the key. */
  readonly value: Operand
  /** weights · values in the graph's own layout; of a fused site, what its node gives. */
  readonly product: string
  readonly productLayout: readonly OperandAxis[]
}

/** A constant matrix [heads × size, hidden], or its transpose, as the file stores it. */
export interface OutputProjection {
  /** What is stored: numbers, levels or packed bytes. */
  readonly tensor: string
  readonly isTransposed: boolean
  /** Heads × size. */
  readonly inputLength: number
  /** Hidden. */
  readonly width: number
  readonly storage: MatrixStorage
}
export type MatrixStorage =
  | {readonly kind: 'floats'}
  /** 8-bit levels: (level − zero point) · scale, both one number or one a hidden entry. */
  | {readonly kind: 'levels'; readonly scale: string; readonly zeroPoint: string | null}
  /** Packed levels of com.microsoft MatMulNBits. */
  | {
      readonly kind: 'blocks'
      readonly bits: number
      readonly blockSize: number
      readonly scales: string
      readonly zeroPoints: string | null
      readonly groups: string | null
    }
  /** Packed 4-bit codes of com.microsoft MatMulBnb4. */
  | {
      readonly kind: 'codes'
      readonly code: 'fp4' | 'nf4'
      readonly blockSize: number
      readonly scales: string
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
