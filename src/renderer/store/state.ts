import type {EngineStatus, FolderListing, LoadEvent} from '../../shared/contract/contract.ts'
import type {ModelInfo, ModelListing} from '../../shared/domain/model.ts'
import type {Problem} from '../../shared/domain/problem.ts'
import type {TrackName} from '../../shared/figures/tokens/tracks.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'

export type RunId = string

/** How far a run has come; numbers in the unit of its phase, seconds an upper estimate. */
export interface RunProgress {
  readonly phase: 'loading' | 'prompt' | 'generating'
  readonly done: number
  readonly total: number
  readonly secondsLeft: number | null
}

/**
 * `kept`: only its request is known, from an earlier visit. `offered`: it would take long, so it
 * waits to be asked for. The last three are ends; what came before them stays on the screen.
 */
export type RunPhase =
  | {readonly kind: 'kept'}
  | {readonly kind: 'offered'; readonly seconds: number}
  | {readonly kind: 'running'; readonly progress: RunProgress | null}
  | {readonly kind: 'completed'}
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** A run as the history lists it; its arrays are in the captures under its id. */
export interface RunRecord {
  readonly id: RunId
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly request: TokensRequest
  readonly modelName: string
  readonly label: string
  readonly phase: RunPhase
  /** Grows whenever its arrays do. */
  readonly revision: number
  readonly tokenCount: number | null
  /** Followed without having been chosen: the likeliest next tokens when it was done. */
  readonly suggestedTrack: readonly number[] | null
}

export interface ConnectionState {
  readonly connection: 'connecting' | 'connected' | 'lost'
  readonly status: EngineStatus | null
  /** The last time the engine ended: why, as in “the engine was killed”, and whether it runs again. */
  readonly engineStop: {readonly reason: string; readonly isRunningAgain: boolean} | null
  /** The engine still works on something that was cancelled a second ago and cannot be left. */
  readonly isFinishing: boolean
  /** Milliseconds from the page's start to its first connection. */
  readonly connectedAfterMs: number | null
}

export type LoadStage = Extract<LoadEvent, {kind: 'stage'}>

export interface ModelsState {
  readonly listings: readonly ModelListing[]
  readonly areListingsKnown: boolean
  /** Path of the model that Run uses. */
  readonly activeModelPath: string | null
  /** By path: loads under way, null before their first event. */
  readonly loads: Readonly<Record<string, LoadStage | null>>
  /** By path. */
  readonly loadProblems: Readonly<Record<string, Problem>>
  /** The problem that the centre shows instead of a lens. */
  readonly shownProblemPath: string | null
}

export interface PromptState {
  readonly promptText: string
  readonly systemText: string
  readonly isChat: boolean
  /** Tokens of the prompt as it stands; null while unknown. */
  readonly promptTokenCount: number | null
  readonly contextLength: number | null
}

export interface RunsState {
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  readonly activeRunId: RunId | null
}

export interface SelectionState {
  readonly hovered: number | null
  readonly locked: number | null
}

export type ThemeChoice = 'light' | 'dark' | 'system'

export interface Settings {
  readonly theme: ThemeChoice
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly generateCount: number
  readonly isSampled: boolean
  readonly seed: number
  readonly tracks: readonly TrackName[]
  readonly stripTrack: TrackName
  readonly isTableShown: boolean
  /** By model reference: tokens chosen to be followed. */
  readonly tracked: Readonly<Record<string, readonly number[]>>
}

/** A next-token table that a view wants: which it shows now, and why it could not be had. */
export interface NextSlot {
  readonly shownKey: string | null
  readonly problem: Problem | null
}

export interface TablesState {
  /** What may follow the locked token, as sampled; and what could have stood in place of the
   * inspected token. */
  readonly next: {readonly after: NextSlot; readonly instead: NextSlot}
  /** Key of the tracked columns that are shown. */
  readonly trackedShownKey: string | null
  readonly trackedProblem: Problem | null
  readonly vocabularyRevision: number
}

/** The folder chooser: where it is, what is there, and what went wrong. */
export interface FolderState {
  readonly listing: FolderListing | null
  readonly isReading: boolean
  readonly problem: Problem | null
}

export interface WindowState {
  readonly dialog: 'folder' | 'export' | null
  /** Said at the top of the folder chooser. */
  readonly dialogNote: string | null
  readonly folder: FolderState
  /** A line of feedback in the job line, such as "copied 0.83". */
  readonly notice: string | null
  /** Below 1,200 px: the side pane that is open over the figure. */
  readonly drawer: 'left' | 'right' | null
}

export interface WorkbenchState
  extends ConnectionState,
    ModelsState,
    PromptState,
    RunsState,
    SelectionState,
    TablesState,
    WindowState {
  readonly settings: Settings
}

export type {EngineStatus, ModelInfo, ModelListing, Problem}
