import type {Problem} from '../../shared/domain/problem.ts'
import type {HeadName, HeadStatistics, ProbedHead} from '../../shared/lenses/attention-maps.ts'
import {HEAD_SCORES} from '../../shared/lenses/attention-maps.ts'
import {capturedTextOf, selectAttentionRun, selectAwaitsHeads} from './attention.ts'
import {isOverviewBusy} from './attention-overview.ts'
import {bestHeadOf} from './best-head.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {RunRecord, WorkbenchState} from './state.ts'

export type HeadScore = (typeof HEAD_SCORES)[number]
export type HeadColumn =
  | HeadScore
  | 'head'
  | 'normalizedEntropy'
  | 'meanDistance'
  | 'meanDistanceWithoutSink'

/** How a statistic of all heads that is wanted stands. */
export type HeadsPhase =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'running'
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** What the random-repeat probe is run with. */
export interface ProbeChoice {
  readonly length: number
  readonly repeats: number
  readonly seeds: number
}

/** Session: statistics of heads, on the text in hand and on the probe. */
export interface AttentionHeadsState {
  readonly headsPhase: HeadsPhase
  readonly probePhase: HeadsPhase
  /** Grows whenever there are more statistics. */
  readonly headsRevision: number
  readonly headSort: {readonly column: HeadColumn; readonly isDescending: boolean}
  readonly headFilter: string
  readonly probeChoice: ProbeChoice
}

export const initialAttentionHeads: AttentionHeadsState = {
  headsPhase: {kind: 'idle'},
  probePhase: {kind: 'idle'},
  headsRevision: 0,
  headSort: {column: 'inductionScore', isDescending: true},
  headFilter: '',
  probeChoice: {length: 50, repeats: 2, seeds: 5},
}

/** The statistics of a text's heads: of a run at a length. */
export const headsKey = (runId: string, tokenCount: number) => `${runId}:${tokenCount}`
/** The model that a probe was run on. */
export const probeKey = ({request}: Pick<RunRecord, 'request'>) =>
  `${request.model}:${request.file ?? ''}`

/** Statistics of all heads on the text that the active pane shows; null before they are there. */
export function selectHeads(
  state: WorkbenchState,
  captures: Captures
): readonly HeadStatistics[] | null {
  const shown = selectAttentionRun(state, captures, state.activePane)
  if (!shown) return null
  return captures.attentionHeads.peek(headsKey(shown.run.id, shown.data.tokens.length)) ?? null
}

/** What the probe says of the heads of the model in the active pane; null where it was not run. */
export function selectProbe(
  state: WorkbenchState,
  captures: Captures
): readonly ProbedHead[] | null {
  const shown = selectAttentionRun(state, captures, state.activePane)
  return shown ? (captures.attentionProbes.peek(probeKey(shown.run)) ?? null) : null
}

const SCORE_OF: Readonly<Record<HeadName, HeadScore>> = {
  induction: 'inductionScore',
  'previous-token': 'previousTokenScore',
  'duplicate-token': 'duplicateTokenScore',
  sink: 'firstTokenScore',
}

/** What the probe calls a head: the name with the highest score above chance; null where it has none. */
export function nameOfProbed(
  head: ProbedHead
): {readonly name: HeadName; readonly score: number} | null {
  const named = head.names.map((name) => ({
    name,
    score: head[SCORE_OF[name]] ?? 0,
    chance: head.chance[SCORE_OF[name]] ?? 0,
  }))
  named.sort((a, b) => b.score - b.chance - (a.score - a.chance))
  return named[0] ?? null
}

/** A head's number in a column: of a score what it is above chance. */
function sortValue(head: HeadStatistics, column: HeadColumn): number | null {
  if (column === 'head') return -(head.layer * 100_000 + head.head)
  const value = head[column]
  if (value === null) return null
  return isScore(column) ? value - (head.chance[column] ?? 0) : value
}

export function isScore(column: HeadColumn): column is HeadScore {
  return (HEAD_SCORES as readonly string[]).includes(column)
}

/** Heads in the order of a column; those without a number come last. */
export function sortHeads<Head extends HeadStatistics>(
  heads: readonly Head[],
  {column, isDescending}: AttentionHeadsState['headSort']
): Head[] {
  return [...heads].sort((a, b) => {
    const x = sortValue(a, column)
    const y = sortValue(b, column)
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0)
    const order = isDescending ? y - x : x - y
    return order || a.layer - b.layer || a.head - b.head
  })
}

/** Whether a head is what a filter asks for: `l3`, `h5`, `L3.H5`, or a word of its name. */
export function matchesFilter(
  {layer, head}: {readonly layer: number; readonly head: number},
  name: string | null,
  filter: string
): boolean {
  const text = `l${layer}.h${head} ${name ?? ''}`
  return filter
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => {
      const exact = /^([lh])(\d+)$/u.exec(word)
      if (exact) return Number(exact[2]) === (exact[1] === 'l' ? layer : head)
      return text.includes(word)
    })
}

export interface AttentionHeadsActions {
  /** Keeps the statistics of heads in step with the run that is shown. */
  watchHeads(): void
  askHeadsAgain(): void
  /** Scores the heads of the shown run's model on random repeated tokens. */
  probeHeads(): void
  cancelProbe(): void
  changeProbe(change: Partial<ProbeChoice>): void
  sortHeadsBy(column: HeadColumn): void
  filterHeads(text: string): void
}

export function createAttentionHeadsActions(context: StoreContext): AttentionHeadsActions {
  const {store, set, captures, client} = context
  let asked: string | null = null
  let abort: AbortController | null = null
  let probeAbort: AbortController | null = null
  const renew = () => set(({headsRevision}) => ({headsRevision: headsRevision + 1}))

  const fetchHeads = async (key: string) => {
    const shown = selectAttentionRun(store.getState(), captures, store.getState().activePane)
    if (!shown) return
    const own = new AbortController()
    abort = own
    const heads: HeadStatistics[] = []
    try {
      const events = await client.attention.heads(capturedTextOf(shown.run, shown.data), {
        signal: own.signal,
      })
      for await (const event of events) {
        if (event.kind === 'progress') {
          const {done, total, secondsLeft} = event
          set({headsPhase: {kind: 'running', done, total, secondsLeft}})
        } else {
          heads.push(...event.heads)
          captures.attentionHeads.set(key, [...heads])
          renew()
        }
      }
      const {id} = shown.run
      if (!captures.bestHeads.peek(id)) captures.bestHeads.set(id, bestHeadOf(heads) ?? 'none')
      set({headsPhase: {kind: 'idle'}})
    } catch (error) {
      if (own.signal.aborted || isCancellation(error)) {
        captures.attentionHeads.delete(key)
        return
      }
      set({headsPhase: {kind: 'failed', problem: shownProblem(error)}})
    }
  }

  const isCaptured = (id: string) => captures.attentionFacts.peek(id) !== undefined
  const want = () => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, state.activePane)
    if (!shown) {
      abort?.abort()
      asked = null
      return
    }
    // They are scored when the text is whole.
    if (shown.run.phase.kind === 'running') return
    const key = headsKey(shown.run.id, shown.data.tokens.length)
    const {isBehind, shownKey} = state.attentionSlots[state.activePane]
    // What is drawn comes first; a view without a matrix waits for none, nor does the best head.
    const isMatrixThere =
      state.attentionPlots[state.activePane] === 0
        ? isCaptured(shown.run.id)
        : shownKey?.startsWith(`${key}:`) && !isBehind
    const isAwaited =
      isCaptured(shown.run.id) && selectAwaitsHeads(state, captures, state.activePane)
    const isDue = isAwaited || (isMatrixThere && !isOverviewBusy(state))
    if (asked === key || !isDue || state.connection !== 'connected') return
    if (captures.attentionHeads.peek(key)) return
    abort?.abort()
    asked = key
    void fetchHeads(key)
  }

  return {
    watchHeads() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.panes === previous.panes &&
          state.activePane === previous.activePane &&
          state.attentionSlots === previous.attentionSlots &&
          state.overviewPhase === previous.overviewPhase &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    askHeadsAgain() {
      asked = null
      set({headsPhase: {kind: 'idle'}})
      want()
    },
    probeHeads() {
      const state = store.getState()
      const shown = selectAttentionRun(state, captures, state.activePane)
      if (!shown || state.probePhase.kind === 'running') return
      const {model, file} = shown.run.request
      const key = probeKey(shown.run)
      const own = new AbortController()
      probeAbort = own
      set({probePhase: {kind: 'running', done: 0, total: 1, secondsLeft: null}})
      const run = async () => {
        try {
          const events = await client.attention.probe(
            {model, ...(file === undefined ? {} : {file}), ...state.probeChoice},
            {signal: own.signal}
          )
          for await (const event of events) {
            if (event.kind === 'progress') {
              const {done, total, secondsLeft} = event
              set({probePhase: {kind: 'running', done, total, secondsLeft}})
            } else {
              captures.attentionProbes.set(key, event.heads)
            }
          }
          set({probePhase: {kind: 'idle'}})
          renew()
        } catch (error) {
          const isCancelled = own.signal.aborted || isCancellation(error)
          set({
            probePhase: isCancelled
              ? {kind: 'cancelled'}
              : {kind: 'failed', problem: shownProblem(error)},
          })
        }
      }
      void run()
    },
    cancelProbe: () => probeAbort?.abort(),
    changeProbe: (change) => set(({probeChoice}) => ({probeChoice: {...probeChoice, ...change}})),
    sortHeadsBy(column) {
      set(({headSort}) => ({
        headSort: {
          column,
          isDescending: headSort.column === column ? !headSort.isDescending : true,
        },
      }))
    },
    filterHeads: (headFilter) => set({headFilter}),
  }
}
