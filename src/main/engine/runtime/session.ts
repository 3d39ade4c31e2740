import {Worker} from 'node:worker_threads'
import {assertNever} from '../../../shared/domain/assert-never.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {type Priority, RunQueue} from '../jobs/run-queue.ts'
import {workerPath} from './worker-path.ts'
import type {
  BatchedEvent,
  BatchJob,
  BranchAnswer,
  BranchJob,
  CapturedEvent,
  CaptureJob,
  HeadJob,
  RunEvent,
  RunJob,
  RunOutcome,
  SessionFacts,
  SessionSpec,
  WorkerCommand,
  WorkerMessage,
} from './worker-protocol.ts'

/** How a job is to be run, besides what it computes. */
export interface RunOptions {
  readonly priority?: Priority
  readonly signal?: AbortSignal
  /** Not called any more once `signal` is aborted. */
  readonly onEvent: (event: RunEvent) => void
}

/** How a capture is to be run. */
export interface CaptureOptions extends Omit<RunOptions, 'onEvent'> {
  /** Not called any more once `signal` is aborted. */
  readonly onCaptured: (event: CapturedEvent) => void
}

/** How a batch is to be run. */
export interface BatchOptions extends Omit<RunOptions, 'onEvent'> {
  /** Not called any more once `signal` is aborted. */
  readonly onBatched: (event: BatchedEvent) => void
}

/** Who wants to know how a session is doing. */
export interface SessionListeners {
  /** Jobs came or went. */
  readonly onChange?: () => void
  /** The model is in memory and is being tried. */
  readonly onChecking?: () => void
}

/** Code of the Problem for a file that the runtime does not take. */
export const REFUSED = 'runtime-refused-model'

interface Pending {
  readonly onMessage: (message: WorkerMessage) => void
  readonly reject: (error: unknown) => void
}

/**
 * A model in its own thread. Jobs run one after another; an aborted one ends after the run under way,
 * since a run itself cannot be stopped and ending its thread would end the process.
 */
export class ModelSession {
  private readonly queue: RunQueue
  private pending: Pending | null = null
  private death: Error | null = null

  private constructor(
    private readonly worker: Worker,
    readonly spec: SessionSpec,
    onChange: () => void
  ) {
    this.queue = new RunQueue(onChange)
    worker.on('message', (message: WorkerMessage) => this.pending?.onMessage(message))
    worker.on('error', (error) => this.die(error))
    worker.on('exit', () => this.die(new Error('the session worker has ended')))
  }

  readonly facts!: SessionFacts

  /** Starts a thread and loads the model there. Throws a Problem for a file the runtime refuses. */
  static async create(
    spec: SessionSpec,
    {onChange = () => {}, onChecking = () => {}}: SessionListeners = {}
  ): Promise<ModelSession> {
    const worker = new Worker(workerPath('session-worker'))
    // A model that is loaded does not keep a process alive that has nothing else to do.
    worker.unref()
    const session = new ModelSession(worker, spec, onChange)
    try {
      const facts = await session.send<SessionFacts>({kind: 'create', spec}, (message) => {
        if (message.kind === 'checking') onChecking()
        return message.kind === 'created' ? message.facts : undefined
      })
      return Object.assign(session, {facts})
    } catch (error) {
      // No run is under way, so the thread may be ended.
      await worker.terminate()
      throw error instanceof ProblemError ? error : refusedFile(spec, error)
    }
  }

  /** Jobs running or waiting. */
  get jobCount(): number {
    return this.queue.count
  }

  get isAlive(): boolean {
    return this.death === null
  }

  /**
   * Runs a job in its turn. Aborted, it rejects at once; the thread is free again after the run under
   * way, and the next job waits for that.
   */
  run(job: RunJob, {priority, signal, onEvent}: RunOptions): Promise<RunOutcome> {
    return this.enqueue(priority, signal, () => this.runNow(job, signal, onEvent))
  }

  /**
   * Runs a capture in its turn, under the same rules as `run`. `onCaptured` is given what each run of it
   * handed over; the arrays are the caller's.
   */
  capture(job: CaptureJob, {priority, signal, onCaptured}: CaptureOptions): Promise<RunOutcome> {
    return this.enqueue(priority, signal, () =>
      this.cancellable(signal, async (cancelFlag) => {
        let failure: {readonly error: unknown} | null = null
        const outcome = await this.send<RunOutcome>(
          {kind: 'capture', job, cancelFlag},
          (message) => {
            if (message.kind === 'finished') return message.outcome
            if (message.kind !== 'captured' || signal?.aborted || failure) return undefined
            try {
              onCaptured(message)
            } catch (error) {
              // The worker is told, and its last word waited for: the next job must not hear it.
              failure = {error}
              Atomics.store(new Int32Array(cancelFlag), 0, 1)
            }
            return undefined
          }
        )
        if (failure) throw (failure as {error: unknown}).error
        return outcome
      })
    )
  }

  /** Runs sequences together in its turn, under the same rules as `run`. */
  batch(job: BatchJob, {priority, signal, onBatched}: BatchOptions): Promise<RunOutcome> {
    return this.enqueue(priority, signal, () =>
      this.cancellable(signal, (cancelFlag) =>
        this.send<RunOutcome>({kind: 'batch', job, cancelFlag}, (message) => {
          if (message.kind === 'finished') return message.outcome
          if (message.kind === 'batched' && !signal?.aborted) onBatched(message)
          return undefined
        })
      )
    )
  }

  /** Of an output head: the logits of states, rowCount × vocabulary. Aborted, it rejects at once. */
  runHead(
    job: HeadJob,
    {priority, signal}: Omit<RunOptions, 'onEvent'> = {}
  ): Promise<Float32Array> {
    return this.enqueue(priority, signal, () =>
      this.send<Float32Array>({kind: 'head', job}, (message) =>
        message.kind === 'head-logits' ? message.logits : undefined
      )
    )
  }

  /** Lets go of the KV cache that a capture left, once nothing runs any more. */
  async forgetCache(): Promise<void> {
    await this.queue.run('batch', undefined, async () => {
      if (this.death) return
      await this.send({kind: 'forget-cache'}, ({kind}) =>
        kind === 'cache-forgotten' ? true : undefined
      )
    })
  }

  /** The logits after many texts that begin alike. `onProgress` hears of tokens that were run. */
  runBranches(
    job: BranchJob,
    {
      priority,
      signal,
      onProgress = () => {},
    }: Omit<RunOptions, 'onEvent'> & {onProgress?: (done: number, total: number) => void} = {}
  ): Promise<BranchAnswer> {
    return this.enqueue(priority, signal, () =>
      this.cancellable(signal, (cancelFlag) =>
        this.send<BranchAnswer>({kind: 'branch', job, cancelFlag}, (message) => {
          if (message.kind === 'branch-progress' && !signal?.aborted) {
            onProgress(message.done, message.total)
          }
          return message.kind === 'branched' ? message.answer : undefined
        })
      )
    )
  }

  /** Frees the model's memory once nothing runs any more. */
  async release(): Promise<void> {
    await this.queue.run('batch', undefined, async () => {
      if (this.death) return
      await this.send({kind: 'release'}, (message) =>
        message.kind === 'released' ? true : undefined
      )
      this.death = new Error('the model was unloaded')
      await this.worker.terminate()
    })
  }

  private enqueue<Outcome>(
    priority: Priority = 'interactive',
    signal: AbortSignal | undefined,
    task: () => Promise<Outcome>
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason)
      signal?.addEventListener('abort', abort, {once: true})
      this.queue
        .run(priority, signal, task)
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', abort))
    })
  }

  private runNow(
    job: RunJob,
    signal: AbortSignal | undefined,
    onEvent: (event: RunEvent) => void
  ): Promise<RunOutcome> {
    return this.cancellable(signal, (cancelFlag) =>
      this.send<RunOutcome>({kind: 'run', job, cancelFlag}, (message) => {
        switch (message.kind) {
          case 'started':
          case 'rows':
          case 'row':
          case 'answer':
            if (!signal?.aborted) onEvent(message)
            return undefined
          case 'finished':
            return message.outcome
          case 'captured':
          case 'batched':
          case 'head-logits':
          case 'branch-progress':
          case 'branched':
          case 'checking':
          case 'created':
          case 'cache-forgotten':
          case 'released':
          case 'failed':
            return undefined
          default:
            return assertNever(message)
        }
      })
    )
  }

  /** Gives a task the flag that tells the worker to end it after the run under way. */
  private async cancellable<Outcome>(
    signal: AbortSignal | undefined,
    task: (cancelFlag: SharedArrayBuffer) => Promise<Outcome>
  ): Promise<Outcome> {
    const cancelFlag = new SharedArrayBuffer(4)
    const cancel = () => Atomics.store(new Int32Array(cancelFlag), 0, 1)
    signal?.addEventListener('abort', cancel, {once: true})
    if (signal?.aborted) cancel()
    try {
      const outcome = await task(cancelFlag)
      signal?.throwIfAborted()
      return outcome
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  private send<Answer>(
    command: WorkerCommand,
    answerOf: (message: WorkerMessage) => Answer | undefined
  ): Promise<Answer> {
    if (this.death) return Promise.reject(this.death)
    return new Promise<Answer>((resolve, reject) => {
      const settle = (action: () => void) => {
        this.pending = null
        this.worker.unref()
        action()
      }
      this.pending = {
        onMessage: (message) => {
          if (message.kind === 'failed') {
            settle(() =>
              reject(
                message.problem
                  ? new ProblemError(message.problem)
                  : // What fails while a model is loaded is a file that the runtime refuses.
                    command.kind === 'create'
                    ? workerError(message.stack)
                    : (failedRun(this.spec, message.stack) ?? workerError(message.stack))
              )
            )
            return
          }
          try {
            const answer = answerOf(message)
            if (answer !== undefined) settle(() => resolve(answer))
          } catch (error) {
            settle(() => reject(error))
          }
        },
        reject: (error) => settle(() => reject(error)),
      }
      this.worker.ref()
      this.worker.postMessage(command)
    })
  }

  private die(error: Error): void {
    this.death ??= error
    this.pending?.reject(this.death)
  }
}

function workerError(stack: string): Error {
  const error = new Error(stack.split('\n', 1)[0])
  error.stack = stack
  return error
}

/** What the runtime itself says of a run that it could not finish; null of any other error. */
function failedRun({filePath}: SessionSpec, stack: string): ProblemError | null {
  const [, found] = /Non-zero status code returned while (running .*)/.exec(stack) ?? []
  if (found === undefined) return null
  return new ProblemError({
    code: 'runtime-failed-run',
    message: 'The runtime could not finish a run of this model.',
    file: filePath,
    found: found.slice(0, 500),
    expected: 'a graph that runs on every token id that the folder’s tokenizer gives',
    advice:
      'Take another text or a shorter one. Where every text fails, the tokenizer or config.json may be of another model: download the folder again.',
  })
}

function refusedFile(spec: SessionSpec, error: unknown): ProblemError {
  return new ProblemError({
    code: REFUSED,
    message: 'The runtime cannot load or run this model file.',
    file: spec.filePath,
    found: (error instanceof Error ? error.message : String(error)).slice(0, 500),
    expected: 'an ONNX graph that onnxruntime runs on the CPU',
    advice: 'Try another file of the model, or export it again for the CPU.',
  })
}
