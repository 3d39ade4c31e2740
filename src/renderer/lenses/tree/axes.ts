import type {PaneIndex} from '../../store/state.ts'
import {
  keyOfNode,
  placeOfId,
  type ShownTree,
  selectedNode,
  selectShownTree,
} from '../../store/tree-shown.ts'
import type {Workbench} from '../../store/workbench.ts'
import type {WalkAxis} from '../walk.ts'

const isShown: WalkAxis['when'] = (state, {captures}, pane) =>
  selectShownTree(state, captures, pane) !== null

/** Selects the node at the place that a step leads to; the first step selects the first node. */
function walk(
  {store, captures, actions}: Workbench,
  pane: PaneIndex,
  step: (shown: ShownTree, place: number) => number
): void {
  const shown = selectShownTree(store.getState(), captures, pane)
  if (!shown || shown.spans.nodes.length === 0) return
  const from = placeOfId(shown, selectedNode(shown)?.id ?? null)
  const to = from === null ? 0 : step(shown, from)
  const node = shown.spans.nodes[to]
  if (!node) return
  actions.hoverNode(null)
  actions.selectNode(shown.runId, keyOfNode(shown, node.node.id))
}

/** Arrows walk: up and down among siblings and on to the next branch, left to the parent, right to a child. */
export const TREE_AXES: readonly WalkAxis[] = [
  {
    id: 'sibling',
    noun: 'node of this level',
    next: {key: 'ArrowDown'},
    previous: {key: 'ArrowUp'},
    first: {key: 'Home'},
    last: {key: 'End'},
    when: isShown,
    step: (workbench, pane, by) =>
      walk(workbench, pane, ({spans}, place) => {
        const {column} = spans.nodes[place]!
        const level = spans.nodes.filter((node) => node.column === column).map((node) => node.place)
        const at = Math.max(0, Math.min(level.length - 1, level.indexOf(place) + by))
        return level[at]!
      }),
  },
  {
    id: 'child',
    noun: 'level of the branch',
    next: {key: 'ArrowRight'},
    previous: {key: 'ArrowLeft'},
    when: isShown,
    step: (workbench, pane, by) =>
      walk(workbench, pane, ({spans}, place) => {
        if (by < 0) return Math.max(0, spans.nodes[place]!.parent)
        return spans.nodes[place + 1]?.parent === place ? place + 1 : place
      }),
  },
]
