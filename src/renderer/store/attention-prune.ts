import type {importanceVariantSchema} from '../../shared/lenses/attention-maps.ts'
import type {InterveneResult} from '../../shared/lenses/intervene.ts'
import {capturedTextOf, selectAttentionRun} from './attention.ts'
import type {WorkPhase} from './attention-graph-state.ts'
import {trialRequest} from './attention-trials.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import type {RunId, WorkbenchState} from './state.ts'

/** The view of the attention lens that shows which tokens could be left out. */
export const PRUNE_VIEW = 'prune'

export type PruneVariant = (typeof importanceVariantSchema.options)[number]

/** What Zero-TPrune would keep of a text at a budget. */
export interface Pruned {
  readonly kept: Int32Array
  readonly droppedByImportance: Int32Array
  readonly droppedBySimilarity: Int32Array
}

/** Session. */
export interface PruneState {
  /** By run: tokens to keep; two thirds where there is none. */
  readonly pruneBudgets: Readonly<Record<RunId, number>>
  readonly pruneVariant: PruneVariant
  readonly prunePhase: WorkPhase
  /** Of the pruning that was chosen last, which is drawn until the next one is there. */
  readonly pruneShownKey: string | null
  /** How the run without the others stands; what came of it is in the captures. */
  readonly pruneRunPhase: WorkPhase
  /** Grows whenever there is another pruning or run. */
  readonly pruneRevision: number
}

export const initialPrune: PruneState = {
  pruneBudgets: {},
  pruneVariant: 'position-corrected',
  prunePhase: {kind: 'idle'},
  pruneShownKey: null,
  pruneRunPhase: {kind: 'idle'},
  pruneRevision: 0,
}

export interface PruneSpec {
  readonly runId: RunId
  readonly tokenCount: number
  readonly keepCount: number
  readonly variant: PruneVariant
}

export const pruneKey = ({runId, tokenCount, keepCount, variant}: PruneSpec) =>
  `${runId}:${tokenCount}:${keepCount}:${variant}`

/** The first and the last token always stay. */
export const LEAST_KEPT = 2
const FIRST_SHARE = 2 / 3
const REST_MS = 250
const TABLE_ROWS = 100

/** The pruning that the active pane wants; null while another view is shown or nothing is captured. */
export function selectPrune(state: WorkbenchState, captures: Captures): PruneSpec | null {
  const pane = state.activePane
  if (selectPane(state, pane).view !== PRUNE_VIEW) return null
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown || !captures.attentionFacts.peek(shown.run.id)) return null
  const tokenCount = shown.data.tokens.length
  const wanted = state.pruneBudgets[shown.run.id] ?? Math.ceil(tokenCount * FIRST_SHARE)
  return {
    runId: shown.run.id,
    tokenCount,
    keepCount: Math.max(Math.min(LEAST_KEPT, tokenCount), Math.min(tokenCount, wanted)),
    variant: state.pruneVariant,
  }
}

export interface PruneActions {
  watchPrune(): void
  changePruneBudget(runId: RunId, keepCount: number): void
  changePruneVariant(variant: PruneVariant): void
  cancelPrune(): void
  /** Asks once more after it was cancelled or failed. */
  askPruneAgain(): void
}

export function createPruneActions(context: StoreContext): PruneActions {
  const {store, set, captures, client, deps} = context
  let asked: string | null = null
  let abort: AbortController | null = null
  let stopWaiting: () => void = () => undefined
  const renew = () => set(({pruneRevision}) => ({pruneRevision: pruneRevision + 1}))

  /** First which tokens stay, then the model run without the others. */
  const compute = async (spec: PruneSpec) => {
    const key = pruneKey(spec)
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, state.activePane)
    if (!shown || asked !== key) return
    const own = new AbortController()
    abort = own
    const isOld = () => asked !== key
    try {
      let pruned = captures.prunings.peek(key)
      if (!pruned) {
        set({prunePhase: {kind: 'running', done: 0, total: 1, secondsLeft: null}})
        const events = await client.attention.prune(
          {
            ...capturedTextOf(shown.run, shown.data),
            keepCount: spec.keepCount,
            variant: spec.variant,
          },
          {signal: own.signal}
        )
        for await (const event of events) {
          if (event.kind === 'pruned') {
            pruned = event
            captures.prunings.set(key, event)
          } else {
            const {done, total, secondsLeft} = event
            set({prunePhase: {kind: 'running', done, total, secondsLeft}})
          }
        }
      }
      if (isOld() || !pruned) return
      set({prunePhase: {kind: 'idle'}, pruneShownKey: key})
      renew()
      if (captures.prunedRuns.peek(key)) return
      await runWithout(spec, pruned, own)
    } catch (error) {
      if (isOld()) return
      const isCancelled = own.signal.aborted || isCancellation(error)
      const phase: WorkPhase = isCancelled
        ? {kind: 'cancelled'}
        : {kind: 'failed', problem: shownProblem(error)}
      // What is not there yet is what was ended.
      set(
        captures.prunings.peek(key)
          ? {pruneRunPhase: phase, prunePhase: {kind: 'idle'}}
          : {prunePhase: phase}
      )
    } finally {
      if (abort === own) abort = null
    }
  }

  const runWithout = async (spec: PruneSpec, pruned: Pruned, own: AbortController) => {
    const key = pruneKey(spec)
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, state.activePane)
    if (!shown) return
    const dropped = [...pruned.droppedBySimilarity, ...pruned.droppedByImportance].sort(
      (a, b) => a - b
    )
    const position = shown.data.tokens.length - 1
    set({pruneRunPhase: {kind: 'running', done: 0, total: 1, secondsLeft: null}})
    const request = trialRequest(shown.data, {kind: 'delete', token: 0}, position)
    const events = await client.interventions.run(
      {...request, deleteTokens: dropped, topK: TABLE_ROWS},
      {signal: own.signal}
    )
    let result: InterveneResult | null = null
    for await (const event of events) {
      if (event.kind === 'completed') result = event.result
      else if (event.kind === 'progress') {
        const {done, total, secondsLeft} = event
        set({pruneRunPhase: {kind: 'running', done, total, secondsLeft}})
      }
    }
    if (result) captures.prunedRuns.set(key, result)
    if (asked === key) set({pruneRunPhase: {kind: 'idle'}})
    renew()
  }

  const want = () => {
    const state = store.getState()
    const spec = selectPrune(state, captures)
    if (!spec || spec.tokenCount < LEAST_KEPT || state.connection !== 'connected') {
      if (asked !== null) {
        stopWaiting()
        asked = null
        abort?.abort()
        set({prunePhase: {kind: 'idle'}, pruneRunPhase: {kind: 'idle'}})
      }
      return
    }
    const key = pruneKey(spec)
    if (asked === key) return
    const isFirst = asked === null
    asked = key
    stopWaiting()
    abort?.abort()
    set({prunePhase: {kind: 'idle'}, pruneRunPhase: {kind: 'idle'}})
    // A slider that is being moved asks when it rests.
    if (isFirst || captures.prunedRuns.peek(key)) void compute(spec)
    else stopWaiting = deps.after(REST_MS, () => void compute(spec))
  }

  return {
    watchPrune() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.panes === previous.panes &&
          state.activePane === previous.activePane &&
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.attentionSlots === previous.attentionSlots &&
          state.pruneBudgets === previous.pruneBudgets &&
          state.pruneVariant === previous.pruneVariant &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    changePruneBudget: (runId, keepCount) =>
      set(({pruneBudgets}) => ({pruneBudgets: {...pruneBudgets, [runId]: keepCount}})),
    changePruneVariant: (pruneVariant) => set({pruneVariant}),
    cancelPrune: () => abort?.abort(),
    askPruneAgain() {
      asked = null
      set({prunePhase: {kind: 'idle'}, pruneRunPhase: {kind: 'idle'}})
      want()
    },
  }
}
