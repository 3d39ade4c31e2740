import type {GraphPart} from '../../shared/figures/attention/graph-hit.ts'
import type {ImportanceForm} from '../../shared/figures/attention/graph-words.ts'
import type {AttentionGraph} from '../../shared/lenses/attention-graph.ts'
import {
  columnsWindow,
  type TokenWindow,
  tokensPerColumnOf,
} from '../../shared/math/attention/graph-window.ts'
import {capturedTextOf, selectAttentionRun} from './attention.ts'
import {GRAPH_VIEW, type GraphSlot, type GraphWorkState} from './attention-graph-state.ts'
import {filterKey, requestFilters} from './attention-pictures.ts'
import type {AttentionFilterChoice} from './attention-state.ts'
import type {Captures} from './captures.ts'
import {isCancellation, latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectLock} from './selection.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

/** Lines of a layer that may be wanted; so many are asked for, that fewer need no asking. */
export const MOST_EDGES_PER_LAYER = 60
/** Edges among what stands beside the window, which are not drawn. */
const BESIDE_EDGES = 4
/** After the window was moved. */
const REST_MS = 120

/** What graph a pane wants. */
export interface GraphSpec {
  readonly runId: RunId
  readonly tokenCount: number
  readonly layers: readonly number[]
  /** The token that is followed; null: the heaviest of all. */
  readonly into: number | null
  /** Layers below the state that is followed. */
  readonly level: number
  readonly filters: AttentionFilterChoice
  /** Tokens that have columns, whole columns of them. */
  readonly window: readonly [number, number]
  readonly tokensPerColumn: number
}

export function graphKey(spec: GraphSpec): string {
  const {runId, tokenCount, into, level, filters, window, tokensPerColumn} = spec
  return `${runId}:${tokenCount}:${into ?? 'all'}:${level}:${filterKey(filters)}:${window.join('-')}:${tokensPerColumn}`
}

/** The tokens of a run that the graph shows. */
export function selectGraphWindow(
  {graphWindows}: Pick<WorkbenchState, 'graphWindows'>,
  runId: RunId,
  tokenCount: number
): TokenWindow {
  const kept = graphWindows[runId]
  return kept ? clampTokens(kept, tokenCount) : {start: 0, span: tokenCount}
}

/** The graph that a pane wants; null while another view is shown or nothing is captured. */
export function selectGraph(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): GraphSpec | null {
  if (selectPane(state, pane).view !== GRAPH_VIEW) return null
  const shown = selectAttentionRun(state, captures, pane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  if (!shown || !facts || facts.length === 0) return null
  const {id} = shown.run
  const tokenCount = shown.data.tokens.length
  const layers = facts.map(({layer}) => layer)
  const window = selectGraphWindow(state, id, tokenCount)
  const widthPx = state.graphPlots[pane]
  if (widthPx === 0) return null
  const tokensPerColumn = tokensPerColumnOf(window.span, widthPx)
  return {
    runId: id,
    tokenCount,
    layers,
    into: selectLock(state, captures, id),
    level: Math.max(1, Math.min(layers.length, state.graphLevels[id] ?? layers.length)),
    filters: state.attentionFilters,
    window: graphRange(window, tokenCount, tokensPerColumn),
    tokensPerColumn,
  }
}

/** Tokens that are asked for: somewhat more than are seen, so that moving a little asks for nothing. */
function graphRange(
  window: TokenWindow,
  tokenCount: number,
  tokensPerColumn: number
): readonly [number, number] {
  if (window.span >= tokenCount - 1e-6) return [0, tokenCount]
  const margin = window.span / 2
  // By quarters of what is seen: places between ask for the same.
  const grid = Math.max(1, Math.floor(window.span / 4 / tokensPerColumn)) * tokensPerColumn
  const start = Math.floor((window.start - margin) / grid) * grid
  const end = Math.ceil((window.start + window.span + margin) / grid) * grid
  const from = Math.max(0, start)
  return columnsWindow(
    {start: from, span: Math.min(tokenCount, end) - from},
    tokenCount,
    tokensPerColumn
  )
}

/** A window within the text. */
export function clampTokens({start, span}: TokenWindow, tokenCount: number): TokenWindow {
  const clamped = Math.max(Math.min(LEAST_SPAN, tokenCount), Math.min(tokenCount, span))
  return {start: Math.max(0, Math.min(tokenCount - clamped, start)), span: clamped}
}
const LEAST_SPAN = 4

/** The graph that a pane draws: the wanted one, or the last of its run until that is there. */
export function selectShownGraph(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {
  readonly graph: AttentionGraph
  readonly into: number | null
  readonly isCurrent: boolean
} | null {
  const spec = selectGraph(state, captures, pane)
  if (!spec) return null
  const wanted = captures.attentionGraphs.peek(graphKey(spec))
  if (wanted) return {graph: wanted, into: spec.into, isCurrent: true}
  const {shownKey} = state.graphSlots[pane]
  if (!shownKey?.startsWith(`${spec.runId}:${spec.tokenCount}:`)) return null
  const old = captures.attentionGraphs.peek(shownKey)
  const into = shownKey.split(':').at(-5)
  return old ? {graph: old, into: into === 'all' ? null : Number(into), isCurrent: false} : null
}

/** Bytes that a graph takes. */
export function graphWeight(graph: AttentionGraph): number {
  return graph.weight.length * 32 + graph.nodes.byteLength + graph.broken.byteLength + 512
}

export interface GraphActions {
  /** Keeps the graph in step with selection and controls, where it is shown. */
  watchGraph(): void
  askGraphAgain(pane: PaneIndex): void
  measureGraph(pane: PaneIndex, widthPx: number): void
  changeGraphEdges(edgesPerLayer: number): void
  chooseImportance(form: ImportanceForm): void
  /** Shows a part of a run's text; all of it where it is null or as long. */
  showGraphWindow(runId: RunId, window: TokenWindow | null): void
  /** Says what is under the pointer, and which token of all lenses it is. */
  pointAtGraph(pointed: GraphWorkState['graphPointed'], position: number | null): void
  /** Selects a node: its token for all lenses, and after how many layers it is looked at. */
  lockNode(runId: RunId, node: {readonly position: number; readonly level: number}): void
  /** Moves the selected node by so many layers up. */
  moveGraphLevel(runId: RunId, by: number): void
}

export function createGraphActions(context: StoreContext): GraphActions {
  const {store, set, change, captures, client, deps} = context
  const setSlot = (pane: PaneIndex, slotChange: Partial<GraphSlot>) =>
    set(({graphSlots}) => {
      const slot = {...graphSlots[pane], ...slotChange}
      return {graphSlots: pane === 0 ? [slot, graphSlots[1]] : [graphSlots[0], slot]}
    })
  const asked: [string | null, string | null] = [null, null]
  const aborts: [AbortController | null, AbortController | null] = [null, null]
  const waits: [() => void, () => void] = [() => undefined, () => undefined]

  const fetchers = [0, 1].map((at) =>
    latestWins<GraphSpec>(async (spec) => {
      const pane = at as PaneIndex
      const key = graphKey(spec)
      const shown = selectAttentionRun(store.getState(), captures, pane)
      if (asked[pane] !== key || !shown || shown.run.id !== spec.runId) return
      const abort = new AbortController()
      aborts[pane] = abort
      setSlot(pane, {phase: {kind: 'running', done: 0, total: 1, secondsLeft: null}})
      try {
        const graph = await client.attention.graph(
          {
            ...capturedTextOf(shown.run, shown.data),
            layers: spec.layers.slice(0, spec.level),
            filters: requestFilters(spec.filters, shown.data),
            ...(spec.into === null ? {} : {into: spec.into}),
            window: [...spec.window],
            tokensPerColumn: spec.tokensPerColumn,
            maxEdgesPerLayer: MOST_EDGES_PER_LAYER + BESIDE_EDGES,
          },
          {signal: abort.signal}
        )
        captures.attentionGraphs.set(key, graph)
        if (asked[pane] === key) setSlot(pane, {shownKey: key, phase: {kind: 'idle'}})
      } catch (error) {
        if (abort.signal.aborted || isCancellation(error)) return
        setSlot(pane, {phase: {kind: 'failed', problem: shownProblem(error)}})
      } finally {
        if (aborts[pane] === abort) aborts[pane] = null
      }
    })
  )

  const want = (pane: PaneIndex) => {
    const state = store.getState()
    const spec = selectGraph(state, captures, pane)
    if (!spec || state.connection !== 'connected') {
      asked[pane] = null
      waits[pane]()
      return
    }
    const key = graphKey(spec)
    const {shownKey, phase} = state.graphSlots[pane]
    if (captures.attentionGraphs.get(key)) {
      asked[pane] = key
      waits[pane]()
      if (shownKey !== key || phase.kind !== 'idle') {
        setSlot(pane, {shownKey: key, phase: {kind: 'idle'}})
      }
      return
    }
    if (asked[pane] === key) return
    asked[pane] = key
    waits[pane]()
    aborts[pane]?.abort()
    const ask = () => fetchers[pane]!(spec)
    // While the window is being moved what is there is drawn.
    const isMoved = shownKey !== null && withoutWindow(shownKey) === withoutWindow(key)
    if (isMoved) waits[pane] = deps.after(REST_MS, ask)
    else ask()
  }

  return {
    watchGraph() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.panes === previous.panes &&
          state.locks === previous.locks &&
          state.attentionFilters === previous.attentionFilters &&
          state.attentionSlots === previous.attentionSlots &&
          state.graphWindows === previous.graphWindows &&
          state.graphLevels === previous.graphLevels &&
          state.graphPlots === previous.graphPlots &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        if (state.panes.length > 1) want(1)
      })
    },
    askGraphAgain(pane) {
      asked[pane] = null
      setSlot(pane, {phase: {kind: 'idle'}})
      want(pane)
    },
    measureGraph(pane, widthPx) {
      const {graphPlots} = store.getState()
      if (graphPlots[pane] === widthPx) return
      set({graphPlots: pane === 0 ? [widthPx, graphPlots[1]] : [graphPlots[0], widthPx]})
    },
    changeGraphEdges(edgesPerLayer) {
      const graphEdgesPerLayer = Math.max(1, Math.min(MOST_EDGES_PER_LAYER, edgesPerLayer))
      change('change the edges a layer', {graphEdgesPerLayer}, {merge: 'graph edges'})
    },
    chooseImportance(graphImportance) {
      change('choose an importance', {graphImportance})
    },
    showGraphWindow(runId, window) {
      const {graphWindows} = store.getState()
      const count = captures.runs.peek(runId)?.tokens.length ?? 0
      const shown = window && clampTokens(window, count)
      const {[runId]: old, ...others} = graphWindows
      const options = {merge: 'graph window'}
      if (!shown || shown.span >= count - 1e-6) {
        if (old) change('zoom', {graphWindows: others}, options)
        return
      }
      if (old?.start === shown.start && old.span === shown.span) return
      change('zoom', {graphWindows: {...others, [runId]: shown}}, options)
    },
    pointAtGraph(graphPointed, position) {
      const old = store.getState().graphPointed
      if (
        old?.runId === graphPointed?.runId &&
        isSamePart(old?.part ?? null, graphPointed?.part ?? null)
      ) {
        return
      }
      set({
        graphPointed,
        hovered: graphPointed && position !== null ? {runId: graphPointed.runId, position} : null,
      })
    },
    lockNode(runId, {position, level}) {
      const {locks, graphLevels, hovered} = store.getState()
      if (hovered !== null) set({hovered: null})
      change(
        'select a node',
        {
          locks: {...locks, [runId]: position},
          graphLevels: {...graphLevels, [runId]: Math.max(1, level)},
        },
        {merge: 'lock'}
      )
    },
    moveGraphLevel(runId, by) {
      const {graphLevels} = store.getState()
      const count = captures.attentionFacts.peek(runId)?.length ?? 0
      if (count === 0) return
      const level = Math.max(1, Math.min(count, (graphLevels[runId] ?? count) + by))
      change('walk layers', {graphLevels: {...graphLevels, [runId]: level}}, {merge: 'graph level'})
    },
  }
}

/** A key without what the window decides. */
const withoutWindow = (key: string) => key.split(':').slice(0, -2).join(':')

const isSamePart = (a: GraphPart | null, b: GraphPart | null): boolean =>
  a === b ||
  (a?.kind === 'node' && b?.kind === 'node' && a.level === b.level && a.column === b.column) ||
  (a?.kind === 'edge' && b?.kind === 'edge' && a.edge === b.edge) ||
  (a?.kind === 'column' && b?.kind === 'column' && a.first === b.first && a.end === b.end)
