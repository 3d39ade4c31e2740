import type {AttributeResult} from '../../shared/lenses/attribute.ts'
import {
  type AttributionCapture,
  foldCapture,
  resultOfCapture,
  startCapture,
} from './attribution-captures.ts'
import {
  type AttributionWish,
  secondsPerStep,
  selectAttributionRun,
  selectAttributionWish,
  selectBesideWishes,
} from './attribution-requests.ts'
import type {AttributionJob, AttributionPhase} from './attribution-state.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

/** A step that would take longer is not made unless it is asked for. */
const OFFERED_ABOVE_SECONDS = 20
const MOST_JOBS = 80

export interface AttributionActions {
  /** Keeps attributions in step with what the panes show. */
  watchAttribution(): void
  /** Runs one that was cancelled, has failed or is offered. */
  askAttribution(key: string): void
  cancelAttribution(key: string): void
}

/** A job with what has come of it. */
export interface ShownAttribution {
  readonly wish: AttributionWish
  readonly job: AttributionJob | null
  readonly capture: AttributionCapture | null
  readonly result: AttributeResult | null
}

/** What has come of a wish so far. */
export function selectShown(
  {attributionJobs}: Pick<WorkbenchState, 'attributionJobs'>,
  captures: Pick<Captures, 'attributions'>,
  wish: AttributionWish
): ShownAttribution {
  const job = attributionJobs[wish.key] ?? null
  const capture = captures.attributions.peek(wish.key) ?? null
  const kind = job?.phase.kind
  // A run that goes on is a part of one, as a cancelled one is; what is drawn says which.
  const status = kind === 'completed' ? 'completed' : kind === 'failed' ? 'failed' : 'cancelled'
  return {wish, job, capture, result: capture && resultOfCapture(capture, status)}
}

/** The attribution that runs now; one at a time. */
export function selectRunningAttribution({
  attributionJobs,
}: Pick<WorkbenchState, 'attributionJobs'>): {
  readonly key: string
  readonly job: AttributionJob
  readonly phase: Extract<AttributionPhase, {kind: 'running'}>
} | null {
  for (const [key, job] of Object.entries(attributionJobs)) {
    if (job.phase.kind === 'running') return {key, job, phase: job.phase}
  }
  return null
}

export function createAttributionActions(context: StoreContext): AttributionActions {
  const {store, set, captures, client, deps} = context
  let running: {readonly key: string; readonly abort: AbortController} | null = null
  /** Those that were asked for although they take long. */
  const accepted = new Set<string>()

  const setJob = (wish: AttributionWish, phase: AttributionPhase) =>
    set(({attributionJobs}) => {
      const {[wish.key]: old, ...others} = attributionJobs
      const job: AttributionJob = {
        ...{runId: wish.runId, method: wish.request.method, phase},
        revision: (old?.revision ?? 0) + 1,
      }
      // The oldest go first; what they gave may be forgotten with them.
      const kept = Object.entries(others).slice(-(MOST_JOBS - 1))
      return {attributionJobs: {...Object.fromEntries(kept), [wish.key]: job}}
    })
  const drop = (key: string) =>
    set(({attributionJobs}) => {
      const {[key]: _, ...others} = attributionJobs
      return {attributionJobs: others}
    })

  const run = async (wish: AttributionWish) => {
    const abort = new AbortController()
    const own = {key: wish.key, abort}
    running = own
    let capture = startCapture(wish.request)
    captures.attributions.set(wish.key, capture)
    let phase: Extract<AttributionPhase, {kind: 'running'}> = {
      ...{kind: 'running', phase: null, done: 0, total: 0, secondsLeft: null},
    }
    setJob(wish, phase)
    let isDrawPending = false
    // At most once a frame, however many events come.
    const draw = () => {
      if (isDrawPending) return
      isDrawPending = true
      deps.onNextFrame(() => {
        isDrawPending = false
        if (running === own) setJob(wish, phase)
      })
    }
    try {
      const events = await client.attributions.run(wish.request, {signal: abort.signal})
      for await (const event of events) {
        if (running !== own) return
        if (event.kind === 'progress') {
          const {done, total, secondsLeft} = event
          phase = {kind: 'running', phase: event.phase, done, total, secondsLeft}
        } else {
          capture = foldCapture(capture, event)
          captures.attributions.set(wish.key, capture)
        }
        draw()
      }
      if (running !== own) return
      running = null
      setJob(wish, {kind: 'completed'})
    } catch (error) {
      if (running !== own) return
      running = null
      const isCancelled = abort.signal.aborted || isCancellation(error)
      setJob(
        wish,
        isCancelled ? {kind: 'cancelled'} : {kind: 'failed', problem: shownProblem(error)}
      )
    }
  }

  const wishesOf = (state: WorkbenchState): AttributionWish[] => {
    const panes: readonly PaneIndex[] = [0, 1]
    const own = panes.flatMap((pane) => selectAttributionWish(state, captures, pane) ?? [])
    // Where the target itself cannot be had its other methods fail alike.
    const hasFailed = own.some(({key}) => state.attributionJobs[key]?.phase.kind === 'failed')
    const beside = hasFailed
      ? []
      : panes.flatMap((pane) => selectBesideWishes(state, captures, pane))
    return [...own, ...beside]
  }
  const isOffered = (state: WorkbenchState, wish: AttributionWish) => {
    if (accepted.has(wish.key)) return null
    const panes: readonly PaneIndex[] = [0, 1]
    const shown = panes
      .map((pane) => selectAttributionRun(state, captures, pane))
      .find((found) => found?.run.id === wish.runId)
    const seconds = shown ? secondsPerStep(shown.data, wish) : 0
    return seconds > OFFERED_ABOVE_SECONDS ? seconds : null
  }

  const want = () => {
    const state = store.getState()
    const wishes = state.connection === 'connected' ? wishesOf(state) : []
    if (running && !wishes.some(({key}) => key === running!.key)) {
      const {key, abort} = running
      running = null
      abort.abort()
      // It was left, not cancelled: coming back runs it.
      drop(key)
      return
    }
    if (running) return
    for (const wish of wishes) {
      const job = state.attributionJobs[wish.key]
      const isForgotten = job?.phase.kind === 'completed' && !captures.attributions.peek(wish.key)
      if (job && !isForgotten) continue
      const seconds = isOffered(state, wish)
      if (seconds !== null) {
        setJob(wish, {kind: 'offered', secondsPerStep: seconds})
        return
      }
      void run(wish)
      return
    }
  }

  return {
    watchAttribution() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runs === previous.runs &&
          state.runStates === previous.runStates &&
          state.panes === previous.panes &&
          state.attributionChoice === previous.attributionChoice &&
          state.attributionTargets === previous.attributionTargets &&
          state.attributionJobs === previous.attributionJobs &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    askAttribution(key) {
      accepted.add(key)
      drop(key)
    },
    cancelAttribution(key) {
      if (running?.key === key) running.abort.abort()
    },
  }
}
