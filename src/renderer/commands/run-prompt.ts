import {selectHasPrompt} from '../store/prompt.ts'
import {selectRequest} from '../store/run-requests.ts'
import type {Command} from './command.ts'

export const runPrompt: Command = {
  id: 'run-prompt',
  title: 'Run the prompt',
  group: 'run',
  shortcut: {key: 'Enter', mod: true},
  worksInText: true,
  when: (state) =>
    state.connection !== 'lost' && selectRequest(state) !== null && selectHasPrompt(state),
  whyNot: (state) =>
    state.connection === 'lost'
      ? 'the engine cannot be reached'
      : selectRequest(state)
        ? 'the prompt is empty'
        : 'no model is chosen',
  run: ({actions}) => actions.runPrompt(),
}
