import {selectActiveRunId} from '../store/panes.ts'
import {pinnedPositions, selectInspected, selectPins} from '../store/selection.ts'
import type {Command} from './command.ts'

const isInspected: Command['when'] = (state, {captures}) =>
  selectInspected(state, captures) !== null

export const pinToken: Command = {
  id: 'pin-token',
  title: 'Pin the token, or unpin it',
  group: 'edit',
  detail: 'pins',
  shortcut: {key: 'p'},
  when: isInspected,
  whyNot: () => 'no token is selected',
  run: ({store, captures, actions}) => {
    const place = selectInspected(store.getState(), captures)
    if (place) actions.togglePin({kind: 'token', position: place.position}, place.runId)
  },
}

export const pairToken: Command = {
  id: 'pair-token',
  title: 'Pair the token with the last pin, or unpair them',
  group: 'edit',
  detail: 'pins',
  shortcut: {key: 'p', shift: true},
  when: (state, workbench) => {
    const place = selectInspected(state, workbench.captures)
    if (!place) return false
    return pinnedPositions(selectPins(state, place.runId)).some((pin) => pin !== place.position)
  },
  whyNot: () => 'no other token is pinned',
  run: ({store, captures, actions}) => {
    const place = selectInspected(store.getState(), captures)
    if (place) actions.togglePair(place.position, place.runId)
  },
}

export const clearPins: Command = {
  id: 'clear-pins',
  title: 'Clear the pins',
  group: 'edit',
  detail: 'pins',
  when: (state) => selectPins(state, selectActiveRunId(state)).length > 0,
  whyNot: () => 'nothing is pinned',
  run: ({actions}) => actions.clearPins(),
}
