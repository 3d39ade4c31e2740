import {float16BitsOfFloat32} from '../../../shared/math/float16.ts'
import type {CaptureStep, QueryKeyCapture, SiteCapture} from '../onnx/capture-plan.ts'
import type {
  CaptureDtype,
  CapturedMatrix,
  CapturedNorms,
  CapturedNumbers,
  CapturedRun,
  CapturedSite,
  CapturedStep,
} from './attention-capture.ts'
import type {FetchedNumbers, FetchedRun, ScoreLengths} from './fetched-outputs.ts'
import {misshapen} from './fetched-outputs.ts'
import type {ScoreOperand} from './score-operand.ts'
import {compactOperand} from './score-operand.ts'
import {sharedFloat32, sharedUint16} from './shared-numbers.ts'

interface RecorderOptions {
  readonly tokenCount: number
  readonly dtype: CaptureDtype
}

/** Grows the capture of one site run by run. */
export class SiteRecorder {
  private queries: TextMatrix | null = null
  private keys: TextMatrix | null = null
  private weights: TextMatrix | null = null
  private valueNorms: TextMatrix | null = null
  private keysBeforeRotary: TextMatrix | null = null
  private readonly runs: CapturedRun[] = []

  constructor(
    private readonly plan: SiteCapture,
    private readonly options: RecorderOptions
  ) {}

  /** Takes over what was captured of the site for the first positions of the text. */
  begin(
    {queryHeadCount, attention, valueNorms, keysBeforeRotary}: CapturedSite,
    count: number
  ): void {
    if (attention.kind === 'weights') {
      this.weights = this.matrix(queryHeadCount, this.options.tokenCount, 'float32')
      this.weights.copy(attention.weights, count, count)
    } else {
      const {size, keyValueHeadCount, queries, keys, runs} = attention
      this.keyValueHeadCount = keyValueHeadCount
      this.queries = this.matrix(queryHeadCount, size)
      this.queries.copy(queries, count, size)
      if (keys) {
        this.keys = this.matrix(keyValueHeadCount, size)
        this.keys.copy(keys, count, size)
      }
      this.runs.push(...runs)
    }
    if (valueNorms) {
      this.valueNorms = this.matrix(valueNorms.headCount, 1, 'float32')
      this.valueNorms.copy(valueNorms.values, count, 1)
    }
    if (keysBeforeRotary) {
      const {headCount, size, values} = keysBeforeRotary
      this.keysBeforeRotary = this.matrix(headCount, size)
      this.keysBeforeRotary.copy(values, count, size)
    }
  }

  /** Takes what a run gave of the site; returns how many queries that were. */
  append(run: FetchedRun): number {
    const {queryKey, weights, valueNorms, keysBeforeRotary} = this.plan
    const queryCount = queryKey
      ? this.appendQueriesKeys(queryKey, run)
      : this.appendWeights(weights!, run)
    if (valueNorms) {
      const norms = run.batchRowOf(valueNorms.output, 3)
      this.valueNorms ??= this.matrix(norms.dims[0]!, 1, 'float32')
      this.valueNorms.write(run.queryStart, {...norms, dims: [...norms.dims, 1]})
    }
    if (keysBeforeRotary) {
      const keys = run.batchRowOf(keysBeforeRotary, 4)
      this.keysBeforeRotary ??= this.matrix(keys.dims[0]!, keys.dims[2]!)
      this.keysBeforeRotary.write(run.queryStart, keys)
    }
    return queryCount
  }

  get captured(): CapturedSite {
    const {queries, keys, weights, runs} = this
    const valueNorms: CapturedNorms | null = this.valueNorms && {
      kind: this.plan.valueNorms!.kind,
      headCount: this.valueNorms.headCount,
      values: this.valueNorms.values as Float32Array,
    }
    const keysBeforeRotary: CapturedMatrix | null = this.keysBeforeRotary
    if (weights) {
      return {
        queryHeadCount: weights.headCount,
        attention: {kind: 'weights', weights: weights.values as Float32Array},
        valueNorms,
        keysBeforeRotary,
      }
    }
    if (!queries) throw new RangeError('nothing was captured yet')
    return {
      queryHeadCount: queries.headCount,
      attention: {
        kind: 'queries-keys',
        keyValueHeadCount: this.keyValueHeadCount,
        size: queries.size,
        queries: queries.values,
        keys: keys?.values ?? null,
        runs,
      },
      valueNorms,
      keysBeforeRotary,
    }
  }

  private keyValueHeadCount = 0

  private appendWeights(output: string, run: FetchedRun): number {
    const {values, dims} = run.weightsOf(output)
    const [headCount = 0, queryCount = 0, keyCount = 0] = dims
    const {tokenCount} = this.options
    if (keyCount > tokenCount) throw misshapen(output, dims, `at most ${tokenCount} keys`)
    this.weights ??= this.matrix(headCount, tokenCount, 'float32')
    this.weights.write(run.queryStart, {values, dims})
    return queryCount
  }

  private appendQueriesKeys(plan: QueryKeyCapture, run: FetchedRun): number {
    const query = run.batchRowOf(plan.query, 4)
    const key = run.batchRowOf(plan.key, 4)
    const [queryHeadCount = 0, queryCount = 0, size = 0] = query.dims
    const [keyValueHeadCount = 0, givenCount = 0, keySize = 0] = key.dims
    const isSound = keySize === size && queryHeadCount % keyValueHeadCount === 0
    if (!isSound) throw misshapen(plan.key, key.dims, `keys for queries [${query.dims.join(', ')}]`)
    this.keyValueHeadCount = keyValueHeadCount
    this.queries ??= this.matrix(queryHeadCount, size)
    this.queries.write(run.queryStart, query)
    const queryEnd = run.queryStart + queryCount
    // Keys of another text (cross attention) are not those of the queries' positions either.
    const isOwn = plan.isWholeRun || givenCount !== queryCount
    if (!isOwn) {
      this.keys ??= this.matrix(keyValueHeadCount, size)
      this.keys.write(run.queryStart, key)
    }
    const keyCount = isOwn ? givenCount : queryEnd
    const lengths = {queryHeadCount, keyValueHeadCount, queryCount, keyCount}
    this.runs.push({
      queryStart: run.queryStart,
      queryEnd,
      keyCount,
      keys: isOwn ? stored(key.values, this.options.dtype) : null,
      steps: plan.steps.map((step) => storedStep(step, run, lengths)),
      sink: plan.sink && run.operand(plan.sink, {...lengths, keyCount: 1}),
    })
    return queryCount
  }

  private matrix(headCount: number, size: number, dtype = this.options.dtype): TextMatrix {
    return new TextMatrix(headCount, size, this.options.tokenCount, dtype)
  }
}

/** [head, position, size] over a whole text, written in runs of positions. */
class TextMatrix implements CapturedMatrix {
  readonly values: CapturedNumbers

  constructor(
    readonly headCount: number,
    readonly size: number,
    private readonly tokenCount: number,
    private readonly dtype: CaptureDtype
  ) {
    const length = headCount * tokenCount * size
    this.values = dtype === 'float16' ? sharedUint16(length) : sharedFloat32(length)
  }

  /** The first `count` positions of every head, as they were stored before; rows may be shorter. */
  copy(numbers: CapturedNumbers, count: number, size: number): void {
    for (let head = 0; head < this.headCount; head++) {
      for (let row = 0; row < (size === this.size ? 1 : count); row++) {
        const length = size === this.size ? count * size : size
        const from = head * count * size + row * length
        const to = (head * this.tokenCount + row) * this.size
        this.values.set(numbers.subarray(from, from + length), to)
      }
    }
  }

  /** Rows may be shorter than `size`: what comes after is 0. */
  write(start: number, {values, dims}: FetchedNumbers): void {
    const [headCount = 0, count = 0, size = 0] = dims
    if (headCount !== this.headCount || size > this.size || start + count > this.tokenCount) {
      throw misshapen(
        'positions',
        dims,
        `${this.headCount} heads, positions ${start} to at most ${this.tokenCount}`
      )
    }
    // Rows of full size follow one another, and go over together.
    const [stepCount, length] = size === this.size ? [1, count * size] : [count, size]
    for (let head = 0; head < headCount; head++) {
      for (let step = 0; step < stepCount; step++) {
        const from = head * count * size + step * length
        const to = (head * this.tokenCount + start + step) * this.size
        this.values.set(numbersAs(this.dtype, values.subarray(from, from + length)), to)
      }
    }
  }
}

function numbersAs(dtype: CaptureDtype, values: Float32Array): CapturedNumbers {
  return dtype === 'float16' ? float16BitsOfFloat32(values) : values
}

/** A copy in shared memory. */
function stored(values: Float32Array, dtype: CaptureDtype): CapturedNumbers {
  const copy = dtype === 'float16' ? sharedUint16(values.length) : sharedFloat32(values.length)
  copy.set(numbersAs(dtype, values))
  return copy
}

function storedStep(step: CaptureStep, run: FetchedRun, lengths: ScoreLengths): CapturedStep {
  const {queryCount, keyCount} = lengths
  switch (step.kind) {
    case 'tanh':
      return step
    case 'where':
      return {
        ...step,
        condition: run.operand(step.condition, lengths),
        other: run.operand(step.other, lengths),
      }
    case 'causal': {
      const last = step.alignment === 'end' ? keyCount - queryCount : 0
      return {kind: 'band', first: step.window === null ? null : last - step.window + 1, last}
    }
    case 'key-count': {
      const {values} = run.numbers(step.count)
      const count = values[values.length === 1 ? 0 : run.batchRow]!
      return {kind: 'key-count', end: count + step.added}
    }
    case 'key-mask':
      return {kind: 'add', operand: maskOperand(step, run, lengths)}
    default:
      return {...step, operand: run.operand(step.operand, lengths)}
  }
}

/** What the mask input of the com.microsoft operators adds to the scores. */
function maskOperand(
  {mask, rank, filter}: CaptureStep & {kind: 'key-mask'},
  run: FetchedRun,
  {queryCount, keyCount}: ScoreLengths
): ScoreOperand {
  const {values, dims} = run.numbers(mask)
  const {batchRow, batchCount} = run
  if (rank === 1) {
    if (values.length !== batchCount && values.length !== 2 * batchCount) {
      throw misshapen(mask, dims, `ends, or ends and starts, of ${batchCount} texts`)
    }
    const start = values.length === 2 * batchCount ? values[batchCount + batchRow]! : 0
    return {
      kind: 'ranges',
      inside: 0,
      outside: filter,
      starts: Uint32Array.of(start),
      ends: Uint32Array.of(Math.min(values[batchRow]!, keyCount)),
    }
  }
  const columnCount = dims.at(-1)!
  const rowCount = rank === 2 ? 1 : dims.at(-2)!
  const firstRow = rank === 4 ? keyCount - queryCount : 0
  const usedRowCount = rank === 2 ? 1 : queryCount
  if (columnCount < keyCount || rowCount < firstRow + usedRowCount) {
    throw misshapen(mask, dims, `${queryCount} queries, ${keyCount} keys`)
  }
  const added = sharedFloat32(usedRowCount * keyCount)
  for (let row = 0, to = 0; row < usedRowCount; row++) {
    const base = (batchRow * rowCount + firstRow + row) * columnCount
    for (let key = 0; key < keyCount; key++) added[to++] = values[base + key] === 0 ? filter : 0
  }
  return compactOperand({values: added, headCount: 1, queryCount: usedRowCount, keyCount})
}
