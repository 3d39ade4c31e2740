import {type Problem, ProblemError} from '../shared/domain/problem.ts'
import type {FromEngine, ToEngine} from './engine/host-messages.ts'
import type {EngineOptions} from './engine/options.ts'
import {type EngineExit, exitWords} from './engine-exit.ts'
import type {EngineSettings} from './engine-options.ts'

/** A running engine process, as `child_process.fork` or Electron's `utilityProcess.fork` gives it. */
export interface EngineProcess<Handle = unknown> {
  readonly processId: number | undefined
  /** `handle` is a socket for a forked process and a message port for Electron's. */
  send(message: ToEngine, handle?: Handle): Promise<void>
  /** Both return the way to stop listening. */
  onMessage(listener: (message: FromEngine) => void): () => void
  onExit(listener: (exit: EngineExit) => void): () => void
  /** Ends it at once, whatever it is doing. */
  kill(): void
}

/** Starts one engine process with these options. */
export type SpawnEngine<Handle> = (options: EngineOptions) => EngineProcess<Handle>

/** An engine that has said that it is ready. */
export interface ReadyEngine<Handle> {
  readonly process: EngineProcess<Handle>
  /** Where the host fetches blobs from; empty where blobs go over the contract. */
  readonly blobAddress: string
}

export type HostEvent =
  | {readonly kind: 'ready'; readonly startCount: number}
  | {readonly kind: 'ended'; readonly words: string}
  /** It died too often at its start and is not started again. */
  | {readonly kind: 'failed'; readonly problem: Problem}

export interface EngineHost<Handle = unknown> {
  /** The engine as soon as there is one; rejects with a Problem after `timeoutMs` or when it failed. */
  ready(timeoutMs?: number): Promise<ReadyEngine<Handle>>
  readonly current: ReadyEngine<Handle> | null
  on(listener: (event: HostEvent) => void): () => void
  /** Ends the engine hard; a new one is started. */
  kill(): void
  /** Ends it for good, and resolves when the process is gone. */
  close(): Promise<void>
}

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 5000
const WINDOW_MS = 60_000
/** Ends within a minute before having been ready, and altogether, after which it is given up. */
const MAX_EARLY_EXITS = 5
const MAX_EXITS = 20
const DEFAULT_READY_TIMEOUT_MS = 30_000

/**
 * Starts the engine and starts it again whenever it ends, with growing pauses where it dies at its
 * start; gives up when that happens too often within a minute.
 */
export function startEngineHost<Handle>({
  settings,
  spawn,
}: {
  settings: EngineSettings
  spawn: SpawnEngine<Handle>
}): EngineHost<Handle> {
  const listeners = new Set<(event: HostEvent) => void>()
  let engine: EngineProcess<Handle> | null = null
  let current: ReadyEngine<Handle> | null = null
  let failure: Problem | null = null
  let startCount = 0
  let lastExit: string | null = null
  let isClosing = false
  let restartTimer: NodeJS.Timeout | undefined
  let exits: {endedAt: number; isEarly: boolean}[] = []
  let resolveClosed: () => void = () => undefined

  const tell = (event: HostEvent) => {
    for (const listener of [...listeners]) listener(event)
  }

  const fail = (problem: Problem) => {
    failure = problem
    tell({kind: 'failed', problem})
  }

  const start = () => {
    startCount++
    const started = spawn({...settings, startCount, lastExit})
    engine = started
    started.onMessage((message) => {
      if (message.kind !== 'ready' || engine !== started) return
      current = {process: started, blobAddress: message.blobAddress}
      tell({kind: 'ready', startCount})
    })
    started.onExit((exit) => {
      if (engine !== started) return
      const isEarly = !current
      engine = null
      current = null
      if (isClosing) {
        resolveClosed()
        return
      }
      const words = exitWords(exit)
      lastExit = words
      tell({kind: 'ended', words})
      restart(words, isEarly)
    })
  }

  const restart = (words: string, isEarly: boolean) => {
    const now = performance.now()
    exits = [...exits, {endedAt: now, isEarly}].filter(({endedAt}) => now - endedAt < WINDOW_MS)
    const earlyCount = exits.filter((exit) => exit.isEarly).length
    if (earlyCount >= MAX_EARLY_EXITS || exits.length >= MAX_EXITS) {
      fail({
        code: 'engine-failed',
        message: `The engine ended ${exits.length} times within a minute and is not started again.`,
        found: words,
        expected: 'an engine that stays up',
        advice: 'Read its messages on the terminal, then start Tokenscope again.',
      })
      return
    }
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** earlyCount, LONGEST_DELAY_MS)
    restartTimer = setTimeout(start, isEarly ? delayMs : 0)
  }

  start()

  return {
    get current() {
      return current
    },
    ready(timeoutMs = DEFAULT_READY_TIMEOUT_MS) {
      if (current) return Promise.resolve(current)
      if (failure) return Promise.reject(new ProblemError(failure))
      return new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer)
          listeners.delete(listener)
        }
        const listener = (event: HostEvent) => {
          if (event.kind === 'ended') return
          stop()
          if (event.kind === 'ready' && current) resolve(current)
          else reject(new ProblemError(failure ?? NOT_READY))
        }
        const timer = setTimeout(() => {
          stop()
          reject(new ProblemError(NOT_READY))
        }, timeoutMs)
        listeners.add(listener)
      })
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    kill: () => engine?.kill(),
    close() {
      isClosing = true
      clearTimeout(restartTimer)
      if (!engine) return Promise.resolve()
      const closed = new Promise<void>((resolve) => {
        resolveClosed = resolve
      })
      engine.kill()
      return closed
    },
  }
}

const NOT_READY: Problem = {
  code: 'engine-not-ready',
  message: 'The engine did not start in time.',
  expected: 'an engine that is ready within half a minute',
  advice: 'Try again; if that does not help, start Tokenscope again.',
}
