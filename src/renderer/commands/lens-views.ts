import type {LensView} from '../lenses/lens.ts'
import {LENSES} from '../lenses/registry.ts'
import {selectPane} from '../store/panes.ts'
import {selectRunData} from '../store/selectors.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {Command} from './command.ts'

const lensOf = (state: WorkbenchState) => LENSES.find(({id}) => id === selectPane(state).lensId)

function viewsOf(state: WorkbenchState): readonly LensView[] {
  return lensOf(state)?.views ?? []
}

/** The view after the one that is shown. */
function viewAfter(state: WorkbenchState): {id: string | null; title: string} | null {
  const views = viewsOf(state)
  const {view} = selectPane(state)
  const index = views.findIndex(({id}) => id === view)
  const next = views[(Math.max(0, index) + 1) % views.length]
  if (!next || views.length < 2) return null
  // The first is what a pane shows without a choice.
  return {...next, id: next === views[0] ? null : next.id}
}

export const nextView: Command = {
  id: 'next-view',
  title: (state) => `Show as ${viewAfter(state)?.title.toLowerCase() ?? 'another view'}`,
  plainTitle: 'Next view of the lens',
  keywords: 'figure table',
  group: 'view',
  shortcut: {key: 'v'},
  when: (state, {captures}) =>
    viewAfter(state) !== null &&
    (lensOf(state)?.needsNoRun === true ||
      (selectRunData(state, captures)?.tokens.length ?? 0) > 0),
  whyNot: () => 'nothing was run',
  run: ({store, actions}) => {
    const next = viewAfter(store.getState())
    if (next) actions.changePane({view: next.id})
  },
}
