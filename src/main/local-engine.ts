import type {SendHandle} from 'node:child_process'
import type {ByteChannel} from '../shared/engine-client/channel.ts'
import {connectEngine, type EngineConnection} from '../shared/engine-client/connect.ts'
import {type EngineHost, startEngineHost} from './engine-host.ts'
import {type EngineChoices, engineSettings} from './engine-options.ts'
import {forkEngine} from './fork-engine.ts'

/** An engine of one's own, for a command that is its own host. */
export interface LocalEngine extends Omit<EngineConnection, 'close'> {
  readonly host: EngineHost<SendHandle>
  /** Ends the engine and resolves when it is gone. */
  close(): Promise<void>
}

/** Forks an engine and connects to it over the process's own channel. */
export function openLocalEngine(choices: EngineChoices = {}): LocalEngine {
  const host = startEngineHost<SendHandle>({settings: engineSettings(choices), spawn: forkEngine})
  const connection = connectEngine(() => openProcessChannel(host))
  return {
    host,
    client: connection.client,
    get state() {
      return connection.state
    },
    onState: connection.onState,
    onRedialFailed: connection.onRedialFailed,
    async close() {
      connection.close()
      await host.close()
    },
  }
}

/** A channel to the engine that is ready now or next; it closes when that process ends. */
export async function openProcessChannel(host: EngineHost<SendHandle>): Promise<ByteChannel> {
  const {process: engine} = await host.ready()
  let isClosed = false
  const closeListeners: (() => void)[] = []
  const close = () => {
    if (isClosed) return
    isClosed = true
    for (const listener of closeListeners) listener()
  }
  engine.onExit(close)
  return {
    send: (bytes) => engine.send({kind: 'bytes', bytes}),
    onMessage(listener) {
      engine.onMessage((message) => {
        if (message.kind === 'bytes' && !isClosed) listener(message.bytes)
      })
    },
    onClose: (listener) => void closeListeners.push(listener),
    close,
  }
}
