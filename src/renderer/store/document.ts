import type {StoreApi} from 'zustand/vanilla'
import {selectDocument} from './slices.ts'
import type {DocumentState, UndoStep, WorkbenchState} from './state.ts'
import {pushView, replaceView} from './views.ts'

const MOST_STEPS = 300
/** A pause that ends a row of like changes. */
const MERGE_MS = 1500

export interface ChangeOptions {
  /** Changes in a row with the same key, without a pause, are one step. */
  readonly merge?: string
  /** `keep`: it is not a new place for Back to come back to. */
  readonly view?: 'push' | 'keep'
}

/**
 * Changes the document: the one way to do so. `what` names the step for Undo, as in “Undo typing”. A patch
 * that changes nothing makes no step.
 */
export type ChangeDocument = (
  what: string,
  patch: Partial<DocumentState> | ((document: DocumentState) => Partial<DocumentState>),
  options?: ChangeOptions
) => void

export function createChange(store: StoreApi<WorkbenchState>, now: () => number): ChangeDocument {
  return (what, patchOf, {merge = null, view} = {} as never) => {
    const state = store.getState()
    const before = selectDocument(state)
    const patch = typeof patchOf === 'function' ? patchOf(before) : patchOf
    const keys = Object.keys(patch) as (keyof DocumentState)[]
    if (keys.every((key) => Object.is(patch[key], before[key]))) return
    const at = now()
    const last = state.past.at(-1)
    const isSame =
      last !== undefined &&
      merge !== null &&
      last.merge === merge &&
      state.future.length === 0 &&
      at - last.at < MERGE_MS
    const step: UndoStep = isSame ? {...last, at} : {what, document: before, merge, at}
    const others = isSame ? state.past.slice(0, -1) : state.past
    const after = {...before, ...patch}
    const isMove = after.panes !== before.panes || after.activePane !== before.activePane
    store.setState({
      ...patch,
      past: [...others, step].slice(-MOST_STEPS),
      future: [],
      ...(view === 'push' || (isMove && view !== 'keep')
        ? pushView(state, after)
        : replaceView(state, after)),
    })
  }
}

export interface UndoActions {
  /** Takes the last change of the document back; nothing where there is none. */
  undo(): void
  /** Does what was taken back last once more. */
  redo(): void
}

export function createUndoActions(store: StoreApi<WorkbenchState>): UndoActions {
  const restore = (document: DocumentState, rest: Partial<WorkbenchState>) => {
    const state = store.getState()
    store.setState({...document, ...rest, hovered: null, ...replaceView(state, document)})
  }
  return {
    undo() {
      const state = store.getState()
      const step = state.past.at(-1)
      if (!step) return
      restore(step.document, {
        past: state.past.slice(0, -1),
        future: [...state.future, {...step, document: selectDocument(state), merge: null}],
      })
    },
    redo() {
      const state = store.getState()
      const step = state.future.at(-1)
      if (!step) return
      restore(step.document, {
        past: [...state.past, {...step, document: selectDocument(state), merge: null}],
        future: state.future.slice(0, -1),
      })
    },
  }
}
