import {intAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import {elementTypeName, type OnnxNode, type OnnxValueInfo} from './schema.ts'

/** Operators whose first output has a type of its own, whatever goes in. */
const OWN_TYPES: Readonly<Record<string, string>> = {
  Shape: 'int64',
  Size: 'int64',
  NonZero: 'int64',
  ArgMax: 'int64',
  ArgMin: 'int64',
  Equal: 'bool',
  Greater: 'bool',
  GreaterOrEqual: 'bool',
  Less: 'bool',
  LessOrEqual: 'bool',
  And: 'bool',
  Or: 'bool',
  Not: 'bool',
  Xor: 'bool',
  IsNaN: 'bool',
  IsInf: 'bool',
  MatMulInteger: 'int32',
  ConvInteger: 'int32',
  DynamicQuantizeLinear: 'uint8',
  DynamicQuantizeMatMul: 'float32',
  MatMulIntegerToFloat: 'float32',
}
/** Operators whose first output has the type of another input than the first. */
const TYPE_INPUTS: Readonly<Record<string, number>> = {
  Where: 1,
  OneHot: 2,
  CastLike: 1,
  DequantizeLinear: 1,
  GatherBlockQuantized: 2,
  EmbedLayerNormalization: 2,
}

/**
 * Element types of a graph's tensors as far as they follow from its inputs, its weights and what it states:
 * operators of ONNX keep the type of what they compute with, those in the tables aside. One pass over the
 * nodes; null where it is not known.
 */
export class ElementTypes {
  private readonly types = new Map<string, string>()

  constructor(private readonly index: GraphIndex) {
    for (const input of index.graphInputs) this.set(input.name, declaredType(input))
    for (const node of index.nodes) {
      const type = this.typeOfNode(node)
      node.output.forEach((output, at) => {
        if (output === '') return
        const declared = declaredType(index.valueInfoOf(output))
        this.set(output, declared ?? this.typeOfOutput(node, at, type))
      })
    }
  }

  /** `float32`, `float16`, `int64`, …; null where it is not known. */
  typeOf(tensor: string | undefined): string | null {
    if (!tensor) return null
    const known = this.types.get(tensor)
    if (known) return known
    const initializer = this.index.initializerOf(tensor)
    return initializer ? elementTypeName(initializer.dataType) : null
  }

  private set(tensor: string, type: string | null): void {
    if (type) this.types.set(tensor, type)
  }

  private typeOfNode(node: OnnxNode): string | null {
    const own = OWN_TYPES[node.opType]
    if (own) return own
    if (node.opType === 'Cast') return elementTypeName(intAttribute(node, 'to', 0))
    if (node.opType === 'Constant' || node.opType === 'ConstantOfShape') return constantType(node)
    return this.typeOf(node.input[TYPE_INPUTS[node.opType] ?? 0])
  }

  private typeOfOutput(node: OnnxNode, at: number, type: string | null): string | null {
    if (at === 0) return type
    if (node.opType === 'DynamicQuantizeLinear') return at === 1 ? 'float32' : 'uint8'
    if (node.opType === 'TopK') return 'int64'
    return type
  }
}

function declaredType(info: OnnxValueInfo | null): string | null {
  const elementType = info?.type?.tensorType?.elemType
  return elementType ? elementTypeName(elementType) : null
}

function constantType(node: OnnxNode): string | null {
  const [attribute] = node.attribute ?? []
  switch (attribute?.name) {
    case 'value':
      return attribute.t ? elementTypeName(attribute.t.dataType) : null
    case 'value_float':
    case 'value_floats':
      return 'float32'
    case 'value_int':
    case 'value_ints':
      return 'int64'
    default:
      // ConstantOfShape without a value makes float zeros.
      return node.opType === 'ConstantOfShape' ? 'float32' : null
  }
}
