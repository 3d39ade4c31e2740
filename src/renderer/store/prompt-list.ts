import type {PromptRow} from '../../shared/lenses/prompt-list.ts'
import {seedOfRow} from '../../shared/lenses/row-seed.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {ListKeeper} from './list-keeper.ts'
import type {ListOptions, ListOutcome} from './list-outcomes.ts'
import {nameWithFile} from './model-files.ts'
import {refOfListing, selectActiveRef} from './models.ts'
import {LIST_VIEW, selectPane, withPane} from './panes.ts'
import {labelOfPrompt, selectIsChat} from './prompt.ts'
import type {
  ListJob,
  ListJobState,
  ListSource,
  ListViewState,
  PromptListState,
} from './prompt-list-state.ts'
import type {RunActions} from './runs.ts'
import type {ListRow, PaneIndex, WorkbenchState} from './state.ts'

/** Rows that a list may have; the engine takes no more. */
export const MOST_LIST_ROWS = 10_000
/** Tokens that may follow each row. */
export const MOST_LIST_GENERATED = 1000

export const initialPromptList: PromptListState = {listRows: [], listSource: null}
export const initialListJob: ListJobState = {listJob: {kind: 'idle'}, listRevision: 0}
export const initialListView: ListViewState = {
  listSort: null,
  listFilter: '',
  listStatus: 'all',
  listFocusId: null,
  listSelected: new Set(),
}

/** The page's draws are announced together, so that thousands of rows do not draw it thousands of times. */
const ANNOUNCE_MS = 200

export interface ListImport {
  readonly rows: readonly Omit<ListRow, 'id'>[]
  readonly source: ListSource | null
  /** Takes the place of the rows that are there. */
  readonly isReplacing: boolean
}

export interface PromptListActions {
  importList(list: ListImport): void
  removeListRows(ids: ReadonlySet<string>): void
  clearList(): void
  setListAnswer(id: string, answer: string | null): void
  /** Shows the list in the active pane, or its lens again. */
  showList(isShown: boolean, pane?: PaneIndex): void
  /** Computes the rows that have no numbers with the present options; `failed` those that failed too. */
  runList(which?: 'missing' | 'failed'): void
  cancelList(): void
  /** Shows a row as a run in the lens: with its completion where it has one, so that the numbers agree. */
  openListRow(id: string, pane?: PaneIndex): void
  changeListView(change: Partial<ListViewState>): void
  /** Stops what is computed for rows that were removed. */
  watchList(): void
}

/** What the list is computed with now; null where no model is chosen. */
export function selectListOptions(state: WorkbenchState): ListOptions | null {
  const ref = selectActiveRef(state)
  if (!ref) return null
  const {temperature, topP, generateCount, isSampled, seed} = state.parameters
  return {
    ...ref,
    chat: selectIsChat(state),
    generate: Math.min(MOST_LIST_GENERATED, generateCount),
    sample: isSampled,
    // Likeliest tokens are the same whatever these are.
    temperature: isSampled ? temperature : 1,
    topP: isSampled ? topP : 1,
    seed: isSampled ? seed : 0,
  }
}

export const keyOfOptions = (options: ListOptions | null) =>
  options === null ? '' : JSON.stringify(options)

export function createPromptListActions(
  context: StoreContext,
  {openRequest}: Pick<RunActions, 'openRequest'>,
  keeper: Pick<ListKeeper, 'note' | 'flush'>
): PromptListActions {
  const {store, set, change, captures, client, deps} = context
  let abort: AbortController | null = null
  let isAnnounced = false
  let pending: Partial<Extract<ListJob, {kind: 'running'}>> = {}

  const flush = () => {
    isAnnounced = false
    keeper.flush()
    set(({listJob, listRevision}) => ({
      listRevision: listRevision + 1,
      listJob: listJob.kind === 'running' ? {...listJob, ...pending} : listJob,
    }))
    pending = {}
  }
  const announce = (news: typeof pending) => {
    pending = {...pending, ...news}
    if (isAnnounced) return
    isAnnounced = true
    deps.after(ANNOUNCE_MS, () => deps.onNextFrame(flush))
  }

  const execute = async (options: ListOptions, rows: readonly ListRow[]) => {
    const mine = new AbortController()
    abort = mine
    const key = keyOfOptions(options)
    const byId = new Map(rows.map((row, i) => [row.id, {row, next: rows[i + 1]?.id ?? null}]))
    let done = 0
    pending = {}
    const startedAt = deps.now()
    set({
      listJob: {
        kind: 'running',
        done: 0,
        total: rows.length,
        secondsLeft: null,
        rowId: rows[0]?.id ?? null,
      },
    })
    try {
      const request = {...options, rows: rows.map(rowOf)}
      for await (const event of await client.prompts.run(request, {signal: mine.signal})) {
        if (mine.signal.aborted) break
        if (event.kind === 'progress') announce({secondsLeft: event.secondsLeft})
        else if (event.kind !== 'completed') {
          const id = event.kind === 'row' ? event.row.id : event.id
          const place = byId.get(id)
          if (!place) continue
          const outcome: ListOutcome =
            event.kind === 'row'
              ? {kind: 'done', options, result: event.row}
              : {kind: 'failed', options, problem: event.problem}
          captures.list.set(place.row, key, outcome)
          keeper.note(place.row, key, outcome)
          done += 1
          announce({done, rowId: place.next})
        }
      }
      if (!mine.signal.aborted) {
        end({kind: 'idle', last: {rowCount: done, elapsedMs: deps.now() - startedAt}})
      }
    } catch (error) {
      if (mine.signal.aborted || isCancellation(error)) return
      end({kind: 'failed', problem: shownProblem(error)})
    } finally {
      if (abort === mine) abort = null
    }
  }

  const end = (job: ListJob) => {
    pending = {}
    keeper.flush()
    set(({listRevision}) => ({listRevision: listRevision + 1, listJob: job}))
  }

  const cancel = () => {
    const {listJob} = store.getState()
    if (!abort || listJob.kind !== 'running') return
    abort.abort()
    abort = null
    const {done = listJob.done} = pending
    // What has come is kept: the next Run computes the rest.
    end({kind: 'cancelled', done, total: listJob.total})
  }

  const setRows = (what: string, rows: readonly ListRow[], more: Partial<PromptListState> = {}) =>
    change(what, {listRows: rows, ...more})

  const actions: PromptListActions = {
    importList({rows, source, isReplacing}) {
      const before = store.getState().listRows
      const kept = isReplacing ? [] : before
      // Also above those that are replaced, so that an id never stands for two prompts.
      let id = before.reduce((most, row) => Math.max(most, Number(row.id)), 0)
      const added = rows
        .slice(0, MOST_LIST_ROWS - kept.length)
        .map((row) => ({id: String(++id), ...row}))
      setRows('import prompts', [...kept, ...added], {listSource: source})
      set({...initialListView, listFocusId: added[0]?.id ?? null, listJob: {kind: 'idle'}})
    },
    removeListRows(ids) {
      const {listRows, listFocusId} = store.getState()
      const kept = listRows.filter((row) => !ids.has(row.id))
      if (kept.length === listRows.length) return
      const at = listRows.findIndex((row) => row.id === listFocusId)
      const next = listRows.slice(at).find((row) => !ids.has(row.id)) ?? kept.at(-1)
      setRows('remove prompts', kept, kept.length === 0 ? {listSource: null} : {})
      set({listFocusId: next?.id ?? null, listSelected: new Set(next ? [next.id] : [])})
    },
    clearList() {
      const {listRows} = store.getState()
      actions.removeListRows(new Set(listRows.map((row) => row.id)))
    },
    setListAnswer(id, answer) {
      const {listRows} = store.getState()
      const kept = answer === '' ? null : answer
      const row = listRows.find((other) => other.id === id)
      if (!row || row.answer === kept) return
      setRows(
        'edit an answer',
        listRows.map((other) => (other === row ? {...row, answer: kept} : other))
      )
    },
    showList(isShown, pane = store.getState().activePane) {
      const state = store.getState()
      if ((selectPane(state, pane).view === LIST_VIEW) === isShown) return
      set({shownProblemPath: null, hovered: null})
      change(isShown ? 'show the prompt list' : 'show the lens', {
        panes: withPane(state, pane, {view: isShown ? LIST_VIEW : null}),
      })
    },
    runList(which = 'missing') {
      const state = store.getState()
      const options = selectListOptions(state)
      if (!options || state.listJob.kind === 'running') return
      const key = keyOfOptions(options)
      const rows = state.listRows.filter((row) => {
        const outcome = captures.list.get(row, key)
        return outcome === null || (which === 'failed' && outcome.kind === 'failed')
      })
      if (rows.length === 0) return
      void execute(options, rows)
    },
    cancelList: cancel,
    openListRow(id, pane) {
      const state = store.getState()
      const row = state.listRows.find((other) => other.id === id)
      const options = selectListOptions(state)
      if (!row || !options) return
      const outcome = captures.list.get(row, keyOfOptions(options)) ?? captures.list.latest(row)
      const from = pane ?? state.activePane
      // Where two stand side by side the list stays, and the row is shown beside it.
      const isBeside = state.panes.length === 2 && selectPane(state, from).view === LIST_VIEW
      const target: PaneIndex = isBeside ? (from === 0 ? 1 : 0) : from
      const made = (outcome ?? {options}).options
      const listing = state.listings.find((other) => refOfListing(other).model === made.model)
      void openRequest(
        requestOfRow(row, outcome, options, state),
        labelOfPrompt(row.prompt),
        listing ? nameWithFile(listing, made.file) : made.model,
        target
      )
    },
    changeListView: (viewChange) => set(viewChange),
    watchList() {
      store.subscribe(({listRows}, before) => {
        if (listRows === before.listRows || abort === null) return
        const {listJob} = store.getState()
        if (listJob.kind !== 'running') return
        const waiting = listJob.rowId
        // The row under way is gone, and so are those after it: nobody waits for them.
        if (listRows.length === 0 || (waiting && !listRows.some((row) => row.id === waiting))) {
          cancel()
        }
      })
    },
  }
  return actions
}

/** The row as the engine takes it. */
function rowOf({id, prompt, messages, answer}: ListRow): PromptRow {
  return {
    id,
    ...(messages ? {messages: messages.map((message) => ({...message}))} : {prompt}),
    ...(answer === null ? {} : {answer}),
  }
}

/** The run of a row: the ids of its completion where it has one, else the same draws. */
function requestOfRow(
  row: ListRow,
  outcome: ListOutcome | null,
  now: ListOptions,
  {parameters}: WorkbenchState
): TokensRequest {
  const {model, file, chat, temperature, topP, sample, seed, generate} = outcome?.options ?? now
  const isDone = outcome?.kind === 'done'
  return {
    command: 'tokens',
    model,
    ...(file === undefined ? {} : {file}),
    ...(row.messages
      ? {messages: row.messages.map((message) => ({...message}))}
      : {prompt: row.prompt, ...(chat ? {chat} : {})}),
    topK: parameters.topK,
    temperature,
    topP,
    position: 'last',
    generate: isDone ? 0 : generate,
    sample,
    seed: sample ? seedOfRow(seed, row.id) : 0,
    track: [...(parameters.tracked[model] ?? [])],
    ...(isDone && outcome.result.completionIds.length > 0
      ? {completionIds: [...outcome.result.completionIds]}
      : {}),
  }
}
