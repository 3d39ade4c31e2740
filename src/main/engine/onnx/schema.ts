import protobuf from 'protobufjs/light.js'

/**
 * The part of ONNX's protobuf schema that this project reads and writes (onnx/onnx.proto, IR 10).
 * Fields left out survive a decode and encode untouched: `decodeMessage` keeps unknown fields.
 */

type FieldRow = readonly [name: string, id: number, type: string, rule?: 'repeated']

const MESSAGES: Readonly<Record<string, readonly FieldRow[]>> = {
  StringPair: [
    ['key', 1, 'string'],
    ['value', 2, 'string'],
  ],
  OperatorSet: [
    ['domain', 1, 'string'],
    ['version', 2, 'int64'],
  ],
  Dimension: [
    ['dimValue', 1, 'int64'],
    ['dimParam', 2, 'string'],
  ],
  Shape: [['dim', 1, 'Dimension', 'repeated']],
  TensorType: [
    ['elemType', 1, 'int32'],
    ['shape', 2, 'Shape'],
  ],
  Type: [['tensorType', 1, 'TensorType']],
  ValueInfo: [
    ['name', 1, 'string'],
    ['type', 2, 'Type'],
  ],
  Tensor: [
    ['dims', 1, 'int64', 'repeated'],
    ['dataType', 2, 'int32'],
    ['floatData', 4, 'float', 'repeated'],
    ['int32Data', 5, 'int32', 'repeated'],
    ['int64Data', 7, 'int64', 'repeated'],
    ['name', 8, 'string'],
    ['rawData', 9, 'bytes'],
    ['doubleData', 10, 'double', 'repeated'],
    ['uint64Data', 11, 'uint64', 'repeated'],
    ['externalData', 13, 'StringPair', 'repeated'],
    ['dataLocation', 14, 'int32'],
  ],
  SparseTensor: [
    ['values', 1, 'Tensor'],
    ['indices', 2, 'Tensor'],
  ],
  Attribute: [
    ['name', 1, 'string'],
    ['f', 2, 'float'],
    ['i', 3, 'int64'],
    ['s', 4, 'bytes'],
    ['t', 5, 'Tensor'],
    ['g', 6, 'Graph'],
    ['floats', 7, 'float', 'repeated'],
    ['ints', 8, 'int64', 'repeated'],
    ['strings', 9, 'bytes', 'repeated'],
    ['tensors', 10, 'Tensor', 'repeated'],
    ['graphs', 11, 'Graph', 'repeated'],
    ['type', 20, 'int32'],
  ],
  Node: [
    ['input', 1, 'string', 'repeated'],
    ['output', 2, 'string', 'repeated'],
    ['name', 3, 'string'],
    ['opType', 4, 'string'],
    ['attribute', 5, 'Attribute', 'repeated'],
    ['domain', 7, 'string'],
    ['metadataProps', 9, 'StringPair', 'repeated'],
  ],
  Graph: [
    ['node', 1, 'Node', 'repeated'],
    ['name', 2, 'string'],
    ['initializer', 5, 'Tensor', 'repeated'],
    ['input', 11, 'ValueInfo', 'repeated'],
    ['output', 12, 'ValueInfo', 'repeated'],
    ['valueInfo', 13, 'ValueInfo', 'repeated'],
    ['sparseInitializer', 15, 'SparseTensor', 'repeated'],
  ],
  Function: [
    ['name', 1, 'string'],
    ['node', 7, 'Node', 'repeated'],
    ['opsetImport', 9, 'OperatorSet', 'repeated'],
    ['domain', 10, 'string'],
  ],
  Model: [
    ['irVersion', 1, 'int64'],
    ['producerName', 2, 'string'],
    ['producerVersion', 3, 'string'],
    ['graph', 7, 'Graph'],
    ['opsetImport', 8, 'OperatorSet', 'repeated'],
    ['metadataProps', 14, 'StringPair', 'repeated'],
    ['functions', 25, 'Function', 'repeated'],
  ],
}

// A root made in code is proto2, as ONNX is: a field set to zero is not an absent one. A root made
// from JSON would be proto3, and drop zeros.
const root = new protobuf.Root()
for (const [messageName, rows] of Object.entries(MESSAGES)) {
  const type = new protobuf.Type(messageName)
  for (const [name, id, fieldType, rule] of rows) {
    type.add(new protobuf.Field(name, id, fieldType, rule))
  }
  root.add(type)
}
root.resolveAll()

/** A 64-bit field as protobufjs gives it; numbers are accepted when writing. */
export type Int64 = number | {toNumber(): number; toString(): string}

export interface OnnxValueInfo {
  name: string
  type?: {
    tensorType?: {
      elemType?: number
      shape?: {dim?: {dimValue?: Int64; dimParam?: string}[]}
    }
  }
}
export interface OnnxTensor {
  dims?: Int64[]
  dataType: number
  name?: string
  floatData?: number[]
  int32Data?: number[]
  int64Data?: Int64[]
  doubleData?: number[]
  uint64Data?: Int64[]
  rawData?: Uint8Array
  externalData?: {key: string; value: string}[]
  dataLocation?: number
}
/** An initializer of which only the entries that are not zero are stored; `values` carries its name. */
export interface OnnxSparseTensor {
  values?: OnnxTensor
  indices?: OnnxTensor
}
export interface OnnxAttribute {
  name: string
  type: number
  f?: number
  i?: Int64
  s?: Uint8Array
  t?: OnnxTensor
  g?: OnnxGraph
  floats?: number[]
  ints?: Int64[]
  strings?: Uint8Array[]
  tensors?: OnnxTensor[]
  graphs?: OnnxGraph[]
}
export interface OnnxNode {
  input: string[]
  output: string[]
  name?: string
  opType: string
  attribute?: OnnxAttribute[]
  domain?: string
  metadataProps?: {key?: string; value?: string}[]
}
export interface OnnxGraph {
  node: OnnxNode[]
  name?: string
  initializer: OnnxTensor[]
  input: OnnxValueInfo[]
  output: OnnxValueInfo[]
  valueInfo?: OnnxValueInfo[]
  sparseInitializer?: OnnxSparseTensor[]
}
/** An operator that the model brings along, written in other operators. */
export interface OnnxFunction {
  name?: string
  node: OnnxNode[]
  opsetImport?: {domain?: string; version?: Int64}[]
  domain?: string
}
export interface OnnxModel {
  irVersion?: Int64
  producerName?: string
  producerVersion?: string
  graph: OnnxGraph
  opsetImport: {domain?: string; version: Int64}[]
  metadataProps?: {key?: string; value?: string}[]
  functions?: OnnxFunction[]
}

interface MessageShapes {
  Model: OnnxModel
  Graph: OnnxGraph
  ValueInfo: OnnxValueInfo
  Tensor: OnnxTensor
  OperatorSet: {domain?: string; version?: Int64}
  StringPair: {key?: string; value?: string}
}

/** One message from its bytes. Throws protobufjs's own error on bytes that are not that message. */
export function decodeMessage<Name extends keyof MessageShapes>(
  name: Name,
  bytes: Uint8Array
): MessageShapes[Name] {
  const reader = protobuf.Reader.create(bytes)
  // protobufjs throws away what it does not know unless it is told not to.
  reader.discardUnknown = false
  // The decoder fills exactly the fields declared above, which is what the interfaces describe.
  return root.lookupType(name).decode(reader) as unknown as MessageShapes[Name]
}

export function encodeMessage<Name extends keyof MessageShapes>(
  name: Name,
  value: MessageShapes[Name]
): Uint8Array {
  return root.lookupType(name).encode(value).finish()
}

/** A 64-bit field as a number. Throws a RangeError beyond 2^53, where a number is no longer exact. */
export function numberOfInt64(value: Int64 | null | undefined): number {
  const number = typeof value === 'number' ? value : (value?.toNumber() ?? 0)
  if (!Number.isSafeInteger(number)) throw new RangeError(`not an exact integer: ${value}`)
  return number
}

/** ONNX element types (TensorProto.DataType) by number, named as onnxruntime names them. */
const ELEMENT_TYPES: readonly (string | undefined)[] = [
  undefined,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
]

/** `float32`, `int64`, …; `unknown` for a number that this project does not know. */
export function elementTypeName(elementType: number): string {
  return ELEMENT_TYPES[elementType] ?? 'unknown'
}

/** The number of an element type's name. Throws a RangeError on a name that is not one. */
export function elementTypeNumber(name: string): number {
  const number = ELEMENT_TYPES.indexOf(name)
  if (number < 1) throw new RangeError(`not an ONNX element type: ${name}`)
  return number
}

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
}
