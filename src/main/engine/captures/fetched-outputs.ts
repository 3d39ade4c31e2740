import {ProblemError} from '../../../shared/domain/problem.ts'
import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {CaptureOperand, CaptureTensor} from '../onnx/capture-plan.ts'
import {compactOperand, type ScoreOperand} from './score-operand.ts'
import {sharedFloat32} from './shared-numbers.ts'

/** A fetched graph output; onnxruntime's Tensor is one. */
export interface FetchedTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}
export type FetchedOutputs = Readonly<Record<string, FetchedTensor>>

/** Numbers of one batch row with the lengths of their axes. */
export interface FetchedNumbers {
  readonly values: Float32Array
  readonly dims: readonly number[]
}
/** Lengths of the axes of a site's scores in one run. */
export interface ScoreLengths {
  readonly queryHeadCount: number
  readonly keyValueHeadCount: number
  readonly queryCount: number
  readonly keyCount: number
}

/** The outputs of one run, of which one batch row is read. What layers share is stored once. */
export class FetchedRun {
  readonly batchRow: number
  readonly batchCount: number
  /** Position of its first query in the text. */
  readonly queryStart: number
  private readonly operands = new Map<string, ScoreOperand>()

  constructor(
    private readonly outputs: FetchedOutputs,
    place: {batchRow: number; batchCount: number; queryStart: number}
  ) {
    this.batchRow = place.batchRow
    this.batchCount = place.batchCount
    this.queryStart = place.queryStart
  }

  /** One batch row of [batch, …] with `rank` axes: a view, and the lengths without the batch. */
  batchRowOf(output: string, rank: number): FetchedNumbers {
    const {dims, values} = this.numbers(output)
    if (dims.length !== rank) throw misshapen(output, dims, `${rank} axes`)
    const length = values.length / dims[0]!
    const row = dims[0] === 1 ? 0 : this.batchRow
    return {values: values.subarray(row * length, (row + 1) * length), dims: dims.slice(1)}
  }

  /** One batch row of weights, whatever axes of batch and heads they have: [head, query, key]. */
  weightsOf(output: string): FetchedNumbers {
    const {dims, values} = this.numbers(output)
    const [queryCount = 0, keyCount = 0] = dims.slice(-2)
    const headCount = values.length / (this.batchCount * queryCount * keyCount)
    if (dims.length < 2 || !Number.isInteger(headCount)) {
      throw misshapen(output, dims, `weights of ${this.batchCount} texts`)
    }
    const length = values.length / this.batchCount
    return {
      values: values.subarray(this.batchRow * length, (this.batchRow + 1) * length),
      dims: [headCount, queryCount, keyCount],
    }
  }

  /** Every number of an output as float32, of all batch rows. */
  numbers(output: string): FetchedNumbers {
    const tensor = this.outputs[output]
    if (!tensor) throw new RangeError(`the output ${output} was not fetched`)
    return {values: float32Of(output, tensor), dims: tensor.dims}
  }

  /** An operand of the scores, in the smallest form. */
  operand(operand: CaptureOperand, lengths: ScoreLengths): ScoreOperand {
    if (operand.kind === 'constant') return operand
    const key = JSON.stringify([operand, lengths])
    const known = this.operands.get(key)
    if (known) return known
    const stored = this.storeOperand(operand, lengths)
    this.operands.set(key, stored)
    return stored
  }

  private storeOperand({output, axes}: CaptureTensor, lengths: ScoreLengths): ScoreOperand {
    const {values, dims} = this.numbers(output)
    const {queryHeadCount, keyValueHeadCount, queryCount, keyCount} = lengths
    const hasGroups = axes.includes('group')
    const wanted = {
      batch: this.batchCount,
      head: hasGroups ? keyValueHeadCount : queryHeadCount,
      group: queryHeadCount / keyValueHeadCount,
      'batch-heads': this.batchCount * queryHeadCount,
      query: queryCount,
      key: keyCount,
    }
    const strides = {batch: 0, head: 0, group: 0, 'batch-heads': 0, query: 0, key: 0}
    let stride = 1
    for (let back = 1; back <= dims.length; back++) {
      const length = dims.at(-back)!
      const axis = axes.at(-back)
      if (length !== 1) {
        if (!axis || back > axes.length || length !== wanted[axis]) {
          throw misshapen(output, dims, `${axes.join(' × ')} of ${JSON.stringify(wanted)}`)
        }
        strides[axis] = stride
      }
      stride *= length
    }
    const headLength = strides.head || strides.group || strides['batch-heads'] ? queryHeadCount : 1
    const queryLength = strides.query ? queryCount : 1
    const keyLength = strides.key ? keyCount : 1
    const copy = sharedFloat32(headLength * queryLength * keyLength)
    for (let head = 0, to = 0; head < headLength; head++) {
      const base =
        this.batchRow * strides.batch +
        (this.batchRow * queryHeadCount + head) * strides['batch-heads'] +
        (hasGroups ? Math.floor(head / wanted.group) : head) * strides.head +
        (head % wanted.group) * strides.group
      for (let query = 0; query < queryLength; query++) {
        const row = base + query * strides.query
        for (let key = 0; key < keyLength; key++) copy[to++] = values[row + key * strides.key]!
      }
    }
    return compactOperand({
      values: copy,
      headCount: headLength,
      queryCount: queryLength,
      keyCount: keyLength,
    })
  }
}

function float32Of(output: string, {type, data}: FetchedTensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (data instanceof Uint16Array) return float32OfFloat16Bits(data)
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number)
  if (data instanceof Uint8Array || data instanceof Int32Array || data instanceof Float64Array) {
    return Float32Array.from(data)
  }
  // Node 23 and later: Float16Array, which older types do not know.
  if (type === 'float16') return Float32Array.from(data as ArrayLike<number>)
  throw new RangeError(`the output ${output} is of type ${type}`)
}

export function misshapen(output: string, dims: readonly number[], expected: string): ProblemError {
  return new ProblemError({
    code: 'capture-misshapen',
    message: 'What the model gives of its attention does not have the shape that its graph says.',
    field: output,
    found: `[${dims.join(', ')}]`,
    expected,
    advice: 'Capture the attention weights of this layer instead.',
  })
}
