import type {ValueNormKind} from '../onnx/capture-plan.ts'
import {operandByteLength, type ScoreOperand} from './score-operand.ts'

/** Storage of queries and keys; float16 as bits, for when float32 is over the budget (error at most 2e-3). */
export type CaptureDtype = 'float32' | 'float16'
export type CapturedNumbers = Float32Array | Uint16Array

/**
 * The attention of one text: queries and keys and what is done to the scores, from which any row is
 * recomputed, or the weights themselves.
 */
export interface AttentionCapture {
  readonly dtype: CaptureDtype
  /** Positions of the text; a row is as long. */
  readonly tokenCount: number
  readonly layers: readonly CapturedLayer[]
}
export interface CapturedLayer {
  readonly layer: number
  readonly queryHeadCount: number
  /** Heads of the first site come first. */
  readonly sites: readonly CapturedSite[]
}
export interface CapturedSite {
  readonly queryHeadCount: number
  readonly attention: CapturedQueriesKeys | CapturedWeights
  readonly valueNorms: CapturedNorms | null
  readonly keysBeforeRotary: CapturedMatrix | null
}
/** Norms of value vectors [head, position]. */
export interface CapturedNorms {
  readonly kind: ValueNormKind
  /** Query heads where the norms are projected, else key-value heads. */
  readonly headCount: number
  readonly values: Float32Array
}
export interface CapturedWeights {
  readonly kind: 'weights'
  /** [query head, query, key] over all positions of the text. */
  readonly weights: Float32Array
}
export interface CapturedQueriesKeys {
  readonly kind: 'queries-keys'
  readonly keyValueHeadCount: number
  readonly size: number
  /** [query head, position, size]. */
  readonly queries: CapturedNumbers
  /** [key-value head, position, size]; null where each run has its own. */
  readonly keys: CapturedNumbers | null
  readonly runs: readonly CapturedRun[]
}
/** [head, position, size]. */
export interface CapturedMatrix {
  readonly headCount: number
  readonly size: number
  readonly values: CapturedNumbers
}
/** What one run of the model gave of a site; a long text is several runs through the KV cache. */
export interface CapturedRun {
  /** Queries [queryStart, queryEnd) of the text. */
  readonly queryStart: number
  readonly queryEnd: number
  /** Keys that its queries could see at all, cached ones included. */
  readonly keyCount: number
  /** [key-value head, key, size] of this run; null where they are those of the site. */
  readonly keys: CapturedNumbers | null
  readonly steps: readonly CapturedStep[]
  readonly sink: ScoreOperand | null
}
/** One operation on the scores `x`, its operands stored; queries count from the start of the run. */
export type CapturedStep =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: ScoreOperand}
  /** x − operand, or operand − x where `isReversed`. */
  | {readonly kind: 'sub' | 'div'; readonly operand: ScoreOperand; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}
  /** x where the condition is not 0, else `other`; the other way round where `keepsFalse`. */
  | {
      readonly kind: 'where'
      readonly condition: ScoreOperand
      readonly other: ScoreOperand
      readonly keepsFalse: boolean
    }
  /** Only keys [query + first, query + last] are seen; null is no bound. */
  | {readonly kind: 'band'; readonly first: number | null; readonly last: number}
  /** Only keys before `end` are seen. */
  | {readonly kind: 'key-count'; readonly end: number}

/** Bytes of all numbers that a capture keeps; what several layers share counts once. */
export function captureByteLength(capture: AttentionCapture): number {
  const arrays = new Set<ArrayBufferView | ScoreOperand>()
  for (const {sites} of capture.layers) {
    for (const {attention, valueNorms, keysBeforeRotary} of sites) {
      if (valueNorms) arrays.add(valueNorms.values)
      if (keysBeforeRotary) arrays.add(keysBeforeRotary.values)
      if (attention.kind === 'weights') {
        arrays.add(attention.weights)
        continue
      }
      arrays.add(attention.queries)
      if (attention.keys) arrays.add(attention.keys)
      for (const run of attention.runs) {
        if (run.keys) arrays.add(run.keys)
        for (const operand of operandsOf(run)) arrays.add(operand)
      }
    }
  }
  let sum = 0
  for (const one of arrays) sum += 'byteLength' in one ? one.byteLength : operandByteLength(one)
  return sum
}

function operandsOf({steps, sink}: CapturedRun): ScoreOperand[] {
  const operands = steps.flatMap((step) => {
    if (step.kind === 'where') return [step.condition, step.other]
    return 'operand' in step ? [step.operand] : []
  })
  return sink ? [...operands, sink] : operands
}
