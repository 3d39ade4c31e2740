import type {ComponentType} from 'react'
import type {RunId} from '../store/state.ts'
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

/** A lens as the frame sees it: a tab and what stands under it. */
export interface Lens {
  readonly id: string
  readonly title: string
  /** Caption, figure and controls of the active run. */
  readonly Panel: ComponentType
  /** What the inspector says of the inspected token in this lens. */
  readonly Inspector?: ComponentType<LensInspectorProps>
  /** The dialog that writes what it shows as a file, where that is no tokens figure. */
  readonly ExportDialog?: ComponentType
  /** Ways to show the same, at the right of the tabs; the first is the one that a pane begins with. */
  readonly views?: readonly LensView[]
  /** What keys step through beside tokens, such as layers and heads. */
  readonly walk?: readonly WalkAxis[]
}
