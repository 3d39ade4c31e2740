/**
 * How something becomes a command. Whatever a person may want by key, from the palette, from a menu of the
 * desktop or by a right click is one of these, and nothing else knows keys or menus:
 *
 * - A {@link Command} works on what is active. One file a command or a small family, listed in
 *   `registry.ts`; palette, shortcut sheet, keys and the desktop's menus are read from that list.
 * - A {@link TargetCommand} works on the thing that is pointed at: a token, a run, a model, a candidate, a
 *   value. Listed in `target-registry.ts`; context menus are read from that list, and the palette offers
 *   those of the selected token and of the active run. A thing becomes a target by `targetProps(…)` of
 *   `lenses/target.ts` on its element.
 * - What a lens walks by keys (layers, heads, tree nodes) it says in `walk` of its own `lens.ts`; see
 *   `lenses/walk.ts`. No file outside of its folder changes.
 *
 * Keys that a browser keeps for itself are refused by a test, and so are two commands with the same key
 * in the same place. A command of a `lens` goes before one of the page.
 */
import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import type {TargetKind, TargetOf} from '../lenses/target.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Shortcut} from '../ui/shortcut.ts'

/** Something that can be done: by key, from the palette, from a menu or by a button. */
export interface Command {
  readonly id: string
  /** As menus, palette and shortcut sheet name it; a function where it depends on the state (“Undo typing”). */
  readonly title: string | ((state: WorkbenchState, workbench: Workbench) => string)
  /** As the shortcut sheet names it where the title depends on the state. */
  readonly plainTitle?: string
  /** Where the menus and the shortcut sheet list it. */
  readonly group: MenuCommand['group']
  /** Said beside it in the palette: what it is about, in a few words. */
  readonly detail?: string
  /** Further words that the palette finds it by. */
  readonly keywords?: string
  readonly shortcut?: Shortcut
  /** Further keys for the same; menus show the first. */
  readonly otherShortcuts?: readonly Shortcut[]
  /** Also while something is being typed; `document`: only in text that is the workspace's own. */
  readonly worksInText?: boolean | 'document'
  /** Its key works only where this lens is in the active pane. */
  readonly lens?: string
  /** Left out of the desktop's menus and of the palette: it is done by keys alone. */
  readonly isKeyOnly?: boolean
  /** Left out of menus, palette and shortcut sheet while it cannot be done: one of several of its kind. */
  readonly isHiddenUnlessPossible?: boolean
  /** Whether it can be done now. */
  when(state: WorkbenchState, workbench: Workbench): boolean
  /** Why it cannot be done now, in a few words, for the palette: “nothing was run”. */
  whyNot?(state: WorkbenchState, workbench: Workbench): string
  run(workbench: Workbench): void
}

/** Lines are drawn between these in a context menu, in this order. */
export const TARGET_SECTIONS = ['do', 'go', 'copy', 'remove'] as const

/** Something that can be done with the thing under the pointer, or with the one that has the focus. */
export interface TargetCommand<Kind extends TargetKind = TargetKind> {
  readonly id: string
  readonly targets: Kind
  readonly section: (typeof TARGET_SECTIONS)[number]
  /** The command that does the same with what is active: its key is shown. */
  readonly like?: string
  /** As the menu names it; short, since the thing itself is in sight. */
  titleOf(target: TargetOf<Kind>, workbench: Workbench): string
  /** Left out of the menu where it is false; always offered without it. */
  when?(target: TargetOf<Kind>, workbench: Workbench): boolean
  run(workbench: Workbench, target: TargetOf<Kind>): void
}

/** The title as it reads now. */
export function titleOf(command: Command, workbench: Workbench): string {
  const {title} = command
  return typeof title === 'function' ? title(workbench.store.getState(), workbench) : title
}

/** The title whatever the state. */
export function plainTitleOf(command: Command): string {
  return command.plainTitle ?? (typeof command.title === 'string' ? command.title : command.id)
}

/** All keys of a command, the one that menus show first. */
export function shortcutsOf(command: Command): readonly Shortcut[] {
  return [...(command.shortcut ? [command.shortcut] : []), ...(command.otherShortcuts ?? [])]
}
