import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {ATTENTION_LENS} from './attention-state.ts'
import type {StoreContext} from './context.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

/** Between two steps of a text that is being written; one that is written sooner is drawn when it is whole. */
const STEP_MS = 700
/** The writing goes on alone for so many times as long as a step took: both run on the same processor. */
const REST_SHARE = 3

export interface AttentionGrowthActions {
  /** Lets the views of a text that is being written grow with it, a step at a time. */
  watchGrowth(): void
}

export function createAttentionGrowthActions({
  store,
  set,
  captures,
  deps,
}: StoreContext): AttentionGrowthActions {
  const timers: [(() => void) | null, (() => void) | null] = [null, null]

  /** When a step began that is not drawn yet; and until when none is begun. */
  const beganMs: [number | null, number | null] = [null, null]
  const restUntilMs: [number, number] = [0, 0]

  /** The run that is being written in a pane that shows its attention. */
  const writtenIn = (pane: PaneIndex): {id: RunId; data: TokensRun} | null => {
    const state = store.getState()
    if (!state.panes[pane]) return null
    const {lensId, runId} = selectPane(state, pane)
    if (lensId !== ATTENTION_LENS || runId === null) return null
    const data = captures.runs.peek(runId)
    const isRunning = selectRun(state, runId)?.phase.kind === 'running'
    return isRunning && data ? {id: runId, data} : null
  }
  const step = (pane: PaneIndex) => {
    timers[pane] = null
    const written = writtenIn(pane)
    if (!written) return
    const {id, data} = written
    const {attentionGrowth} = store.getState()
    const count = data.tokens.length
    // What is shown of it is finished first, however long that takes.
    settle(pane)
    const isFree = beganMs[pane] === null && deps.now() >= restUntilMs[pane]
    timers[pane] = deps.after(STEP_MS, () => step(pane))
    if (!isFree || count <= (attentionGrowth[id] ?? 0)) return
    beganMs[pane] = deps.now()
    set({attentionGrowth: {...attentionGrowth, [id]: count}})
  }
  const settle = (pane: PaneIndex) => {
    const began = beganMs[pane]
    if (began === null || isDrawing(store.getState(), pane)) return
    beganMs[pane] = null
    restUntilMs[pane] = deps.now() + REST_SHARE * (deps.now() - began)
  }
  const forget = () => {
    const state = store.getState()
    const kept = Object.entries(state.attentionGrowth).filter(
      ([id]) => selectRun(state, id)?.phase.kind === 'running'
    )
    if (kept.length < Object.keys(state.attentionGrowth).length) {
      set({attentionGrowth: Object.fromEntries(kept)})
    }
  }
  const want = (pane: PaneIndex) => {
    const written = writtenIn(pane)
    if (!written) {
      timers[pane]?.()
      timers[pane] = null
      beganMs[pane] = null
      restUntilMs[pane] = 0
      return
    }
    settle(pane)
    // Nothing is there before the prompt has been read and a token follows it.
    const {tokens, promptTokenCount} = written.data
    if (timers[pane] || tokens.length <= promptTokenCount) return
    timers[pane] = deps.after(STEP_MS, () => step(pane))
  }

  return {
    watchGrowth() {
      store.subscribe((state, previous) => {
        if (state.runStates === previous.runStates && state.panes === previous.panes) return
        forget()
        want(0)
        want(1)
      })
    },
  }
}

/** Whether something of what a pane shows is still being computed. */
function isDrawing(state: WorkbenchState, pane: PaneIndex): boolean {
  const {phase, isBehind} = state.attentionSlots[pane]
  return (
    isBehind ||
    phase.kind === 'capturing' ||
    [state.headsPhase, state.overviewPhase, state.graphSlots[pane].phase].some(
      ({kind}) => kind === 'running'
    ) ||
    Object.values(state.importancePhases).some(({kind}) => kind === 'running')
  )
}
