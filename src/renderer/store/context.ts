import type {StoreApi} from 'zustand/vanilla'
import type {Problem} from '../../shared/domain/problem.ts'
import type {EngineClient, EngineConnection} from '../../shared/engine-client/connect.ts'
import {isCancellation, problemOf} from '../../shared/engine-client/problem-of.ts'
import type {HostBridge} from '../../shared/host/host-bridge.ts'
import type {MatchRegex} from '../../shared/units/match-regex.ts'
import type {Captures} from './captures.ts'
import type {ChangeDocument} from './document.ts'
import type {ListArchive} from './list-keeper.ts'
import type {PreferencesState, SessionState, WorkbenchState} from './state.ts'

/** Where small things are kept between visits; `localStorage` fits. */
export interface KeyValueStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** The page's own history, by the ids of views; `history` of a browser fits. */
export interface Pages {
  /** The view that the page stands for; null where it is none of ours. */
  current(): number | null
  /** The page that is there now stands for a view. */
  replace(viewId: number): void
  push(viewId: number): void
  go(delta: number): void
  /** Calls back whenever the person, or `go`, went to another page. */
  onGo(listener: (viewId: number) => void): void
}

/** What the store needs of the page, so that it runs without one. */
export interface WorkbenchDeps {
  readonly connection: Pick<EngineConnection, 'client' | 'state' | 'onState' | 'onRedialFailed'>
  readonly storage: KeyValueStorage
  /** What outlives a reload of this page alone; `sessionStorage` fits. */
  readonly session: KeyValueStorage
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back before the next frame; several requests may share one call. */
  onNextFrame(callback: () => void): void
  /** Calls back after a pause. */
  after(delayMs: number, callback: () => void): () => void
  /** What the desktop offers beyond a browser; absent in a browser. */
  readonly host?: HostBridge
  /** Finds matches in a thread that can be stopped. */
  readonly matchRegex: MatchRegex
  /** Lenses that a link may show; any where absent. */
  readonly lensIds?: readonly string[]
  /** Absent where the prompt list’s numbers do not outlive a reload. */
  readonly listArchive?: ListArchive
  /** Absent where there is no history of pages, as in tests. */
  readonly pages?: Pages
}

type StateChange = Partial<SessionState & PreferencesState>

/** What every group of actions works on. */
export interface StoreContext {
  /** For reading. What is the document's changes by `change`, the rest by `set`. */
  readonly store: Pick<StoreApi<WorkbenchState>, 'getState' | 'subscribe'>
  set(change: StateChange | ((state: WorkbenchState) => StateChange)): void
  readonly change: ChangeDocument
  readonly captures: Captures
  readonly client: EngineClient
  readonly deps: WorkbenchDeps
}

/** A thrown thing as a problem that can be shown: what was not expected says so. */
export function shownProblem(error: unknown): Problem {
  const problem = problemOf(error)
  if (problem) return problem
  return {
    code: 'unexpected-error',
    message: 'Something failed that should not have.',
    found: error instanceof Error ? error.message : String(error),
    advice: 'Try it once more. If it fails again, report it with the diagnostics.',
  }
}

export {isCancellation}

/**
 * Runs one request at a time and always ends with the newest: what is asked for while another is
 * under way waits, and a newer wish takes its place.
 */
export function latestWins<Spec>(work: (spec: Spec) => Promise<void>): (spec: Spec) => void {
  let isBusy = false
  let waiting: {spec: Spec} | null = null
  const start = (spec: Spec) => {
    isBusy = true
    work(spec).finally(() => {
      isBusy = false
      const next = waiting
      waiting = null
      if (next) start(next.spec)
    })
  }
  return (spec) => {
    if (isBusy) waiting = {spec}
    else start(spec)
  }
}
