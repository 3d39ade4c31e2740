import {Worker} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {type Priority, RunQueue} from '../jobs/run-queue.ts'
import type {MatrixJobKind, MatrixJobs, MatrixMessage} from './matrix-protocol.ts'
import {workerPath} from './worker-path.ts'

export interface MatrixThreadOptions {
  /** Threads of the runtime in it, read when it is started. */
  readonly threads: () => number
}

/**
 * The thread that computes pictures and statistics of attention. Started at the first job; jobs run one after
 * another, what a person waits for before the rest. An aborted one rejects at once, and ends at its next block.
 */
export class MatrixThread {
  private readonly queue = new RunQueue()
  private worker: Worker | null = null
  private pending: {
    readonly onMessage: (message: MatrixMessage) => void
    readonly onDeath: (error: Error) => void
  } | null = null

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
      this.queue
        .run(priority, signal, () => this.runNow(name, job, signal))
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', abort))
    })
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
    signal: AbortSignal | undefined
  ): Promise<MatrixJobs[Kind]['result']> {
    const worker = this.started()
    const cancelFlag = new SharedArrayBuffer(4)
    const cancel = () => Atomics.store(new Int32Array(cancelFlag), 0, 1)
    signal?.addEventListener('abort', cancel, {once: true})
    try {
      return await this.ask(worker, {kind: 'job', name, job, cancelFlag}, (message) => {
        if (message.kind === 'cancelled') throw signal?.reason ?? new Error('cancelled')
        return message.kind === 'done'
          ? {answer: message.result as MatrixJobs[Kind]['result']}
          : null
      })
    } finally {
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
