import type {Command} from './command.ts'

export const openFolder: Command = {
  id: 'open-folder',
  title: 'Open a model folder',
  group: 'file',
  shortcut: {key: 'o', mod: true},
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.openDialog('folder'),
}
