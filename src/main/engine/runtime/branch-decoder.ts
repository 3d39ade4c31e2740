import {type InferenceSession, Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {BranchRows} from '../generation/branch-rows.ts'
import {CachePlaces} from './cache-places.ts'
import {gatherAxis, repeatBatch} from './gather-rows.ts'
import {type GraphInputs, readGraphInputs} from './graph-inputs.ts'
import {openSession} from './open-session.ts'
import {RowStore} from './row-store.ts'
import {emptyTensor, feedable, float32Of, type InputMetadata} from './tensors.ts'
import {extentFeeds, tokenTensor} from './text-feeds.ts'
import type {BranchAnswer, BranchJob, BranchSpec, SessionSpec} from './worker-protocol.ts'

/** Tokens of one run: its mask has as many rows. */
const MAX_RUN_LENGTH = 256
/** Positions of all rows of one batch together, the cache's repeated ones included. */
const MAX_BATCH_POSITIONS = 16_384

export interface BranchProgress {
  readonly isCancelled: () => boolean
  readonly onRun: (done: number, total: number) => void
}

/**
 * A decoder whose cache holds many texts at once. With a tree mask all that begin alike share their rows of
 * one sequence; without, the common beginning is cached and each text is a row of a batch.
 */
export class BranchDecoder {
  vocabularySize = 0
  private readonly rows = new BranchRows()
  /** With a tree mask: every row of each tensor of the cache. */
  private readonly stores = new Map<string, RowStore>()
  private readonly cachePlaces = new CachePlaces()
  /** Without a tree mask: the cache of one text, and that text. */
  private cache = new Map<string, Tensor>()
  private chain: number[] = []
  private canBatch = true
  private runCount = 0
  private tokenCount = 0

  private constructor(
    private readonly session: InferenceSession,
    private readonly inputs: GraphInputs,
    private readonly spec: BranchSpec,
    private readonly logits: string
  ) {}

  static async create(spec: SessionSpec, branch: BranchSpec): Promise<BranchDecoder> {
    const session = await openSession(spec)
    const added = new Set([branch.sharedBias, branch.positionShift])
    const inputs = session.inputMetadata.flatMap((input): InputMetadata[] =>
      added.has(input.name) || !input.isTensor ? [] : [input]
    )
    try {
      const sorted = readGraphInputs(inputs, session.outputNames, spec)
      return new BranchDecoder(session, sorted, branch, spec.roles?.logits ?? 'logits')
    } catch (error) {
      await session.release()
      throw error
    }
  }

  get hasKvCache(): boolean {
    return this.inputs.past.length > 0
  }

  /** The logits after each text, one row a text. Cancelled, it gives none. */
  async logitsAfter(
    {prefix, paths, retain}: BranchJob,
    progress: BranchProgress
  ): Promise<BranchAnswer> {
    const startedMs = performance.now()
    this.runCount = 0
    this.tokenCount = 0
    if (retain) this.retain(retain.map((path) => [...prefix, ...path]))
    const rows = this.spec.sharedBias
      ? await this.runTree(prefix, paths, progress)
      : await this.runPaths(
          paths.map((path) => [...prefix, ...path]),
          progress
        )
    const logits = new Float32Array(rows ? rows.length * this.vocabularySize : 0)
    for (const [i, row] of (rows ?? []).entries()) logits.set(row, i * this.vocabularySize)
    const {runCount, tokenCount} = this
    return {logits, runCount, rowCount: tokenCount, elapsedMs: performance.now() - startedMs}
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  /** Keeps of the cache what some texts need. */
  private retain(texts: readonly (readonly number[])[]): void {
    if (!this.spec.sharedBias) return
    const needed = new Set(texts.flatMap((text) => this.rows.rowsOf(text)))
    this.keepRows([...needed].sort((a, b) => a - b))
  }

  private keepRows(kept: readonly number[]): void {
    if (kept.length === this.rows.count) return
    this.rows.keep(kept)
    this.cachePlaces.clear()
    for (const store of this.stores.values()) store.keep(kept)
  }

  private async runTree(
    prefix: Int32Array,
    paths: readonly Int32Array[],
    {isCancelled, onRun}: BranchProgress
  ): Promise<Float32Array[] | null> {
    // Without a cache every run takes everything.
    if (!this.hasKvCache) this.rows.clear()
    let plan = this.rows.plan(paths, prefix)
    if (this.rows.count > 0 && this.isTooLarge(this.rows.count + plan.tokenIds.length)) {
      // The last token of each is run in any case.
      const texts = paths.map((path) => [...prefix, ...path].slice(0, -1))
      const needed = new Set(texts.flatMap((text) => this.rows.rowsOf(text)))
      this.keepRows([...needed].sort((a, b) => a - b))
      plan = this.rows.plan(paths, prefix)
    }
    const known = this.rows.count
    const seen = this.rows.ancestorsOf(plan.parents.filter((row) => row < known))
    if (paths.length > 1 && seen.length + plan.tokenIds.length > this.spec.maxRowCount) {
      // Together they are more than the model has places for: one half gives way to the other.
      const half = paths.length >> 1
      const progress = {isCancelled, onRun: () => undefined}
      const first = await this.runTree(prefix, paths.slice(0, half), progress)
      const second = first && (await this.runTree(prefix, paths.slice(half), {isCancelled, onRun}))
      return second && [...first, ...second]
    }
    const {tokenIds, parents, places} = plan
    const found = new Map<number, Float32Array>()
    const wanted = new Set(places)
    const step = this.hasKvCache ? MAX_RUN_LENGTH : tokenIds.length
    for (let first = 0; first < tokenIds.length; first += step) {
      if (isCancelled()) return null
      const end = Math.min(tokenIds.length, first + step)
      const outputs = await this.runRows(tokenIds.slice(first, end), parents.slice(first, end))
      const logits = this.logitsOf(outputs)
      const given = logits.length / this.vocabularySize
      for (let at = first; at < end; at++) {
        if (!wanted.has(at)) continue
        const row = at - end + given
        if (row < 0) throw noRows(this.logits, given, end - first)
        found.set(at, logits.subarray(row * this.vocabularySize, (row + 1) * this.vocabularySize))
      }
      // At the end the answer itself says so.
      if (end < tokenIds.length) onRun(end, tokenIds.length)
    }
    return places.map((place) => found.get(place)!)
  }

  /** Runs tokens behind the rows that they continue, and keeps their own. */
  private async runRows(
    tokenIds: readonly number[],
    parents: readonly number[]
  ): Promise<InferenceSession.OnnxValueMapType> {
    const {sharedBias, positionShift, maxRowCount, newRows} = this.spec
    const [count, stored] = [tokenIds.length, this.rows.count]
    const needed = this.rows.ancestorsOf(parents.filter((row) => row < stored))
    const before = this.cachePlaces.assign(needed, maxRowCount - count)
    this.rows.append(tokenIds, parents)
    const added: Record<string, Tensor> = {
      [sharedBias!]: new Tensor('float32', this.rows.bias(count, before), [
        count,
        before.length + count,
      ]),
    }
    if (positionShift) {
      const shifts = this.rows.shifts(count, before.length)
      added[positionShift] = new Tensor('int64', shifts, [1, count])
    }
    const stores = before.length > 0 ? [...this.stores] : []
    const past = new Map(stores.map(([name, store]) => [name, store.gather(before)]))
    const {past: caches} = this.inputs
    const givenAs = ({name, outputName}: (typeof caches)[number]) => newRows[name] ?? outputName
    try {
      const outputs = await this.run([tokenIds], before.length, past, added, [
        this.logits,
        ...caches.map(givenAs),
      ])
      for (const cache of caches) {
        const store = this.stores.get(cache.name) ?? new RowStore(cache.emptyDimensions.indexOf(0))
        this.stores.set(cache.name, store)
        store.append(feedable(outputs[givenAs(cache)]!), count)
      }
      return outputs
    } catch (error) {
      // Rows and cache would no longer agree.
      this.forget()
      throw error
    }
  }

  private isTooLarge(rowCount: number): boolean {
    let bytes = 0
    for (const store of this.stores.values()) bytes += store.byteLength
    return (rowCount * bytes) / Math.max(1, this.rows.count) > this.spec.maxCacheBytes
  }

  private forget(): void {
    this.rows.clear()
    this.cachePlaces.clear()
    for (const store of this.stores.values()) store.clear()
  }

  private async runPaths(
    texts: readonly (readonly number[])[],
    {isCancelled, onRun}: BranchProgress
  ): Promise<Float32Array[] | null> {
    const common = this.hasKvCache ? commonLength(texts) : 0
    const ready = await this.extendChain(texts[0]!.slice(0, common), isCancelled)
    if (!ready) return null
    const found: Float32Array[] = []
    for (let first = 0; first < texts.length; ) {
      if (isCancelled()) return null
      const length = texts[first]!.length
      const most = this.canBatch ? Math.max(1, Math.floor(MAX_BATCH_POSITIONS / length)) : 1
      const batch = texts.slice(first, first + most).map((text) => text.slice(common))
      try {
        found.push(...(await this.runBatch(batch, common)))
      } catch (error) {
        if (batch.length === 1) throw error
        // A graph for one row at a time says so when it is given two.
        this.canBatch = false
        continue
      }
      first += batch.length
      onRun(first, texts.length)
    }
    return found
  }

  /** The cache of one text and no more; what it already holds of it stays. */
  private async extendChain(text: readonly number[], isCancelled: () => boolean): Promise<boolean> {
    if (!this.hasKvCache) return true
    const kept = commonLength([this.chain, text], 0)
    if (kept < this.chain.length) {
      const places = Array.from({length: kept}, (_, i) => i)
      for (const {name, emptyDimensions} of this.inputs.past) {
        const tensor = this.cache.get(name)
        if (tensor) this.cache.set(name, gatherAxis(tensor, emptyDimensions.indexOf(0), places))
      }
      this.chain.length = kept
    }
    for (let first = kept; first < text.length; first += MAX_RUN_LENGTH) {
      if (isCancelled()) return false
      const ids = text.slice(first, first + MAX_RUN_LENGTH)
      this.takeCache(await this.run([ids], this.chain.length, this.cache, {}))
      this.chain.push(...ids)
    }
    return true
  }

  /** Rows of different lengths are filled up behind their ends, which nothing before looks at. */
  private async runBatch(
    batch: readonly (readonly number[])[],
    pastCount: number
  ): Promise<Float32Array[]> {
    const longest = Math.max(...batch.map(({length}) => length))
    const filled = batch.map((ids) => [...ids, ...new Array<number>(longest - ids.length).fill(0)])
    const past = new Map(
      [...this.cache].map(([name, tensor]) => [name, repeatBatch(tensor, batch.length)])
    )
    const outputs = await this.run(filled, pastCount, past, {}, [this.logits])
    const logits = this.logitsOf(outputs)
    const given = logits.length / this.vocabularySize / batch.length
    return batch.map((ids, row) => {
      const at = row * given + ids.length - 1 - (longest - given)
      if (at < row * given || !Number.isInteger(given)) throw noRows(this.logits, given, longest)
      return logits.slice(at * this.vocabularySize, (at + 1) * this.vocabularySize)
    })
  }

  private logitsOf(outputs: InferenceSession.OnnxValueMapType): Float32Array {
    const logits = outputs[this.logits]!
    this.vocabularySize = logits.dims.at(-1)!
    return float32Of(logits)
  }

  private takeCache(outputs: InferenceSession.OnnxValueMapType): void {
    for (const {name, outputName} of this.inputs.past) {
      this.cache.set(name, feedable(outputs[outputName]!))
    }
  }

  private async run(
    batch: readonly (readonly number[])[],
    pastCount: number,
    past: ReadonlyMap<string, Tensor>,
    added: Readonly<Record<string, Tensor>>,
    fetches = [this.logits, ...this.inputs.past.map(({outputName}) => outputName)]
  ): Promise<InferenceSession.OnnxValueMapType> {
    const {inputs} = this
    const length = batch[0]!.length
    const size = batch.length
    const extent = {sequenceCount: size, length, pastCount}
    const feeds: Record<string, Tensor> = {...added, ...extentFeeds(inputs, extent)}
    const whole = (input: InputMetadata | null, values: ArrayLike<number>) => {
      if (input) feeds[input.name] = tokenTensor(input, values, extent)
    }
    const positions = Array.from({length}, (_, i) => pastCount + i)
    const repeated = new Array<number[]>(size).fill(positions).flat()
    whole(inputs.inputIds, batch.flat())
    whole(inputs.positionIds, repeated)
    whole(inputs.cachePosition, repeated)
    whole(inputs.tokenTypeIds, new Uint8Array(size * length))
    for (const {name, type, emptyDimensions} of inputs.past) {
      const empty = emptyDimensions.map((dim, axis) => (axis === 0 && size > 1 ? size : dim))
      feeds[name] = (pastCount > 0 ? past.get(name) : undefined) ?? emptyTensor(type, empty)
    }
    this.runCount++
    this.tokenCount += size * length
    return this.session.run(feeds, [...fetches])
  }
}

/** How much all lists begin alike, but for their last `reserved` entries. */
function commonLength(lists: readonly (readonly number[])[], reserved = 1): number {
  const [first] = lists
  let common = Math.min(...lists.map(({length}) => length)) - reserved
  for (const list of lists) {
    for (let i = 0; i < common; i++) if (list[i] !== first![i]) common = i
  }
  return Math.max(0, common)
}

function noRows(logits: string, given: number, wanted: number): ProblemError {
  return new ProblemError({
    code: 'logits-shape',
    message:
      'The graph does not give logits for every position, so it cannot run branches together.',
    field: logits,
    found: `${given} rows for ${wanted} tokens`,
    expected: 'a row for every token',
    advice: 'Export the model again with the logits of all positions.',
  })
}
