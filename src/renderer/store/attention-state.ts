import type {Problem} from '../../shared/domain/problem.ts'
import type {HeadRef} from '../../shared/lenses/attention-maps.ts'
import type {ColorSteps} from '../../shared/lenses/attention-picture.ts'
import type {RunId} from './state.ts'

/** How the heads that are shown become one matrix. */
export type AttentionAggregate =
  | 'head'
  | 'mean'
  | 'max'
  | 'value-weighted'
  | 'attention-rollout'
  | 'difference'

/** What one pane shows of the attention of its run. */
export interface AttentionShown {
  readonly layer: number
  readonly head: number
  readonly aggregate: AttentionAggregate
  /** Which heads are aggregated. */
  readonly scope: 'layer' | 'model'
  /** The head that is taken away in a difference. */
  readonly other: HeadRef
}

/** What a pane was told to show. Where no head was chosen it is the best one on its text. */
export type AttentionChoice = Omit<AttentionShown, 'layer' | 'head'> &
  (Pick<AttentionShown, 'layer' | 'head'> | {readonly layer: null; readonly head: null})

/** What of any matrix is shown; the same in every view and pane. */
export interface AttentionFilterChoice {
  /** Share of each row that is kept; 1 keeps all. */
  readonly mass: number
  readonly threshold: number
  /** Keys a row; null keeps all. */
  readonly topK: number | null
  readonly isSinkDropped: boolean
  readonly areSpecialsHidden: boolean
  readonly isWithinSentences: boolean
}

/** The part of a matrix that is seen, in tokens; ends need not be whole. */
export interface MatrixWindow {
  readonly query: number
  readonly key: number
  /** Tokens a side. */
  readonly span: number
}

/** A query and a key. */
export interface MatrixPlace {
  readonly query: number
  readonly key: number
}

/** Document: what is looked at. */
export interface AttentionState {
  /** By pane. */
  readonly attentionShown: readonly [AttentionChoice, AttentionChoice]
  readonly attentionFilters: AttentionFilterChoice
  /** End of the range of colours where it is locked; null: each picture has its own. */
  readonly attentionRange: number | null
  /** How ranges are cut into colours, in every picture. */
  readonly attentionSteps: ColorSteps
  /** By run; the whole matrix where there is none. */
  readonly attentionWindows: Readonly<Record<RunId, MatrixWindow>>
  /** By pane: heads of the layer that lines are drawn of beside the shown one, each in a colour of its own. */
  readonly attentionCompanions: readonly [readonly number[], readonly number[]]
  /** By run: the weight that is lit. */
  readonly attentionCells: Readonly<Record<RunId, MatrixPlace>>
}

/** How the attention that a pane wants stands. */
export type AttentionPhase =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'capturing'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** What a pane draws now, and what is done for what it wants. */
export interface AttentionSlot {
  /** Of the picture that is drawn; null before any. */
  readonly shownKey: string | null
  readonly phase: AttentionPhase
  /** Grows whenever tiles or lines of what is shown do. */
  readonly revision: number
  /** The picture that is wanted is not there yet. */
  readonly isBehind: boolean
}

/** Session. */
export interface AttentionWorkState {
  /** By pane. */
  readonly attentionSlots: readonly [AttentionSlot, AttentionSlot]
  /** By pane: pixels a side that the matrix has to fill; 0 before it is measured. */
  readonly attentionPlots: readonly [number, number]
  /** By run that is being written: how many of its tokens are shown. */
  readonly attentionGrowth: Readonly<Record<RunId, number>>
  /** Under the pointer. */
  readonly hoveredCell: (MatrixPlace & {readonly runId: RunId}) | null
}

export const ATTENTION_LENS = 'attention'

const FIRST_SHOWN: AttentionChoice = {
  layer: null,
  head: null,
  aggregate: 'head',
  scope: 'layer',
  other: {layer: 0, head: 1},
}

export const EVERYTHING: AttentionFilterChoice = {
  mass: 1,
  threshold: 0,
  topK: null,
  isSinkDropped: false,
  areSpecialsHidden: false,
  isWithinSentences: false,
}

export const initialAttention: AttentionState = {
  attentionShown: [FIRST_SHOWN, FIRST_SHOWN],
  attentionFilters: EVERYTHING,
  attentionRange: null,
  attentionSteps: 'square-root',
  attentionWindows: {},
  attentionCompanions: [[], []],
  attentionCells: {},
}

const EMPTY_SLOT: AttentionSlot = {
  shownKey: null,
  phase: {kind: 'idle'},
  revision: 0,
  isBehind: false,
}

export const initialAttentionWork: AttentionWorkState = {
  attentionSlots: [EMPTY_SLOT, EMPTY_SLOT],
  attentionPlots: [0, 0],
  attentionGrowth: {},
  hoveredCell: null,
}
