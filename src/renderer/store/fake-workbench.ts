import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {createFakeClient, type FakeEngineOptions} from '../../shared/engine-client/fake.ts'
import {findMatches} from '../../shared/units/find-matches.ts'
import {createRegexMatcher} from '../../shared/units/match-regex.ts'
import type {KeyValueStorage, Pages} from './context.ts'
import type {ListArchive} from './list-keeper.ts'
import {selectActiveRunId} from './panes.ts'
import {selectRuns} from './run-records.ts'
import {selectLock} from './selection.ts'
import type {RunId, RunRecord, WorkbenchState} from './state.ts'
import {createWorkbench, type Workbench} from './workbench.ts'

/** Storage in memory, for tests. */
export function memoryStorage(entries: Record<string, string> = {}): KeyValueStorage {
  const map = new Map(Object.entries(entries))
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
  }
}

/** Looks where it is called: tests ask for nothing that takes for ever. */
const matchHere = createRegexMatcher(({answer}) => {
  queueMicrotask(() => answer({kind: 'ready'}))
  return {
    post: (query) => queueMicrotask(() => answer(findMatches(query))),
    terminate: () => undefined,
  }
})

/** The state with what a person sees of it: runs with what came of them, and the selection. */
export interface SeenState extends WorkbenchState {
  readonly runs: readonly RunRecord[]
  readonly activeRunId: RunId | null
  readonly locked: number | null
}

export interface FakeWorkbench extends Workbench {
  readonly storage: KeyValueStorage
  readonly session: KeyValueStorage
  /** Resolves as soon as the state is so; rejects after two seconds, saying what was waited for. */
  until(what: string, isSo: (state: SeenState) => boolean): Promise<SeenState>
  seen(): SeenState
  /** What the engine's connection says next. */
  engineIs(state: 'connected' | 'lost'): void
  /** The engine is looked for and nobody is found. */
  redialFails(): void
}

/** A workbench on the pretended engine, not started yet; tests may put calls of their own in front. */
export function fakeWorkbench(
  options: FakeEngineOptions = {},
  storage: KeyValueStorage = memoryStorage(),
  wrap: (client: EngineClient) => EngineClient = (client) => client,
  session: KeyValueStorage = memoryStorage(),
  pages?: Pages,
  listArchive?: ListArchive
): FakeWorkbench {
  const listeners = new Set<(state: 'connected' | 'lost') => void>()
  const redialListeners = new Set<() => void>()
  const workbench = createWorkbench({
    connection: {
      client: wrap(createFakeClient(options)),
      state: 'connected',
      onState: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      onRedialFailed: (listener) => {
        redialListeners.add(listener)
        return () => redialListeners.delete(listener)
      },
    },
    storage,
    session,
    ...(pages ? {pages} : {}),
    ...(listArchive ? {listArchive} : {}),
    matchRegex: matchHere,
    now: () => Date.now(),
    onNextFrame: (callback) => void setTimeout(callback, 1),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const {store, captures} = workbench
  const seen = (): SeenState => {
    const state = store.getState()
    const activeRunId = selectActiveRunId(state)
    const locked = selectLock(state, captures, activeRunId)
    return {...state, runs: selectRuns(state), activeRunId, locked}
  }
  return {
    ...workbench,
    seen,
    storage,
    session,
    until: (what, isSo) =>
      new Promise((resolve, reject) => {
        let unsubscribe: () => void = () => undefined
        const timer = setTimeout(() => {
          unsubscribe()
          reject(new Error(`waited in vain for: ${what}`))
        }, 2000)
        const look = () => {
          const state = seen()
          if (!isSo(state)) return
          clearTimeout(timer)
          unsubscribe()
          resolve(state)
        }
        unsubscribe = store.subscribe(look)
        look()
      }),
    engineIs: (state) => {
      for (const listener of listeners) listener(state)
    },
    redialFails: () => {
      for (const listener of redialListeners) listener()
    },
  }
}

/** One that is started and has run its first prompt. */
export async function openedWorkbench(
  options: FakeEngineOptions = {},
  storage?: KeyValueStorage,
  wrap?: (client: EngineClient) => EngineClient
): Promise<FakeWorkbench> {
  const workbench = fakeWorkbench(options, storage, wrap)
  workbench.actions.start()
  await workbench.until('the first run', (state) => {
    const kind = state.runs.find((run) => run.id === state.activeRunId)?.phase.kind
    return kind === 'completed' || kind === 'failed'
  })
  return workbench
}
