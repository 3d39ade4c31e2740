import {ProblemError} from '../../../shared/domain/problem.ts'
import {type Priority, RunQueue} from '../jobs/run-queue.ts'
import {untilAborted} from '../jobs/until-aborted.ts'
import {agreeOnSizes} from '../model-folder/check-config.ts'
import {isDecoder, type ModelFiles} from '../model-folder/read-model-files.ts'
import type {Overlay} from '../onnx/overlay.ts'
import {Calibrations} from './calibration.ts'
import {chunkLengthFor} from './chunk-plan.ts'
import {type GraphedModel, requireRunnable} from './model-graphs.ts'
import {ModelSession} from './session.ts'
import type {FedTensors, HeadSpec, SessionSpec} from './worker-protocol.ts'

/** An edited graph to be run. */
export interface Instrument {
  readonly model: GraphedModel
  /** What was edited: two instruments of a model with the same name are the same graph. */
  readonly name: string
  /** Made when a session is opened; null runs the file as it is. */
  readonly overlay: () => Overlay | null
  /** The edited graph is the model's output head by itself. */
  readonly head?: HeadSpec
  /** For inputs that were added: what a run of two ids feeds them. */
  readonly checkFeeds?: FedTensors
}

/** How sessions of edited graphs are made. */
export interface InstrumentedOptions {
  /** Threads of the next session that is opened. */
  readonly threads: () => number
  /** Positions of one run; the model's size decides otherwise. */
  readonly chunkLength?: number
  readonly onChange?: () => void
}

export interface UseOptions {
  readonly priority?: Priority
  readonly signal?: AbortSignal | undefined
}

/**
 * Sessions of edited graphs. There is one at a time, since each holds the model's weights once more: it
 * stays for the next use of the same instrument, and makes room for another. Uses wait for one another.
 */
export class InstrumentedSessions {
  /** What captures took so far, for what they will take. */
  readonly calibrations = new Calibrations()
  private readonly queue: RunQueue
  /** Told when the cache that a capture left is gone. */
  private holder: {readonly onGone: () => void} | null = null
  private current: {readonly key: string; readonly session: ModelSession} | null = null

  constructor(private readonly options: InstrumentedOptions) {
    this.queue = new RunQueue(options.onChange)
  }

  /** Uses running or waiting. */
  get useCount(): number {
    return this.queue.count
  }

  /** Positions that one run of a model takes, where it can be chunked. */
  chunkLengthOf({files}: Pick<GraphedModel, 'files'>): number {
    const {parameterCount} = files.header
    return (
      this.options.chunkLength ??
      chunkLengthFor(parameterCount || files.bytes / 4, vocabularySizeOf(files))
    )
  }

  /**
   * Opens the session of an instrument, unless it is open, and gives it to `task` in its turn. Rejects with a
   * Problem where the graph alone says that it cannot be run. Aborted, it rejects at once, while a session that
   * is being opened goes on: it cannot be stopped, and what comes next waits for it.
   */
  use<Result>(
    instrument: Instrument,
    task: (session: ModelSession) => Promise<Result>,
    {priority = 'interactive', signal}: UseOptions = {}
  ): Promise<Result> {
    const used = this.queue.run(priority, signal, async () => {
      const session = await this.open(instrument)
      signal?.throwIfAborted()
      try {
        return await task(session)
      } finally {
        // Whatever ran last has used the cache up, or has left another one.
        this.endHold()
      }
    })
    return untilAborted(used, signal)
  }

  /**
   * Says that the latest capture left its cache in its session. `onGone` is called once it is gone: with the
   * session, or since something else was run there.
   */
  hold(holder: {readonly onGone: () => void}): void {
    this.endHold()
    this.holder = holder
  }

  /** Lets go of a cache that is held. */
  async forget(holder: {readonly onGone: () => void}): Promise<void> {
    await this.queue.run('batch', undefined, async () => {
      if (this.holder !== holder) return
      this.endHold()
      await this.current?.session.forgetCache()
    })
  }

  async close(): Promise<void> {
    await this.queue.run('batch', undefined, () => this.release())
  }

  private async open(instrument: Instrument): Promise<ModelSession> {
    const {model, name, overlay, head, checkFeeds} = instrument
    requireRunnable(model)
    const key = `${model.key}\n${name}`
    if (this.current?.key === key && this.current.session.isAlive) return this.current.session
    await this.release()
    const session = await ModelSession.create({
      ...this.specOf(model, overlay()),
      ...(head ? {head} : {}),
      ...(checkFeeds ? {checkFeeds} : {}),
    })
    this.current = {key, session}
    return session
  }

  private endHold(): void {
    const {holder} = this
    this.holder = null
    holder?.onGone()
  }

  private async release(): Promise<void> {
    this.endHold()
    const session = this.current?.session
    this.current = null
    await session?.release()
  }

  private specOf(model: GraphedModel, overlay: Overlay | null): SessionSpec {
    const {files} = model
    const sizes = cacheSizesOf(files)
    const beginId = files.config?.beginId ?? 0
    return {
      modelId: files.id,
      filePath: files.filePath,
      roles: files.header.roles,
      keyValueHeadCount: sizes.keyValueHeadCount,
      headSize: sizes.headSize,
      contextLength: files.config?.contextLength?.value ?? 0,
      threads: this.options.threads(),
      chunkLength: this.chunkLengthOf(model),
      checkIds: [beginId, beginId],
      ...(overlay ? {overlay} : {}),
      optimization: 'basic',
      needsLogits: false,
    }
  }
}

function vocabularySizeOf({header, config}: ModelFiles): number {
  const logits = header.outputs.find(({name}) => name === header.roles.logits)?.dimensions.at(-1)
  return typeof logits === 'number' ? logits : (config?.vocabularySize?.value ?? 1)
}

/** Sizes of the KV cache, for graphs that name its dimensions instead of stating them. */
function cacheSizesOf({decoder, config, header}: ModelFiles) {
  if (isDecoder(decoder)) return decoder
  try {
    if (config) return agreeOnSizes(config, header)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
  }
  return {keyValueHeadCount: config?.keyValueHeadCount?.value ?? 1, headSize: 0}
}
