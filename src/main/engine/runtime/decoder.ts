import type {InferenceSession, Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {batchFeeds, canBatch} from './batch-feeds.ts'
import {type GraphInputs, type MaskInput, readGraphInputs} from './graph-inputs.ts'
import {openSession} from './open-session.ts'
import {
  emptyTensor,
  fedTensor,
  feedable,
  float32Of,
  type InputMetadata,
  wholeNumberArray,
  wholeNumberTensor,
  writeWholeNumbers,
} from './tensors.ts'
import {extentFeeds} from './text-feeds.ts'
import type {FedTensors, SessionSpec} from './worker-protocol.ts'

/** A sequence as it stood after `count` positions, to be returned to. */
export interface CacheMark {
  readonly count: number
  /** The KV cache; null where the sequence is run without one. */
  readonly tensors: ReadonlyMap<string, Tensor> | null
  /** The sequence itself, where there is no cache. */
  readonly ids: readonly number[]
}

/**
 * One decoder-only model: a sequence that grows by `append`, through the KV cache where there is one
 * and it is wanted, else by running everything again. The only code that talks to the runtime.
 */
export class Decoder {
  /** Width of the logits; 0 before the first run. */
  vocabularySize = 0
  private readonly feeds: Record<string, Tensor> = {}
  private cache: Map<string, Tensor> = new Map()
  private added: Record<string, Tensor> = {}
  private cachedCount = 0
  /** The sequence so far, where it has to be run again. */
  private ids: number[] = []
  /** Off: every run takes the whole sequence. */
  isCached: boolean
  private mask: ReturnType<typeof wholeNumberArray> | null = null
  private step: StepTensors | null = null

  private constructor(
    private readonly session: InferenceSession,
    private readonly inputs: GraphInputs,
    private readonly logits: string
  ) {
    this.isCached = this.hasKvCache
  }

  /** Throws a Problem for a graph that is no decoder; whatever the runtime throws for a broken file. */
  static async create(spec: SessionSpec): Promise<Decoder> {
    const session = await openSession(spec)
    const inputs = session.inputMetadata.map((input): InputMetadata => {
      if (!input.isTensor) throw new Error(`input ${input.name} is no tensor`)
      return input
    })
    const logits = spec.roles?.logits ?? 'logits'
    if (spec.needsLogits !== false && !session.outputNames.includes(logits)) {
      await session.release()
      throw new ProblemError({
        code: 'no-logits',
        message: `The graph has no output named ${logits}, so it predicts no next token.`,
        found: session.outputNames.slice(0, 8).join(', '),
        expected: logits,
        advice: 'Choose the model exported for text generation, not for features.',
      })
    }
    try {
      const added = spec.checkFeeds ?? {}
      const own = inputs.filter(({name}) => !(name in added))
      return new Decoder(session, readGraphInputs(own, session.outputNames, spec), logits)
    } catch (error) {
      await session.release()
      throw error
    }
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames
  }

  /** Outputs that are fed to the next run as the KV cache. */
  get cacheOutputNames(): ReadonlySet<string> {
    return new Set(this.inputs.past.map((past) => past.outputName))
  }

  get hasKvCache(): boolean {
    return this.inputs.past.length > 0
  }

  /** A first run through a cache branch takes the whole prompt: its other branch takes single tokens. */
  get canChunk(): boolean {
    return this.hasKvCache && !this.inputs.useCacheBranch
  }

  /** Positions run so far. */
  get length(): number {
    return this.isCached ? this.cachedCount : this.ids.length
  }

  /** Begins an empty sequence. */
  reset(useKvCache: boolean): void {
    this.isCached = useKvCache && this.hasKvCache
    this.cache = new Map()
    this.cachedCount = 0
    this.ids = []
  }

  mark(): CacheMark {
    return {
      count: this.length,
      tensors: this.isCached ? this.cache : null,
      ids: [...this.ids],
    }
  }

  return({count, tensors, ids}: CacheMark): void {
    this.isCached = tensors !== null
    this.cache = new Map(tensors)
    this.cachedCount = tensors ? count : 0
    this.ids = [...ids]
  }

  /**
   * Runs `ids` after the sequence so far. Gives their rows, `ids.length` × vocabulary, or, from a
   * model that hands out no others, the last row alone. `isLast` says that nothing will follow, so
   * that the KV cache need not be handed out.
   */
  async append(ids: ArrayLike<number>, isLast = false): Promise<Float32Array> {
    if (!this.isCached) return this.appendByRunningAgain(ids)
    const outputs = await this.runCached(ids, [this.logits], isLast)
    return this.rowsOf(outputs[this.logits]!)
  }

  /**
   * Runs `ids` after the sequence so far for some of the graph's outputs, as the runtime gives them. What
   * they hold of earlier positions is theirs to say: without a KV cache everything is run again. `added` is
   * fed to inputs that were added to the graph, or instead of what an input is fed otherwise.
   */
  async appendFetching(
    ids: ArrayLike<number>,
    outputNames: readonly string[],
    {isLast = false, added = {}}: {isLast?: boolean; added?: FedTensors} = {}
  ): Promise<InferenceSession.OnnxValueMapType> {
    for (const [name, fed] of Object.entries(added)) this.added[name] = fedTensor(fed)
    try {
      if (this.isCached) return await this.runCached(ids, outputNames, isLast)
      for (let i = 0; i < ids.length; i++) this.ids.push(ids[i]!)
      return await this.run(this.ids, 0, outputNames)
    } finally {
      // They are of this run, and may be large.
      this.added = {}
      for (const name of Object.keys(added)) delete this.feeds[name]
    }
  }

  /** Sequences of the same length may run together. */
  get canBatch(): boolean {
    return canBatch(this.inputs)
  }

  /**
   * Runs sequences of the same length from their start, one after another in `ids`, for some of the graph's
   * outputs. The sequence that grows by `append` is not touched.
   */
  runTogether(
    ids: Int32Array,
    sequenceCount: number,
    outputNames: readonly string[],
    added: FedTensors = {}
  ): Promise<InferenceSession.OnnxValueMapType> {
    const feeds = batchFeeds(this.inputs, ids, sequenceCount)
    for (const [name, fed] of Object.entries(added)) feeds[name] = fedTensor(fed)
    return this.session.run(feeds, [...outputNames])
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  private async runCached(
    ids: ArrayLike<number>,
    outputNames: readonly string[],
    isLast: boolean
  ): Promise<InferenceSession.OnnxValueMapType> {
    if (isLast) return this.run(ids, this.cachedCount, outputNames)
    const caches = this.inputs.past.map((past) => past.outputName)
    const fetches = [...new Set([...outputNames, ...caches])]
    const outputs = await this.run(ids, this.cachedCount, fetches)
    const cache = new Map<string, Tensor>()
    for (const {name, outputName} of this.inputs.past) {
      cache.set(name, feedable(outputs[outputName]!))
    }
    this.cache = cache
    this.cachedCount += ids.length
    return outputs
  }

  private async appendByRunningAgain(ids: ArrayLike<number>): Promise<Float32Array> {
    const earlierCount = this.ids.length
    for (let i = 0; i < ids.length; i++) this.ids.push(ids[i]!)
    const outputs = await this.run(this.ids, 0, [this.logits])
    const rows = this.rowsOf(outputs[this.logits]!)
    return earlierCount > 0 && rows.length > this.vocabularySize
      ? rows.slice(earlierCount * this.vocabularySize)
      : rows
  }

  private rowsOf(logits: Tensor): Float32Array {
    this.vocabularySize = logits.dims.at(-1)!
    return float32Of(logits)
  }

  private async run(
    ids: ArrayLike<number>,
    pastCount: number,
    fetches: readonly string[]
  ): Promise<InferenceSession.OnnxValueMapType> {
    const {inputs, feeds} = this
    this.feedTokens(ids, pastCount)
    const extent = {sequenceCount: 1, length: ids.length, pastCount}
    Object.assign(feeds, extentFeeds(inputs, extent))
    // Of keys alone it is all ones, and one array serves every length.
    const {attentionMask: mask} = inputs
    if (mask && isOfOnes(mask)) feeds[mask.name] = this.maskOf(mask, pastCount + ids.length)
    for (const past of inputs.past) {
      feeds[past.name] =
        (pastCount > 0 ? this.cache.get(past.name) : undefined) ??
        emptyTensor(past.type, past.emptyDimensions)
    }
    Object.assign(feeds, this.added)
    return this.session.run(feeds, [...fetches])
  }

  private feedTokens(ids: ArrayLike<number>, pastCount: number): void {
    const step = ids.length === 1 ? this.stepTensors() : this.tokenTensors(ids.length)
    writeWholeNumbers(step.ids.array, ids)
    this.feeds[this.inputs.inputIds.name] = step.ids.tensor
    for (const {array, tensor, name} of step.positions) {
      writeWholeNumbers(
        array,
        Array.from({length: ids.length}, (_, i) => pastCount + i)
      )
      this.feeds[name] = tensor
    }
    for (const {tensor, name} of step.zeros) this.feeds[name] = tensor
  }

  /** The tensors of a single token, made once: a generation step only writes two numbers. */
  private stepTensors(): StepTensors {
    this.step ??= this.tokenTensors(1)
    return this.step
  }

  private tokenTensors(length: number): StepTensors {
    const {inputIds, positionIds, cachePosition, tokenTypeIds} = this.inputs
    const make = (input: InputMetadata) => {
      const array = wholeNumberArray(input.type, length)
      const dimensions = input.shape.length === 1 ? [length] : [1, length]
      return {name: input.name, array, tensor: wholeNumberTensor(input.type, array, dimensions)}
    }
    return {
      ids: make(inputIds),
      positions: [positionIds, cachePosition].filter((input) => input !== null).map(make),
      zeros: tokenTypeIds ? [make(tokenTypeIds)] : [],
    }
  }

  /** All ones; one array serves every length, since a tensor may be a view of its start. */
  private maskOf({type, shape}: MaskInput, length: number): Tensor {
    if (!this.mask || this.mask.length < length) {
      this.mask = wholeNumberArray(type, Math.max(256, 2 * length))
      writeWholeNumbers(this.mask, new Uint8Array(this.mask.length).fill(1))
    }
    const dimensions = shape.length === 1 ? [length] : [1, length]
    return wholeNumberTensor(type, this.mask.subarray(0, length), dimensions)
  }
}

function isOfOnes({shape, isAdded}: MaskInput): boolean {
  return shape.length <= 2 && !isAdded
}

interface TokenTensor {
  readonly name: string
  readonly array: ReturnType<typeof wholeNumberArray>
  readonly tensor: Tensor
}

interface StepTensors {
  readonly ids: TokenTensor
  readonly positions: readonly TokenTensor[]
  readonly zeros: readonly TokenTensor[]
}
