import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'

/** Something that can be done: by key, from the palette, from a menu or by a button. */
export interface Command {
  readonly id: string
  /** As menus, palette and shortcut sheet name it. */
  readonly title: string
  /** Where the menus and the shortcut sheet list it. */
  readonly group: MenuCommand['group']
  readonly shortcut?: Shortcut
  /** Also while something is being typed. */
  readonly worksInText?: boolean
  /** Whether it can be done now. */
  when(state: WorkbenchState, workbench: Workbench): boolean
  run(workbench: Workbench): void
}
