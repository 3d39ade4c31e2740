import type {Problem} from '../../shared/domain/problem.ts'
import type {ListRow, SkippedLine} from '../../shared/prompts/parsed-list.ts'

/** Where the last rows of the list came from. */
export interface ListSource {
  readonly name: string
  /** How it was read, in words; null where an earlier version kept it. */
  readonly format: string | null
  /** Of a table: which of its columns were taken, in words. */
  readonly columns: string | null
  readonly lineCount: number
  readonly rowCount: number
  readonly skippedCount: number
  /** The first of them. */
  readonly skipped: readonly SkippedLine[]
  /** What the answers were taken from, in words; null where there are none. */
  readonly answersFrom: string | null
}

/** Document: the prompt list. */
export interface PromptListState {
  readonly listRows: readonly ListRow[]
  readonly listSource: ListSource | null
}

/** How the computing of the list stands; what came of its rows is in the captures. */
export type ListJob =
  /** With what the last job did, where it went through. */
  | {
      readonly kind: 'idle'
      readonly last?: {readonly rowCount: number; readonly elapsedMs: number}
    }
  | {
      readonly kind: 'running'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
      /** The row under way. */
      readonly rowId: string | null
    }
  | {readonly kind: 'cancelled'; readonly done: number; readonly total: number}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** Session. */
export interface ListJobState {
  readonly listJob: ListJob
  /** Grows whenever a row has a new outcome. */
  readonly listRevision: number
}

export type ListColumn =
  | 'number'
  | 'prompt'
  | 'completion'
  | 'status'
  | 'answer'
  | 'prob'
  | 'surprisal'
  | 'tokens'

export type ListStatus = 'right' | 'wrong' | 'done' | 'stale' | 'failed' | 'running' | 'waits'

/** Session: how the list is looked at. */
export interface ListViewState {
  /** Null: in the order of the list. */
  readonly listSort: {readonly column: ListColumn; readonly isDescending: boolean} | null
  readonly listFilter: string
  readonly listStatus: ListStatus | 'all'
  /** The row that keys work on. */
  readonly listFocusId: string | null
  /** Rows that are copied, exported or removed; it has the focused one. */
  readonly listSelected: ReadonlySet<string>
}
