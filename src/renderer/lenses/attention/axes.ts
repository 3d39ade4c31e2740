import {selectAttentionRun, selectPicture} from '../../store/attention.ts'
import {GRAPH_VIEW} from '../../store/attention-graph-state.ts'
import {PRUNE_VIEW} from '../../store/attention-prune.ts'
import {selectPane} from '../../store/panes.ts'
import {selectLock} from '../../store/selection.ts'
import type {PaneIndex} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import type {WalkAxis} from '../walk.ts'

const FAR = 1_000_000

/** `by` from where it is; ±Infinity goes to an end, which the store clamps. */
const moved = (from: number, by: number) => Math.max(0, from + Math.max(-FAR, Math.min(FAR, by)))

const isShown: WalkAxis['when'] = (state, {captures}, pane) =>
  selectPicture(state, captures, pane) !== null

const TOKEN_VIEWS: readonly string[] = [GRAPH_VIEW, PRUNE_VIEW]
/** Views of tokens leave their arrows to tokens. */
const hasHeads: WalkAxis['when'] = (state, workbench, pane) =>
  isShown(state, workbench, pane) && !TOKEN_VIEWS.includes(selectPane(state, pane).view ?? '')

/** Moves the lit weight along its row or column; the first step lights the selected token's own. */
function moveCell(
  {store, captures, actions}: Workbench,
  pane: PaneIndex,
  step: (place: {query: number; key: number}) => {query: number; key: number}
): void {
  const state = store.getState()
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown) return
  const {id} = shown.run
  const last = shown.data.tokens.length - 1
  const query = selectLock(state, captures, id) ?? last
  const lit = state.attentionCells[id]
  const place = lit?.query === query ? lit : {query, key: query}
  const {query: toQuery, key: toKey} = step(place)
  actions.lightCell(id, {query: Math.min(last, toQuery), key: Math.min(last, toKey)})
}

/** Arrows flip layers and heads; letters move the lit weight. */
export const ATTENTION_AXES: readonly WalkAxis[] = [
  {
    id: 'head',
    noun: 'head',
    next: {key: 'ArrowRight'},
    previous: {key: 'ArrowLeft'},
    when: hasHeads,
    step: ({actions}, pane, by) =>
      actions.flipAttention(pane, ({head}) => ({head: moved(head, by)})),
  },
  {
    id: 'layer',
    noun: 'layer',
    next: {key: 'ArrowDown'},
    previous: {key: 'ArrowUp'},
    when: isShown,
    step({store, actions}, pane, by) {
      const state = store.getState()
      const {view, runId} = selectPane(state, pane)
      if (view === GRAPH_VIEW && runId !== null) {
        // Its layers stand from the input up: the key down goes down.
        actions.moveGraphLevel(runId, -by)
        return
      }
      actions.flipAttention(pane, ({layer}) => ({layer: moved(layer, by)}))
    },
  },
  {
    id: 'query',
    noun: 'query',
    next: {key: 'j'},
    previous: {key: 'k'},
    when: hasHeads,
    step: (workbench, pane, by) =>
      moveCell(workbench, pane, ({query, key}) => {
        const to = moved(query, by)
        return {query: to, key: Math.min(key, to)}
      }),
  },
  {
    id: 'key',
    noun: 'key that is read',
    next: {key: 'l'},
    previous: {key: 'h'},
    when: hasHeads,
    step: (workbench, pane, by) =>
      moveCell(workbench, pane, ({query, key}) => ({query, key: moved(key, by)})),
  },
]
