import type {StoreContext} from './context.ts'
import {selectRunning} from './run-records.ts'
import type {ConnectionState} from './state.ts'

export const initialConnection: ConnectionState = {
  connection: 'connecting',
  status: null,
  engineStop: null,
  isFinishing: false,
  connectedAfterMs: null,
}

export interface ConnectionActions {
  /** Follows the engine's state from now on; `onConnected` is called after every connection. */
  watchEngine(onConnected: () => void): void
  dismissEngineStop(): void
  /** After a cancellation: says so where the engine cannot leave what it does. */
  watchFinishing(): void
  /** Ends the engine in the middle of what it does; its host starts a new one. */
  stopEngine(): Promise<void>
}

/** A chunk takes about half a second, so after this one the engine is idle where it can be. */
const FINISHING_MS = 1000

export function createConnectionActions(context: StoreContext): ConnectionActions {
  const {store, set, client, deps} = context
  let watchCount = 0
  let stopWaiting: () => void = () => undefined

  const watchStatus = async () => {
    const mine = ++watchCount
    try {
      for await (const status of await client.engine.watch()) {
        if (mine !== watchCount) return
        const previous = store.getState().status
        const stop = store.getState().engineStop
        const hasRestarted = previous !== null && status.startCount > previous.startCount
        set({
          status,
          ...(hasRestarted || (stop && !stop.isRunningAgain)
            ? {
                engineStop: {
                  reason: status.lastExit ?? stop?.reason ?? 'ended without saying why',
                  isRunningAgain: true,
                  isHostMissing: false,
                },
              }
            : {}),
        })
      }
    } catch {
      // The connection was lost; it is watched again as soon as there is a new one.
    }
  }

  return {
    watchEngine(onConnected) {
      const startedAt = deps.now()
      const connected = () => {
        const {connectedAfterMs} = store.getState()
        set({
          connection: 'connected',
          connectedAfterMs: connectedAfterMs ?? deps.now() - startedAt,
        })
        void watchStatus()
        onConnected()
      }
      deps.connection.onState((state) => {
        if (state === 'connected') connected()
        else {
          set({
            connection: 'lost',
            engineStop: {reason: 'stopped', isRunningAgain: false, isHostMissing: false},
          })
        }
      })
      deps.connection.onRedialFailed(() => {
        const stop = store.getState().engineStop
        if (!stop || stop.isRunningAgain || stop.isHostMissing) return
        set({engineStop: {...stop, reason: 'cannot be reached', isHostMissing: true}})
      })
      if (deps.connection.state === 'connected') connected()
    },
    dismissEngineStop: () => set({engineStop: null}),
    watchFinishing() {
      stopWaiting()
      const look = async () => {
        const isFinishing = await client.engine.status().then(
          ({runningCount}) => runningCount > 0,
          () => false
        )
        // A run that was started meanwhile has its own line and its own Cancel.
        const isOurs = selectRunning(store.getState()) === null
        set({isFinishing: isFinishing && isOurs})
        if (isFinishing && isOurs) stopWaiting = deps.after(FINISHING_MS, () => void look())
      }
      stopWaiting = deps.after(FINISHING_MS, () => void look())
    },
    async stopEngine() {
      set({isFinishing: false})
      // The answer is that the connection is lost.
      await client.engine.stop().catch(() => undefined)
    },
  }
}
