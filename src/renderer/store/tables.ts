import {tokensOfTable} from '../../shared/domain/token.ts'
import {
  type Captures,
  type NextSpec,
  nextKey,
  trackedKey,
  type VocabularyEntry,
  vocabularyKey,
} from './captures.ts'
import {latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectActiveRun} from './runs.ts'
import {selectInspected} from './selection.ts'
import type {RunRecord, TablesState, WorkbenchState} from './state.ts'

export const initialTables: TablesState = {
  next: {
    after: {shownKey: null, problem: null},
    instead: {shownKey: null, problem: null},
  },
  trackedShownKey: null,
  trackedProblem: null,
  vocabularyRevision: 0,
}

const SUGGESTED_COUNT = 3
const NONE: readonly number[] = []

type SlotName = keyof TablesState['next']

/** Which next-token table a view wants; null where there is nothing to ask about yet. */
export function selectWantedNext(
  state: WorkbenchState,
  captures: Captures,
  slot: SlotName
): NextSpec | null {
  const run = selectActiveRun(state)
  const data = run && captures.runs.peek(run.id)
  if (!run || !data || data.tokens.length === 0) return null
  const {temperature, topP, topK} = state.settings
  if (slot === 'after') {
    const position = Math.min(state.locked ?? data.tokens.length - 1, data.tokens.length - 1)
    return {runId: run.id, position, temperature, topP, topK}
  }
  const inspected = selectInspected(state)
  // Nothing precedes the first token, so nothing could stand in its place.
  if (inspected === null || inspected === 0 || inspected >= data.tokens.length) return null
  return {runId: run.id, position: inspected - 1, temperature: 1, topP: 1, topK}
}

/** The tokens that are followed through a run: the chosen ones, else the suggested. */
export function selectTrackedIds(state: WorkbenchState, run: RunRecord): readonly number[] {
  return state.settings.tracked[run.request.model] ?? run.suggestedTrack ?? NONE
}

export interface TableActions {
  /** Keeps next-token tables and tracked tokens in step with selection and controls. */
  watchTables(): void
  /** Looks up how some vocabulary entries are drawn. */
  describeTokens(model: string, ids: readonly number[]): Promise<readonly VocabularyEntry[]>
}

export function createTableActions({store, captures, client}: StoreContext): TableActions {
  const setSlot = (slot: SlotName, value: TablesState['next'][SlotName]) =>
    store.setState(({next}) => ({next: {...next, [slot]: value}}))

  const fetchNext = (slot: SlotName) =>
    latestWins<NextSpec>(async (spec) => {
      const run = store.getState().runs.find((candidate) => candidate.id === spec.runId)
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
        setSlot(slot, {...store.getState().next[slot], problem: shownProblem(error)})
      }
    })
  const fetchers = {after: fetchNext('after'), instead: fetchNext('instead')}
  const asked: Record<SlotName, string | null> = {after: null, instead: null}

  const wantNext = (slot: SlotName) => {
    const state = store.getState()
    const spec = selectWantedNext(state, captures, slot)
    if (!spec) {
      asked[slot] = null
      if (state.next[slot].shownKey !== null) setSlot(slot, {shownKey: null, problem: null})
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
      if (state.next[slot].shownKey !== key) setSlot(slot, {shownKey: key, problem: null})
      return
    }
    const run = selectActiveRun(state)
    const canAsk = state.connection === 'connected' && run?.phase.kind !== 'running'
    if (!canAsk) {
      asked[slot] = null
      return
    }
    if (asked[slot] === key) return
    asked[slot] = key
    fetchers[slot](spec)
  }

  const fetchTracked = latestWins<{runId: string; ids: readonly number[]}>(async (spec) => {
    const run = store.getState().runs.find((candidate) => candidate.id === spec.runId)
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
      store.setState({trackedShownKey: key, trackedProblem: null})
    } catch (error) {
      store.setState({trackedProblem: shownProblem(error)})
    }
  })
  let askedTracked: string | null = null

  const wantTracked = () => {
    const state = store.getState()
    const run = selectActiveRun(state)
    const data = run && captures.runs.peek(run.id)
    if (!run || !data) {
      if (state.trackedShownKey !== null) store.setState({trackedShownKey: null})
      return
    }
    if (run.phase.kind === 'running') return
    suggestTrack(run, state)
    const ids = selectTrackedIds(state, run)
    if (ids.length === 0) {
      if (state.trackedShownKey !== null) store.setState({trackedShownKey: null})
      return
    }
    void describeTokens(run.request.model, ids)
    const key = trackedKey(run.id, ids)
    if (data.tracked && !captures.tracked.peek(key)) {
      const own = data.tracked.map((columns) => columns.tokenId)
      if (trackedKey(run.id, own) === key) captures.tracked.set(key, data.tracked)
    }
    if (captures.tracked.get(key)) {
      if (state.trackedShownKey !== key)
        store.setState({trackedShownKey: key, trackedProblem: null})
      askedTracked = key
      return
    }
    if (state.connection !== 'connected') {
      askedTracked = null
      return
    }
    if (askedTracked === key) return
    askedTracked = key
    fetchTracked({runId: run.id, ids})
  }

  // Until somebody chooses tokens to follow, the likeliest ones after the prompt are followed.
  const suggestTrack = (run: RunRecord, state: WorkbenchState) => {
    if (run.suggestedTrack !== null || run.phase.kind !== 'completed') return
    if (state.settings.tracked[run.request.model]) return
    const key = state.next.after.shownKey
    const table = key?.startsWith(`${run.id}:`) ? captures.nextTables.peek(key) : undefined
    if (!table) return
    const suggestedTrack = [...table.tokens.ids.slice(0, SUGGESTED_COUNT)]
    store.setState(({runs}) => ({
      runs: runs.map((other) => (other.id === run.id ? {...other, suggestedTrack} : other)),
    }))
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
        store.setState(({vocabularyRevision}) => ({vocabularyRevision: vocabularyRevision + 1}))
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
          state.activeRunId === previous.activeRunId &&
          state.locked === previous.locked &&
          state.hovered === previous.hovered &&
          state.settings === previous.settings &&
          state.next === previous.next &&
          state.connection === previous.connection
        if (isUnchanged) return
        wantNext('after')
        wantNext('instead')
        wantTracked()
      })
    },
  }
}
