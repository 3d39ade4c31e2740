import type {Command} from './command.ts'

export const undo: Command = {
  id: 'undo',
  title: 'Undo',
  group: 'edit',
  shortcut: {key: 'z', mod: true},
  worksInText: true,
  when: ({past}) => past.length > 0,
  run: ({actions}) => actions.undo(),
}

export const redo: Command = {
  id: 'redo',
  title: 'Redo',
  group: 'edit',
  shortcut: {key: 'z', mod: true, shift: true},
  worksInText: true,
  when: ({future}) => future.length > 0,
  run: ({actions}) => actions.redo(),
}
