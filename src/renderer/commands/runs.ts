import {selectRunningAttribution} from '../store/attribution.ts'
import {selectRunningCritical} from '../store/critical.ts'
import {selectActiveRun, selectRunning} from '../store/run-records.ts'
import type {Command} from './command.ts'

export const cancelJob: Command = {
  id: 'cancel',
  title: 'Cancel what is running',
  group: 'run',
  keywords: 'stop abort',
  shortcut: {key: '.', mod: true},
  worksInText: true,
  when: (state) =>
    selectRunning(state) !== null ||
    state.listJob.kind === 'running' ||
    selectRunningAttribution(state) !== null ||
    selectRunningCritical(state) !== null ||
    Object.keys(state.loads).length > 0,
  whyNot: () => 'nothing is running',
  run: ({store, actions}) => {
    const state = store.getState()
    const run = selectRunning(state)
    if (run) actions.cancelRun(run.id)
    actions.cancelList()
    const attribution = selectRunningAttribution(state)
    if (attribution) actions.cancelAttribution(attribution.key)
    const critical = selectRunningCritical(state)
    if (critical) actions.cancelCritical(critical.key)
    for (const path of Object.keys(state.loads)) actions.cancelLoad(path)
  },
}

export const runAgain: Command = {
  id: 'run-again',
  title: 'Run this again',
  group: 'run',
  detail: 'the same request',
  when: (state) => {
    const run = selectActiveRun(state)
    return run !== null && run.phase.kind !== 'running'
  },
  whyNot: (state) => (selectActiveRun(state) ? 'it is running' : 'no run is shown'),
  run: ({store, actions}) => {
    const run = selectActiveRun(store.getState())
    if (run) actions.runAgain(run.id)
  },
}

export const clearHistory: Command = {
  id: 'clear-history',
  title: 'Clear the history',
  group: 'edit',
  keywords: 'runs remove all',
  when: ({runs}) => runs.length > 0,
  whyNot: () => 'it is empty',
  run: ({actions}) => actions.clearRuns(),
}

export const showSamples: Command = {
  id: 'show-samples',
  title: 'Show the first page with its samples',
  group: 'view',
  keywords: 'start empty close run',
  when: (state) => selectActiveRun(state) !== null,
  whyNot: () => 'it is shown',
  run: ({actions}) => actions.closeRun(),
}
