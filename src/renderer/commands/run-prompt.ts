import {selectHasPrompt} from '../store/prompt.ts'
import {selectRequest} from '../store/runs.ts'
import type {Command} from './command.ts'

export const runPrompt: Command = {
  id: 'run-prompt',
  title: 'Run the prompt',
  group: 'run',
  shortcut: {key: 'Enter', mod: true},
  worksInText: true,
  when: (state) => selectRequest(state) !== null && selectHasPrompt(state),
  whyNot: (state) => (selectRequest(state) ? 'the prompt is empty' : 'no model is chosen'),
  run: ({actions}) => actions.runPrompt(),
}
