import {Worker} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {type Priority, RunQueue} from '../jobs/run-queue.ts'
import type {MatrixJobKind, MatrixJobs, MatrixMessage} from './matrix-protocol.ts'
import {workerPath} from './worker-path.ts'

export interface MatrixThreadOptions {
  /** Threads of the runtime in it, read when it is started. */
  readonly threads: () => number
}

/** Thrown where a job that nobody waits for made room for one that a person waits for. */
class GaveWay extends Error {}

/**
 * The thread that computes pictures and statistics of attention. Started at the first job; jobs run one after
 * another, what a person waits for before the rest: a job of the rest that runs then ends at its next block,
 * and is begun anew afterwards. An aborted one rejects at once, and ends at its next block.
 */
export class MatrixThread {
  private readonly queue = new RunQueue()
  private worker: Worker | null = null
  private pending: {
    readonly onMessage: (message: MatrixMessage) => void
    readonly onDeath: (error: Error) => void
  } | null = null
  /** Jobs that a person waits for, running or waiting. */
  private awaitedCount = 0
  private readonly quietListeners: (() => void)[] = []
  /** Ends the running job where it is one that nobody waits for. */
  private giveWay: (() => void) | null = null

  constructor(private readonly options: MatrixThreadOptions) {}

  /** Starts the thread, unless it is there, so that the first picture does not wait for it. */
  warm(): void {
    this.started()
  }

  run<Kind extends MatrixJobKind>(
    name: Kind,
    job: MatrixJobs[Kind]['job'],
    {priority = 'interactive', signal}: {priority?: Priority; signal?: AbortSignal | undefined} = {}
  ): Promise<MatrixJobs[Kind]['result']> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, {once: true})
      const attempt = (): Promise<MatrixJobs[Kind]['result']> =>
        this.queue
          .run(priority, signal, () => this.runNow(name, job, {priority, signal}))
          .catch((error: unknown) => {
            if (error instanceof GaveWay) return attempt()
            throw error
          })
      const isAwaited = priority === 'interactive'
      if (isAwaited) this.beginAwaited()
      attempt()
        .then(resolve, reject)
        .finally(() => {
          signal?.removeEventListener('abort', abort)
          if (isAwaited) this.endAwaited()
        })
    })
  }

  /**
   * Resolves once no job that a person waits for runs or waits: who counts over rows beside the thread lets
   * those have the processor first.
   */
  quiet(): Promise<void> {
    if (this.awaitedCount === 0) return Promise.resolve()
    return new Promise((resolve) => this.quietListeners.push(resolve))
  }

  private beginAwaited(): void {
    this.awaitedCount++
    this.giveWay?.()
  }

  private endAwaited(): void {
    this.awaitedCount--
    if (this.awaitedCount > 0) return
    for (const resolve of this.quietListeners.splice(0)) resolve()
  }

  /** Ends the thread once nothing runs any more. */
  async close(): Promise<void> {
    await this.queue.run('batch', undefined, async () => {
      const {worker} = this
      if (!worker) return
      await this.ask<null>(worker, {kind: 'release'}, ({kind}) =>
        kind === 'released' ? {answer: null} : null
      )
      this.worker = null
      await worker.terminate()
    })
  }

  private async runNow<Kind extends MatrixJobKind>(
    name: Kind,
    job: MatrixJobs[Kind]['job'],
    {priority, signal}: {priority: Priority; signal: AbortSignal | undefined}
  ): Promise<MatrixJobs[Kind]['result']> {
    // It was let in before the one that a person waits for came.
    if (priority === 'batch' && this.awaitedCount > 0) throw new GaveWay()
    const worker = this.started()
    const cancelFlag = new SharedArrayBuffer(4)
    const cancel = () => void Atomics.store(new Int32Array(cancelFlag), 0, 1)
    signal?.addEventListener('abort', cancel, {once: true})
    this.giveWay = priority === 'batch' ? cancel : null
    try {
      return await this.ask(worker, {kind: 'job', name, job, cancelFlag}, (message) => {
        if (message.kind === 'cancelled') throw signal?.aborted ? signal.reason : new GaveWay()
        return message.kind === 'done'
          ? {answer: message.result as MatrixJobs[Kind]['result']}
          : null
      })
    } finally {
      this.giveWay = null
      signal?.removeEventListener('abort', cancel)
    }
  }

  private started(): Worker {
    if (this.worker) return this.worker
    const worker = new Worker(workerPath('matrix-worker'), {
      workerData: {threads: this.options.threads()},
    })
    // It does not keep a process alive that has nothing else to do.
    worker.unref()
    const die = (error: Error) => {
      if (this.worker === worker) this.worker = null
      this.pending?.onDeath(error)
    }
    worker.on('message', (message: MatrixMessage) => this.pending?.onMessage(message))
    worker.on('error', die)
    worker.on('exit', () => die(new Error('the matrix thread has ended')))
    this.worker = worker
    return worker
  }

  private ask<Answer>(
    worker: Worker,
    command: unknown,
    answerOf: (message: MatrixMessage) => {readonly answer: Answer} | null
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.pending = null
        worker.unref()
        action()
      }
      this.pending = {
        onDeath: (error) => settle(() => reject(error)),
        onMessage(message) {
          if (message.kind === 'failed') {
            const {problem, stack} = message
            settle(() => reject(problem ? new ProblemError(problem) : errorOf(stack)))
            return
          }
          try {
            const found = answerOf(message)
            if (found) settle(() => resolve(found.answer))
          } catch (error) {
            settle(() => reject(error))
          }
        },
      }
      worker.ref()
      worker.postMessage(command)
    })
  }
}

function errorOf(stack: string): Error {
  const error = new Error(stack.split('\n', 1)[0])
  error.stack = stack
  return error
}
