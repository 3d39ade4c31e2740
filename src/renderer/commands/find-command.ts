import {selectPane} from '../store/panes.ts'
import type {Workbench} from '../store/workbench.ts'
import {matchesShortcut} from '../ui/shortcut.ts'
import {type Command, shortcutsOf} from './command.ts'

/** Where the key is pressed: in nothing that takes keys, in the workspace's own text, or in other text or a control. */
export type KeyPlace = 'page' | 'document-text' | 'other-text'

export interface FoundCommand {
  readonly command: Command
  /** It can be done now. */
  readonly isEnabled: boolean
}

/**
 * The command that a key stands for: the first that can be done now, those of the lens in the active
 * pane before those of the page. Null where the key is nobody's here.
 */
export function commandOfKey(
  commands: readonly Command[],
  event: KeyboardEvent,
  place: KeyPlace,
  workbench: Workbench
): FoundCommand | null {
  const state = workbench.store.getState()
  const {lensId} = selectPane(state)
  const found = commands.filter(
    (command) =>
      (command.lens === undefined || command.lens === lensId) &&
      worksIn(command, place) &&
      shortcutsOf(command).some((shortcut) => matchesShortcut(event, shortcut))
  )
  const ordered = [
    ...found.filter((command) => command.lens !== undefined),
    ...found.filter((command) => command.lens === undefined),
  ]
  const enabled = ordered.find((command) => command.when(state, workbench))
  const command = enabled ?? ordered[0]
  return command ? {command, isEnabled: enabled !== undefined} : null
}

function worksIn({worksInText}: Command, place: KeyPlace): boolean {
  if (place === 'page') return true
  return worksInText === true || (worksInText === 'document' && place === 'document-text')
}
