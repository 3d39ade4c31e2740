import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {
  CapturedNumbers,
  CapturedQueriesKeys,
  CapturedRun,
} from '../captures/attention-capture.ts'
import {ScoreReplay} from '../captures/score-replay.ts'
import {SCORE_INPUTS, type ScoreForm} from '../onnx/score-graph.ts'
import {type RunForm, runForm} from './run-form.ts'
import type {FedNumbers, ScoreBlock, ScoreRunner} from './score-runner.ts'
import type {ScratchNumbers} from './scratch-numbers.ts'

/** Numbers of the scores of one block: they stay in a core's cache. */
const BLOCK_NUMBERS = 1 << 19
const MOST_BLOCK_ROWS = 256
/** Products of larger numbers may be infinite in float32 where the model's are not, or the other way round. */
const LARGEST_SCORE = 1e29
/** Scores are cut to this many times the distance from the last key that is seen, half a key more. */
const CUT_BY_KEY = 1e33

/** One head of a capture. */
export interface HeadPlace {
  /** Among the query heads of its site. */
  readonly siteHead: number
  readonly queryHeadCount: number
  readonly tokenCount: number
}

/** A computed block: rows of keys [keyStart, keyEnd). */
export interface ComputedBlock extends ScoreBlock {
  readonly keyStart: number
  readonly keyEnd: number
  readonly hasSink: boolean
}

interface PreparedRun {
  readonly run: CapturedRun
  readonly form: RunForm | null
  /** [key, size] of the head's key-value head. */
  readonly keys: Float32Array<ArrayBuffer>
}

/**
 * The attention of one head, computed in blocks by a graph of our own; by replaying its scores in float64
 * where a step or a number is beyond what the graph can say. Both agree to 1e-5.
 */
export class HeadBlocks {
  /** [position, size] */
  private readonly queries: Float32Array<ArrayBuffer>
  private readonly runs: readonly PreparedRun[]
  private readonly size: number

  constructor(
    site: CapturedQueriesKeys,
    private readonly place: HeadPlace,
    private readonly runner: ScoreRunner
  ) {
    const {size, keyValueHeadCount} = site
    const {siteHead, queryHeadCount, tokenCount} = place
    this.size = size
    const keyHead = Math.floor((siteHead * keyValueHeadCount) / queryHeadCount)
    const length = tokenCount * size
    const own = (numbers: CapturedNumbers, at: number, count: number) =>
      ownNumbers(numbers.subarray(at * count, (at + 1) * count), runner.scratch)
    this.queries = own(site.queries, siteHead, length)
    const siteKeys = site.keys && own(site.keys, keyHead, length)
    const largestQuery = largestSize(this.queries)
    this.runs = site.runs.map((run) => {
      const keys = siteKeys ?? own(run.keys!, keyHead, run.keyCount * size)
      const isPlain = largestQuery * largestSize(keys) * size < LARGEST_SCORE
      return {run, keys, form: isPlain ? runForm(run) : null}
    })
  }

  /** Gives its arrays to the next head; nothing may be asked of it any more. */
  close(): void {
    const {scratch} = this.runner
    scratch.give(this.queries)
    for (const keys of new Set(this.runs.map((run) => run.keys))) scratch.give(keys)
  }

  /** Whether a window can be pooled by the graph: no row of it has to be replayed. */
  isPlain(from: number, to: number): boolean {
    return this.runs.every(({run, form}) => {
      if (run.queryEnd <= from || run.queryStart >= to) return true
      if (!form) return false
      for (
        let query = Math.max(from, run.queryStart);
        query < Math.min(to, run.queryEnd);
        query++
      ) {
        const [start, end] = this.seenOf(run, form, query)
        if (start >= end) return false
      }
      return true
    })
  }

  /** Writes weights of queries [from, to), each over all positions, to rows of zeros. */
  async writeRows(from: number, to: number, rows: Float32Array): Promise<void> {
    const {tokenCount} = this.place
    for (const prepared of this.runs) {
      const {run} = prepared
      const end = Math.min(to, run.queryEnd)
      for (let query = Math.max(from, run.queryStart); query < end; ) {
        const next = Math.min(end, query + this.blockRows(run, query))
        const own = rows.subarray((query - from) * tokenCount, (next - from) * tokenCount)
        await this.writeBlock(prepared, query, next, own)
        query = next
      }
    }
  }

  /**
   * Blocks of rows pooled by the largest of `height` each: row r of a block is of `queries[r * height]` and
   * what follows it there. Null where a block is not the graph's to compute.
   */
  async pooled(queries: Int32Array, height: number): Promise<ComputedBlock | null> {
    const first = queries[0]!
    const last = queries.at(-1)!
    const prepared = this.runs.find(({run}) => run.queryStart <= first && first < run.queryEnd)
    if (!prepared?.form || last >= prepared.run.queryEnd) return null
    return this.computed(prepared, prepared.form, queries, height)
  }

  /** Queries that a block of them may have, so that its scores stay small. */
  blockRows({keyCount}: Pick<CapturedRun, 'keyCount'>, query: number): number {
    const keys = Math.min(keyCount, query + MOST_BLOCK_ROWS)
    return Math.max(1, Math.min(MOST_BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / keys)))
  }

  /** Queries that come after a query in its run, itself included. */
  runLeft(query: number): {count: number; keyCount: number} {
    const {run} = this.runs.find((one) => one.run.queryStart <= query && query < one.run.queryEnd)!
    return {count: run.queryEnd - query, keyCount: run.keyCount}
  }

  private async writeBlock(
    prepared: PreparedRun,
    from: number,
    to: number,
    rows: Float32Array
  ): Promise<void> {
    const {run, form} = prepared
    const {tokenCount} = this.place
    const queries = Int32Array.from({length: to - from}, (_, i) => from + i)
    const block = form && (await this.computed(prepared, form, queries, null))
    const replay = block ? null : this.replayOf(prepared)
    let odd: ScoreReplay | null = null
    for (let query = from; query < to; query++) {
      const row = rows.subarray((query - from) * tokenCount, (query - from + 1) * tokenCount)
      const [start, end] = block && form ? this.seenOf(run, form, query) : [0, 0]
      if (!block || start >= end) {
        odd ??= replay ?? this.replayOf(prepared)
        const vector = this.queries.subarray(query * this.size, (query + 1) * this.size)
        odd.writeRow(query, vector, row.subarray(0, run.keyCount))
        continue
      }
      const width = block.keyEnd - block.keyStart
      const base = (query - from) * width - block.keyStart
      row.set(block.weights.subarray(base + start, base + end), start)
    }
  }

  private replayOf({run, keys}: PreparedRun): ScoreReplay {
    return new ScoreReplay(run, {head: this.place.siteHead, size: this.size, keys})
  }

  private seenOf(run: CapturedRun, {ranges}: RunForm, query: number): [number, number] {
    return ranges.seen(query - run.queryStart)
  }

  /** Rows as they are where there is no height. Null where the block is not the graph's to compute. */
  private async computed(
    {run, keys}: PreparedRun,
    form: RunForm,
    queries: Int32Array,
    height: number | null
  ): Promise<ComputedBlock | null> {
    const {size} = this
    const starts = new Int32Array(queries.length)
    const ends = new Int32Array(queries.length)
    let [keyStart, keyEnd, lastStart, firstEnd] = [run.keyCount, 0, 0, run.keyCount]
    for (const [row, query] of queries.entries()) {
      const [start, end] = this.seenOf(run, form, query)
      starts[row] = start
      ends[row] = end
      // Rows without any key are replayed, whatever stands here.
      if (start >= end) continue
      keyStart = Math.min(keyStart, start)
      keyEnd = Math.max(keyEnd, end)
      lastStart = Math.max(lastStart, start)
      firstEnd = Math.min(firstEnd, end)
    }
    if (keyStart >= keyEnd) return null
    const place = {
      head: this.place.siteHead,
      queries: queries.map((query) => query - run.queryStart),
      keyStart,
      keyEnd,
    }
    const feeds = form.feedsOf(place)
    if (!feeds) return null
    const hasEnds = firstEnd < keyEnd
    const hasStarts = lastStart > keyStart
    const isSplit = hasEnds && !hasStarts && firstEnd > keyStart && form.isAlikeForKeys
    const scoreForm: ScoreForm = {
      ...{steps: form.steps, hasEnds, hasStarts, isSplit},
      ...{hasSink: run.sink !== null, isPooled: height !== null},
    }
    const pooling = BigInt64Array.of(
      BigInt(queries.length / (height ?? 1)),
      BigInt(height ?? 1),
      -1n
    )
    const byQuery = (values: Float32Array): FedNumbers => ({values, dims: [queries.length, 1]})
    const keysOf = (from: number, to: number): FedNumbers => ({
      values: keys.subarray(from * size, to * size),
      dims: [to - from, size],
    })
    const placesOf = (from: number, unit: number): FedNumbers => {
      const values = new Float32Array(keyEnd - from)
      for (let i = 0; i < values.length; i++) values[i] = (from + i) * unit
      return {values, dims: [1, values.length]}
    }
    const block = await this.runner.run(scoreForm, {
      ...feeds,
      [SCORE_INPUTS.queries]: {values: this.gathered(queries), dims: [queries.length, size]},
      [SCORE_INPUTS.scale]: {values: Float32Array.of(form.scale), dims: []},
      [SCORE_INPUTS.keys]: keysOf(keyStart, isSplit ? firstEnd : keyEnd),
      ...(isSplit ? {[SCORE_INPUTS.lastKeys]: keysOf(firstEnd, keyEnd)} : {}),
      ...(form.isAlikeForKeys ? {} : {[SCORE_INPUTS.places]: placesOf(keyStart, 1)}),
      [SCORE_INPUTS.columns]: placesOf(isSplit ? firstEnd : keyStart, CUT_BY_KEY),
      [SCORE_INPUTS.ends]: byQuery(cutsOf(ends)),
      [SCORE_INPUTS.starts]: byQuery(cutsOf(starts)),
      [SCORE_INPUTS.pooling]: {values: pooling, dims: [3]},
    })
    return {...block, keyStart, keyEnd, hasSink: run.sink !== null}
  }

  /** [row, size] of some queries; a view where they follow one another. */
  private gathered(queries: Int32Array): Float32Array {
    const {size} = this
    const first = queries[0]!
    if (queries.at(-1)! - first === queries.length - 1) {
      return this.queries.subarray(first * size, (first + queries.length) * size)
    }
    const rows = new Float32Array(queries.length * size)
    for (const [row, query] of queries.entries()) {
      rows.set(this.queries.subarray(query * size, (query + 1) * size), row * size)
    }
    return rows
  }
}

/** Captured numbers as float32 in memory of this thread's own, which the runtime asks for. */
function ownNumbers(part: CapturedNumbers, scratch: ScratchNumbers): Float32Array<ArrayBuffer> {
  const own = scratch.take(part.length)
  own.set(part instanceof Uint16Array ? float32OfFloat16Bits(part) : part)
  return own
}

/** Where scores are cut by bounds: half a key before each. */
function cutsOf(bounds: Int32Array): Float32Array {
  const cuts = new Float32Array(bounds.length)
  for (let i = 0; i < cuts.length; i++) cuts[i] = (bounds[i]! - 0.5) * CUT_BY_KEY
  return cuts
}

/** NaN and infinity count as infinite. */
function largestSize(values: Float32Array): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!)
    if (!(size <= largest)) largest = Number.isNaN(size) ? Number.POSITIVE_INFINITY : size
  }
  return largest
}
