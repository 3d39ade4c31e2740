import type {Command} from './command.ts'

export const openPalette: Command = {
  id: 'palette',
  title: 'Find a command',
  group: 'help',
  shortcut: {key: 'k', mod: true},
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.openDialog('palette'),
}

export const openShortcuts: Command = {
  id: 'shortcuts',
  title: 'All keys',
  group: 'help',
  keywords: 'keyboard shortcuts sheet cheat',
  shortcut: {key: '?'},
  when: () => true,
  run: ({actions}) => actions.openDialog('shortcuts'),
}

export const openDefinitions: Command = {
  id: 'definitions',
  title: 'Definitions of all numbers',
  group: 'help',
  keywords: 'help glossary meaning units source paper',
  shortcut: {key: 'F1'},
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.openDialog('definitions'),
}

export const openSettings: Command = {
  id: 'settings',
  title: 'Settings',
  group: 'file',
  keywords: 'preferences options memory threads theme font colours colors text size',
  shortcut: {key: ',', mod: true},
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.openDialog('settings'),
}

export const openLog: Command = {
  id: 'log',
  title: 'Log and diagnostics',
  group: 'help',
  keywords: 'errors report bug copy versions',
  when: () => true,
  run: ({actions}) => actions.openDialog('log'),
}
