import {selectCriticalRun, selectCriticalWishes} from '../store/critical-requests.ts'
import {CRITICAL_LENS} from '../store/critical-state.ts'
import type {Command} from './command.ts'

export const sampleWrong: Command = {
  id: 'sample-wrong-response',
  title: 'Sample a wrong response',
  group: 'run',
  detail: 'to the same prompt: Critical tokens',
  keywords: 'critical rollouts completion mistake',
  lens: CRITICAL_LENS,
  when: (state, {captures}) => selectCriticalRun(state, captures, state.activePane) !== null,
  whyNot: () => 'no prompt has been run',
  run: ({store, captures, actions}) => {
    const state = store.getState()
    const shown = selectCriticalRun(state, captures, state.activePane)
    if (shown) void actions.takeResponse(shown.run.id, 'sampled')
  },
}

export const criticalAgain: Command = {
  id: 'critical-again',
  title: 'Sample completions again',
  group: 'run',
  detail: 'what was cancelled, failed or offered',
  keywords: 'critical rollouts restart',
  lens: CRITICAL_LENS,
  when: (state, {captures}) =>
    selectCriticalWishes(state, captures, state.activePane).some(({key}) => {
      const kind = state.criticalJobs[key]?.phase.kind
      return kind === 'cancelled' || kind === 'failed' || kind === 'offered'
    }),
  whyNot: () => 'it runs, or is done',
  run: ({store, captures, actions}) => {
    const state = store.getState()
    for (const {key} of selectCriticalWishes(state, captures, state.activePane)) {
      const kind = state.criticalJobs[key]?.phase.kind
      if (kind && kind !== 'completed' && kind !== 'running') actions.askCritical(key)
    }
  },
}
