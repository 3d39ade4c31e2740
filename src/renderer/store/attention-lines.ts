import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {AttentionEdges, AttentionMap, HeadRef} from '../../shared/lenses/attention-maps.ts'
import {capturedTextOf, selectAttentionRun, selectPicture, selectWindow} from './attention.ts'
import type {HeadsPhase} from './attention-heads.ts'
import {type PictureSpec, pictureKey, requestFilters} from './attention-pictures.ts'
import type {MatrixWindow} from './attention-state.ts'
import {LINES_VIEW} from './attention-views.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectHovered, selectLock} from './selection.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

/** The heaviest edges of some queries of one matrix. */
export interface PlacedEdges {
  readonly queries: readonly [start: number, end: number]
  readonly edges: AttentionEdges
}

/** A line under the pointer. */
export interface PointedLine {
  readonly runId: RunId
  /** Null of a map that is no head's. */
  readonly head: HeadRef | null
  readonly query: number
  readonly key: number
  readonly weight: number
}

/** Session. */
export interface AttentionLinesState {
  /** By pane. */
  readonly linesPhases: readonly [HeadsPhase, HeadsPhase]
  /** Grows whenever there are more edges. */
  readonly linesRevision: number
  readonly pointedLine: PointedLine | null
}

export const initialAttentionLines: AttentionLinesState = {
  linesPhases: [{kind: 'idle'}, {kind: 'idle'}],
  linesRevision: 0,
  pointedLine: null,
}

/** Edges of one answer, shared among the heads that are drawn. */
const MOST_EDGES = 12_000
const LEAST_EDGES = 2000
/** Edges of so much more than is seen are near enough to what is seen. */
const MOST_ROOM = 2

/** The matrices whose edges a pane draws as lines, the shown one first; empty while nothing is captured. */
export function selectLineSpecs(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): readonly PictureSpec[] {
  const spec = selectPicture(state, captures, pane)
  if (!spec) return []
  const {map} = spec
  if (map.kind !== 'head') return [spec]
  const facts = captures.attentionFacts.peek(spec.runId) ?? []
  const count = facts.find(({layer}) => layer === map.layer)?.queryHeadCount ?? 0
  const others = state.attentionCompanions[pane].filter((head) => head !== map.head && head < count)
  return [
    spec,
    ...others.map((head) => ({...spec, map: {kind: 'head' as const, layer: map.layer, head}})),
  ]
}

/** The head that a map is of; null of an aggregate. */
export const headOfMap = (map: AttentionMap): HeadRef | null =>
  map.kind === 'head' ? {layer: map.layer, head: map.head} : null

/** Queries that are seen, whole ones. */
export function seenQueries({query, span}: MatrixWindow, tokenCount: number): [number, number] {
  return [Math.max(0, Math.floor(query)), Math.min(tokenCount, Math.ceil(query + span))]
}

/** Whether some edges are all there is of a range of queries, or as many as would be asked for. */
function isEnough({queries, edges}: PlacedEdges, [start, end]: readonly [number, number]): boolean {
  if (queries[0] > start || queries[1] < end) return false
  return edges.omittedCount === 0 || queries[1] - queries[0] <= MOST_ROOM * (end - start)
}

/** A range of queries with some room around it. */
function withRoom([start, end]: readonly [number, number], tokenCount: number): [number, number] {
  const roomTokens = Math.ceil((end - start) / 4)
  return [Math.max(0, start - roomTokens), Math.min(tokenCount, end + roomTokens)]
}

/** How many ranges of one matrix are kept. */
const MOST_PLACED = 6

interface Wish {
  readonly key: string
  fetch(client: EngineClient, signal: AbortSignal): Promise<void>
}

export interface AttentionLinesActions {
  /** Keeps the edges of lines in step with what is shown, where lines are. */
  watchLines(): void
  askLinesAgain(pane: PaneIndex): void
  pointAtLine(line: PointedLine | null): void
  /** Draws lines of another head of the layer too, or not any more. */
  toggleCompanion(head: number, pane: PaneIndex): void
}

export function createAttentionLinesActions(context: StoreContext): AttentionLinesActions {
  const {store, set, change, captures, client} = context
  const running: [Running | null, Running | null] = [null, null]
  const refused: [string | null, string | null] = [null, null]

  const setPhase = (pane: PaneIndex, phase: HeadsPhase) =>
    set(({linesPhases, linesRevision}) => ({
      linesRevision: linesRevision + 1,
      linesPhases: pane === 0 ? [phase, linesPhases[1]] : [linesPhases[0], phase],
    }))

  const nextWish = (pane: PaneIndex): Wish | null => {
    const state = store.getState()
    if (!state.panes[pane] || selectPane(state, pane).view !== LINES_VIEW) return null
    const shown = selectAttentionRun(state, captures, pane)
    if (!shown || state.connection !== 'connected') return null
    const specs = selectLineSpecs(state, captures, pane)
    const maxEdgeCount = Math.max(LEAST_EDGES, Math.floor(MOST_EDGES / Math.max(1, specs.length)))
    const missing = (
      spec: PictureSpec,
      seen: readonly [number, number],
      queries: readonly [number, number]
    ): Wish | null => {
      const key = pictureKey(spec)
      const placed = captures.attentionEdges.get(key) ?? []
      if (placed.some((one) => isEnough(one, seen))) return null
      return {
        key: `${key}:${queries}`,
        async fetch(engine, signal) {
          const edges = await engine.attention.edges(
            {
              ...capturedTextOf(shown.run, shown.data),
              map: spec.map,
              filters: requestFilters(spec.filters, shown.data),
              queries: [...queries],
              maxEdgeCount,
            },
            {signal}
          )
          const kept = captures.attentionEdges.peek(key) ?? []
          captures.attentionEdges.set(key, [{queries, edges}, ...kept].slice(0, MOST_PLACED))
        },
      }
    }
    for (const spec of specs) {
      const {tokenCount} = spec
      const seen = seenQueries(selectWindow(state, spec.runId, tokenCount), tokenCount)
      const wish = missing(spec, seen, withRoom(seen, tokenCount))
      if (wish) return wish
    }
    // What the selected token reads, however light, where the heaviest of all leave it out.
    for (const spec of specs) {
      const position = selectHovered(state, spec.runId) ?? selectLock(state, captures, spec.runId)
      if (position === null || position >= spec.tokenCount) continue
      const own = [position, position + 1] as const
      const wish = missing(spec, own, own)
      if (wish) return wish
    }
    return null
  }

  const want = (pane: PaneIndex) => {
    const wish = nextWish(pane)
    if (!wish) {
      running[pane]?.abort.abort()
      running[pane] = null
      if (store.getState().linesPhases[pane].kind === 'running') setPhase(pane, {kind: 'idle'})
      return
    }
    if (running[pane]?.key === wish.key || refused[pane] === wish.key) return
    running[pane]?.abort.abort()
    const own: Running = {key: wish.key, abort: new AbortController()}
    running[pane] = own
    refused[pane] = null
    const run = async () => {
      try {
        await wish.fetch(client, own.abort.signal)
        if (running[pane] !== own) return
        running[pane] = null
        setPhase(pane, {kind: 'idle'})
      } catch (error) {
        if (running[pane] !== own) return
        running[pane] = null
        if (isCancellation(error)) return
        refused[pane] = wish.key
        setPhase(pane, {kind: 'failed', problem: shownProblem(error)})
        return
      }
      want(pane)
    }
    const phase = store.getState().linesPhases[pane]
    if (phase.kind !== 'running') {
      setPhase(pane, {kind: 'running', done: 0, total: 1, secondsLeft: null})
    }
    void run()
  }

  return {
    watchLines() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.panes === previous.panes &&
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.locks === previous.locks &&
          state.hovered === previous.hovered &&
          state.attentionShown === previous.attentionShown &&
          state.attentionCompanions === previous.attentionCompanions &&
          state.attentionFilters === previous.attentionFilters &&
          state.attentionWindows === previous.attentionWindows &&
          state.attentionSlots === previous.attentionSlots &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        want(1)
      })
    },
    askLinesAgain(pane) {
      refused[pane] = null
      want(pane)
    },
    pointAtLine(line) {
      const {pointedLine} = store.getState()
      const isSame =
        pointedLine?.query === line?.query &&
        pointedLine?.key === line?.key &&
        pointedLine?.head?.head === line?.head?.head &&
        pointedLine?.runId === line?.runId
      if (isSame) return
      set({
        pointedLine: line,
        hoveredCell: line && {runId: line.runId, query: line.query, key: line.key},
        hovered: line && {runId: line.runId, position: line.query},
      })
    },
    toggleCompanion(head, pane) {
      const {attentionCompanions: both} = store.getState()
      const own = both[pane]
      const next = own.includes(head)
        ? own.filter((other) => other !== head)
        : [...own, head].sort((a, b) => a - b)
      change('choose the heads of lines', {
        attentionCompanions: pane === 0 ? [next, both[1]] : [both[0], next],
      })
    },
  }
}

interface Running {
  readonly key: string
  readonly abort: AbortController
}

/** Bytes that edges take. */
export function edgesWeight(placed: readonly PlacedEdges[]): number {
  return placed.reduce((sum, {edges}) => sum + 12 * edges.query.length + 256, 0)
}
