import {attributeOf} from './attributes.ts'
import {elementTypeName, numberOfInt64, type OnnxNode, type OnnxTensor} from './schema.ts'

/** A small constant: its dimensions and its entries as numbers, row by row. */
export interface ConstantTensor {
  readonly dimensions: readonly number[]
  readonly values: readonly number[]
  /** Whether it is of a floating-point type: what is not divides without a rest. */
  readonly isFloat: boolean
}

/** Shapes, axes, scales and the like are shorter than this; what is longer is a weight. */
const MAX_VALUE_COUNT = 1024

/** The entries of a tensor that lies in the graph itself; null where it is large, external or of another type. */
export function constantOfTensor(tensor: OnnxTensor): ConstantTensor | null {
  if (tensor.dataLocation === 1 || tensor.externalData?.length) return null
  const dimensions = (tensor.dims ?? []).map(numberOfInt64)
  const count = dimensions.reduce((product, length) => product * length, 1)
  if (!(count >= 0 && count <= MAX_VALUE_COUNT)) return null
  const values = typedValues(tensor) ?? rawValues(tensor, count)
  if (values?.length !== count) return null
  return {dimensions, values, isFloat: isFloatType(elementTypeName(tensor.dataType))}
}

export function isFloatType(type: string): boolean {
  return /^b?float/.test(type)
}

function typedValues(tensor: OnnxTensor): number[] | null {
  if (tensor.rawData && tensor.rawData.length > 0) return null
  if (tensor.int64Data?.length) return tensor.int64Data.map((value) => Number(String(value)))
  if (tensor.floatData?.length) return tensor.floatData
  if (tensor.int32Data?.length) {
    const isHalf = elementTypeName(tensor.dataType) === 'float16'
    return isHalf ? tensor.int32Data.map(numberOfHalf) : tensor.int32Data
  }
  return null
}

function rawValues(tensor: OnnxTensor, count: number): number[] | null {
  const bytes = tensor.rawData
  if (!bytes) return count === 0 ? [] : null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader = READERS[elementTypeName(tensor.dataType)]
  if (!reader || bytes.byteLength < count * reader.byteLength) return null
  return Array.from({length: count}, (_, index) => reader.read(view, index * reader.byteLength))
}

const READERS: Readonly<
  Record<string, {byteLength: number; read(view: DataView, at: number): number}>
> = {
  float32: {byteLength: 4, read: (view, at) => view.getFloat32(at, true)},
  float64: {byteLength: 8, read: (view, at) => view.getFloat64(at, true)},
  float16: {byteLength: 2, read: (view, at) => numberOfHalf(view.getUint16(at, true))},
  bfloat16: {byteLength: 2, read: (view, at) => numberOfBrain(view.getUint16(at, true))},
  int64: {byteLength: 8, read: (view, at) => Number(view.getBigInt64(at, true))},
  int32: {byteLength: 4, read: (view, at) => view.getInt32(at, true)},
  int8: {byteLength: 1, read: (view, at) => view.getInt8(at)},
  uint8: {byteLength: 1, read: (view, at) => view.getUint8(at)},
  bool: {byteLength: 1, read: (view, at) => view.getUint8(at)},
}

/** The value of an IEEE 754 half, given as its 16 bits. */
function numberOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return (sign * fraction) / 2 ** 24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** A bfloat16 is the upper half of a float32. */
function numberOfBrain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, bits)
  return view.getFloat32(0)
}

const KEEPS_VALUES = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'])

/** What a Constant node or one that hands a constant on gives; null of every other node. */
export function constantOfNode(
  node: OnnxNode,
  constantOf: (tensor: string) => ConstantTensor | null
): ConstantTensor | null {
  if (node.opType === 'Constant') return constantOfAttributes(node)
  const source = node.input[0]
  if (!source) return null
  if (KEEPS_VALUES.has(node.opType)) {
    const constant = constantOf(source)
    // The shape of a list stays a list; that is all its users ask.
    return constant && {...constant, dimensions: [constant.values.length]}
  }
  if (node.opType === 'Cast') {
    const constant = constantOf(source)
    const type = elementTypeName(numberOfInt64(attributeOf(node, 'to')?.i))
    if (!constant) return null
    return {
      dimensions: constant.dimensions,
      values: /^u?int/.test(type) ? constant.values.map(Math.trunc) : constant.values,
      isFloat: isFloatType(type),
    }
  }
  return null
}

function constantOfAttributes(node: OnnxNode): ConstantTensor | null {
  for (const {name, t, f, i, floats, ints} of node.attribute ?? []) {
    if (name === 'value' && t) return constantOfTensor(t)
    if (name === 'value_float') return {dimensions: [], values: [f ?? 0], isFloat: true}
    if (name === 'value_int')
      return {dimensions: [], values: [Number(String(i ?? 0))], isFloat: false}
    if (name === 'value_floats' && floats)
      return {dimensions: [floats.length], values: floats, isFloat: true}
    if (name === 'value_ints' && ints) {
      const values = ints.map((value) => Number(String(value)))
      return {dimensions: [ints.length], values, isFloat: false}
    }
  }
  return null
}
