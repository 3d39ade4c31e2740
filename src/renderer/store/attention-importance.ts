import type {ImportanceForm} from '../../shared/figures/attention/graph-words.ts'
import {type Importance, importanceVariantSchema} from '../../shared/lenses/attention-maps.ts'
import {flowWork} from '../../shared/math/attention/attention-flow.ts'
import {capturedTextOf, selectAttentionRun} from './attention.ts'
import {GRAPH_VIEW, type WorkPhase} from './attention-graph-state.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectLock} from './selection.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

export const IMPORTANCE_FORMS: readonly ImportanceForm[] = [
  ...importanceVariantSchema.options,
  'attention-rollout',
  'attention-flow',
]

/** One importance of a text. */
export interface ImportanceSpec {
  readonly runId: RunId
  readonly tokenCount: number
  readonly form: ImportanceForm
  /** Of rollout and flow; null of PageRank. */
  readonly query: number | null
}

export function importanceKey({runId, tokenCount, form, query}: ImportanceSpec): string {
  return `${runId}:${tokenCount}:${form}:${query ?? ''}`
}

export const isOfQuery = (form: ImportanceForm) =>
  form === 'attention-rollout' || form === 'attention-flow'

/** Flows that take longer than about a second wait to be asked for. */
const MOST_FLOW_AT_ONCE = 10e6

/** What the graph of a pane shows under its columns: the chosen form first, rollout and flow of the selected token beside it. */
export function selectImportances(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): ImportanceSpec[] {
  if (selectPane(state, pane).view !== GRAPH_VIEW) return []
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown || !captures.attentionFacts.peek(shown.run.id)) return []
  const {id} = shown.run
  const tokenCount = shown.data.tokens.length
  const query = selectLock(state, captures, id) ?? tokenCount - 1
  const forms: ImportanceForm[] = [
    state.graphImportance,
    ...(['attention-rollout', 'attention-flow'] as const).filter(
      (form) => form !== state.graphImportance
    ),
  ]
  return forms.map((form) => ({
    runId: id,
    tokenCount,
    form,
    query: isOfQuery(form) ? query : null,
  }))
}

/** Whether a flow takes so long that it waits to be asked for. */
export function isOnDemand({form, query}: ImportanceSpec, layerCount: number): boolean {
  return form === 'attention-flow' && flowWork(layerCount, query ?? 0) > MOST_FLOW_AT_ONCE
}

export interface ImportanceActions {
  /** Keeps importances in step with what the graph shows. */
  watchImportance(): void
  /** Computes one, also where it would wait to be asked for. */
  askImportance(spec: ImportanceSpec): void
  cancelImportance(): void
}

export function createImportanceActions(context: StoreContext): ImportanceActions {
  const {store, set, captures, client} = context
  let current: {readonly key: string; readonly abort: AbortController} | null = null
  const setPhase = (key: string, phase: WorkPhase) =>
    set(({importancePhases}) => {
      const {[key]: _, ...others} = importancePhases
      return {importancePhases: phase.kind === 'idle' ? others : {...others, [key]: phase}}
    })

  const compute = async (spec: ImportanceSpec) => {
    const key = importanceKey(spec)
    const pane = paneOf(store.getState(), captures, spec)
    const shown = pane === null ? null : selectAttentionRun(store.getState(), captures, pane)
    if (!shown) return
    const abort = new AbortController()
    current = {key, abort}
    setPhase(key, {kind: 'running', done: 0, total: 1, secondsLeft: null})
    try {
      const events = await client.attention.importance(
        {
          ...capturedTextOf(shown.run, shown.data),
          ...(isOfQuery(spec.form)
            ? {method: spec.form as 'attention-rollout' | 'attention-flow', query: spec.query!}
            : {method: 'wpr', variant: spec.form as NonNullable<Importance['variant']>}),
        },
        {signal: abort.signal}
      )
      for await (const event of events) {
        if (event.kind === 'progress') {
          const {done, total, secondsLeft} = event
          setPhase(key, {kind: 'running', done, total, secondsLeft})
        } else {
          captures.attentionImportances.set(key, event.importance)
          set(({importanceRevision}) => ({importanceRevision: importanceRevision + 1}))
        }
      }
      setPhase(key, {kind: 'idle'})
    } catch (error) {
      const isCancelled = abort.signal.aborted || isCancellation(error)
      const isLeft = abort.signal.reason === LEFT
      setPhase(
        key,
        isLeft
          ? {kind: 'idle'}
          : isCancelled
            ? {kind: 'cancelled'}
            : {kind: 'failed', problem: shownProblem(error)}
      )
    } finally {
      if (current?.abort === abort) current = null
      want()
    }
  }

  /** One at a time, what stands first first; what nobody wants any more is ended. */
  const want = () => {
    const state = store.getState()
    const specs = ([0, 1] as const)
      .slice(0, state.panes.length)
      .flatMap((pane) => selectImportances(state, captures, pane))
    if (current && !specs.some((spec) => importanceKey(spec) === current!.key)) {
      current.abort.abort(LEFT)
      return
    }
    if (current || state.connection !== 'connected') return
    // The picture comes first.
    if (([0, 1] as const).some((pane) => state.graphSlots[pane].phase.kind === 'running')) return
    const next = specs.find((spec) => {
      const key = importanceKey(spec)
      const layerCount = captures.attentionFacts.peek(spec.runId)?.length ?? 1
      return (
        !captures.attentionImportances.peek(key) &&
        !state.importancePhases[key] &&
        !isOnDemand(spec, layerCount)
      )
    })
    if (next) void compute(next)
  }

  return {
    watchImportance() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.panes === previous.panes &&
          state.locks === previous.locks &&
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.graphImportance === previous.graphImportance &&
          state.graphSlots === previous.graphSlots &&
          state.attentionSlots === previous.attentionSlots &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    askImportance(spec) {
      current?.abort.abort(LEFT)
      void compute(spec)
    },
    cancelImportance: () => current?.abort.abort(),
  }
}
const LEFT = 'nobody wants it any more'

/** A pane that shows the text. */
function paneOf(
  state: WorkbenchState,
  captures: Captures,
  {runId}: ImportanceSpec
): PaneIndex | null {
  return (
    ([0, 1] as const).find((pane) => selectAttentionRun(state, captures, pane)?.run.id === runId) ??
    null
  )
}
