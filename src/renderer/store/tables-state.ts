import type {Problem} from '../../shared/domain/problem.ts'

/** A next-token table that a view wants: which it shows now, and why it could not be had. */
export interface NextSlot {
  readonly shownKey: string | null
  readonly problem: Problem | null
}

/** The followed tokens of a pane. */
export interface TrackedSlot {
  readonly shownKey: string | null
  readonly problem: Problem | null
}

/** How a logit lens that is wanted stands. */
export type LensPhase =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'running'
      /** Positions of the text whose stream has been captured. */
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** The logit lens of a pane: which one it shows, and what is done for the one that it wants. */
export interface LensSlot {
  readonly shownKey: string | null
  readonly phase: LensPhase
}

/** Session. */
export interface LogitLensState {
  /** By pane. */
  readonly lensSlots: readonly [LensSlot, LensSlot]
  /** By pane: the row that is marked, 0 the input; null is the output. */
  readonly lensRows: readonly [number | null, number | null]
}

/** Session: tables that are fetched for what is selected. */
export interface TablesState {
  /** By pane: what may follow its locked token, as sampled. */
  readonly after: readonly [NextSlot, NextSlot]
  /** What could have stood in place of the inspected token. */
  readonly instead: NextSlot
  /** By pane. */
  readonly trackedSlots: readonly [TrackedSlot, TrackedSlot]
  readonly vocabularyRevision: number
}
