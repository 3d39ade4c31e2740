import type {StoreContext} from './context.ts'
import type {Pane, PaneIndex, PanesState, RunId, WorkbenchState} from './state.ts'

export const FIRST_LENS_ID = 'tokens'

export const initialPanes: PanesState = {
  panes: [{lensId: FIRST_LENS_ID, runId: null, view: null}],
  activePane: 0,
}

export interface PaneActions {
  /** Makes a pane the one that keys, strip and inspector belong to. */
  activatePane(index: PaneIndex): void
  /** Changes what a pane shows; the active one unless told. */
  changePane(change: Partial<Pane>, index?: PaneIndex): void
  /** A second pane beside the first, with the same lens on the same run; or one again. */
  toggleSplit(secondView?: string | null): void
  /** Closes one of two panes; the other stays. */
  closePane(index: PaneIndex): void
  swapPanes(): void
}

/** The pane at an index; the first where there is no second. */
export function selectPane(state: PanesState, index: PaneIndex = state.activePane): Pane {
  return state.panes[index] ?? state.panes[0]!
}

/** The run that the active pane shows. */
export function selectActiveRunId(state: PanesState): RunId | null {
  return selectPane(state).runId
}

/** The view of a pane that shows the prompt list in place of its lens. */
export const LIST_VIEW = 'prompt-list'

/** These panes with one of them showing a run in its lens. */
export function withRun(
  state: Pick<PanesState, 'panes'>,
  index: PaneIndex,
  runId: RunId
): readonly Pane[] {
  const isList = state.panes[index]?.view === LIST_VIEW
  return withPane(state, index, isList ? {runId, view: null} : {runId})
}

/** These panes with one of them changed. */
export function withPane(
  {panes}: Pick<PanesState, 'panes'>,
  index: PaneIndex,
  change: Partial<Pane>
): readonly Pane[] {
  return panes.map((pane, i) => (i === index ? {...pane, ...change} : pane))
}

export function createPaneActions({store, change}: StoreContext): PaneActions {
  const closePane = (index: PaneIndex) => {
    const {panes} = store.getState()
    if (panes.length < 2) return
    change('close a pane', {panes: panes.filter((_, i) => i !== index), activePane: 0})
  }
  return {
    closePane,
    activatePane(index) {
      const state: WorkbenchState = store.getState()
      if (index === state.activePane || !state.panes[index]) return
      change('go to the other pane', {activePane: index}, {merge: 'activate-pane'})
    },
    changePane(paneChange, index = store.getState().activePane) {
      const state = store.getState()
      const pane = selectPane(state, index)
      const keys = Object.keys(paneChange) as (keyof Pane)[]
      if (keys.every((key) => pane[key] === paneChange[key])) return
      const what = 'lensId' in paneChange ? 'choose a lens' : 'choose what a pane shows'
      change(what, {panes: withPane(state, index, paneChange)})
    },
    toggleSplit(secondView) {
      const {panes, activePane} = store.getState()
      if (panes.length === 2) {
        closePane(activePane === 0 ? 1 : 0)
        return
      }
      const first = panes[0]!
      const second = secondView === undefined ? first : {...first, view: secondView}
      change('stand two lenses side by side', {panes: [first, second], activePane: 1})
    },
    swapPanes() {
      const {panes, activePane} = store.getState()
      if (panes.length < 2) return
      change('swap the panes', {
        panes: [panes[1]!, panes[0]!],
        activePane: activePane === 0 ? 1 : 0,
      })
    },
  }
}
