import type {Problem} from '../../shared/domain/problem.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {WorkbenchState} from './state.ts'

/** Something that a pane shows and that the engine has to compute first. */
export interface Wish {
  readonly key: string
}

/** How it stands. `offered`: it would take long, so it waits to be asked for. */
export type WishPhase =
  | {readonly kind: 'offered'; readonly seconds: number}
  | {
      readonly kind: 'running'
      /** What is done; null before anything is. */
      readonly phase: string | null
      readonly done: number
      readonly total: number
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'completed'}
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

export interface WishJob {
  readonly phase: WishPhase
  /** Grows whenever what has come of it does. */
  readonly revision: number
}

type Progress = Pick<Extract<WishPhase, {kind: 'running'}>, 'done' | 'total' | 'secondsLeft'> & {
  readonly phase: string
}

/** What a lens says of its wishes. */
export interface WishKind<One extends Wish, Event, Job extends WishJob> {
  jobsOf(state: WorkbenchState): Readonly<Record<string, Job>>
  withJobs(jobs: Readonly<Record<string, Job>>): Partial<WorkbenchState>
  /** What is kept of a wish beside how it stands. */
  jobOf(wish: One, stands: WishJob): Job
  /** In the order in which they are run. */
  wishesOf(state: WorkbenchState): readonly One[]
  /** Seconds that one would take, where it is offered instead of begun; null to begin. */
  offeredSeconds(state: WorkbenchState, wish: One): number | null
  /** Whether what came of it was dropped from memory. */
  isForgotten(wish: One): boolean
  isUnchanged(state: WorkbenchState, previous: WorkbenchState): boolean
  begin(wish: One): void
  run(wish: One, signal: AbortSignal): Promise<AsyncIterable<Event>>
  /** The progress that an event tells; null for one that `fold` takes. */
  progressOf(event: Event): Progress | null
  fold(wish: One, event: Event): void
  readonly mostJobs: number
}

export interface WishRunner {
  /** Keeps runs in step with what the panes show. */
  watch(): void
  /** Runs one that was cancelled, has failed or is offered. */
  ask(key: string): void
  cancel(key: string): void
}

/** Runs what panes want, one at a time; what nobody wants any more is stopped and forgotten. */
export function createWishRunner<One extends Wish, Event, Job extends WishJob>(
  {store, set, deps}: StoreContext,
  kind: WishKind<One, Event, Job>
): WishRunner {
  let running: {readonly key: string; readonly abort: AbortController} | null = null
  /** Those that were asked for although they take long. */
  const accepted = new Set<string>()

  const setJob = (wish: One, phase: WishPhase) =>
    set((state) => {
      const {[wish.key]: old, ...others} = kind.jobsOf(state)
      // The oldest go first; what they gave may be forgotten with them.
      const kept = Object.entries(others).slice(-(kind.mostJobs - 1))
      const job = kind.jobOf(wish, {phase, revision: (old?.revision ?? 0) + 1})
      return kind.withJobs({...Object.fromEntries(kept), [wish.key]: job})
    })
  const drop = (key: string) =>
    set((state) => {
      const {[key]: _, ...others} = kind.jobsOf(state)
      return kind.withJobs(others)
    })

  const run = async (wish: One) => {
    const abort = new AbortController()
    const own = {key: wish.key, abort}
    running = own
    kind.begin(wish)
    let phase: Extract<WishPhase, {kind: 'running'}> = {
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
      for await (const event of await kind.run(wish, abort.signal)) {
        if (running !== own) return
        const progress = kind.progressOf(event)
        if (progress) {
          const {done, total, secondsLeft} = progress
          phase = {kind: 'running', phase: progress.phase, done, total, secondsLeft}
        } else kind.fold(wish, event)
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

  const want = () => {
    const state = store.getState()
    const wishes = state.connection === 'connected' ? kind.wishesOf(state) : []
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
      const job = kind.jobsOf(state)[wish.key]
      const isForgotten = job?.phase.kind === 'completed' && kind.isForgotten(wish)
      if (job && !isForgotten) continue
      const seconds = accepted.has(wish.key) ? null : kind.offeredSeconds(state, wish)
      if (seconds === null) void run(wish)
      else setJob(wish, {kind: 'offered', seconds})
      return
    }
  }

  return {
    watch() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          kind.isUnchanged(state, previous) &&
          kind.jobsOf(state) === kind.jobsOf(previous) &&
          state.connection === previous.connection
        if (!isUnchanged) want()
      })
    },
    ask(key) {
      accepted.add(key)
      drop(key)
    },
    cancel(key) {
      if (running?.key === key) running.abort.abort()
    },
  }
}
