import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

/** Says in the job line what came of it, since it may have been out of sight. */
function saying(does: 'undo' | 'redo', workbench: Workbench): void {
  const {past, future} = workbench.store.getState()
  const step = does === 'undo' ? past.at(-1) : future.at(-1)
  if (!step) return
  workbench.actions[does]()
  workbench.actions.notify(`${does === 'undo' ? 'undone' : 'done again'}: ${step.what}`)
}

export const undo: Command = {
  id: 'undo',
  title: ({past}) => (past.length > 0 ? `Undo ${past.at(-1)!.what}` : 'Undo'),
  plainTitle: 'Undo',
  group: 'edit',
  shortcut: {key: 'z', mod: true},
  worksInText: 'document',
  when: ({past}) => past.length > 0,
  whyNot: () => 'nothing was changed',
  run: (workbench) => saying('undo', workbench),
}

export const redo: Command = {
  id: 'redo',
  title: ({future}) => (future.length > 0 ? `Redo ${future.at(-1)!.what}` : 'Redo'),
  plainTitle: 'Redo',
  group: 'edit',
  shortcut: {key: 'z', mod: true, shift: true},
  otherShortcuts: [{key: 'y', mod: true, on: 'others'}],
  worksInText: 'document',
  when: ({future}) => future.length > 0,
  whyNot: () => 'nothing was undone',
  run: (workbench) => saying('redo', workbench),
}
