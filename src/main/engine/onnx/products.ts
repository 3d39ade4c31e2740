import {attributeOf, floatAttribute, intAttribute, stringAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'

/** One side of a matrix product. */
export interface ProductSide {
  /** In floats: what is rounded to 8 bits just before the product is named as it was. */
  readonly tensor: string
  /** Whether its last two axes are swapped for the product. */
  readonly isTransposed: boolean
  readonly quantization: {readonly scale: string; readonly zeroPoint: string | null} | null
}

/** A product of matrices in one of the forms that exporters and optimizers give it. */
export interface MatrixProduct {
  /** The node whose output is the product in floats. */
  readonly node: OnnxNode
  readonly output: string
  readonly left: ProductSide
  readonly right: ProductSide
  /** Constant that the product is multiplied with. */
  readonly factor: number
  /** Letters of an Einsum's axes: `bqhd,bkhd->bhqk`; null of the others. */
  readonly equation: {readonly left: string; readonly right: string; readonly output: string} | null
}

/** The product that a node completes, or null. */
export function productOf(index: GraphIndex, node: OnnxNode): MatrixProduct | null {
  const output = node.output[0]
  const [left, right] = node.input
  if (!output || !left || !right) return null
  switch (node.opType) {
    case 'MatMul':
      return {
        node,
        output,
        left: sideOf(index, left, false),
        right: sideOf(index, right, false),
        factor: 1,
        equation: null,
      }
    case 'FusedMatMul':
      if (intAttribute(node, 'transBatchA', 0) || intAttribute(node, 'transBatchB', 0)) return null
      return {
        node,
        output,
        left: sideOf(index, left, intAttribute(node, 'transA', 0) === 1),
        right: sideOf(index, right, intAttribute(node, 'transB', 0) === 1),
        factor: floatAttribute(node, 'alpha', 1),
        equation: null,
      }
    case 'Einsum':
      return einsumOf(index, node, output)
    case 'MatMulIntegerToFloat':
      return {
        node,
        output,
        left: rounded(index, left, node.input[2], node.input[4]),
        right: rounded(index, right, node.input[3], node.input[5]),
        factor: 1,
        equation: null,
      }
    case 'Mul':
      return integerProductOf(index, node, output)
    default:
      return null
  }
}

/** Mul(Cast(MatMulInteger(a, b)), scale of a × scale of b): what dynamic quantization makes of a product. */
function integerProductOf(index: GraphIndex, node: OnnxNode, output: string): MatrixProduct | null {
  for (const input of node.input) {
    const cast = index.producerOf(input)
    const product = cast?.opType === 'Cast' ? index.producerOf(cast.input[0]) : null
    if (product?.opType !== 'MatMulInteger') continue
    const [left, right] = product.input
    if (!left || !right) return null
    return {
      node,
      output,
      left: rounded(index, left, undefined, product.input[2]),
      right: rounded(index, right, undefined, product.input[3]),
      factor: 1,
      equation: null,
    }
  }
  return null
}

function rounded(
  index: GraphIndex,
  tensor: string,
  scale: string | undefined,
  zeroPoint: string | undefined
): ProductSide {
  const maker = index.producerOf(tensor)
  const isDynamic = maker?.opType === 'DynamicQuantizeLinear'
  const scaleTensor = scale ?? (isDynamic ? maker.output[1] : maker?.input[1])
  if (maker?.input[0] && scaleTensor && (isDynamic || maker.opType === 'QuantizeLinear')) {
    const quantization = {scale: scaleTensor, zeroPoint: zeroPoint || null}
    return {tensor: maker.input[0], isTransposed: false, quantization}
  }
  return {tensor, isTransposed: false, quantization: null}
}

/** A side of floats, which may have been rounded by a pair of QuantizeLinear and DequantizeLinear. */
function sideOf(index: GraphIndex, tensor: string, isTransposed: boolean): ProductSide {
  const back = index.producerOf(tensor)
  const there = back?.opType === 'DequantizeLinear' ? index.producerOf(back.input[0]) : null
  if (there?.opType === 'QuantizeLinear' && there.input[0] && there.input[1]) {
    const isWhole = !attributeOf(there, 'axis') || index.scalarOf(there.input[1]) !== null
    if (isWhole) {
      const quantization = {scale: there.input[1], zeroPoint: there.input[2] || null}
      return {tensor: there.input[0], isTransposed, quantization}
    }
  }
  return {tensor, isTransposed, quantization: null}
}

function einsumOf(index: GraphIndex, node: OnnxNode, output: string): MatrixProduct | null {
  const [left, right, more] = node.input
  const equation = (stringAttribute(node, 'equation') ?? '').replaceAll(' ', '')
  const letters = /^([A-Za-z]+),([A-Za-z]+)->([A-Za-z]+)$/.exec(equation)
  if (!letters || !left || !right || more) return null
  return {
    node,
    output,
    left: sideOf(index, left, false),
    right: sideOf(index, right, false),
    factor: 1,
    equation: {left: letters[1]!, right: letters[2]!, output: letters[3]!},
  }
}
