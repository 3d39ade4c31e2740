import {type ClientLink, createORPCClient} from '@orpc/client'
import type {ContractRouterClient} from '@orpc/contract'
import type {Contract} from '../contract/contract.ts'
import type {Problem} from '../domain/problem.ts'
import type {ByteChannel} from './channel.ts'
import {createPeerLink} from './link.ts'
import {problemError} from './problem-of.ts'

/** The contract as typed calls and async iterators. */
export type EngineClient = ContractRouterClient<Contract>

/** `connecting` is the first attempt only; afterwards a missing engine is `lost`. */
export type EngineState = 'connecting' | 'connected' | 'lost'

export interface EngineConnection {
  readonly client: EngineClient
  readonly state: EngineState
  /** Tells of every change from now on; returns the way to stop listening. */
  onState(listener: (state: 'connected' | 'lost') => void): () => void
  /** Tells of every attempt to reach a lost engine that finds nobody; its host may be gone. */
  onRedialFailed(listener: () => void): () => void
  close(): void
}

/** What a call says that is made while there is no engine. */
export const ENGINE_RESTARTING: Problem = {
  code: 'engine-restarting',
  message: 'The engine is starting again.',
  advice: 'Wait a moment, then try again; what is on the screen stays.',
}
export const ENGINE_CLOSED: Problem = {
  code: 'engine-closed',
  message: 'The connection to the engine was closed.',
  advice: 'Open Tokenscope again.',
}

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 2000

/**
 * Keeps a connection to the engine. Calls made before the first connection wait for it. After a loss
 * the channel is opened again with growing pauses; calls made in between fail at once with the Problem
 * `engine-restarting`, and calls that were under way fail with `engine-lost`.
 */
export function connectEngine(openChannel: () => Promise<ByteChannel>): EngineConnection {
  const listeners = new Set<(state: 'connected' | 'lost') => void>()
  const redialListeners = new Set<() => void>()
  let state: EngineState = 'connecting'
  let isClosed = false
  let channel: ByteChannel | null = null
  let link: ClientLink<Record<never, never>> | null = null
  let wakeWaiting: () => void = () => undefined
  const firstConnection = new Promise<void>((resolve) => {
    wakeWaiting = resolve
  })
  let delayTimer: ReturnType<typeof setTimeout> | undefined

  const enter = (next: 'connected' | 'lost') => {
    if (state === next) return
    state = next
    for (const listener of [...listeners]) listener(next)
  }

  const open = async (delayMs: number) => {
    let opened: ByteChannel
    try {
      opened = await openChannel()
    } catch {
      if (isClosed) return
      if (state === 'lost') for (const listener of [...redialListeners]) listener()
      delayTimer = setTimeout(() => void open(Math.min(delayMs * 2, LONGEST_DELAY_MS)), delayMs)
      return
    }
    if (isClosed) {
      opened.close()
      return
    }
    channel = opened
    link = createPeerLink(opened)
    opened.onClose(() => {
      if (channel !== opened) return
      channel = null
      link = null
      if (isClosed) return
      enter('lost')
      void open(FIRST_DELAY_MS)
    })
    wakeWaiting()
    enter('connected')
  }
  void open(FIRST_DELAY_MS)

  const client = createORPCClient<EngineClient>({
    async call(path, input, options) {
      if (state === 'connecting' && !isClosed) await firstOrAborted(firstConnection, options.signal)
      if (isClosed) throw problemError(ENGINE_CLOSED)
      if (!link) throw problemError(ENGINE_RESTARTING)
      return link.call(path, input, options)
    },
  })

  return {
    client,
    get state() {
      return state
    },
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onRedialFailed(listener) {
      redialListeners.add(listener)
      return () => redialListeners.delete(listener)
    },
    close() {
      isClosed = true
      clearTimeout(delayTimer)
      listeners.clear()
      redialListeners.clear()
      wakeWaiting()
      channel?.close()
      channel = null
      link = null
    },
  }
}

async function firstOrAborted(first: Promise<void>, signal: AbortSignal | undefined) {
  if (!signal) return first
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    await Promise.race([first, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
