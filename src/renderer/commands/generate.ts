import {selectActiveRun} from '../store/run-records.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Command} from './command.ts'

export const generate: Command = {
  id: 'generate',
  title: 'Generate more tokens',
  group: 'run',
  shortcut: {key: 'g'},
  when: (state, {captures}) => {
    const run = selectActiveRun(state)
    return run !== null && run.phase.kind !== 'running' && selectRunData(state, captures) !== null
  },
  whyNot: (state) => (selectActiveRun(state) ? 'it is running' : 'no run is shown'),
  run: ({actions}) => actions.generateMore(),
}
