import {selectPicture} from '../store/attention.ts'
import {GRAPH_VIEW} from '../store/attention-graph-state.ts'
import {PRUNE_VIEW} from '../store/attention-prune.ts'
import {selectPane} from '../store/panes.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'

const isHeadShown = (state: WorkbenchState, {captures}: Workbench) => {
  const {view} = selectPane(state)
  const isOfTokens = view === GRAPH_VIEW || view === PRUNE_VIEW
  return !isOfTokens && selectPicture(state, captures, state.activePane)?.map.kind === 'head'
}

/** What a person calls the head that is shown. */
export const ATTENTION_LABELS: readonly Command[] = [
  {
    id: 'star-head',
    title: 'Star the head',
    group: 'edit',
    detail: 'Attention',
    keywords: 'favourite mark label',
    shortcut: {key: 's'},
    lens: 'attention',
    when: isHeadShown,
    whyNot: () => 'only where one head is shown',
    run: ({store, actions}) => actions.toggleStar(store.getState().activePane),
  },
  {
    id: 'label-head',
    title: 'Label the head…',
    group: 'edit',
    detail: 'name, group and star, Attention',
    keywords: 'rename call',
    shortcut: {key: 'n'},
    lens: 'attention',
    when: isHeadShown,
    whyNot: () => 'only where one head is shown',
    run: ({store, actions}) => actions.editHeadLabel(store.getState().activePane),
  },
]
