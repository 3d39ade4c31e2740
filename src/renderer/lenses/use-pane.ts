import {createContext, useContext} from 'react'
import {selectPane} from '../store/panes.ts'
import {selectHovered, selectLock} from '../store/selection.ts'
import type {PaneIndex, RunId} from '../store/state.ts'
import {useActions, useWorkbenchState} from './use-workbench.ts'

/** Which half of the centre a component stands in; null outside of both. */
export const PaneContext = createContext<PaneIndex | null>(null)

/** The pane around this component; outside of the centre the active one. */
export function usePaneIndex(): PaneIndex {
  const own = useContext(PaneContext)
  const active = useWorkbenchState((state) => state.activePane)
  return own ?? active
}

/** `, left pane` where two stand side by side, so that the names of their parts differ; else nothing. */
export function usePaneSuffix(): string {
  const index = usePaneIndex()
  const isAlone = useWorkbenchState((state) => state.panes.length === 1)
  return isAlone ? '' : index === 0 ? ', first pane' : ', second pane'
}

/** A name for a part of this pane, for {@link useSize} to remember it by: sizes differ by pane, and by their count. */
export function usePanePlace(part: string): string {
  const index = usePaneIndex()
  const count = useWorkbenchState((state) => state.panes.length)
  return `${part}, pane ${index} of ${count}`
}

/** The run that the pane around this component shows. */
export function usePaneRunId(): RunId | null {
  const index = usePaneIndex()
  return useWorkbenchState((state) => selectPane(state, index).runId)
}

/** Position under the pointer and locked position, on the run of this pane. */
export function useSelection(): {readonly hovered: number | null; readonly locked: number | null} {
  const runId = usePaneRunId()
  return useWorkbenchState((state, {captures}) => ({
    hovered: selectHovered(state, runId),
    locked: selectLock(state, captures, runId),
  }))
}

/** The locked position on the run of this pane; hovering renders nothing again. */
export function useLocked(): number | null {
  const runId = usePaneRunId()
  return useWorkbenchState((state, {captures}) => selectLock(state, captures, runId))
}

export interface TokenActions {
  hover(position: number | null): void
  toggleLock(position: number): void
}

/** Pointing at and locking the tokens of this pane's run. */
export function useTokenActions(): TokenActions {
  const {hover, toggleLock} = useActions()
  const runId = usePaneRunId()
  return {
    hover: (position) => hover(position, runId),
    toggleLock: (position) => toggleLock(position, runId),
  }
}
