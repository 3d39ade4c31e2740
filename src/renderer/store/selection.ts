import type {StoreContext} from './context.ts'
import type {SelectionState, WorkbenchState} from './state.ts'

export const initialSelection: SelectionState = {hovered: null, locked: null}

export interface SelectionActions {
  hover(position: number | null): void
  /** Locks a token; the one that is locked already is released. */
  toggleLock(position: number): void
  lock(position: number): void
  release(): void
  /** Moves the lock by so many tokens, from where it or the pointer is. */
  walk(step: number): void
  walkTo(end: 'first' | 'last'): void
}

/** The one selection, shared by strip, figure and inspector. */
export function createSelectionActions({store, captures}: StoreContext): SelectionActions {
  const tokenCount = () => {
    const {activeRunId} = store.getState()
    return activeRunId === null ? 0 : (captures.runs.peek(activeRunId)?.tokens.length ?? 0)
  }
  const lock = (position: number) => {
    const count = tokenCount()
    if (count === 0) return
    const locked = Math.max(0, Math.min(count - 1, position))
    // Where the pointer rests must not hide what the keyboard chose.
    store.setState({locked, hovered: null})
  }
  return {
    hover(position) {
      if (store.getState().hovered !== position) store.setState({hovered: position})
    },
    toggleLock(position) {
      if (store.getState().locked === position) store.setState({locked: null})
      else lock(position)
    },
    lock,
    release: () => store.setState({locked: null, hovered: null}),
    walk(step) {
      const from = selectInspected(store.getState())
      lock(from === null ? (step > 0 ? 0 : tokenCount() - 1) : from + step)
    },
    walkTo: (end) => lock(end === 'first' ? 0 : tokenCount() - 1),
  }
}

/** The token that the inspector shows: the one under the pointer, else the locked one. */
export function selectInspected(state: Pick<WorkbenchState, 'hovered' | 'locked'>): number | null {
  return state.hovered ?? state.locked
}
