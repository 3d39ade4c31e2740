import type {ComponentType} from 'react'
import type {RunId, WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {WalkAxis} from './walk.ts'

/** One of the ways in which a lens shows what it has. */
export interface LensView {
  readonly id: string
  readonly title: string
}

/** The token that is inspected, which may be of another run than the pane's. */
export interface LensInspectorProps {
  readonly runId: RunId
  readonly position: number
}

/** What a lens says of each token, in place of the strip's own track. */
export interface LensTrack {
  readonly label: string
  /** Its values are of this run. */
  readonly runId: RunId
  /** Null for a token that has no value. */
  valueAt(position: number): {
    readonly text: string
    /** Height of its bar, 0 to 1. */
    readonly share: number
    /** A colour of the page's theme, by its CSS variable. */
    readonly ground: string
  } | null
}

/** A lens as the frame sees it: a tab and what stands under it. */
export interface Lens {
  readonly id: string
  readonly title: string
  /** Caption, figure and controls of the active run. */
  readonly Panel: ComponentType
  /** What the inspector says of the inspected token in this lens. */
  readonly Inspector?: ComponentType<LensInspectorProps>
  /** It is about a text and needs no run: its panel stands whether anything was run or not. */
  readonly needsNoRun?: boolean
  /** What the inspector shows in place of a token while this lens is in the active pane. */
  readonly WholeInspector?: ComponentType
  /** That stands before what is known of the token, since the lens selects other things. */
  readonly isInspectorFirst?: boolean
  /** The dialog that writes what it shows as a file, where that is no tokens figure. */
  readonly ExportDialog?: ComponentType
  /** Ways to show the same, at the right of the tabs; the first is the one that a pane begins with. */
  readonly views?: readonly LensView[]
  /** What the strip shows while this lens is in the active pane; the same object while nothing has changed. */
  readonly track?: (state: WorkbenchState, workbench: Workbench) => LensTrack | null
  /** What keys step through beside tokens, such as layers and heads. */
  readonly walk?: readonly WalkAxis[]
}
