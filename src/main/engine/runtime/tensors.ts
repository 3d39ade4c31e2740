import {Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {float16BitsOfFloat32, float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {FedTensor} from './worker-protocol.ts'

/** Names and element types of a graph's inputs, as the runtime reports them. */
export interface InputMetadata {
  readonly name: string
  readonly type: string
  readonly shape: readonly (number | string)[]
}

type WholeNumberArray = BigInt64Array | Int32Array | Float32Array | Uint16Array | Uint8Array

/** An array for whole numbers in the element type that a graph's input wants. */
export function wholeNumberArray(type: string, length: number): WholeNumberArray {
  switch (type) {
    case 'int64':
      return new BigInt64Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'float32':
      return new Float32Array(length)
    case 'float16':
      return new Uint16Array(length)
    case 'bool':
      return new Uint8Array(length)
    default:
      throw new ProblemError({
        code: 'unsupported-input-type',
        message: `The graph wants an input of type ${type}, which is not known here.`,
        found: type,
        expected: 'int64, int32, float32, float16 or bool',
        advice: 'Export the model again with int64 token ids and mask.',
      })
  }
}

/** Writes `values[i]` to `array[i]`, as bigint where the array holds bigints, as bits where it holds half floats. */
export function writeWholeNumbers(array: WholeNumberArray, values: ArrayLike<number>): void {
  if (array instanceof BigInt64Array) {
    for (let i = 0; i < values.length; i++) array[i] = BigInt(values[i]!)
  } else if (array instanceof Uint16Array) {
    array.set(float16BitsOfFloat32(Float32Array.from(values)))
  } else {
    for (let i = 0; i < values.length; i++) array[i] = values[i]!
  }
}

/** The tensor over an array of whole numbers. */
export function wholeNumberTensor(
  type: string,
  array: WholeNumberArray,
  dimensions: readonly number[]
): Tensor {
  return feedable(new Tensor(type as 'int64', array as BigInt64Array, dimensions))
}

/** What is fed to an input that was added to a graph. */
export function fedTensor({type, data, dimensions}: FedTensor): Tensor {
  return new Tensor(type as 'float32', data as Float32Array, dimensions)
}

/** An empty KV cache tensor: no positions yet. */
export function emptyTensor(type: string, dimensions: readonly number[]): Tensor {
  const data = type === 'float16' ? new Uint16Array(0) : new Float32Array(0)
  if (type !== 'float16' && type !== 'float32') {
    throw new ProblemError({
      code: 'unsupported-cache-type',
      message: `The graph keeps its KV cache as ${type}, which is not known here.`,
      found: type,
      expected: 'float32 or float16',
      advice: 'Export the model again with a float32 or float16 KV cache.',
    })
  }
  return feedable(new Tensor(type as 'float32', data as Float32Array, dimensions))
}

/**
 * A tensor that may be fed to a run. From Node 23 on half-precision data arrives as Float16Array,
 * for which the runtime's binding counts zero bytes (microsoft/onnxruntime pull request 32323), so
 * its data is replaced by a view of the same bytes as whole numbers.
 */
export function feedable(tensor: Tensor): Tensor {
  if (tensor.type === 'float16') {
    const data = tensor.data as unknown as Uint16Array
    if (!(data instanceof Uint16Array)) {
      const {buffer, byteOffset, length} = data as Uint16Array
      ;(tensor as unknown as {cpuData: Uint16Array}).cpuData = new Uint16Array(
        buffer,
        byteOffset,
        length
      )
    }
  }
  return tensor
}

/** A tensor's numbers as float32: its own array where it is float32 already. */
export function float32Of(tensor: Tensor): Float32Array {
  if (tensor.type === 'float32') return tensor.data as Float32Array
  const data = feedable(tensor).data
  if (data instanceof Uint16Array) return float32OfFloat16Bits(data)
  if (data instanceof Float64Array) return Float32Array.from(data)
  throw new ProblemError({
    code: 'unsupported-logits-type',
    message: `The graph gives its logits as ${tensor.type}, which is not known here.`,
    found: tensor.type,
    expected: 'float32, float16 or float64',
    advice: 'Export the model again with float32 logits.',
  })
}
