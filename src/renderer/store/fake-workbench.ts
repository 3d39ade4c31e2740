import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {createFakeClient, type FakeEngineOptions} from '../../shared/engine-client/fake.ts'
import type {KeyValueStorage} from './context.ts'
import type {WorkbenchState} from './state.ts'
import {createWorkbench, type Workbench} from './workbench.ts'

/** Storage in memory, for tests. */
export function memoryStorage(entries: Record<string, string> = {}): KeyValueStorage {
  const map = new Map(Object.entries(entries))
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
  }
}

export interface FakeWorkbench extends Workbench {
  readonly storage: KeyValueStorage
  readonly session: KeyValueStorage
  /** Resolves as soon as the state is so; rejects after two seconds, saying what was waited for. */
  until(what: string, isSo: (state: WorkbenchState) => boolean): Promise<WorkbenchState>
  /** What the engine's connection says next. */
  engineIs(state: 'connected' | 'lost'): void
}

/** A workbench on the pretended engine, not started yet; tests may put calls of their own in front. */
export function fakeWorkbench(
  options: FakeEngineOptions = {},
  storage: KeyValueStorage = memoryStorage(),
  wrap: (client: EngineClient) => EngineClient = (client) => client,
  session: KeyValueStorage = memoryStorage()
): FakeWorkbench {
  const listeners = new Set<(state: 'connected' | 'lost') => void>()
  const workbench = createWorkbench({
    connection: {
      client: wrap(createFakeClient(options)),
      state: 'connected',
      onState: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    storage,
    session,
    now: () => Date.now(),
    onNextFrame: (callback) => void setTimeout(callback, 1),
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      return () => clearTimeout(timer)
    },
  })
  const {store} = workbench
  return {
    ...workbench,
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
          const state = store.getState()
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
