import type {Problem} from '../../../shared/domain/problem.ts'
import {CapturePlanner} from './capture-planner.ts'
import type {ModelGraph, ModelStructure, ScoreAxis} from './structure.ts'

/**
 * How attention is had: `queries-keys` captures both operands of the product and what is done to the
 * scores, from which rows are recomputed (memory linear in tokens); `weights` captures what the softmax
 * gave (quadratic in tokens), the check on the first.
 */
export type CaptureRoute = 'queries-keys' | 'weights'

export interface CaptureRequest {
  /** Those to be captured, counted from 0; each once. */
  readonly layers: readonly number[]
  readonly route: CaptureRoute
  readonly wants?: CaptureWants
}
export interface CaptureWants {
  /** How much each value counts in the stream: ‖v · W_O‖ by query head. */
  readonly valueNorms?: boolean
  readonly keysBeforeRotary?: boolean
  /** The residual stream before each of the layers and after it. */
  readonly residual?: boolean
  /** The values, and what the weights make of them. */
  readonly mixing?: boolean
}

/** An instrumented graph and where in its outputs everything is. */
export interface CapturePlan {
  /** The edited copy, for `encodeOverlay`; the model's own outputs are all there, by their names. */
  readonly graph: ModelGraph
  readonly route: CaptureRoute
  /** In order of layers; layers without anything to capture are left out, and have a problem. */
  readonly layers: readonly LayerCapture[]
  /** float32 [batch, position, hidden], or [batch × position, hidden]; by layer, `layerCount` is the last. */
  readonly residual: readonly ResidualCapture[]
  /** Every graph output to be fetched for the plan, each once. */
  readonly outputs: readonly string[]
  /** What of the request cannot be had, and why. */
  readonly problems: readonly Problem[]
}

export interface LayerCapture {
  readonly layer: number
  /** Heads of the first site come first. */
  readonly sites: readonly SiteCapture[]
  readonly queryHeadCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
}

export interface SiteCapture {
  /** Under the route `queries-keys`; null under the other. */
  readonly queryKey: QueryKeyCapture | null
  /**
   * Under the route `weights`: a graph output, float32 [batch, head, position, total keys], with axes of
   * batch, heads and groups split or joined as in the graph; null under the other route.
   */
  readonly weights: string | null
  /**
   * Output, float32 [batch, head, position], new positions only, of query heads where the norms are projected, else
   * of key-value heads; null unless asked for and found.
   */
  readonly valueNorms: {readonly output: string; readonly kind: ValueNormKind} | null
  /** Output, float32 [batch, key-value head, position, size], new positions only; null likewise. */
  readonly keysBeforeRotary: string | null
  /** Outputs, float32; null unless asked for and found. */
  readonly mixing: MixingCapture | null
}
/** weights · values = mixed, by head; all positions of a run. */
export interface MixingCapture {
  /** [batch, key-value head, position, size]. */
  readonly values: string
  /** [batch, query head, position, size]. */
  readonly mixed: string
}
/**
 * `projected` is ‖v · W_O‖, which no change of basis inside the head alters; `basis-dependent` is ‖v‖, where the
 * output projection was not found.
 */
export type ValueNormKind = 'projected' | 'basis-dependent'

/** weights = softmax(steps(query · keyᵀ)) over keys; names are graph outputs. */
export interface QueryKeyCapture {
  /** float32 [batch, query head, position, size], the graph's scale applied as far as it is a constant. */
  readonly query: string
  /** float32 [batch, key-value head, position, size]. */
  readonly key: string
  /**
   * Whether `key` has all keys of a run, those in the cache as well: what it gives for an old key may change
   * from run to run. Otherwise it has the new positions, to be appended to those of the runs before.
   */
  readonly isWholeRun: boolean
  readonly steps: readonly CaptureStep[]
  readonly sink: CaptureOperand | null
}

export type CaptureOperand = {readonly kind: 'constant'; readonly value: number} | CaptureTensor
/** A graph output, float32 or bool, that broadcasts from the right to scores with the axes `axes`. */
export interface CaptureTensor {
  readonly kind: 'tensor'
  readonly output: string
  readonly axes: readonly ScoreAxis[]
}

/** {@link ScoreStep} with graph outputs in place of tensors. */
export type CaptureStep =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: CaptureOperand}
  | {readonly kind: 'sub' | 'div'; readonly operand: CaptureOperand; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}
  | {
      readonly kind: 'where'
      readonly condition: CaptureTensor
      readonly other: CaptureOperand
      readonly keepsFalse: boolean
    }
  | {readonly kind: 'causal'; readonly window: number | null; readonly alignment: 'start' | 'end'}
  /** Output int32 or int64 [batch]. */
  | {readonly kind: 'key-count'; readonly count: string; readonly added: number}
  /** Output int32 of that rank. */
  | {
      readonly kind: 'key-mask'
      readonly mask: string
      readonly rank: 1 | 2 | 3 | 4
      readonly filter: number
    }

export interface ResidualCapture {
  /** The layer that it enters; the number of layers for what leaves the last. */
  readonly layer: number
  readonly output: string
}

/**
 * Adds to a copy of the graph what a capture needs as outputs. Nothing that the model computes is changed,
 * except that fused operators are asked to hand out their weights. What cannot be had is in `problems`, and
 * the rest is captured all the same. Throws a RangeError on a layer that is not in the structure.
 */
export function planCapture(
  graph: ModelGraph,
  structure: ModelStructure,
  request: CaptureRequest
): CapturePlan {
  const planner = new CapturePlanner(graph, structure, request)
  return planner.plan()
}
