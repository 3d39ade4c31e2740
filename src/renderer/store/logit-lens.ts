import type {LogitLens} from '../../shared/lenses/logit-lens.ts'
import type {Captures} from './captures.ts'
import {isCancellation, latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import {selectHovered, selectLock} from './selection.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'
import {selectTrackedIds} from './tables.ts'
import type {LensSlot, LogitLensState} from './tables-state.ts'

/** The view of the tokens lens that shows what the head makes of every layer. */
export const LOGIT_LENS_VIEW = 'logit-lens'

const EMPTY: LensSlot = {shownKey: null, phase: {kind: 'idle'}}

export const initialLogitLens: LogitLensState = {
  lensSlots: [EMPTY, EMPTY],
  lensRows: [null, null],
}

/** What a logit lens is asked with. */
export interface LensSpec {
  readonly runId: RunId
  readonly position: number
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly tokenIds: readonly number[]
}

export function lensKey(spec: LensSpec): string {
  const {runId, position, temperature, topP, topK, tokenIds} = spec
  return `${runId}:${position}:${temperature}:${topP}:${topK}:${tokenIds.join(',')}`
}

/** Which logit lens a pane wants; null while it shows something else, or nothing was run. */
export function selectWantedLens(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): LensSpec | null {
  if (!state.panes[pane]) return null
  const {lensId, view, runId} = selectPane(state, pane)
  if (lensId !== 'tokens' || view !== LOGIT_LENS_VIEW) return null
  const run = selectRun(state, runId)
  const data = runId === null ? undefined : captures.runs.peek(runId)
  if (!run || !data || data.tokens.length === 0 || run.phase.kind === 'running') return null
  const lastPosition = data.tokens.length - 1
  const position =
    selectHovered(state, run.id) ?? selectLock(state, captures, run.id) ?? lastPosition
  const {temperature, topP, topK} = state.parameters
  const tokenIds = selectTrackedIds(run, state)
  return {
    runId: run.id,
    position: Math.min(position, lastPosition),
    temperature,
    topP,
    topK,
    tokenIds,
  }
}

/** The logit lens that a pane shows: the one it wants, or the last one of its run until that is there. */
export function selectShownLens(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): LogitLens | null {
  const {runId, view} = selectPane(state, pane)
  const {shownKey} = state.lensSlots[pane]
  if (view !== LOGIT_LENS_VIEW || runId === null || !shownKey?.startsWith(`${runId}:`)) return null
  return captures.lenses.peek(shownKey) ?? null
}

export interface LogitLensActions {
  /** Keeps the logit lens in step with selection and controls, where it is shown. */
  watchLogitLens(): void
  /** Ends the run that the lens waits for; what is shown stays. */
  cancelLens(pane: PaneIndex): void
  /** Asks once more after it was cancelled or failed. */
  askLensAgain(pane: PaneIndex): void
  /** Marks a row of the lens, the output where it is null. */
  chooseLensRow(row: number | null, pane: PaneIndex): void
}

export function createLogitLensActions({
  store,
  set,
  captures,
  client,
}: StoreContext): LogitLensActions {
  const setSlot = (pane: PaneIndex, change: Partial<LensSlot>) =>
    set(({lensSlots}) => ({lensSlots: withEntry(lensSlots, pane, {...lensSlots[pane], ...change})}))
  const aborts: [AbortController | null, AbortController | null] = [null, null]
  const asked: [string | null, string | null] = [null, null]

  const fetchLens = (pane: PaneIndex) =>
    latestWins<LensSpec>(async (spec) => {
      const run = selectRun(store.getState(), spec.runId)
      const data = captures.runs.peek(spec.runId)
      const key = lensKey(spec)
      // While it waited something else came to be wanted.
      if (!run || !data || asked[pane] !== key) return
      const {model, file} = run.request
      const {position, temperature, topP, topK, tokenIds} = spec
      const abort = new AbortController()
      aborts[pane] = abort
      try {
        const ids = Int32Array.from(data.tokens, (token) => token.id)
        const events = await client.tokens.lens(
          {model, file, ids, position, temperature, topP, topK, tokenIds: [...tokenIds]},
          {signal: abort.signal}
        )
        for await (const event of events) {
          if (event.kind === 'progress') {
            const {done, total, secondsLeft} = event
            setSlot(pane, {phase: {kind: 'running', done, total, secondsLeft}})
          } else {
            captures.lenses.set(key, event.lens)
            setSlot(pane, {shownKey: key, phase: {kind: 'idle'}})
          }
        }
      } catch (error) {
        if (abort.signal.aborted || isCancellation(error)) {
          // One that was left for another run says nothing.
          if (asked[pane] === key) setSlot(pane, {phase: {kind: 'cancelled'}})
          return
        }
        setSlot(pane, {phase: {kind: 'failed', problem: shownProblem(error)}})
      } finally {
        if (aborts[pane] === abort) aborts[pane] = null
      }
    })
  const fetchers = [fetchLens(0), fetchLens(1)] as const

  const stop = (pane: PaneIndex) => {
    asked[pane] = null
    aborts[pane]?.abort()
  }

  const want = (pane: PaneIndex) => {
    const state = store.getState()
    const spec = selectWantedLens(state, captures, pane)
    const slot = state.lensSlots[pane]
    if (!spec) {
      if (asked[pane] !== null) stop(pane)
      if (slot !== EMPTY && slot.phase.kind !== 'idle') setSlot(pane, {phase: {kind: 'idle'}})
      return
    }
    const key = lensKey(spec)
    if (captures.lenses.get(key)) {
      asked[pane] = key
      if (slot.shownKey !== key || slot.phase.kind !== 'idle') {
        setSlot(pane, {shownKey: key, phase: {kind: 'idle'}})
      }
      return
    }
    if (state.connection !== 'connected' || asked[pane] === key) return
    // Another run needs another capture; another position of this one waits for the same.
    if (asked[pane] !== null && !asked[pane].startsWith(`${spec.runId}:`)) aborts[pane]?.abort()
    // What was cancelled or failed for this run is not asked again by moving the pointer.
    const isRefused = slot.phase.kind === 'cancelled' || slot.phase.kind === 'failed'
    if (isRefused && asked[pane]?.startsWith(`${spec.runId}:`)) return
    asked[pane] = key
    fetchers[pane](spec)
  }

  return {
    watchLogitLens() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runs === previous.runs &&
          state.runStates === previous.runStates &&
          state.panes === previous.panes &&
          state.locks === previous.locks &&
          state.hovered === previous.hovered &&
          state.parameters === previous.parameters &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        want(1)
      })
    },
    cancelLens: (pane) => aborts[pane]?.abort(),
    askLensAgain(pane) {
      asked[pane] = null
      setSlot(pane, {phase: {kind: 'idle'}})
      want(pane)
    },
    chooseLensRow: (row, pane) => set(({lensRows}) => ({lensRows: withEntry(lensRows, pane, row)})),
  }
}

function withEntry<Value>(
  pair: readonly [Value, Value],
  index: PaneIndex,
  value: Value
): readonly [Value, Value] {
  return index === 0 ? [value, pair[1]] : [pair[0], value]
}
