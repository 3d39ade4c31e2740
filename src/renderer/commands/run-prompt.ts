import {selectRequest} from '../store/runs.ts'
import type {Command} from './command.ts'

export const runPrompt: Command = {
  id: 'run-prompt',
  label: 'Run the prompt',
  shortcut: {key: 'Enter', mod: true},
  worksInText: true,
  isEnabled: (state) => selectRequest(state) !== null && state.promptText !== '',
  run: ({actions}) => actions.runPrompt(),
}
