import {selectChanges} from '../store/attribution-choices.ts'
import {selectAttributionWish} from '../store/attribution-requests.ts'
import {ATTRIBUTION_LENS} from '../store/attribution-state.ts'
import {selectActiveRunId, selectPane} from '../store/panes.ts'
import {selectLock} from '../store/selection.ts'
import type {Command} from './command.ts'

/** Makes the locked token what is explained, in whatever lens it was found. */
export const explainToken: Command = {
  id: 'explain-token',
  title: 'Explain this token',
  group: 'run',
  detail: 'by the tokens before it: Attribution',
  keywords: 'attribution reagent why cause importance target',
  shortcut: {key: 'e'},
  when: (state, {captures}) => (selectLock(state, captures, selectActiveRunId(state)) ?? 0) > 0,
  whyNot: () => 'lock a token that others stand before',
  run: ({store, captures, actions}) => {
    const state = store.getState()
    const runId = selectActiveRunId(state)
    const position = selectLock(state, captures, runId)
    if (runId === null || position === null) return
    actions.setAttributionTarget(runId, {kind: 'token', position})
    if (selectPane(state).lensId !== ATTRIBUTION_LENS) {
      actions.changePane({lensId: ATTRIBUTION_LENS, view: null})
    }
  },
}

export const explainNext: Command = {
  id: 'explain-next',
  title: 'Explain what follows the prompt',
  group: 'run',
  detail: 'the likeliest token: Attribution',
  keywords: 'attribution reagent why target',
  shortcut: {key: 'e', shift: true},
  when: (state, {captures}) => selectLock(state, captures, selectActiveRunId(state)) !== null,
  whyNot: () => 'nothing was run',
  run: ({store, actions}) => {
    const state = store.getState()
    const runId = selectActiveRunId(state)
    if (runId === null) return
    actions.setAttributionTarget(runId, {kind: 'next', after: null})
    if (selectPane(state).lensId !== ATTRIBUTION_LENS) {
      actions.changePane({lensId: ATTRIBUTION_LENS, view: null})
    }
  },
}

export const attributeAgain: Command = {
  id: 'attribute-again',
  title: 'Attribute again',
  group: 'run',
  detail: 'what was cancelled or failed',
  keywords: 'attribution reagent restart',
  lens: ATTRIBUTION_LENS,
  when: (state, {captures}) => {
    const wish = selectAttributionWish(state, captures, state.activePane)
    const kind = wish && state.attributionJobs[wish.key]?.phase.kind
    return kind === 'cancelled' || kind === 'failed' || kind === 'offered'
  },
  whyNot: () => 'it runs, or is done',
  run: ({store, captures, actions}) => {
    const state = store.getState()
    const wish = selectAttributionWish(state, captures, state.activePane)
    if (wish) actions.askAttribution(wish.key)
  },
}

export const putTokensBack: Command = {
  id: 'put-tokens-back',
  title: 'Put replaced tokens back',
  group: 'edit',
  detail: 'in Attribution',
  keywords: 'attribution replace undo',
  lens: ATTRIBUTION_LENS,
  when: (state) => selectChanges(state, selectActiveRunId(state)).length > 0,
  whyNot: () => 'no token was replaced',
  run: ({store, actions}) => actions.clearReplacements(store.getState().activePane),
}
