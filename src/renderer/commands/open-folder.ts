import type {Command} from './command.ts'

export const openFolder: Command = {
  id: 'open-folder',
  label: 'Open a model folder',
  shortcut: {key: 'o', mod: true},
  worksInText: true,
  isEnabled: () => true,
  run: ({actions}) => actions.openDialog('folder'),
}
