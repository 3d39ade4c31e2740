import type {WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'

/** Something that can be done, by key or by button. */
export interface Command {
  readonly id: string
  readonly label: string
  readonly shortcut: Shortcut
  /** Also while something is being typed. */
  readonly worksInText?: boolean
  isEnabled(state: WorkbenchState, workbench: Workbench): boolean
  run(workbench: Workbench): void
}
