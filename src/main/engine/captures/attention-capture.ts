import type {ScoreOperand} from './score-operand.ts'

/** Storage of queries and keys; float16 as bits, for when float32 is over the budget (error at most 2e-3). */
export type CaptureDtype = 'float32' | 'float16'
export type CapturedNumbers = Float32Array | Uint16Array

/** Queries and keys of one text, and what is done to the scores: enough to recompute any attention row. */
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
  readonly keyValueHeadCount: number
  readonly size: number
  /** [query head, position, size]. */
  readonly queries: CapturedNumbers
  /** [key-value head, position, size]; null where each run has its own. */
  readonly keys: CapturedNumbers | null
  readonly runs: readonly CapturedRun[]
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
/** One operation on the scores, its operands stored. */
export type CapturedStep =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: ScoreOperand}
  | {readonly kind: 'sub' | 'div'; readonly operand: ScoreOperand; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}
  | {
      readonly kind: 'where'
      readonly condition: ScoreOperand
      readonly other: ScoreOperand
      readonly keepsFalse: boolean
    }
  /** Only keys [query + first, query + last] of the run's own count are seen; null is no bound. */
  | {readonly kind: 'band'; readonly first: number | null; readonly last: number | null}
  /** Only keys [start, end) are seen. */
  | {readonly kind: 'keys'; readonly start: number; readonly end: number}
