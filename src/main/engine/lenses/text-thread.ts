import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {Worker} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import {EventQueue} from '../jobs/event-queue.ts'
import type {TextAnswer, TextCall, TextLenses} from './text-protocol.ts'

/** What the thread is told when it starts. */
export interface TextThreadOptions {
  readonly builtinModelsFolder: string
  readonly tokenizersFolder: string
  readonly stateFolder: string | null
  readonly versions: Provenance['versions']
}

/**
 * The thread in which texts are cut and vocabularies are looked through: loading a large vocabulary takes
 * a second in one piece, and the coordinator always answers. It starts with the first call.
 */
export class TextThread {
  private worker: Worker | null = null
  private readonly open = new Map<number, EventQueue<unknown>>()
  private count = 0

  constructor(private readonly options: TextThreadOptions) {}

  /** Runs a lens there. Aborted, it throws the signal's reason, and the thread stops at its next step. */
  async *run<Name extends keyof TextLenses>(
    lens: Name,
    request: TextLenses[Name]['request'],
    signal?: AbortSignal
  ): AsyncGenerator<TextLenses[Name]['event'], void, undefined> {
    signal?.throwIfAborted()
    const id = this.count++
    const queue = new EventQueue<TextLenses[Name]['event']>()
    this.open.set(id, queue as EventQueue<unknown>)
    const worker = this.start()
    const send = (call: TextCall) => worker.postMessage(call)
    const abort = () => {
      send({kind: 'abort', id})
      queue.fail(signal?.reason)
    }
    signal?.addEventListener('abort', abort)
    try {
      send({kind: 'run', id, lens, request})
      for await (const event of queue) {
        signal?.throwIfAborted()
        yield event
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      // Left early, as by a `break`: nobody reads on.
      if (this.open.delete(id)) send({kind: 'abort', id})
    }
  }

  /** What a lens of a single event answers. */
  async runOnce<Name extends keyof TextLenses>(
    lens: Name,
    request: TextLenses[Name]['request'],
    signal?: AbortSignal
  ): Promise<TextLenses[Name]['event']> {
    for await (const event of this.run(lens, request, signal)) return event
    throw new Error(`the lens ${lens} ended without an event`)
  }

  /** Asks the thread to end when it has nothing under way; the process does not wait for it. */
  close(): void {
    this.worker?.postMessage({kind: 'close'} satisfies TextCall)
    this.worker = null
  }

  private start(): Worker {
    if (this.worker) return this.worker
    const worker = new Worker(textWorkerPath(), {workerData: this.options})
    // Nothing to do there does not keep a process alive.
    worker.unref()
    worker.on('message', (answer: TextAnswer) => this.receive(answer))
    worker.on('error', (error) => this.die(worker, error))
    worker.on('exit', () => this.die(worker, new Error('the text worker has ended')))
    this.worker = worker
    return worker
  }

  private receive(answer: TextAnswer): void {
    const queue = this.open.get(answer.id)
    if (!queue) return
    if (answer.kind === 'event') {
      queue.push(answer.event)
      return
    }
    this.open.delete(answer.id)
    if (answer.kind === 'done') queue.close()
    else if (answer.problem) queue.fail(new ProblemError(answer.problem))
    else queue.fail(new Error(answer.stack))
  }

  private die(worker: Worker, error: Error): void {
    if (this.worker !== worker) return
    this.worker = null
    for (const queue of this.open.values()) queue.fail(error)
    this.open.clear()
  }
}

/** The built worker, beside the built engine or one folder up; tests name theirs. */
function textWorkerPath(): string {
  const named = process.env.TOKENSCOPE_TEXT_WORKER
  if (named) return named
  const here = dirname(fileURLToPath(import.meta.url))
  const candidates = [join(here, 'text-worker.js'), join(here, '..', 'text-worker.js')]
  const found = candidates.find((path) => existsSync(path))
  if (!found) throw new Error(`text-worker.js is not built: looked at ${candidates.join(', ')}`)
  return found
}
