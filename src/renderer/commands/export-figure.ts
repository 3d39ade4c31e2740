import {selectRunData} from '../store/selectors.ts'
import type {Command} from './command.ts'

export const exportFigure: Command = {
  id: 'export-figure',
  title: 'Export the figure',
  group: 'file',
  shortcut: {key: 'e', mod: true},
  worksInText: true,
  when: (state, {captures}) => (selectRunData(state, captures)?.tokens.length ?? 0) > 0,
  whyNot: () => 'no figure is shown',
  run: ({actions}) => actions.openDialog('export'),
}
