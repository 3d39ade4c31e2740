import {tokensOfTable} from '../../shared/domain/token.ts'
import type {NextTokens} from '../../shared/lenses/tokens.ts'
import {
  type Captures,
  type NextSpec,
  nextKey,
  trackedKey,
  type VocabularyEntry,
  vocabularyKey,
} from './captures.ts'
import {latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectRun} from './run-records.ts'
import {selectInspected, selectLock} from './selection.ts'
import type {PaneIndex, RunRecord, TokenPlace, WorkbenchState} from './state.ts'
import type {NextSlot, TablesState, TrackedSlot} from './tables-state.ts'

const EMPTY: NextSlot & TrackedSlot = {shownKey: null, problem: null}

export const initialTables: TablesState = {
  after: [EMPTY, EMPTY],
  instead: EMPTY,
  trackedSlots: [EMPTY, EMPTY],
  vocabularyRevision: 0,
}

const SUGGESTED_COUNT = 3
const NONE: readonly number[] = []

/** What follows the lock of a pane's run, or what could stand in place of the inspected token. */
type SlotName = PaneIndex | 'instead'

/** Which next-token table a view wants; null where there is nothing to ask about yet. */
export function selectWantedNext(
  state: WorkbenchState,
  captures: Captures,
  slot: SlotName
): NextSpec | null {
  const {temperature, topP, topK} = state.parameters
  if (slot === 'instead') {
    const place = selectInspected(state, captures)
    const count = place ? (captures.runs.peek(place.runId)?.tokens.length ?? 0) : 0
    // Nothing precedes the first token, so nothing could stand in its place.
    if (!place || place.position === 0 || place.position >= count) return null
    return {runId: place.runId, position: place.position - 1, temperature: 1, topP: 1, topK}
  }
  const runId = state.panes[slot]?.runId ?? null
  const data = runId === null ? undefined : captures.runs.peek(runId)
  if (runId === null || !data || data.tokens.length === 0) return null
  const position = selectLock(state, captures, runId) ?? data.tokens.length - 1
  return {runId, position, temperature, topP, topK}
}

/** What could stand in place of this very token; undefined until that is known, whatever is shown. */
export function selectInsteadTable(
  {instead: {shownKey}}: Pick<WorkbenchState, 'instead'>,
  captures: Pick<Captures, 'nextTables'>,
  {runId, position}: TokenPlace
): NextTokens | undefined {
  const table = shownKey?.startsWith(`${runId}:`) ? captures.nextTables.peek(shownKey) : undefined
  return table?.position === position - 1 ? table : undefined
}

/** The tokens that are followed through a run: the chosen ones, else the suggested. */
export function selectTrackedIds(
  run: RunRecord,
  state: Pick<WorkbenchState, 'parameters'>
): readonly number[] {
  return state.parameters.tracked[run.request.model] ?? run.suggestedTrack ?? NONE
}

export interface TableActions {
  /** Keeps next-token tables and tracked tokens in step with selection and controls. */
  watchTables(): void
  /** Looks up how some vocabulary entries are drawn. */
  describeTokens(model: string, ids: readonly number[]): Promise<readonly VocabularyEntry[]>
}

export function createTableActions({store, set, captures, client}: StoreContext): TableActions {
  const slotOf = (state: TablesState, slot: SlotName) =>
    slot === 'instead' ? state.instead : state.after[slot]
  const setSlot = (slot: SlotName, value: NextSlot) =>
    set(({after}) =>
      slot === 'instead' ? {instead: value} : {after: withEntry(after, slot, value)}
    )

  const fetchNext = (slot: SlotName) =>
    latestWins<NextSpec>(async (spec) => {
      const run = selectRun(store.getState(), spec.runId)
      const data = captures.runs.peek(spec.runId)
      if (!run || !data) return
      const key = nextKey(spec)
      const {model, file} = run.request
      try {
        const next = await client.tokens.next({
          model,
          file,
          ids: Int32Array.from(data.tokens, (token) => token.id),
          position: spec.position,
          topK: spec.topK,
          temperature: spec.temperature,
          topP: spec.topP,
        })
        captures.nextTables.set(key, next)
        setSlot(slot, {shownKey: key, problem: null})
      } catch (error) {
        setSlot(slot, {...slotOf(store.getState(), slot), problem: shownProblem(error)})
      }
    })
  const fetchers = {0: fetchNext(0), 1: fetchNext(1), instead: fetchNext('instead')}
  const asked: Record<SlotName, string | null> = {0: null, 1: null, instead: null}

  const wantNext = (slot: SlotName) => {
    const state = store.getState()
    const spec = selectWantedNext(state, captures, slot)
    if (!spec) {
      asked[slot] = null
      if (slotOf(state, slot).shownKey !== null) setSlot(slot, {shownKey: null, problem: null})
      return
    }
    const key = nextKey(spec)
    // The run's own table needs no question.
    const own = captures.runs.peek(spec.runId)?.next
    if (own && !captures.nextTables.peek(key)) {
      const isSame =
        own.position === spec.position &&
        own.temperature === spec.temperature &&
        own.topP === spec.topP
      if (isSame) captures.nextTables.set(key, own)
    }
    if (captures.nextTables.get(key)) {
      asked[slot] = key
      if (slotOf(state, slot).shownKey !== key) setSlot(slot, {shownKey: key, problem: null})
      return
    }
    const run = selectRun(state, spec.runId)
    const canAsk = state.connection === 'connected' && run?.phase.kind !== 'running'
    if (!canAsk) {
      asked[slot] = null
      return
    }
    if (asked[slot] === key) return
    asked[slot] = key
    fetchers[slot](spec)
  }

  const setTrackedSlot = (pane: PaneIndex, value: TrackedSlot) =>
    set(({trackedSlots}) => ({trackedSlots: withEntry(trackedSlots, pane, value)}))

  const fetchTracked = (pane: PaneIndex) =>
    latestWins<{runId: string; ids: readonly number[]}>(async (spec) => {
      const run = selectRun(store.getState(), spec.runId)
      const data = captures.runs.peek(spec.runId)
      if (!run || !data) return
      const {model, file} = run.request
      const key = trackedKey(spec.runId, spec.ids)
      try {
        const tracked = await client.tokens.track({
          model,
          file,
          ids: Int32Array.from(data.tokens, (token) => token.id),
          tokenIds: [...spec.ids],
        })
        captures.tracked.set(key, tracked)
        setTrackedSlot(pane, {shownKey: key, problem: null})
      } catch (error) {
        const {shownKey} = store.getState().trackedSlots[pane]
        setTrackedSlot(pane, {shownKey, problem: shownProblem(error)})
      }
    })
  const trackedFetchers = [fetchTracked(0), fetchTracked(1)] as const
  const askedTracked: [string | null, string | null] = [null, null]

  const wantTracked = (pane: PaneIndex) => {
    const state = store.getState()
    const slot = state.trackedSlots[pane]
    const run = selectRun(state, state.panes[pane]?.runId ?? null)
    const data = run && captures.runs.peek(run.id)
    const clear = () => {
      if (slot.shownKey !== null) setTrackedSlot(pane, EMPTY)
    }
    if (!run || !data) return clear()
    if (run.phase.kind === 'running') return
    suggestTrack(run, state, pane)
    const ids = selectTrackedIds(selectRun(store.getState(), run.id) ?? run, state)
    if (ids.length === 0) return clear()
    void describeTokens(run.request.model, ids)
    const key = trackedKey(run.id, ids)
    if (data.tracked && !captures.tracked.peek(key)) {
      const own = data.tracked.map((columns) => columns.tokenId)
      if (trackedKey(run.id, own) === key) captures.tracked.set(key, data.tracked)
    }
    if (captures.tracked.get(key)) {
      if (slot.shownKey !== key) setTrackedSlot(pane, {shownKey: key, problem: null})
      askedTracked[pane] = key
      return
    }
    if (state.connection !== 'connected') {
      askedTracked[pane] = null
      return
    }
    if (askedTracked[pane] === key) return
    askedTracked[pane] = key
    trackedFetchers[pane]({runId: run.id, ids})
  }

  // Until somebody chooses tokens to follow, the likeliest ones after the prompt are followed.
  const suggestTrack = (run: RunRecord, state: WorkbenchState, pane: PaneIndex) => {
    if (run.suggestedTrack !== null || run.phase.kind !== 'completed') return
    if (state.parameters.tracked[run.request.model]) return
    const key = state.after[pane].shownKey
    const table = key?.startsWith(`${run.id}:`) ? captures.nextTables.peek(key) : undefined
    if (!table) return
    const suggestedTrack = [...table.tokens.ids.slice(0, SUGGESTED_COUNT)]
    set(({runStates}) => {
      const of = runStates[run.id]
      return of ? {runStates: {...runStates, [run.id]: {...of, suggestedTrack}}} : {}
    })
  }

  const asking = new Set<string>()
  const describeTokens = async (model: string, ids: readonly number[]) => {
    const unknown = ids.filter((id) => {
      const key = vocabularyKey(model, id)
      return !captures.vocabulary.peek(key) && !asking.has(key)
    })
    if (unknown.length > 0) {
      for (const id of unknown) asking.add(vocabularyKey(model, id))
      try {
        const table = await client.text.describe({model, ids: [...unknown]})
        for (const {id, bytesHex, isSpecial} of tokensOfTable(table)) {
          captures.vocabulary.set(vocabularyKey(model, id), {id, bytesHex, isSpecial})
        }
        set(({vocabularyRevision}) => ({vocabularyRevision: vocabularyRevision + 1}))
      } catch {
        // They go by their ids then.
      } finally {
        for (const id of unknown) asking.delete(vocabularyKey(model, id))
      }
    }
    return ids.flatMap((id) => captures.vocabulary.peek(vocabularyKey(model, id)) ?? [])
  }

  return {
    describeTokens,
    watchTables() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runs === previous.runs &&
          state.runStates === previous.runStates &&
          state.panes === previous.panes &&
          state.activePane === previous.activePane &&
          state.locks === previous.locks &&
          state.hovered === previous.hovered &&
          state.parameters === previous.parameters &&
          state.after === previous.after &&
          state.connection === previous.connection
        if (isUnchanged) return
        for (const pane of [0, 1] as const) {
          wantNext(pane)
          wantTracked(pane)
        }
        wantNext('instead')
      })
    },
  }
}

function withEntry<Value>(
  pair: readonly [Value, Value],
  index: PaneIndex,
  value: Value
): readonly [Value, Value] {
  return index === 0 ? [value, pair[1]] : [pair[0], value]
}
