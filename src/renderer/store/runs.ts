import {foldTokensEvent, startTokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {PromptInput, TokensRequest} from '../../shared/lenses/tokens.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {refOfListing, selectActiveListing} from './models.ts'
import {clearHistory, type KeptShown, writeHistory} from './persistence.ts'
import {labelOfPrompt, selectPromptInput} from './prompt.ts'
import {estimateSeconds, promptOfPrefix} from './run-questions.ts'
import type {RunId, RunPhase, RunRecord, RunsState, WorkbenchState} from './state.ts'

export const initialRuns: RunsState = {runs: [], activeRunId: null}

/** A lens that takes longer than this waits to be asked for. */
const MOST_SECONDS_UNASKED = 2
const MOST_RUNS = 200
const FRAME_MS = 34
/** Pause after drawing, as a multiple of what drawing took. */
const PAUSE_SHARE = 3
const LONGEST_PAUSE_MS = 500

export interface RunActions {
  /** Runs the prompt as it stands, whatever it takes. */
  runPrompt(change?: Pick<PromptInput, 'truncate'>): void
  /** The same request again: after a failure, a cancellation, or for a run of an earlier visit. */
  runAgain(id: RunId, change?: Pick<PromptInput, 'truncate'>): void
  /** Shows a run; one without results is computed if that is quick, else offered. */
  openRun(id: RunId): Promise<void>
  /** Shows what was on the screen before a reload, the same token locked. */
  restoreShown(shown: KeptShown, canCompute: boolean): Promise<void>
  /** A new run that goes on after what the active one has. */
  generateMore(): void
  /** A new run in which `tokenId` follows the token at `position`. */
  continueWith(position: number, tokenId: number): Promise<void>
  cancelRun(id: RunId): void
  clearRuns(): void
  /** Shows no run: the page of samples. */
  closeRun(): void
}

export function selectActiveRun(state: RunsState): RunRecord | null {
  return state.runs.find((run) => run.id === state.activeRunId) ?? null
}

export function selectRunning(state: RunsState): RunRecord | null {
  return state.runs.find((run) => run.phase.kind === 'running') ?? null
}

/** What the sampling controls add to a request. */
function selectSettingsPart(state: WorkbenchState) {
  const {temperature, topP, topK, generateCount, isSampled, seed, tracked} = state.settings
  const listing = selectActiveListing(state)
  const model = listing ? refOfListing(listing).model : ''
  return {
    command: 'tokens' as const,
    topK,
    temperature,
    topP,
    position: 'last' as const,
    generate: generateCount,
    sample: isSampled,
    seed,
    track: [...(tracked[model] ?? [])],
  }
}

/** The request that Run makes now; null where no model is chosen. */
export function selectRequest(state: WorkbenchState): TokensRequest | null {
  const listing = selectActiveListing(state)
  if (!listing) return null
  return {...refOfListing(listing), ...selectPromptInput(state), ...selectSettingsPart(state)}
}

export function createRunActions(context: StoreContext): RunActions {
  const {store, captures, client, deps} = context
  const aborts = new Map<RunId, AbortController>()
  /** Runs with news that has not been announced, and how far they are where they still run. */
  const changed = new Map<RunId, RunPhase | null>()
  let isFrameAsked = false
  let pauseMs = 0
  let idCount = 0
  /** Runs that were made or run again here: what this page may write into the history. */
  const ownIds = new Set<RunId>()
  /** The lock that a run of before the reload is to have again. */
  let restored: KeptShown | null = null

  const update = (id: RunId, change: (run: RunRecord) => Partial<RunRecord>) => {
    store.setState(({runs}) => ({
      runs: runs.map((run) => (run.id === id ? {...run, ...change(run)} : run)),
    }))
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
  const keepHistory = () => writeHistory(deps.storage, store.getState().runs, ownIds)

  /** Where the lock is once the prompt is there: at its end, where nothing else was kept. */
  const firstLock = (id: RunId, last: number): number | null => {
    if (restored?.runId !== id || restored.locked === undefined) return last
    return restored.locked === null ? null : Math.min(restored.locked, last)
  }
  /** A kept lock on a generated token waits for it, unless another token was locked meanwhile. */
  const restoreLock = (id: RunId, tokenCount: number) => {
    if (restored?.runId !== id || (restored.locked ?? tokenCount) >= tokenCount) return
    const {activeRunId, locked} = store.getState()
    const promptEnd = (captures.runs.peek(id)?.promptTokenCount ?? 0) - 1
    if (activeRunId === id && locked === promptEnd) store.setState({locked: restored.locked})
    restored = null
  }

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
          if (store.getState().activeRunId === id) {
            store.setState({locked: firstLock(id, data.tokens.length - 1), hovered: null})
          }
          announce(id)
        } else {
          restoreLock(id, data.tokens.length)
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
      if (aborts.get(id) === abort) {
        aborts.delete(id)
        if (restored?.runId === id) restored = null
      }
      keepHistory()
    }
  }

  const start = (request: TokensRequest, label: string, modelName: string) => {
    const id = `${deps.now().toString(36)}-${idCount++}`
    const record: RunRecord = {
      id,
      startedAt: deps.now(),
      request,
      modelName,
      label,
      phase: {kind: 'running', progress: null},
      revision: 0,
      tokenCount: null,
      suggestedTrack: null,
    }
    store.setState(({runs}) => ({
      runs: [record, ...runs].slice(0, MOST_RUNS),
      activeRunId: id,
      hovered: null,
      locked: null,
      shownProblemPath: null,
    }))
    ownIds.add(id)
    keepHistory()
    void execute(id, request)
  }

  const restart = (run: RunRecord, request: TokensRequest) => {
    captures.runs.delete(run.id)
    update(run.id, () => ({
      request,
      phase: {kind: 'running', progress: null},
      suggestedTrack: null,
    }))
    store.setState({activeRunId: run.id, hovered: null, locked: null, shownProblemPath: null})
    ownIds.add(run.id)
    keepHistory()
    void execute(run.id, request)
  }

  const find = (id: RunId) => store.getState().runs.find((run) => run.id === id)

  /** Only one run of the page is under way: a newer wish takes its place. */
  const cancelOthers = () => {
    for (const id of [...aborts.keys()]) actions.cancelRun(id)
  }

  const follow = (run: RunRecord, change: Partial<TokensRequest>) => {
    const {temperature, topP, topK, isSampled, seed} = store.getState().settings
    const request = {
      ...run.request,
      temperature,
      topP,
      topK,
      sample: isSampled,
      seed,
      position: 'last' as const,
      ...change,
    }
    cancelOthers()
    start(request, run.label, run.modelName)
  }

  const actions: RunActions = {
    runPrompt(change = {}) {
      const state = store.getState()
      const request = selectRequest(state)
      if (!request) return
      cancelOthers()
      const name = selectActiveListing(state)?.id ?? request.model
      start({...request, ...change}, labelOfPrompt(state.promptText), name)
    },
    runAgain(id, change = {}) {
      const run = find(id)
      if (!run) return
      cancelOthers()
      restart(run, {...run.request, ...change})
    },
    async openRun(id) {
      const run = find(id)
      if (!run) return
      const data = captures.runs.peek(id)
      store.setState({
        activeRunId: id,
        hovered: null,
        locked: data && data.tokens.length > 0 ? data.promptTokenCount - 1 : null,
        shownProblemPath: null,
      })
      // What was stopped or failed is not started again by looking at it.
      if (data || !['kept', 'offered', 'completed'].includes(run.phase.kind)) return
      const seconds = await estimateSeconds(context, run.request)
      if (store.getState().activeRunId !== id) return
      if (seconds !== null && seconds >= MOST_SECONDS_UNASKED) enter(id, {kind: 'offered', seconds})
      else actions.runAgain(id)
    },
    async restoreShown(shown, canCompute) {
      const run = shown.runId === null ? undefined : find(shown.runId)
      if (!run) return
      restored = shown
      if (canCompute) await actions.openRun(run.id)
      else store.setState({activeRunId: run.id})
    },
    generateMore() {
      const run = selectActiveRun(store.getState())
      const data = run && captures.runs.peek(run.id)
      if (!run || !data || data.tokens.length === 0) return
      const generate = Math.max(1, store.getState().settings.generateCount)
      follow(run, {completionIds: [...data.completionIds], generate})
    },
    async continueWith(position, tokenId) {
      const run = selectActiveRun(store.getState())
      const data = run && captures.runs.peek(run.id)
      if (!run || !data) return
      const {generateCount} = store.getState().settings
      const ids = data.tokens.map((token) => token.id)
      // Tokens given by id begin after the typed prompt, which a cancelled run may not have passed.
      const typedCount = data.tokens.length - data.completionIds.length
      if (position >= typedCount - 1) {
        const kept = ids.slice(typedCount, position + 1)
        follow(run, {completionIds: [...kept, tokenId], generate: generateCount})
        return
      }
      const {prompt: _, messages: __, chat: ___, truncate: ____, ...others} = run.request
      const prefixIds = ids.slice(0, position + 1)
      const prompt = await promptOfPrefix(context, run.request, data, prefixIds)
      const change =
        prompt === null
          ? {noSpecialTokens: true, completionIds: [...prefixIds, tokenId]}
          : {completionIds: [tokenId]}
      follow(
        {...run, request: {...others, prompt: prompt ?? ''}},
        {...change, generate: generateCount}
      )
    },
    cancelRun(id) {
      const run = find(id)
      if (run?.phase.kind !== 'running') return
      // The page says so at once; the engine hears of it and stops between two chunks.
      aborts.get(id)?.abort()
      flush()
      enter(id, {kind: 'cancelled'})
      keepHistory()
    },
    clearRuns() {
      cancelOthers()
      for (const run of store.getState().runs) captures.runs.delete(run.id)
      store.setState({runs: [], activeRunId: null, hovered: null, locked: null})
      clearHistory(deps.storage)
    },
    closeRun: () => store.setState({activeRunId: null, hovered: null, locked: null}),
  }
  return actions
}
