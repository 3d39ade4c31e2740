import type {Problem} from '../../shared/domain/problem.ts'
import type {ByteSpan, ResolvedUnit, UnitChoice} from '../../shared/units/unit-choice.ts'
import type {PaneIndex, RunId} from './state.ts'

/** Document: the unit that scores are shown by, in every lens. */
export interface UnitState {
  readonly unit: UnitChoice
  /** By run: stretches that were drawn by hand, kept while another unit is chosen. */
  readonly drawnSpans: Readonly<Record<RunId, readonly ByteSpan[]>>
}

/** What came of looking for the matches of the unit's regular expression in a run. */
export interface MatchState {
  /** What was looked for, and in how much of the run. */
  readonly key: string
  readonly isLooking: boolean
  /** The last expression that could be used, with its matches; null before any. */
  readonly resolved: ResolvedUnit | null
  /** Why the expression as it stands could not be used. */
  readonly problem: Problem | null
  /** Said beside the matches, as that there are more than are shown. */
  readonly warning: string | null
}

/** Session: what is being found and drawn for the unit. */
export interface UnitWorkState {
  readonly matches: Readonly<Record<RunId, MatchState>>
  /** A span that is not kept yet: from where it was begun to where it reaches, both included. */
  readonly drawing: {readonly runId: RunId; readonly from: number; readonly to: number} | null
  /** The pane whose unit is being chosen. */
  readonly unitEditor: PaneIndex | null
}
