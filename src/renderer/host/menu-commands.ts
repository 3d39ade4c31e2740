import type {MenuCommand} from '../../shared/host/host-bridge.ts'
import {type Command, shortcutsOf, titleOf} from '../commands/command.ts'
import type {Workbench} from '../store/workbench.ts'
import {acceleratorOf, isOnThisMachine} from '../ui/shortcut.ts'

/** The commands as native menus show them now. */
export function menuCommandsOf(
  commands: readonly Command[],
  workbench: Workbench
): readonly MenuCommand[] {
  const state = workbench.store.getState()
  return commands
    .filter((command) => !command.isKeyOnly)
    .filter((command) => !command.isHiddenUnlessPossible || command.when(state, workbench))
    .map((command) => {
      const shortcut = shortcutsOf(command).find((key) => isOnThisMachine(key))
      return {
        id: command.id,
        title: titleOf(command, workbench),
        group: command.group,
        accelerator: shortcut ? acceleratorOf(shortcut) : null,
        isEnabled: command.when(state, workbench),
      }
    })
}
