import {LOGIT_LENS_VIEW, selectShownLens} from '../../store/logit-lens.ts'
import {selectPane} from '../../store/panes.ts'
import type {WalkAxis} from '../walk.ts'

/** Rows of the logit lens, input first: Up and Down walk them where it is shown. */
export const LAYER_AXIS: WalkAxis = {
  id: 'layer',
  noun: 'layer',
  next: {key: 'ArrowDown'},
  previous: {key: 'ArrowUp'},
  first: {key: 'ArrowUp', shift: true},
  last: {key: 'ArrowDown', shift: true},
  when: (state, {captures}, pane) =>
    selectPane(state, pane).view === LOGIT_LENS_VIEW &&
    selectShownLens(state, captures, pane) !== null,
  step({store, captures, actions}, pane, by) {
    const lens = selectShownLens(store.getState(), captures, pane)
    if (!lens) return
    const last = lens.rows.length - 1
    const from = store.getState().lensRows[pane] ?? last
    const row = Math.max(0, Math.min(last, from + by))
    actions.chooseLensRow(row === last ? null : row, pane)
  },
}
