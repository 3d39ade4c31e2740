import {foldTokensEvent, startTokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {PromptInput, TokensRequest} from '../../shared/lenses/tokens.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {nameWithFile} from './model-files.ts'
import {selectActiveListing} from './models.ts'
import {selectActiveRunId, withPane, withRun} from './panes.ts'
import {clearHistory, writeHistory} from './persistence.ts'
import {labelOfPrompt, promptOfRequest, selectPromptWords} from './prompt.ts'
import {estimateSeconds, promptOfPrefix} from './run-questions.ts'
import {KEPT_RUN, selectActiveRun, selectRun, selectRuns} from './run-records.ts'
import {isSameRequest, selectRequest} from './run-requests.ts'
import type {
  DocumentState,
  PaneIndex,
  RunEntry,
  RunId,
  RunPhase,
  RunRecord,
  RunState,
  RunStatesState,
  RunsState,
} from './state.ts'

export const initialRuns: RunsState = {runs: []}
export const initialRunStates: RunStatesState = {runStates: {}}

/** A lens that takes longer than this waits to be asked for. */
const MOST_SECONDS_UNASKED = 2
const MOST_RUNS = 200
const MOST_LABEL = 200
const FRAME_MS = 34
/** Pause after drawing, as a multiple of what drawing took. */
const PAUSE_SHARE = 3
const LONGEST_PAUSE_MS = 500

/** A change of the document that a run comes with, and what both together are called. */
export interface RunAlong {
  readonly what: string
  readonly patch: Partial<DocumentState>
}

/** What of a request is not as the document has it. */
export type RequestChange = Pick<PromptInput, 'truncate' | 'completionIds'> &
  Partial<Pick<TokensRequest, 'generate'>>

export interface RunActions {
  /**
   * Runs the prompt as it stands, whatever it takes; with `along` after that change of the document and
   * as one step with it. False where no model is chosen.
   */
  runPrompt(change?: RequestChange, lockedPosition?: number, along?: RunAlong): boolean
  /** The same request again: after a failure, a cancellation, or for a run of an earlier visit. */
  runAgain(id: RunId, change?: Pick<PromptInput, 'truncate'>): void
  /** Shows a run in a pane, the active one unless told; one without results is computed if that is
   * quick, else offered. */
  openRun(id: RunId, pane?: PaneIndex, along?: RunAlong): Promise<void>
  /** Computes what the panes show and have no results of, if that is quick. */
  computeShown(): Promise<void>
  /**
   * Shows the run of a request in the lens of a pane, with `along` as one step with that; one like it in the
   * history is opened again.
   */
  openRequest(
    request: TokensRequest,
    label: string,
    modelName: string,
    pane?: PaneIndex,
    along?: RunAlong
  ): Promise<void>
  /** A new run that goes on after what the active one has. */
  generateMore(): void
  /** A new run in which `tokenId` follows the token at `position` of a run. */
  continueWith(position: number, tokenId: number, runId?: RunId | null): Promise<void>
  cancelRun(id: RunId): void
  /** Gives a run another label; an empty one changes nothing. */
  renameRun(id: RunId, label: string): void
  /** Takes a run out of the history. */
  removeRun(id: RunId): void
  clearRuns(): void
  /** Shows no run: the page of samples. */
  closeRun(): void
  /** Follows the document: what is undone stops, what comes back is shown, the history is kept. */
  watchRuns(): void
}

/** Under way: nothing of before holds but which tokens are followed. */
const runningAgain = (before?: RunState): RunState => ({
  ...KEPT_RUN,
  phase: {kind: 'running', progress: null},
  suggestedTrack: before?.suggestedTrack ?? null,
})
export function createRunActions(context: StoreContext): RunActions {
  const {store, set, change, captures, client, deps} = context
  const aborts = new Map<RunId, AbortController>()
  /** Runs with news that has not been announced, and how far they are where they still run. */
  const changed = new Map<RunId, RunPhase | null>()
  let isFrameAsked = false
  let pauseMs = 0
  let idCount = 0
  /** Runs that were made or run again here: what this page may write into the history. */
  const ownIds = new Set<RunId>()

  const update = (id: RunId, next: (run: RunState) => Partial<RunState>) => {
    set(({runStates}) => {
      const before = runStates[id] ?? KEPT_RUN
      return {runStates: {...runStates, [id]: {...before, ...next(before)}}}
    })
  }
  const enter = (id: RunId, phase: RunPhase) => update(id, () => ({phase}))

  // Events come far faster than frames: their arrays are folded at once and announced together, and
  // where drawing them takes longer than a frame, a pause leaves the page time for the person.
  const announce = (id: RunId, phase?: RunPhase) => {
    changed.set(id, phase ?? changed.get(id) ?? null)
    if (isFrameAsked) return
    isFrameAsked = true
    const draw = () =>
      deps.onNextFrame(() => {
        const startedAt = deps.now()
        flush()
        deps.onNextFrame(() => {
          const drawnMs = deps.now() - startedAt
          pauseMs = drawnMs > FRAME_MS ? Math.min(LONGEST_PAUSE_MS, PAUSE_SHARE * drawnMs) : 0
        })
      })
    if (pauseMs > 0) deps.after(pauseMs, draw)
    else draw()
  }
  const flush = () => {
    isFrameAsked = false
    for (const [id, phase] of changed) {
      const tokenCount = captures.runs.peek(id)?.tokens.length ?? null
      update(id, (run) => ({
        revision: run.revision + 1,
        tokenCount,
        ...(phase && run.phase.kind === 'running' ? {phase} : {}),
      }))
    }
    changed.clear()
  }
  const keepHistory = () => writeHistory(deps.storage, selectRuns(store.getState()), ownIds)

  const execute = async (id: RunId, request: TokensRequest) => {
    const abort = new AbortController()
    aborts.set(id, abort)
    let data = startTokensRun(request)
    try {
      for await (const event of await client.tokens.run(request, {signal: abort.signal})) {
        if (abort.signal.aborted) return
        data = foldTokensEvent(data, event)
        captures.runs.set(id, data)
        if (event.kind === 'progress') {
          const {phase, done, total, secondsLeft} = event
          announce(id, {kind: 'running', progress: {phase, done, total, secondsLeft}})
        } else if (event.kind === 'tokenized') {
          set({hovered: null})
          announce(id)
        } else {
          announce(id)
        }
      }
      if (abort.signal.aborted) return
      flush()
      enter(id, {kind: 'completed'})
    } catch (error) {
      if (abort.signal.aborted || isCancellation(error)) return
      flush()
      enter(id, {kind: 'failed', problem: shownProblem(error)})
    } finally {
      // It may have been cancelled and started again under the same id meanwhile.
      if (aborts.get(id) === abort) aborts.delete(id)
      keepHistory()
      if (aborts.size === 0) computeNextWaiting()
    }
  }

  const begin = (id: RunId, request: TokensRequest) => {
    captures.runs.delete(id)
    set(({runStates}) => ({
      runStates: {...runStates, [id]: runningAgain(runStates[id])},
      hovered: null,
      shownProblemPath: null,
    }))
    ownIds.add(id)
    keepHistory()
    void execute(id, request)
  }

  const start = (
    request: TokensRequest,
    label: string,
    modelName: string,
    pane = store.getState().activePane,
    lockedPosition: number | null = null,
    {what, patch}: RunAlong = {what: 'run', patch: {}}
  ) => {
    const id = `${deps.now().toString(36)}-${idCount++}`
    const entry: RunEntry = {id, startedAt: deps.now(), request, modelName, label}
    // Before it is in the document, so that it is not taken for one whose results were lost.
    set(({runStates}) => ({
      runStates: {...runStates, [id]: runningAgain()},
    }))
    change(what, ({runs, panes, locks}) => ({
      ...patch,
      runs: [entry, ...runs].slice(0, MOST_RUNS),
      panes: withRun({panes: patch.panes ?? panes}, pane, id),
      activePane: pane,
      locks: lockedPosition === null ? locks : {...locks, [id]: lockedPosition},
    }))
    begin(id, request)
  }

  const restart = (run: RunEntry, request: TokensRequest) => {
    set(({runStates}) => ({
      runStates: {
        ...runStates,
        [run.id]: runningAgain(request === run.request ? runStates[run.id] : undefined),
      },
    }))
    if (request !== run.request) {
      change('run again', ({runs}) => ({
        runs: runs.map((other) => (other.id === run.id ? {...other, request} : other)),
      }))
    }
    begin(run.id, request)
  }

  const find = (id: RunId) => selectRun(store.getState(), id)

  /** Only one run of the page is under way: a newer wish takes its place. */
  const cancelOthers = () => {
    for (const id of [...aborts.keys()]) actions.cancelRun(id)
  }

  /** A new run that goes on from this one, with the last token that it is given locked. */
  const follow = (
    run: RunRecord,
    requestChange: Partial<TokensRequest>,
    lockedPosition: number
  ) => {
    const {temperature, topP, topK, isSampled, seed} = store.getState().parameters
    const request = {
      ...run.request,
      temperature,
      topP,
      topK,
      sample: isSampled,
      seed,
      position: 'last' as const,
      ...requestChange,
    }
    cancelOthers()
    start(request, run.label, run.modelName, store.getState().activePane, lockedPosition)
  }

  const stop = (id: RunId) => {
    // The page says so at once; the engine hears of it and stops between two chunks.
    aborts.get(id)?.abort()
    flush()
    enter(id, {kind: 'cancelled'})
    keepHistory()
  }

  /** Shown runs without results that wait for the one that is under way. */
  const waiting = new Set<RunId>()
  const computeNextWaiting = () => {
    const [id] = waiting
    if (id === undefined) return
    waiting.delete(id)
    void computeIfQuick(id)
  }
  const estimating = new Set<RunId>()
  const computeIfQuick = async (id: RunId) => {
    const run = find(id)
    // What was stopped or failed is not started again by looking at it.
    const canRun = run && ['kept', 'offered', 'completed'].includes(run.phase.kind)
    if (!canRun || captures.runs.peek(id) || estimating.has(id)) return
    estimating.add(id)
    const seconds = await estimateSeconds(context, run.request)
    estimating.delete(id)
    const isShown = store.getState().panes.some((pane) => pane.runId === id)
    const isWaiting = ['kept', 'offered', 'completed'].includes(find(id)?.phase.kind ?? 'gone')
    if (!isShown || !isWaiting) return
    if (seconds !== null && seconds >= MOST_SECONDS_UNASKED) enter(id, {kind: 'offered', seconds})
    else if (aborts.size > 0) waiting.add(id)
    else actions.runAgain(id)
  }

  const actions: RunActions = {
    runPrompt(requestChange = {}, lockedPosition, along) {
      const state = {...store.getState(), ...along?.patch}
      const request = selectRequest(state)
      if (!request) return false
      cancelOthers()
      const listing = selectActiveListing(state)
      const name = listing ? nameWithFile(listing, request.file) : request.model
      const label = labelOfPrompt(selectPromptWords(state))
      start({...request, ...requestChange}, label, name, state.activePane, lockedPosition, along)
      return true
    },
    runAgain(id, requestChange = {}) {
      const run = find(id)
      if (!run) return
      cancelOthers()
      const isSame = Object.keys(requestChange).length === 0
      restart(run, isSame ? run.request : {...run.request, ...requestChange})
    },
    async openRun(
      id,
      pane = store.getState().activePane,
      {what, patch} = {what: 'open a run', patch: {}}
    ) {
      const run = find(id)
      if (!run) return
      set({hovered: null, shownProblemPath: null})
      change(what, ({panes}) => ({
        ...patch,
        // The prompt that is seen is the one that the picture is of.
        ...promptOfRequest(run.request),
        panes: withRun({panes: patch.panes ?? panes}, pane, id),
        activePane: pane,
      }))
      await computeIfQuick(id)
    },
    async openRequest(request, label, modelName, pane = store.getState().activePane, along) {
      const like = store.getState().runs.find((run) => isSameRequest(run.request, request))
      if (like) {
        await actions.openRun(like.id, pane, along)
        return
      }
      cancelOthers()
      start(request, label, modelName, pane, null, {
        what: along?.what ?? 'run',
        patch: {...along?.patch, ...promptOfRequest(request)},
      })
    },
    async computeShown() {
      const ids = new Set(store.getState().panes.map((pane) => pane.runId))
      for (const id of ids) if (id !== null) await computeIfQuick(id)
    },
    generateMore() {
      const run = selectActiveRun(store.getState())
      const data = run && captures.runs.peek(run.id)
      if (!run || !data || data.tokens.length === 0) return
      const generate = Math.max(1, store.getState().parameters.generateCount)
      follow(run, {completionIds: [...data.completionIds], generate}, data.tokens.length - 1)
    },
    async continueWith(position, tokenId, runId = selectActiveRunId(store.getState())) {
      const run = selectRun(store.getState(), runId)
      const data = run && captures.runs.peek(run.id)
      if (!run || !data) return
      const {generateCount} = store.getState().parameters
      const ids = data.tokens.map((token) => token.id)
      // Tokens given by id begin after the typed prompt, which a cancelled run may not have passed.
      const typedCount = data.tokens.length - data.completionIds.length
      if (position >= typedCount - 1) {
        const kept = ids.slice(typedCount, position + 1)
        const change = {completionIds: [...kept, tokenId], generate: generateCount}
        follow(run, change, position + 1)
        return
      }
      const {prompt: _, messages: __, chat: ___, truncate: ____, ...others} = run.request
      const prefixIds = ids.slice(0, position + 1)
      const prompt = await promptOfPrefix(context, run.request, data, prefixIds)
      const requestChange =
        prompt === null
          ? {noSpecialTokens: true, completionIds: [...prefixIds, tokenId]}
          : {completionIds: [tokenId]}
      follow(
        {...run, request: {...others, prompt: prompt ?? ''}},
        {...requestChange, generate: generateCount},
        position + 1
      )
    },
    cancelRun(id) {
      if (store.getState().runStates[id]?.phase.kind === 'running') stop(id)
    },
    renameRun(id, text) {
      const label = text.trim().slice(0, MOST_LABEL)
      const run = find(id)
      if (!run || label === '' || label === run.label) return
      ownIds.add(id)
      change('rename a run', ({runs}) => ({
        runs: runs.map((other) => (other.id === id ? {...other, label} : other)),
      }))
    },
    removeRun(id) {
      actions.cancelRun(id)
      ownIds.add(id)
      change('remove a run', ({runs, panes}) => ({
        runs: runs.filter((run) => run.id !== id),
        panes: panes.map((pane) => (pane.runId === id ? {...pane, runId: null} : pane)),
      }))
    },
    clearRuns() {
      cancelOthers()
      set({hovered: null})
      // Undone, they are this page's to keep.
      for (const {id} of store.getState().runs) ownIds.add(id)
      change('clear the history', ({panes}) => ({
        runs: [],
        panes: panes.map((pane) => ({...pane, runId: null})),
      }))
      clearHistory(deps.storage)
    },
    closeRun() {
      set({hovered: null})
      const {panes, activePane} = store.getState()
      if (selectActiveRunId(store.getState()) === null) return
      change('show the samples', {panes: withPane({panes}, activePane, {runId: null})})
    },
    watchRuns() {
      store.subscribe(({runs, panes, runStates}, before) => {
        const [shown] = panes
        const track = (states: typeof runStates) => states[shown?.runId ?? '']?.suggestedTrack
        // So that a reload follows the same tokens, whatever is looked at by then.
        if (runs === before.runs && track(runStates) !== track(before.runStates)) keepHistory()
        if (runs !== before.runs) {
          for (const id of [...aborts.keys()]) {
            if (!runs.some((run) => run.id === id)) stop(id)
          }
          keepHistory()
        }
        if (panes !== before.panes || runs !== before.runs) void actions.computeShown()
      })
    },
  }
  return actions
}
