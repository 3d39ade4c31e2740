import type {Problem} from '../../shared/domain/problem.ts'
import type {TokenWindow} from '../../shared/figures/attention/graph-columns-layout.ts'
import type {GraphPart} from '../../shared/figures/attention/graph-hit.ts'
import type {ImportanceForm} from '../../shared/figures/attention/graph-words.ts'
import type {RunId} from './state.ts'

/** The view of the attention lens that shows the graph. */
export const GRAPH_VIEW = 'graph'

/** Document: how the attention graph is looked at. */
export interface GraphState {
  /** Lines of each layer at most. */
  readonly graphEdgesPerLayer: number
  /** The importance that tints the tokens. */
  readonly graphImportance: ImportanceForm
  /** By run; the whole text where there is none. */
  readonly graphWindows: Readonly<Record<RunId, TokenWindow>>
  /** By run: after how many layers the selected token is looked at; after the last where there is none. */
  readonly graphLevels: Readonly<Record<RunId, number>>
}

export const initialGraph: GraphState = {
  graphEdgesPerLayer: 6,
  graphImportance: 'position-corrected',
  graphWindows: {},
  graphLevels: {},
}

/** How something that is computed for a text stands. */
export type WorkPhase =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'running'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

export interface GraphSlot {
  /** Of the graph that is drawn; null before any. */
  readonly shownKey: string | null
  readonly phase: WorkPhase
}

/** Session. */
export interface GraphWorkState {
  /** By pane. */
  readonly graphSlots: readonly [GraphSlot, GraphSlot]
  /** By pane: pixels that columns have; 0 before it is measured. */
  readonly graphPlots: readonly [number, number]
  /** By key: how an importance that is wanted stands. */
  readonly importancePhases: Readonly<Record<string, WorkPhase>>
  /** Under the pointer. */
  readonly graphPointed: {readonly runId: RunId; readonly part: GraphPart} | null
  /** Grows whenever there is another importance. */
  readonly importanceRevision: number
}

const EMPTY_SLOT: GraphSlot = {shownKey: null, phase: {kind: 'idle'}}
export const initialGraphWork: GraphWorkState = {
  graphSlots: [EMPTY_SLOT, EMPTY_SLOT],
  graphPlots: [0, 0],
  graphPointed: null,
  importancePhases: {},
  importanceRevision: 0,
}
