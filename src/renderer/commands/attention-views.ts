import {selectShown} from '../store/attention.ts'
import {OVERVIEW_VIEW} from '../store/attention-views.ts'
import {selectPane} from '../store/panes.ts'
import type {Command} from './command.ts'

/** What is done with the head that is selected in the overview. */
export const ATTENTION_VIEWS: readonly Command[] = [
  {
    id: 'open-head',
    title: 'Open the head’s matrix',
    group: 'go',
    detail: 'Attention',
    shortcut: {key: 'Enter'},
    lens: 'attention',
    when: (state) => selectPane(state).view === OVERVIEW_VIEW,
    whyNot: () => 'only in the overview of heads',
    run({store, captures, actions}) {
      const state = store.getState()
      const {activePane} = state
      actions.openHead(selectShown(state, captures, activePane), activePane)
    },
  },
]
