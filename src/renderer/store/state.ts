import type {EngineStatus, FolderListing, LoadEvent} from '../../shared/contract/contract.ts'
import type {ModelInfo, ModelListing} from '../../shared/domain/model.ts'
import type {Preferences} from '../../shared/domain/preferences.ts'
import type {Problem} from '../../shared/domain/problem.ts'
import type {TrackName} from '../../shared/figures/tokens/tracks.ts'
import type {Message, TokensRequest} from '../../shared/lenses/tokens.ts'
import type {LinkData} from '../../shared/links/link-data.ts'
import type {GraphState, GraphWorkState} from './attention-graph-state.ts'
import type {AttentionHeadsState} from './attention-heads.ts'
import type {AttentionLinesState} from './attention-lines.ts'
import type {AttentionOverviewState} from './attention-overview.ts'
import type {PruneState} from './attention-prune.ts'
import type {SimilarState} from './attention-similar.ts'
import type {AttentionState, AttentionWorkState} from './attention-state.ts'
import type {AttentionTrialsState} from './attention-trials.ts'
import type {AttributionState, AttributionWorkState} from './attribution-state.ts'
import type {CriticalState, CriticalWorkState} from './critical-state.ts'
import type {HeadLabelsState, HeadLabelsWorkState} from './head-labels.ts'
import type {NextBytesState, NextBytesWorkState} from './next-bytes.ts'
import type {ListJobState, ListViewState, PromptListState} from './prompt-list-state.ts'
import type {SamplesState} from './samples.ts'
import type {LogitLensState, TablesState} from './tables-state.ts'
import type {TokenizersState, TokenizersWorkState} from './tokenizers-state.ts'
import type {TreeState, TreeWorkState} from './tree-state.ts'
import type {UnitState, UnitWorkState} from './unit-state.ts'

export type {ListRow, SkippedLine} from '../../shared/prompts/parsed-list.ts'

export type RunId = string

/** How far a run has come; numbers in the unit of its phase, seconds an upper estimate. */
export interface RunProgress {
  readonly phase: 'loading' | 'prompt' | 'generating' | 'capturing'
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

/** A run as the workspace keeps it: what was asked. What came of it is its {@link RunState}. */
export interface RunEntry {
  readonly id: RunId
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly request: TokensRequest
  readonly modelName: string
  readonly label: string
  /** Of a run that came with a link: the model that it was made with there. */
  readonly linked?: {readonly id: string; readonly sha256: string}
}

/** What came of a run; its arrays are in the captures under its id. */
export interface RunState {
  readonly phase: RunPhase
  /** Grows whenever its arrays do. */
  readonly revision: number
  readonly tokenCount: number | null
  /** Followed without having been chosen: the likeliest next tokens when it was done. */
  readonly suggestedTrack: readonly number[] | null
}

export type RunRecord = RunEntry & RunState

export interface ConnectionState {
  readonly connection: 'connecting' | 'connected' | 'lost'
  readonly status: EngineStatus | null
  /**
   * The last time the engine ended: why, as in “the engine was killed”, whether it runs again, and
   * whether it was looked for and nobody was found.
   */
  readonly engineStop: {
    readonly reason: string
    readonly isRunningAgain: boolean
    readonly isHostMissing: boolean
  } | null
  /** The engine still works on something that was cancelled a second ago and cannot be left. */
  readonly isFinishing: boolean
  /** Milliseconds from the page's start to its first connection. */
  readonly connectedAfterMs: number | null
}

export type LoadStage = Extract<LoadEvent, {kind: 'stage'}>

/** Document: the model that Run uses. */
export interface ChosenModelState {
  /** Path of the model that Run uses. */
  readonly activeModelPath: string | null
  /** Which of its model files, relative to that; null for its default. */
  readonly activeModelFile: string | null
}

/** Session: the models that are there. */
export interface ModelsState {
  readonly listings: readonly ModelListing[]
  readonly areListingsKnown: boolean
  /** By path: loads under way, null before their first event. */
  readonly loads: Readonly<Record<string, LoadStage | null>>
  /** By path. */
  readonly loadProblems: Readonly<Record<string, Problem>>
  /** The problem that the centre shows instead of a lens. */
  readonly shownProblemPath: string | null
}

/** Document: what is typed. */
export interface PromptState {
  readonly promptText: string
  /** The chat's turns, where the prompt is one. */
  readonly turns: readonly Message[]
  readonly isChat: boolean
}

/** Session: what is known of what is typed. */
export interface PromptFactsState {
  /** Tokens of the prompt as it stands; null while unknown. */
  readonly promptTokenCount: number | null
  readonly contextLength: number | null
}

/** Document: what was asked. */
export interface RunsState {
  /** Newest first. */
  readonly runs: readonly RunEntry[]
}

/** Session: what came of what was asked. */
export interface RunStatesState {
  readonly runStates: Readonly<Record<RunId, RunState>>
}

/** One half of the centre: a lens on a run. */
export interface Pane {
  readonly lensId: string
  readonly runId: RunId | null
  /** The lens's own name of how it shows it; null where nothing else than its first was chosen. */
  readonly view: string | null
}

export type PaneIndex = 0 | 1

/** Document: the lenses that stand side by side. */
export interface PanesState {
  /** One or two, from left to right. */
  readonly panes: readonly Pane[]
  /** The one that keys, strip and inspector belong to. */
  readonly activePane: PaneIndex
}

/** A thing that stays marked: one token, or a pair of them (as of an attention edge). */
export type Pin =
  | {readonly kind: 'token'; readonly position: number}
  | {readonly kind: 'pair'; readonly from: number; readonly to: number}

/** Document: what is held. */
export interface SelectionState {
  /** By run: the locked position, null where it was let go; a run without one has its prompt's end locked. */
  readonly locks: Readonly<Record<RunId, number | null>>
  /** By run, in the order in which they were pinned. */
  readonly pins: Readonly<Record<RunId, readonly Pin[]>>
}

/** A token of a run. */
export interface TokenPlace {
  readonly runId: RunId
  readonly position: number
}

/** Session: what the pointer is on. */
export interface HoverState {
  readonly hovered: TokenPlace | null
}

/** What the token card tells about: a token of a run, or an entry of its model's vocabulary. */
export type CardTarget =
  | {readonly kind: 'place'; readonly runId: RunId; readonly position: number}
  | {readonly kind: 'entry'; readonly runId: RunId; readonly tokenId: number}

/** Session. */
export interface CardState {
  readonly card: CardTarget | null
}

export type ThemeChoice = Preferences['theme']

/** Sampling, tracks and whatever else a lens is asked with. */
export interface Parameters {
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly generateCount: number
  readonly isSampled: boolean
  readonly seed: number
  readonly tracks: readonly TrackName[]
  readonly stripTrack: TrackName
  /** By model reference: tokens chosen to be followed. */
  readonly tracked: Readonly<Record<string, readonly number[]>>
}

/** Document. */
export interface ParametersState {
  readonly parameters: Parameters
}

/** Preference. */
export interface PreferencesState {
  readonly preferences: Preferences
}

/** Session: what was wrong with the preferences on disk, until it has been read. */
export interface PreferencesProblemState {
  readonly preferencesProblem: Problem | null
}

/** The folder chooser: where it is, what is there, and what went wrong. */
export interface FolderState {
  readonly listing: FolderListing | null
  readonly isReading: boolean
  readonly problem: Problem | null
}

/** What stands over the page; one at a time. */
export type DialogName =
  | 'folder'
  | 'export'
  | 'palette'
  | 'shortcuts'
  | 'settings'
  | 'log'
  | 'definitions'
  | 'link'
  | 'open-problem'
  | 'jump'
  | 'import-prompts'
  | 'model-card'
  | 'inspect'

/** What a notice offers to do, such as taking back what it tells. */
export interface NoticeAction {
  readonly title: string
  run(): void
}

export interface WindowState {
  readonly dialog: DialogName | null
  /** What it was opened for: words over the folder chooser, the definition or the model of the card. */
  readonly dialogNote: string | null
  readonly folder: FolderState
  /** A line of feedback in the job line, such as "copied 0.83". */
  readonly notice: string | null
  readonly noticeAction: NoticeAction | null
  /** The run of the history whose label is being typed. */
  readonly renamingRunId: RunId | null
  /** Where a side pane is a rail: the one that is open over the figure. */
  readonly drawer: Side | null
}

export type Side = 'left' | 'right'

/** What a person has set of the frame; widths in pixels of the interface at its usual text size. */
export interface FrameSizes {
  readonly leftPx: number
  readonly rightPx: number
  /** The first lens's share of the room that two have. */
  readonly splitShare: number
  readonly isLeftCollapsed: boolean
  readonly isRightCollapsed: boolean
}

/** Session: how the window is divided; a new window begins with what was last used in any. */
export interface FrameState {
  readonly frame: FrameSizes
  /** The window's inner size, in the same pixels. */
  readonly viewport: {readonly widthPx: number; readonly heightPx: number}
}

/** Session: links that could not be opened at once. */
export interface LinksState {
  readonly linkProblem: Problem | null
  /** One whose model is not there yet. */
  readonly waitingLink: LinkData | null
  /** One is to be opened as soon as the page has what it starts with. */
  readonly isLinkComing: boolean
  /** Why something that was dropped or chosen cannot be opened. */
  readonly openProblem: Problem | null
}

/** A change of the document that can be taken back. */
export interface UndoStep {
  /** What was done, as in “Undo typing”. */
  readonly what: string
  /** The document before it (of `past`) or after it (of `future`). */
  readonly document: DocumentState
  /** Changes in a row with the same key are one step. */
  readonly merge: string | null
  readonly at: number
}

/** Session. */
export interface UndoState {
  readonly past: readonly UndoStep[]
  readonly future: readonly UndoStep[]
}

/** A place to come back to: what stood side by side, and the lock of the active run. */
export interface View {
  /** Grows from view to view; the page's own history knows a view by it. */
  readonly id: number
  readonly panes: readonly Pane[]
  readonly activePane: PaneIndex
  readonly locked: number | null | undefined
}

/** Session: the views that Back and Forward walk through. */
export interface ViewsState {
  readonly views: readonly View[]
  readonly viewIndex: number
}

/** A text too large for the prompt, which was pasted or dropped. Its words are not in the state. */
export interface RefusedText {
  readonly problem: Problem
  /** What may be put in instead is at most so many tokens; null where that is not known. */
  readonly roomCount: number | null
  readonly isCutting: boolean
}

/** Session: what stands open around the prompt. */
export interface PromptToolsState {
  readonly isFindOpen: boolean
  /** What the dialog for prompt lists begins with, such as a file that was dropped. */
  readonly importSource: {readonly name: string; readonly text: string | File} | null
  readonly refusedText: RefusedText | null
  /** What became of the line ends of the last paste, in words. */
  readonly lineEndNote: string | null
}

/** What a workspace is; every change of it can be undone. */
export interface DocumentState
  extends ChosenModelState,
    PromptState,
    PromptListState,
    ParametersState,
    RunsState,
    PanesState,
    SelectionState,
    NextBytesState,
    UnitState,
    AttentionState,
    GraphState,
    HeadLabelsState,
    AttributionState,
    CriticalState,
    TokenizersState,
    TreeState {}

/** What a visit has beside the document. */
export interface SessionState
  extends ConnectionState,
    ModelsState,
    PromptFactsState,
    PromptToolsState,
    ListJobState,
    ListViewState,
    RunStatesState,
    HoverState,
    UnitWorkState,
    CardState,
    TablesState,
    LogitLensState,
    NextBytesWorkState,
    AttentionWorkState,
    GraphWorkState,
    PruneState,
    SimilarState,
    AttentionHeadsState,
    HeadLabelsWorkState,
    AttentionLinesState,
    AttentionOverviewState,
    AttentionTrialsState,
    TreeWorkState,
    SamplesState,
    AttributionWorkState,
    CriticalWorkState,
    TokenizersWorkState,
    UndoState,
    ViewsState,
    PreferencesProblemState,
    LinksState,
    FrameState,
    WindowState {}

export interface WorkbenchState extends DocumentState, SessionState, PreferencesState {}

export type {EngineStatus, ModelInfo, ModelListing, Problem}
