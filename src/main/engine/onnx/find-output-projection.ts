import {intAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import {dimensionsOf, type StaticShapes} from './static-shapes.ts'
import type {OutputProjection} from './structure.ts'

/** Between the product with the values and the matrix that takes it on. */
const BEFORE_PROJECTION = new Set([
  'Cast',
  'Concat',
  'DequantizeLinear',
  'Dropout',
  'DynamicQuantizeLinear',
  'Identity',
  'QuantizeLinear',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
])
const MAX_WALK_LENGTH = 32

/** The matrix that the heads' outputs are multiplied with next, where it is one that is understood. */
export function findOutputProjection(
  index: GraphIndex,
  shapes: StaticShapes,
  product: string
): OutputProjection | null {
  const waiting = [product]
  for (let next = 0; next < waiting.length && next < MAX_WALK_LENGTH; next++) {
    const tensor = waiting[next]!
    for (const node of index.consumersOf(tensor)) {
      if (BEFORE_PROJECTION.has(node.opType)) {
        if (node.output[0]) waiting.push(node.output[0])
        continue
      }
      if (node.input[0] !== tensor) continue
      const find = FINDERS[node.opType]
      if (find) return find({index, shapes, node})
    }
  }
  return null
}

interface Place {
  readonly index: GraphIndex
  readonly shapes: StaticShapes
  readonly node: OnnxNode
}
type Finder = (place: Place) => OutputProjection | null

const FINDERS: Readonly<Record<string, Finder>> = {
  MatMul: (place) => floats(place, false),
  Gemm: (place) => floats(place, isSet(place.node, 'transB')),
  FusedMatMul: (place) => floats(place, isSet(place.node, 'transB')),
  MatMulInteger: integers,
  // com.microsoft and ONNX, by the places of the matrix, its scale and its zero point among the inputs.
  MatMulIntegerToFloat: (place) => levels(place, {matrix: 1, scale: 3, zeroPoint: 5}),
  DynamicQuantizeMatMul: (place) => levels(place, {matrix: 1, scale: 2, zeroPoint: 3}),
  QLinearMatMul: (place) => levels(place, {matrix: 3, scale: 4, zeroPoint: 5}),
  QGemm: (place) => levels(place, {matrix: 3, scale: 4, zeroPoint: 5}),
  MatMulNBits: blocks,
  MatMulBnb4: codes,
}

function isSet(node: OnnxNode, name: string): boolean {
  return intAttribute(node, name, 0) === 1
}

function floats({index, shapes, node}: Place, isTransposed: boolean): OutputProjection | null {
  const matrix = node.input[1]
  return matrix ? floatMatrix(index, shapes, matrix, isTransposed) : null
}

/** The weight itself where the graph transposes or casts it on every run. */
function floatMatrix(
  index: GraphIndex,
  shapes: StaticShapes,
  tensor: string,
  isTransposed: boolean
): OutputProjection | null {
  const maker = index.producerOf(tensor)
  const source = maker?.input[0]
  if (maker && source && maker.opType !== 'Constant') {
    if (maker.opType === 'Identity') return floatMatrix(index, shapes, source, isTransposed)
    if (maker.opType === 'Transpose') return floatMatrix(index, shapes, source, !isTransposed)
    // Widened or dequantized on every run: the tensor behind that is the one of floats.
    const isWeight = index.initializerOf(source) !== null
    if (!isWeight || !/^(Cast|DequantizeLinear)$/.test(maker.opType)) return null
  } else if (!index.initializerOf(tensor)) {
    return null
  }
  const [rows, columns] = [shapes.lengthOf(tensor, 0), shapes.lengthOf(tensor, 1)]
  if (shapes.rankOf(tensor) !== 2 || rows === null || columns === null) return null
  return {
    tensor,
    isTransposed,
    inputLength: isTransposed ? columns : rows,
    width: isTransposed ? rows : columns,
    storage: {kind: 'floats'},
  }
}

function levels(
  {index, node}: Place,
  at: {matrix: number; scale: number; zeroPoint: number}
): OutputProjection | null {
  const scale = node.input[at.scale]
  return scale
    ? levelMatrix(index, node.input[at.matrix], {
        scale,
        zeroPoint: node.input[at.zeroPoint] || null,
        isTransposed: isSet(node, 'transB'),
      })
    : null
}

/** Mul(Cast(MatMulInteger(a, b)), scale of a × scale of b): what dynamic quantization makes of a product. */
function integers({index, node}: Place): OutputProjection | null {
  for (const cast of index.consumersOf(node.output[0] ?? '')) {
    if (cast.opType !== 'Cast') continue
    const [numbers] = cast.output
    for (const scaled of index.consumersOf(numbers ?? '')) {
      const factor = scaled.opType === 'Mul' && scaled.input.find((input) => input !== numbers)
      const scales = factor ? index.producerOf(factor) : null
      const scale =
        scales?.opType === 'Mul' && scales.input.find((input) => index.initializerOf(input))
      if (!scale) continue
      const zeroPoint = node.input[3] || null
      return levelMatrix(index, node.input[1], {scale, zeroPoint, isTransposed: false})
    }
  }
  return null
}

/** A matrix of 8-bit levels with one scale and zero point, or one a column of the product. */
function levelMatrix(
  index: GraphIndex,
  tensor: string | undefined,
  {scale, zeroPoint, isTransposed}: {scale: string; zeroPoint: string | null; isTransposed: boolean}
): OutputProjection | null {
  const matrix = index.initializerOf(tensor)
  const isKnown = [scale, ...(zeroPoint ? [zeroPoint] : [])].every((name) =>
    index.initializerOf(name)
  )
  const [rows, columns, more] = matrix ? dimensionsOf(matrix) : []
  if (!tensor || !isKnown || rows === undefined || columns === undefined || more) return null
  return {
    tensor,
    isTransposed,
    inputLength: isTransposed ? columns : rows,
    width: isTransposed ? rows : columns,
    storage: {kind: 'levels', scale, zeroPoint},
  }
}

/** com.microsoft MatMulNBits (onnxruntime, docs/ContribOperators.md). */
function blocks({index, node}: Place): OutputProjection | null {
  const [, tensor, scales, zeroPoints, groups] = node.input
  const sizes = sizesOf(node)
  const bits = intAttribute(node, 'bits', 4)
  const isWhole = bits === 2 || bits === 4 || bits === 8
  const isPrepacked = intAttribute(node, 'weight_prepacked', 0) !== 0
  if (!tensor || !scales || !sizes || !isWhole || isPrepacked) return null
  // onnxruntime 1.30 leaves zero points out where rows have groups: what it means by both is not clear.
  if (zeroPoints && groups) return null
  const names = [tensor, scales, zeroPoints, groups].filter(Boolean)
  if (!names.every((name) => index.initializerOf(name))) return null
  const {blockSize} = sizes
  return {
    tensor,
    isTransposed: true,
    inputLength: sizes.inputLength,
    width: sizes.width,
    storage: {
      ...{kind: 'blocks', bits, blockSize, scales},
      zeroPoints: zeroPoints || null,
      groups: groups || null,
    },
  }
}

/** com.microsoft MatMulBnb4: blocks that do not end with a row are left alone. */
function codes({index, node}: Place): OutputProjection | null {
  const [, tensor, scales] = node.input
  const sizes = sizesOf(node)
  const kind = intAttribute(node, 'quant_type', null)
  if (!tensor || !scales || !sizes || (kind !== 0 && kind !== 1)) return null
  if (!index.initializerOf(tensor) || !index.initializerOf(scales)) return null
  const {inputLength, width, blockSize} = sizes
  if ((inputLength * width) % blockSize !== 0 || blockSize % 2 !== 0) return null
  const code = kind === 0 ? 'fp4' : 'nf4'
  return {
    ...{tensor, isTransposed: true, inputLength, width},
    storage: {kind: 'codes', code, blockSize, scales},
  }
}

function sizesOf(node: OnnxNode): {inputLength: number; width: number; blockSize: number} | null {
  const inputLength = intAttribute(node, 'K', 0)
  const width = intAttribute(node, 'N', 0)
  const blockSize = intAttribute(node, 'block_size', 0)
  return inputLength > 0 && width > 0 && blockSize > 0 ? {inputLength, width, blockSize} : null
}
