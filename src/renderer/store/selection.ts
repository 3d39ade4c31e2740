import type {Captures} from './captures.ts'
import type {StoreContext} from './context.ts'
import {selectActiveRunId} from './panes.ts'
import type {
  CardState,
  CardTarget,
  HoverState,
  Pin,
  RunId,
  SelectionState,
  TokenPlace,
  WorkbenchState,
} from './state.ts'

export const initialSelection: SelectionState = {locks: {}, pins: {}}
export const initialHover: HoverState = {hovered: null}
export const initialCard: CardState = {card: null}

/** Those that take a run work on the active pane's unless told. */
export interface SelectionActions {
  hover(position: number | null, runId?: RunId | null): void
  /** A token that is hovered until it is given back, wherever the pointer goes: a menu is open about it. */
  holdHover(place: TokenPlace | null): void
  /** Locks a token; the one that is locked already is released. */
  toggleLock(position: number, runId?: RunId | null): void
  lock(position: number, runId?: RunId | null): void
  release(): void
  /** Moves the lock by so many tokens, from where it or the pointer is. */
  walk(step: number): void
  walkTo(end: 'first' | 'last'): void
  /** Locks a token far away: Back returns from there. */
  jumpTo(position: number): void
  /** Pins a token or a pair; what is pinned already is taken away. */
  togglePin(pin: Pin, runId?: RunId | null): void
  clearPins(runId?: RunId | null): void
  /** Pairs the token that was pinned last with another, which is pinned too; or unpairs them. */
  togglePair(position: number, runId?: RunId | null): void
  /** Opens the token card; of a token of a run, which is locked thereby. */
  openCard(target: CardTarget): void
  closeCard(): void
}

/** The locked position of a run: the one that was chosen, else its prompt's end; null where none is. */
export function selectLock(
  state: Pick<WorkbenchState, 'locks'>,
  captures: Pick<Captures, 'runs'>,
  runId: RunId | null
): number | null {
  if (runId === null) return null
  const data = captures.runs.peek(runId)
  const kept = state.locks[runId]
  if (kept === null || !data || data.tokens.length === 0) return null
  // A kept lock on a token that has not been generated yet waits for it.
  if (kept !== undefined && kept < data.tokens.length) return kept
  return Math.max(0, Math.min(data.promptTokenCount, data.tokens.length) - 1)
}

/** The position under the pointer, where it is on this run. */
export function selectHovered(
  {hovered}: Pick<WorkbenchState, 'hovered'>,
  runId: RunId | null
): number | null {
  return hovered !== null && hovered.runId === runId ? hovered.position : null
}

/** The token that the inspector shows: the one under the pointer, else the active run's locked one. */
export function selectInspected(
  state: Pick<WorkbenchState, 'hovered' | 'locks' | 'panes' | 'activePane'>,
  captures: Pick<Captures, 'runs'>
): TokenPlace | null {
  if (state.hovered) return state.hovered
  const runId = selectActiveRunId(state)
  const position = selectLock(state, captures, runId)
  return runId === null || position === null ? null : {runId, position}
}

export function selectPins({pins}: SelectionState, runId: RunId | null): readonly Pin[] {
  return (runId !== null && pins[runId]) || NO_PINS
}
const NO_PINS: readonly Pin[] = []

/** Positions of the pinned tokens of a run, in the order of their numbers, which count from 1. */
export function pinnedPositions(pins: readonly Pin[]): number[] {
  return pins.flatMap((pin) => (pin.kind === 'token' ? [pin.position] : []))
}

export type PinnedPair = Extract<Pin, {kind: 'pair'}>

export function pinnedPairs(pins: readonly Pin[]): PinnedPair[] {
  return pins.filter((pin) => pin.kind === 'pair')
}

/** As many as a figure marks. */
export const MOST_PINS = 64

const isSamePin = (a: Pin, b: Pin) =>
  a.kind === 'token'
    ? b.kind === 'token' && a.position === b.position
    : b.kind === 'pair' && a.from === b.from && a.to === b.to

/** The one selection, shared by strip, figures and inspector. */
export function createSelectionActions({
  store,
  set,
  change,
  captures,
}: StoreContext): SelectionActions {
  const active = () => selectActiveRunId(store.getState())
  const tokenCount = (runId: RunId | null) =>
    runId === null ? 0 : (captures.runs.peek(runId)?.tokens.length ?? 0)

  const lock = (position: number, runId = active(), view?: 'push') => {
    const count = tokenCount(runId)
    if (runId === null || count === 0) return
    const locked = Math.max(0, Math.min(count - 1, position))
    const state = store.getState()
    // Where the pointer rests must not hide what the keyboard chose.
    if (state.hovered !== null) set({hovered: null})
    if (selectLock(state, captures, runId) === locked) return
    change('select a token', {locks: {...state.locks, [runId]: locked}}, {merge: 'lock', view})
  }
  const release = (runId = active()) => {
    const state = store.getState()
    // What was begun last goes first.
    if (state.drawing !== null) {
      set({drawing: null})
      return
    }
    if (state.hovered !== null) set({hovered: null})
    if (runId === null || selectLock(state, captures, runId) === null) return
    change('let a token go', {locks: {...state.locks, [runId]: null}}, {merge: 'lock'})
  }
  let isHeld = false
  return {
    holdHover(place) {
      isHeld = place !== null
      set({hovered: place})
    },
    hover(position, runId = active()) {
      if (isHeld) return
      const {hovered} = store.getState()
      if (position === null || runId === null) {
        if (hovered !== null) set({hovered: null})
      } else if (hovered?.position !== position || hovered.runId !== runId) {
        set({hovered: {runId, position}})
      }
    },
    toggleLock(position, runId = active()) {
      if (store.getState().drawing !== null) set({drawing: null})
      if (selectLock(store.getState(), captures, runId) === position) release(runId)
      else lock(position, runId)
    },
    lock: (position, runId) => lock(position, runId),
    release: () => release(),
    walk(step) {
      const state = store.getState()
      const runId = active()
      if (state.drawing !== null) set({drawing: null})
      const from = selectHovered(state, runId) ?? selectLock(state, captures, runId)
      lock(from === null ? (step > 0 ? 0 : tokenCount(runId) - 1) : from + step)
    },
    walkTo: (end) => lock(end === 'first' ? 0 : tokenCount(active()) - 1),
    jumpTo: (position) => lock(position, active(), 'push'),
    togglePin(pin, runId = active()) {
      if (runId === null) return
      const {pins} = store.getState()
      const kept = pins[runId] ?? []
      const others = kept.filter((other) => !isSamePin(other, pin))
      const isNew = others.length === kept.length
      if (isNew && kept.length >= MOST_PINS) return
      change(isNew ? 'pin' : 'unpin', {
        pins: {...pins, [runId]: isNew ? [...kept, pin] : others},
      })
    },
    clearPins(runId = active()) {
      const {pins} = store.getState()
      if (runId === null || !pins[runId]?.length) return
      const {[runId]: _, ...others} = pins
      change('clear the pins', {pins: others})
    },
    togglePair(position, runId = active()) {
      if (runId === null) return
      const {pins} = store.getState()
      const kept = pins[runId] ?? []
      const from = pinnedPositions(kept)
        .filter((pinned) => pinned !== position)
        .at(-1)
      if (from === undefined) return
      const pair: Pin = {kind: 'pair', from, to: position}
      const others = kept.filter((other) => !isSamePin(other, pair))
      if (others.length < kept.length) {
        change('unpair', {pins: {...pins, [runId]: others}})
        return
      }
      const target: Pin = {kind: 'token', position}
      const isPinned = kept.some((other) => isSamePin(other, target))
      if (kept.length + (isPinned ? 1 : 2) > MOST_PINS) return
      change('pair', {pins: {...pins, [runId]: [...kept, ...(isPinned ? [] : [target]), pair]}})
    },
    openCard(card) {
      if (card.kind === 'place') lock(card.position, card.runId)
      set({card, drawing: null})
    },
    closeCard() {
      if (store.getState().card !== null) set({card: null})
    },
  }
}
