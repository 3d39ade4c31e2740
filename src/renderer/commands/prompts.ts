import {arrangeFrame} from '../store/frame.ts'
import {selectActiveModel} from '../store/models.ts'
import {LIST_VIEW, selectPane} from '../store/panes.ts'
import {selectListOptions} from '../store/prompt-list.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Command} from './command.ts'

export const findInPrompt: Command = {
  id: 'find-in-prompt',
  title: 'Find in the prompt',
  group: 'edit',
  keywords: 'search regular expression',
  shortcut: {key: 'f', mod: true},
  worksInText: true,
  when: () => true,
  run({actions, store}) {
    const state = store.getState()
    if (arrangeFrame(state).left === 'rail') actions.setDrawer('left')
    if (state.isFindOpen) {
      document.querySelector<HTMLInputElement>('[data-testid="find-words"]')?.select()
    } else actions.setFindOpen(true)
  },
}

export const jumpToToken: Command = {
  id: 'jump-to-token',
  title: 'Jump to token',
  group: 'go',
  keywords: 'position goto find',
  shortcut: {key: 'j', mod: true},
  worksInText: true,
  when: (state, {captures}) => (selectRunData(state, captures)?.tokens.length ?? 0) > 0,
  whyNot: () => 'no tokens are shown',
  run: ({actions}) => actions.openDialog('jump'),
}

export const showPromptList: Command = {
  id: 'prompt-list',
  title: (state) =>
    selectPane(state).view === LIST_VIEW
      ? 'Show the lens instead of the list'
      : 'Show the prompt list',
  plainTitle: 'Show or leave the prompt list',
  group: 'view',
  shortcut: {key: 'i', mod: true},
  worksInText: true,
  when: () => true,
  run: ({actions, store}) => actions.showList(selectPane(store.getState()).view !== LIST_VIEW),
}

export const importPrompts: Command = {
  id: 'import-prompts',
  title: 'Paste or load a prompt list',
  group: 'file',
  keywords: 'import CSV JSONL batch many',
  when: () => true,
  run({actions}) {
    actions.showList(true)
    actions.openImport()
  },
}

export const runPromptList: Command = {
  id: 'run-prompt-list',
  title: 'Run the prompt list, or what is left of it',
  group: 'run',
  shortcut: {key: 'Enter', mod: true, shift: true},
  worksInText: true,
  when: (state) =>
    state.connection !== 'lost' &&
    state.listRows.length > 0 &&
    state.listJob.kind !== 'running' &&
    selectListOptions(state) !== null,
  whyNot: ({connection, listRows, listJob}) =>
    connection === 'lost'
      ? 'the engine cannot be reached'
      : listRows.length === 0
        ? 'the list is empty'
        : listJob.kind === 'running'
          ? 'it is running'
          : 'no model is chosen',
  run({actions}) {
    actions.showList(true)
    actions.runList()
  },
}

export const cancelPromptList: Command = {
  id: 'cancel-prompt-list',
  title: 'Cancel the prompt list',
  group: 'run',
  when: ({listJob}) => listJob.kind === 'running',
  whyNot: () => 'it is not running',
  run: ({actions}) => actions.cancelList(),
}

export const clearPromptList: Command = {
  id: 'clear-prompt-list',
  title: 'Remove every prompt of the list',
  group: 'edit',
  when: ({listRows}) => listRows.length > 0,
  whyNot: () => 'the list is empty',
  run: ({actions}) => actions.clearList(),
}

export const toggleChat: Command = {
  id: 'toggle-chat',
  title: ({isChat}) => (isChat ? 'Make the prompt plain text' : 'Make the prompt a chat'),
  plainTitle: 'Prompt as chat or plain text',
  group: 'edit',
  when: (state) => selectActiveModel(state)?.chatTemplate ?? false,
  whyNot: () => 'the model has no chat template',
  run: ({actions, store}) => actions.setChat(!store.getState().isChat),
}
