import type {AttributeEvent, AttributeResult} from '../../shared/lenses/attribute.ts'
import {
  type AttributionCapture,
  foldCapture,
  resultOfCapture,
  startCapture,
} from './attribution-captures.ts'
import {
  type AttributionWish,
  measuredMsPerToken,
  secondsPerStep,
  selectAttributionRun,
  selectAttributionWish,
  selectBesideWishes,
} from './attribution-requests.ts'
import type {AttributionJob} from './attribution-state.ts'
import type {Captures} from './captures.ts'
import type {StoreContext} from './context.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'
import {createWishRunner, type WishPhase} from './wish-runner.ts'

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
  readonly phase: Extract<WishPhase, {kind: 'running'}>
} | null {
  for (const [key, job] of Object.entries(attributionJobs)) {
    if (job.phase.kind === 'running') return {key, job, phase: job.phase}
  }
  return null
}

const PANES: readonly PaneIndex[] = [0, 1]

export function createAttributionActions(context: StoreContext): AttributionActions {
  const {captures, client} = context
  const runner = createWishRunner<AttributionWish, AttributeEvent, AttributionJob>(context, {
    jobsOf: (state) => state.attributionJobs,
    withJobs: (attributionJobs) => ({attributionJobs}),
    jobOf: ({runId, request}, stands) => ({...stands, runId, method: request.method}),
    wishesOf(state) {
      const own = PANES.flatMap((pane) => selectAttributionWish(state, captures, pane) ?? [])
      // Where the target itself cannot be had its other methods fail alike.
      const hasFailed = own.some(({key}) => state.attributionJobs[key]?.phase.kind === 'failed')
      if (hasFailed) return own
      return [...own, ...PANES.flatMap((pane) => selectBesideWishes(state, captures, pane))]
    },
    offeredSeconds(state, wish) {
      const pane = PANES.find(
        (one) => selectAttributionRun(state, captures, one)?.run.id === wish.runId
      )
      if (pane === undefined) return null
      const {data} = selectAttributionRun(state, captures, pane)!
      const main = selectAttributionWish(state, captures, pane)
      const done = main && main.key !== wish.key ? selectShown(state, captures, main).result : null
      const seconds = secondsPerStep(data, wish, measuredMsPerToken(done))
      return seconds > OFFERED_ABOVE_SECONDS ? seconds : null
    },
    isForgotten: ({key}) => !captures.attributions.peek(key),
    isUnchanged: (state, previous) =>
      state.runs === previous.runs &&
      state.runStates === previous.runStates &&
      state.panes === previous.panes &&
      state.attributionChoice === previous.attributionChoice &&
      state.attributionTargets === previous.attributionTargets,
    begin: ({key, request}) => captures.attributions.set(key, startCapture(request)),
    run: ({request}, signal) => client.attributions.run(request, {signal}),
    progressOf: (event) => (event.kind === 'progress' ? event : null),
    fold({key, request}, event) {
      const capture = captures.attributions.peek(key) ?? startCapture(request)
      captures.attributions.set(key, foldCapture(capture, event))
    },
    mostJobs: MOST_JOBS,
  })
  return {
    watchAttribution: runner.watch,
    askAttribution: runner.ask,
    cancelAttribution: runner.cancel,
  }
}
