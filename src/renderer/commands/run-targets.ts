import {selectActiveRunId} from '../store/panes.ts'
import {selectRun} from '../store/run-records.ts'
import type {TargetCommand} from './command.ts'
import {copyText} from './copy-text.ts'

const openRun: TargetCommand<'run'> = {
  id: 'run-open',
  targets: 'run',
  section: 'go',
  titleOf: () => 'Show it',
  when: ({runId}, {store}) => selectActiveRunId(store.getState()) !== runId,
  run: ({actions}, {runId}) => void actions.openRun(runId),
}

const openBeside: TargetCommand<'run'> = {
  id: 'run-open-beside',
  targets: 'run',
  section: 'go',
  titleOf: (_, {store}) =>
    store.getState().panes.length === 2 ? 'Show it in the other pane' : 'Show it side by side',
  run: ({store, actions}, {runId}) => {
    if (store.getState().panes.length === 1) actions.toggleSplit()
    else actions.activatePane(store.getState().activePane === 0 ? 1 : 0)
    void actions.openRun(runId)
  },
}

const runOnceMore: TargetCommand<'run'> = {
  id: 'run-repeat',
  targets: 'run',
  section: 'do',
  like: 'run-again',
  titleOf: () => 'Run it again',
  when: ({runId}, {store}) => selectRun(store.getState(), runId)?.phase.kind !== 'running',
  run: ({actions}, {runId}) => {
    void actions.openRun(runId)
    actions.runAgain(runId)
  },
}

const stopRun: TargetCommand<'run'> = {
  id: 'run-cancel',
  targets: 'run',
  section: 'do',
  like: 'cancel',
  titleOf: () => 'Cancel it',
  when: ({runId}, {store}) => selectRun(store.getState(), runId)?.phase.kind === 'running',
  run: ({actions}, {runId}) => actions.cancelRun(runId),
}

const editPrompt: TargetCommand<'run'> = {
  id: 'run-edit-prompt',
  targets: 'run',
  section: 'do',
  titleOf: () => 'Put its prompt into the editor',
  when: ({runId}, {store}) => {
    const request = selectRun(store.getState(), runId)?.request
    return request?.messages !== undefined || request?.prompt !== undefined
  },
  run: ({store, actions}, {runId}) => {
    const request = selectRun(store.getState(), runId)?.request
    if (!request) return
    if (request.messages) actions.setPrompt({turns: request.messages, isChat: true})
    else if (request.chat) {
      actions.setPrompt({turns: [{role: 'user', content: request.prompt ?? ''}], isChat: true})
    } else actions.setPrompt({promptText: request.prompt ?? '', isChat: false})
  },
}

const rename: TargetCommand<'run'> = {
  id: 'run-rename',
  targets: 'run',
  section: 'do',
  titleOf: () => 'Give it another name (F2)',
  run: ({actions}, {runId}) => actions.startRenaming(runId),
}

const copyPrompt: TargetCommand<'run'> = {
  id: 'run-copy-prompt',
  targets: 'run',
  section: 'copy',
  titleOf: () => 'Copy its prompt',
  when: ({runId}, {store}) => selectRun(store.getState(), runId)?.request.prompt !== undefined,
  run: (workbench, {runId}) => {
    const prompt = selectRun(workbench.store.getState(), runId)?.request.prompt
    if (prompt !== undefined) void copyText(workbench, prompt, 'the prompt')
  },
}

const removeRun: TargetCommand<'run'> = {
  id: 'run-remove',
  targets: 'run',
  section: 'remove',
  titleOf: () => 'Remove it from the history',
  run: ({actions}, {runId}) => {
    actions.removeRun(runId)
    actions.notify('removed from the history', {title: 'Undo', run: () => actions.undo()})
  },
}

export const RUN_TARGETS: readonly TargetCommand[] = [
  runOnceMore,
  stopRun,
  editPrompt,
  openRun,
  openBeside,
  rename,
  copyPrompt,
  removeRun,
]
