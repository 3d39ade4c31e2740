import {totalmem} from 'node:os'
import type {LoadEvent} from '../../../shared/contract/contract.ts'
import type {ModelInfo, ModelRef} from '../../../shared/domain/model.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {untilAborted} from '../jobs/until-aborted.ts'
import {sha256OfModel} from '../model-folder/hash-model.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import {checkGraph} from '../onnx/check-graph.ts'
import {readModelGraph} from '../onnx/read-model-graph.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {chunkLengthFor} from './chunk-plan.ts'
import {RunRates} from './run-rates.ts'
import {ModelSession, REFUSED} from './session.ts'

export type LoadStage = Extract<LoadEvent, {kind: 'stage'}>

/** A model that is ready to run. */
export interface LoadedModel {
  /**
   * Of this loading alone: what is kept of the model's runs is kept under it. The file does not tell
   * two models apart, since statistics depend on the folder's stop ids too.
   */
  readonly key: string
  readonly info: ModelInfo
  readonly folder: ModelFolder
  readonly tokenizer: Tokenizer
  readonly session: ModelSession
  readonly rates: RunRates
}

/** How the registry finds, reads and bounds what it loads. */
export interface ModelsOptions {
  readonly readFolder: (ref: ModelRef) => Promise<ModelFolder>
  readonly loadTokenizer: (folder: ModelFolder) => Promise<Tokenizer>
  /** Threads of the next model that is loaded. */
  readonly threads: () => number
  /** What loaded models may take together; half of this machine's memory by default. */
  readonly maxSessionBytes?: number
  /** Positions of one prefill run; the model's size decides otherwise. */
  readonly chunkLength?: number
  readonly onChange?: () => void
  readonly onLoaded?: (model: LoadedModel, loadMs: number) => void
  readonly onUnloaded?: (model: LoadedModel) => void
}

interface Loading {
  readonly promise: Promise<LoadedModel>
  readonly listeners: Set<(stage: LoadStage) => void>
  lastStage: LoadStage | null
}

/** Weights are read once more into the runtime's own layout, and a run needs room. */
const MEMORY_PER_FILE_BYTE = 1.5
const ASSUMED_BYTES_PER_PARAMETER = 4
/** Tokenizers kept of models that are not loaded. */
const MAX_TEXT_COUNT = 4

/** The models in memory. Loads of the same model share one; the least recently used makes room. */
export class Models {
  private readonly maxSessionBytes: number
  private readonly loading = new Map<string, Loading>()
  /** By the model file's path, least recently used first. */
  private readonly loaded = new Map<string, LoadedModel>()
  private readonly paths = new Map<string, string>()
  private loadCount = 0
  private readonly texts = new Map<string, Promise<{folder: ModelFolder; tokenizer: Tokenizer}>>()

  constructor(private readonly options: ModelsOptions) {
    this.maxSessionBytes = options.maxSessionBytes ?? totalmem() / 2
  }

  list(): ModelInfo[] {
    return [...this.loaded.values()].map((model) => model.info)
  }

  /** Jobs running or waiting, of all models. */
  get jobCount(): number {
    return [...this.loaded.values()].reduce((sum, {session}) => sum + session.jobCount, 0)
  }

  /** The model, if it is in memory. */
  get(ref: ModelRef): LoadedModel | null {
    const path = this.paths.get(keyOf(ref))
    const model = path === undefined ? undefined : this.loaded.get(path)
    if (!path || !model) return null
    if (!model.session.isAlive) {
      this.drop(path)
      return null
    }
    this.loaded.delete(path)
    this.loaded.set(path, model)
    return model
  }

  /**
   * The model, loaded where it is not. Throws a Problem for what cannot be opened. Aborted, it rejects
   * at once, while a load under way goes on: it cannot be stopped, and may be wanted again.
   */
  async load(
    ref: ModelRef,
    onStage: (stage: LoadStage) => void = () => {},
    signal?: AbortSignal
  ): Promise<LoadedModel> {
    signal?.throwIfAborted()
    const present = this.get(ref)
    if (present) return present
    const folder = await this.options.readFolder(ref)
    signal?.throwIfAborted()
    this.paths.set(keyOf(ref), folder.filePath)
    // From now on the loaded model answers for its text.
    this.texts.delete(keyOf(ref))
    const loaded = this.get(ref)
    if (loaded) return loaded
    const loading = this.loading.get(folder.filePath) ?? this.startLoading(folder)
    if (loading.lastStage) onStage(loading.lastStage)
    loading.listeners.add(onStage)
    try {
      return await untilAborted(loading.promise, signal)
    } finally {
      loading.listeners.delete(onStage)
    }
  }

  /** Folder and tokenizer without the model: what tokenizing needs. */
  async text(ref: ModelRef): Promise<{folder: ModelFolder; tokenizer: Tokenizer}> {
    const present = this.get(ref)
    if (present) return present
    const key = keyOf(ref)
    let reading = this.texts.get(key)
    if (!reading) {
      reading = this.readText(ref)
      this.texts.set(key, reading)
      for (const oldest of this.texts.keys()) {
        if (this.texts.size <= MAX_TEXT_COUNT) break
        this.texts.delete(oldest)
      }
      // A failure is told and forgotten: the person may have repaired the folder.
      reading.catch(() => this.texts.delete(key))
    }
    return reading
  }

  /** Takes a model out of memory once its runs are over; bytes that this gave back. */
  async unload(ref: ModelRef): Promise<number> {
    const present = this.get(ref)
    const path = present?.folder.filePath
    if (!path) return 0
    return this.release(path)
  }

  async close(): Promise<void> {
    await Promise.all([...this.loaded.keys()].map((path) => this.release(path)))
  }

  private async readText(ref: ModelRef): Promise<{folder: ModelFolder; tokenizer: Tokenizer}> {
    const folder = await this.options.readFolder(ref)
    return {folder, tokenizer: await this.options.loadTokenizer(folder)}
  }

  private startLoading(folder: ModelFolder): Loading {
    const listeners = new Set<(stage: LoadStage) => void>()
    const loading: Loading = {
      listeners,
      lastStage: null,
      promise: this.loadNow(folder, (stage, doneBytes) => {
        const event: LoadStage = {
          kind: 'stage',
          stage,
          doneBytes,
          totalBytes: folder.bytes,
          memoryBytes: process.memoryUsage.rss(),
        }
        loading.lastStage = event
        for (const listener of listeners) listener(event)
      }).finally(() => {
        this.loading.delete(folder.filePath)
        this.changed()
      }),
    }
    this.loading.set(folder.filePath, loading)
    return loading
  }

  private async loadNow(
    folder: ModelFolder,
    report: (stage: LoadStage['stage'], doneBytes: number) => void
  ): Promise<LoadedModel> {
    // What runs before the first `await` runs before the caller knows this load.
    await Promise.resolve()
    const startedMs = performance.now()
    report('reading', 0)
    await this.makeRoom(folder.bytes * MEMORY_PER_FILE_BYTE)
    const memoryBefore = process.memoryUsage.rss()
    let reportedBytes = 0
    report('hashing', 0)
    const sha256 = await sha256OfModel(folder, (doneBytes) => {
      if (doneBytes - reportedBytes < folder.bytes / 50) return
      reportedBytes = doneBytes
      report('hashing', doneBytes)
    })
    report('tokenizer', 0)
    const tokenizer = await this.options.loadTokenizer(folder)
    report('session', 0)
    const threads = this.options.threads()
    const session = await openedSession(
      {
        modelId: folder.id,
        filePath: folder.filePath,
        roles: folder.graph.roles,
        keyValueHeadCount: folder.keyValueHeadCount,
        headSize: folder.headSize,
        contextLength: folder.contextLength,
        threads,
        chunkLength:
          this.options.chunkLength ??
          chunkLengthFor(
            folder.parameterCount ?? folder.bytes / ASSUMED_BYTES_PER_PARAMETER,
            folder.vocabularySize
          ),
        checkIds: [folder.beginId ?? 0, folder.beginId ?? 0],
      },
      {onChange: () => this.changed(), onChecking: () => report('checking', folder.bytes)}
    )
    try {
      checkVocabulary(folder, tokenizer, session.facts.vocabularySize)
    } catch (error) {
      await session.release()
      throw error
    }
    const memoryBytes = Math.max(0, process.memoryUsage.rss() - memoryBefore)
    const info = infoOf(folder, tokenizer, session, sha256, memoryBytes)
    const key = `${folder.filePath} ${++this.loadCount}`
    const model: LoadedModel = {key, info, folder, tokenizer, session, rates: new RunRates()}
    this.loaded.set(folder.filePath, model)
    this.options.onLoaded?.(model, performance.now() - startedMs)
    return model
  }

  /** Unloads idle models, the least recently used first, until the new one fits or none is left. */
  private async makeRoom(bytes: number): Promise<void> {
    const used = () => [...this.loaded.values()].reduce((sum, {info}) => sum + info.memoryBytes, 0)
    for (const [path, model] of [...this.loaded]) {
      if (used() + bytes <= this.maxSessionBytes) return
      if (model.session.jobCount === 0) await this.release(path)
    }
  }

  private async release(path: string): Promise<number> {
    const model = this.drop(path)
    if (!model) return 0
    const before = process.memoryUsage.rss()
    await model.session.release()
    const freedBytes = Math.max(0, before - process.memoryUsage.rss())
    this.changed()
    return freedBytes
  }

  private drop(path: string): LoadedModel | undefined {
    const model = this.loaded.get(path)
    this.loaded.delete(path)
    for (const [key, other] of [...this.paths]) if (other === path) this.paths.delete(key)
    if (model) this.options.onUnloaded?.(model)
    this.changed()
    return model
  }

  private changed(): void {
    this.options.onChange?.()
  }
}

/** Opens a session; where the runtime refuses the file, says what is wrong with its graph if that tells more. */
async function openedSession(
  ...[spec, listeners]: Parameters<typeof ModelSession.create>
): Promise<ModelSession> {
  try {
    return await ModelSession.create(spec, listeners)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== REFUSED) throw error
    const [cause] = checkGraph(await readModelGraph(spec.filePath))
    throw cause ? new ProblemError(cause) : error
  }
}

function keyOf({model, file}: ModelRef): string {
  return `${model}\0${file ?? ''}`
}

function infoOf(
  folder: ModelFolder,
  tokenizer: Tokenizer,
  session: ModelSession,
  sha256: string,
  memoryBytes: number
): ModelInfo {
  return {
    id: folder.id,
    path: folder.path,
    source: folder.source,
    file: folder.file,
    sha256,
    kind: folder.kind,
    family: folder.family,
    layerCount: folder.layerCount,
    queryHeadCount: folder.queryHeadCount,
    keyValueHeadCount: folder.keyValueHeadCount,
    hiddenSize: folder.hiddenSize,
    vocabularySize: session.facts.vocabularySize,
    contextLength: folder.contextLength,
    parameterCount: folder.parameterCount,
    dtype: folder.dtype,
    hasKvCache: session.facts.hasKvCache,
    beginId: folder.beginId,
    stopIds: [...folder.stopIds],
    chatTemplate: tokenizer.hasChatTemplate,
    longestTokenBytes: tokenizer.longestTokenBytes,
    tokenizer: {id: tokenizer.id, sha256: tokenizer.sha256, tokenCount: tokenizer.tokenCount},
    memoryBytes,
    threads: session.spec.threads,
    warnings: [...folder.warnings],
  }
}

function checkVocabulary(folder: ModelFolder, tokenizer: Tokenizer, width: number): void {
  if (width !== folder.vocabularySize) {
    throw new ProblemError({
      code: 'vocabulary-mismatch',
      message: 'The model gives another number of logits than its configuration says.',
      file: folder.filePath,
      field: 'vocab_size',
      found: `${width} logits`,
      expected: `${folder.vocabularySize} (vocab_size)`,
      advice: 'Take config.json from the folder that the model file was exported to.',
    })
  }
  if (tokenizer.tokenCount > width) {
    throw new ProblemError({
      code: 'tokenizer-beyond-logits',
      message: 'The tokenizer has ids that the model has no logits for.',
      file: folder.tokenizerPath,
      field: 'highest id',
      found: String(tokenizer.tokenCount - 1),
      expected: `at most ${width - 1}`,
      advice: 'Take tokenizer.json from the folder that the model file was exported to.',
    })
  }
}
