import {
  type CriticalRun,
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../../shared/lenses/assemble-critical.ts'
import type {CriticalEvent, CriticalResult} from '../../shared/lenses/critical.ts'
import {withContrast} from '../../shared/lenses/critical-agreement.ts'
import type {Captures} from './captures.ts'
import type {StoreContext} from './context.ts'
import {
  type CriticalWish,
  rolloutSeconds,
  selectCriticalRun,
  selectCriticalWishes,
} from './critical-requests.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'
import {createWishRunner, type WishJob, type WishPhase} from './wish-runner.ts'

/** Completions that would take longer are not sampled unless it is asked for. */
const OFFERED_ABOVE_SECONDS = 45
const MOST_JOBS = 60
const PANES: readonly PaneIndex[] = [0, 1]

export interface CriticalActions {
  /** Keeps what is computed in step with what the panes show. */
  watchCritical(): void
  /** Runs one that was cancelled, has failed or is offered. */
  askCritical(key: string): void
  cancelCritical(key: string): void
}

/** A wish with what has come of it. */
export interface ShownCritical {
  readonly wish: CriticalWish
  readonly job: WishJob | null
  readonly result: CriticalResult | null
}

const results = new WeakMap<CriticalRun, CriticalResult | null>()

/** The result so far, the same object for the same run and status. */
function resultOfRun(run: CriticalRun, status: CriticalResult['status']): CriticalResult | null {
  const known = results.get(run)
  if (known !== undefined && (known === null || known.status === status)) return known
  const result = criticalResultOf(run, status)
  results.set(run, result)
  return result
}

/** What has come of a wish so far. */
export function selectShownCritical(
  {criticalJobs}: Pick<WorkbenchState, 'criticalJobs'>,
  captures: Pick<Captures, 'criticals'>,
  wish: CriticalWish
): ShownCritical {
  const job = criticalJobs[wish.key] ?? null
  const run = captures.criticals.peek(wish.key)
  const kind = job?.phase.kind
  const status = kind === 'completed' ? 'completed' : kind === 'failed' ? 'failed' : 'cancelled'
  return {wish, job, result: run ? resultOfRun(run, status) : null}
}

const merged = new WeakMap<CriticalResult, WeakMap<CriticalResult, CriticalResult>>()

/** Completions and contrast as one result, the same object for the same two. */
export function mergedResult(
  rollout: CriticalResult | null,
  contrast: CriticalResult | null
): CriticalResult | null {
  if (!rollout || !contrast) return rollout ?? contrast
  const own = merged.get(rollout) ?? new WeakMap<CriticalResult, CriticalResult>()
  merged.set(rollout, own)
  const known = own.get(contrast)
  if (known) return known
  const both = withContrast(rollout, contrast)
  own.set(contrast, both)
  return both
}

/** What runs now of critical tokens; one at a time. */
export function selectRunningCritical({criticalJobs}: Pick<WorkbenchState, 'criticalJobs'>): {
  readonly key: string
  readonly phase: Extract<WishPhase, {kind: 'running'}>
} | null {
  for (const [key, {phase}] of Object.entries(criticalJobs)) {
    if (phase.kind === 'running') return {key, phase}
  }
  return null
}

export function createCriticalActions(context: StoreContext): CriticalActions {
  const {captures, client} = context
  const runner = createWishRunner<CriticalWish, CriticalEvent, WishJob>(context, {
    jobsOf: (state) => state.criticalJobs,
    withJobs: (criticalJobs) => ({criticalJobs}),
    jobOf: (_, stands) => stands,
    wishesOf: (state) => PANES.flatMap((pane) => selectCriticalWishes(state, captures, pane)),
    offeredSeconds(state, wish) {
      if (wish.kind === 'contrast') return null
      const shown = PANES.map((pane) => selectCriticalRun(state, captures, pane)).find(
        (one) => one?.run.id === wish.runId
      )
      const seconds = shown ? rolloutSeconds(shown.data, wish) : 0
      return seconds > OFFERED_ABOVE_SECONDS ? seconds : null
    },
    isForgotten: ({key}) => !captures.criticals.peek(key),
    isUnchanged: (state, previous) =>
      state.runs === previous.runs &&
      state.runStates === previous.runStates &&
      state.panes === previous.panes &&
      state.criticalChoice === previous.criticalChoice &&
      state.criticalAnswers === previous.criticalAnswers &&
      state.listRows === previous.listRows,
    begin: ({key, request}) => captures.criticals.set(key, startCriticalRun(request)),
    run: ({request}, signal) => client.criticals.run(request, {signal}),
    progressOf: (event) => (event.kind === 'progress' ? event : null),
    fold({key, request}, event) {
      const run = captures.criticals.peek(key) ?? startCriticalRun(request)
      captures.criticals.set(key, foldCriticalEvent(run, event))
    },
    mostJobs: MOST_JOBS,
  })
  return {
    watchCritical: runner.watch,
    askCritical: runner.ask,
    cancelCritical: runner.cancel,
  }
}
