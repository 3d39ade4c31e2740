import {Worker} from 'node:worker_threads'
import {workerPath} from '../runtime/worker-path.ts'
import {type CheckerAnswer, type CheckerCall, WORK_STATE} from './checker-protocol.ts'
import {CALL_LIMIT_MS, ScriptError, THREAD_LIMIT_MS, tookTooLong} from './script-error.ts'

/** How often it is looked whether a script has come on. */
const WATCH_MS = 100

/** A script failed on one of the responses that were asked of. */
export class JudgeError extends Error {
  constructor(
    readonly script: ScriptError,
    readonly index: number
  ) {
    super(script.message)
    this.name = 'JudgeError'
  }
}

interface Pending {
  readonly resolve: (answer: CheckerAnswer) => void
  readonly reject: (error: unknown) => void
}

/**
 * A thread with one script in it (see `Sandbox`). A script that stays inside one built-in function beyond
 * `THREAD_LIMIT_MS` is ended with its thread, so whoever asks always has an answer. One call at a time; after an error
 * it is only closed.
 */
export class CheckerThread {
  private pending: Pending | null = null
  private dead: unknown = null
  private readonly state = new Int32Array(
    new SharedArrayBuffer(WORK_STATE.size * Int32Array.BYTES_PER_ELEMENT)
  )
  private readonly worker: Worker

  private constructor() {
    this.worker = new Worker(workerPath('checker-worker'), {workerData: this.state.buffer})
    this.worker.on('message', (answer: CheckerAnswer) => this.pending?.resolve(answer))
    this.worker.on('error', (error) => this.die(error))
    this.worker.on('exit', () => this.die(new ScriptError('ended', 'its thread has ended')))
  }

  /** Starts a thread and reads the script in it. Throws a JudgeError, or the signal's reason. */
  static async open(source: string, signal?: AbortSignal): Promise<CheckerThread> {
    const thread = new CheckerThread()
    try {
      await thread.wait(signal)
      await thread.ask({kind: 'open', source}, signal)
      return thread
    } catch (error) {
      thread.close()
      throw error
    }
  }

  /**
   * Whether each of some responses is right. Throws a JudgeError where the script fails on one of them, or the
   * signal's reason; then the thread is gone.
   */
  async judge(
    responses: readonly string[],
    answer: string,
    signal?: AbortSignal
  ): Promise<readonly boolean[]> {
    if (responses.length === 0) return []
    const judged = await this.ask({kind: 'judge', responses, answer}, signal)
    if (judged.kind !== 'judged') throw new Error(`the checker worker said ${judged.kind}`)
    return judged.areRight
  }

  close(): void {
    void this.worker.terminate()
  }

  private async ask(call: CheckerCall, signal?: AbortSignal): Promise<CheckerAnswer> {
    signal?.throwIfAborted()
    if (this.dead) throw this.dead
    this.worker.postMessage(call)
    const watch = this.watch()
    try {
      const answer = await this.wait(signal)
      if (answer.kind !== 'failed') return answer
      throw new JudgeError(new ScriptError(answer.error, answer.message), answer.index)
    } finally {
      clearInterval(watch)
    }
  }

  /** The next answer; the thread is ended where nobody waits for it any more. */
  private wait(signal?: AbortSignal): Promise<CheckerAnswer> {
    return new Promise<CheckerAnswer>((resolve, reject) => {
      const abort = () => this.die(signal?.reason)
      const settle = (action: () => void) => {
        this.pending = null
        signal?.removeEventListener('abort', abort)
        action()
      }
      this.pending = {
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      }
      if (this.dead) this.pending.reject(this.dead)
      else if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, {once: true})
    })
  }

  /** Ends the thread once one run of the script has taken too long, by the clock and by this process's work. */
  private watch(): NodeJS.Timeout {
    let turn = -1
    let sinceMs = 0
    let work = process.cpuUsage()
    return setInterval(() => {
      const now = Atomics.load(this.state, WORK_STATE.turn)
      if (now !== turn || now % 2 === 0) {
        turn = now
        sinceMs = performance.now()
        work = process.cpuUsage()
        return
      }
      const {user, system} = process.cpuUsage(work)
      const isLate = performance.now() - sinceMs >= THREAD_LIMIT_MS - 2 * WATCH_MS
      if (!isLate || (user + system) / 1000 < CALL_LIMIT_MS) return
      this.die(new JudgeError(tookTooLong(), Atomics.load(this.state, WORK_STATE.index)))
    }, WATCH_MS)
  }

  private die(error: unknown): void {
    this.dead ??= error ?? new ScriptError('ended', 'its thread has ended')
    void this.worker.terminate()
    this.pending?.reject(this.dead)
  }
}
