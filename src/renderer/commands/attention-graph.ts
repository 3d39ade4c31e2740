import {selectGraphWindow} from '../store/attention-graph.ts'
import {GRAPH_VIEW} from '../store/attention-graph-state.ts'
import {selectPane} from '../store/panes.ts'
import {selectLock} from '../store/selection.ts'
import type {Command} from './command.ts'

/** What a step of zoom does to the tokens that are seen. */
const STEP = 1.5

const zoom = (id: string, title: string, key: string, factor: number): Command => ({
  id,
  title,
  group: 'view',
  detail: 'attention graph',
  shortcut: {key},
  lens: 'attention',
  when: (state) => selectPane(state).view === GRAPH_VIEW && selectPane(state).runId !== null,
  whyNot: () => 'only in the attention graph',
  run({store, captures, actions}) {
    const state = store.getState()
    const {runId} = selectPane(state)
    const count = captures.runs.peek(runId ?? '')?.tokens.length ?? 0
    if (runId === null || count === 0) return
    const {start, span} = selectGraphWindow(state, runId, count)
    const locked = selectLock(state, captures, runId)
    // Around the selected token, else around the middle.
    const centre = locked === null ? start + span / 2 : locked + 0.5
    const share = Math.max(0, Math.min(1, (centre - start) / span))
    const next = Math.max(4, Math.min(count, span * factor))
    actions.showGraphWindow(runId, {start: centre - share * next, span: next})
  },
})

/** Zooms the attention graph by key. */
export const ATTENTION_GRAPH: readonly Command[] = [
  zoom('graph-zoom-in', 'Zoom into the graph', '+', 1 / STEP),
  zoom('graph-zoom-out', 'Zoom out of the graph', '-', STEP),
]
