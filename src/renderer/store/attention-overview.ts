import type {HeadRef, Thumbnail} from '../../shared/lenses/attention-maps.ts'
import {capturedTextOf, selectAttentionRun, selectShown} from './attention.ts'
import type {HeadsPhase} from './attention-heads.ts'
import {filterKey, requestFilters} from './attention-pictures.ts'
import type {AttentionShown} from './attention-state.ts'
import {OVERVIEW_VIEW, TWO_HEADS_VIEW} from './attention-views.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectPane, withPane} from './panes.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

/** Session: the heads of a model in small. */
export interface AttentionOverviewState {
  readonly overviewPhase: HeadsPhase
  /** Grows whenever there are more pictures. */
  readonly overviewRevision: number
  /** The head under the pointer. */
  readonly pointedHead: HeadRef | null
  /** Pixels a side of each picture; null fits them all into what is seen. */
  readonly overviewCellPx: number | null
}

export const initialAttentionOverview: AttentionOverviewState = {
  overviewPhase: {kind: 'idle'},
  overviewRevision: 0,
  pointedHead: null,
  overviewCellPx: null,
}

/** Cells a side of each picture: enough for those that are drawn large, and no more where there are many. */
const CELLS = 96
const CELLS_OF_MANY = 64
const MANY_HEADS = 64

/** Pictures of the heads of a text as they come. */
export interface HeadThumbnails {
  /** By layer, then by head. */
  readonly byLayer: ReadonlyMap<number, readonly Thumbnail[]>
  /** Nothing is missing any more. */
  readonly isWhole: boolean
}

export function thumbnailOf(
  thumbnails: HeadThumbnails | undefined,
  {layer, head}: HeadRef
): Thumbnail | undefined {
  return thumbnails?.byLayer.get(layer)?.[head]
}

/** What a pane's overview is made of; null while nothing of its text is captured. */
export function selectOverviewKey(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): string | null {
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown || !captures.attentionFacts.peek(shown.run.id)) return null
  return `${shown.run.id}:${shown.data.tokens.length}:${filterKey(state.attentionFilters)}`
}

/** The pane whose overview is worked on: the active one, else the other; null where none shows one. */
function wantingPane(state: WorkbenchState): PaneIndex | null {
  const {activePane} = state
  const panes: PaneIndex[] = activePane === 0 ? [0, 1] : [1, 0]
  const found = panes.find(
    (pane) => state.panes[pane] && selectPane(state, pane).view === OVERVIEW_VIEW
  )
  return found ?? null
}

/** Whether heads are drawn in small right now: what else is counted over them waits. */
export function isOverviewBusy({overviewPhase}: AttentionOverviewState): boolean {
  return overviewPhase.kind === 'running'
}

export interface AttentionOverviewActions {
  /** Keeps the pictures of heads in step with what is shown, where an overview is. */
  watchOverview(): void
  cancelOverview(): void
  /** Draws what is missing, after it was cancelled or failed. */
  askOverviewAgain(): void
  pointAtHead(head: HeadRef | null): void
  /** Shows a head's matrix. */
  openHead(head: HeadRef, pane: PaneIndex): void
  /** Shows a head beside the one that is selected. */
  compareHead(head: HeadRef, pane: PaneIndex): void
  sizeOverview(cellPx: number | null): void
}

export function createAttentionOverviewActions(context: StoreContext): AttentionOverviewActions {
  const {store, set, change, captures, client} = context
  const show = (
    name: string,
    pane: PaneIndex,
    shownChange: Partial<AttentionShown>,
    view: string | null
  ) => {
    const state = store.getState()
    const own = {...selectShown(state, captures, pane), ...shownChange}
    const {attentionShown: both} = state
    set({pointedHead: null})
    change(name, {
      attentionShown: pane === 0 ? [own, both[1]] : [both[0], own],
      panes: withPane(state, pane, {view}),
    })
  }
  let running: {readonly key: string; readonly abort: AbortController} | null = null
  /** What was cancelled or failed is not asked for again by itself. */
  let refused: string | null = null

  const stop = () => {
    running?.abort.abort()
    running = null
  }

  const fetchAll = async (key: string, pane: PaneIndex) => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, pane)
    const facts = shown && captures.attentionFacts.peek(shown.run.id)
    if (!shown || !facts) return
    stop()
    const own = {key, abort: new AbortController()}
    running = own
    const kept = captures.attentionThumbnails.get(key)
    const byLayer = new Map(kept?.byLayer)
    const missing = facts.filter(
      ({layer, queryHeadCount}) => (byLayer.get(layer)?.length ?? 0) < queryHeadCount
    )
    const headCount = facts.reduce((sum, {queryHeadCount}) => sum + queryHeadCount, 0)
    const keep = (isWhole: boolean) => {
      captures.attentionThumbnails.set(key, {byLayer: new Map(byLayer), isWhole})
      set(({overviewRevision}) => ({overviewRevision: overviewRevision + 1}))
    }
    const total = missing.length
    set({overviewPhase: {kind: 'running', done: 0, total, secondsLeft: null}})
    try {
      const events = await client.attention.thumbnails(
        {
          ...capturedTextOf(shown.run, shown.data),
          layers: missing.map(({layer}) => layer),
          size: headCount > MANY_HEADS ? CELLS_OF_MANY : CELLS,
          filters: requestFilters(state.attentionFilters, shown.data),
        },
        {signal: own.abort.signal}
      )
      for await (const event of events) {
        if (running !== own) return
        if (event.kind === 'progress') {
          const {done, total, secondsLeft} = event
          set({overviewPhase: {kind: 'running', done, total, secondsLeft}})
          continue
        }
        for (const thumbnail of event.thumbnails) {
          const heads = [...(byLayer.get(thumbnail.layer) ?? [])]
          heads[thumbnail.head] = thumbnail
          byLayer.set(thumbnail.layer, heads)
        }
        keep(false)
      }
      if (running !== own) return
      running = null
      keep(true)
      set({overviewPhase: {kind: 'idle'}})
    } catch (error) {
      if (running !== own && running !== null) return
      running = null
      refused = key
      const isCancelled = own.abort.signal.aborted || isCancellation(error)
      set({
        overviewPhase: isCancelled
          ? {kind: 'cancelled'}
          : {kind: 'failed', problem: shownProblem(error)},
      })
    }
  }

  const want = () => {
    const state = store.getState()
    const pane = wantingPane(state)
    const key = pane === null ? null : selectOverviewKey(state, captures, pane)
    if (pane === null || key === null || state.connection !== 'connected') {
      if (running) {
        stop()
        set({overviewPhase: {kind: 'idle'}})
      }
      refused = null
      return
    }
    if (running?.key === key || refused === key) return
    refused = null
    if (captures.attentionThumbnails.get(key)?.isWhole) {
      stop()
      if (state.overviewPhase.kind !== 'idle') set({overviewPhase: {kind: 'idle'}})
      return
    }
    void fetchAll(key, pane)
  }

  return {
    watchOverview() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.panes === previous.panes &&
          state.activePane === previous.activePane &&
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.attentionSlots === previous.attentionSlots &&
          state.attentionFilters === previous.attentionFilters &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    cancelOverview() {
      if (!running) return
      refused = running.key
      stop()
      set({overviewPhase: {kind: 'cancelled'}})
    },
    askOverviewAgain() {
      refused = null
      want()
    },
    pointAtHead(head) {
      const {pointedHead} = store.getState()
      if (pointedHead?.layer === head?.layer && pointedHead?.head === head?.head) return
      set({pointedHead: head})
    },
    openHead: ({layer, head}, pane) =>
      show('open a head', pane, {layer, head, aggregate: 'head'}, null),
    compareHead: ({layer, head}, pane) =>
      show('compare two heads', pane, {other: {layer, head}}, TWO_HEADS_VIEW),
    sizeOverview: (overviewCellPx) => set({overviewCellPx}),
  }
}

/** Bytes that pictures of heads take. */
export function thumbnailsWeight({byLayer}: HeadThumbnails): number {
  let bytes = 256
  for (const heads of byLayer.values()) {
    for (const thumbnail of heads) bytes += (thumbnail?.values.byteLength ?? 0) + 128
  }
  return bytes
}
