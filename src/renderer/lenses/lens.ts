import type {ComponentType} from 'react'
import type {WalkAxis} from './walk.ts'

/** A lens as the frame sees it: a tab and what stands under it. */
export interface Lens {
  readonly id: string
  readonly title: string
  /** Caption, figure and controls of the active run. */
  readonly Panel: ComponentType
  /** Its views, at the right of the tabs. */
  readonly Views?: ComponentType
  /** What keys step through beside tokens, such as layers and heads. */
  readonly walk?: readonly WalkAxis[]
}
