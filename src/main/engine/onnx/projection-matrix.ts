import {asFloat32, type CaptureGraph} from './capture-operands.ts'
import type {MatrixStorage, OutputProjection} from './structure.ts'

type Stored<Kind extends MatrixStorage['kind']> = MatrixStorage & {kind: Kind}

/** The output projection as float32 [heads × size, hidden] by added nodes, however the file stores it. */
export function addProjectionMatrix(graph: CaptureGraph, projection: OutputProjection): string {
  const {operations} = graph
  const {tensor, isTransposed, storage} = projection
  const oriented = (matrix: string) =>
    isTransposed ? operations.transpose(matrix, [1, 0]) : matrix
  switch (storage.kind) {
    case 'floats':
      return oriented(asFloat32(graph, tensor))
    case 'levels':
      // Scales and zero points are those of columns: they come after the turning.
      return scaled(graph, oriented(asFloat32(graph, tensor)), storage)
    case 'blocks':
      return oriented(blockMatrix(graph, projection, storage))
    case 'codes':
      return oriented(codeMatrix(graph, projection, storage))
  }
}

function scaled(graph: CaptureGraph, matrix: string, {scale, zeroPoint}: Stored<'levels'>): string {
  const {operations} = graph
  const centered = zeroPoint
    ? operations.node('Sub', [matrix, asFloat32(graph, zeroPoint)])
    : matrix
  return operations.node('Mul', [centered, asFloat32(graph, scale)])
}

/**
 * MatMulNBits, [hidden, heads × size]: bytes [hidden, block, bytes of a block], the first of a byte's levels in
 * its lowest bits; (level − zero point) · scale, the zero point 2^(bits − 1) where none is given. `groups` [heads
 * × size] says which block's scale an entry has, where that is not the one it lies in.
 */
function blockMatrix(
  graph: CaptureGraph,
  {tensor, inputLength, width}: OutputProjection,
  {bits, blockSize, scales, zeroPoints, groups}: Stored<'blocks'>
): string {
  const {operations} = graph
  const blockCount = Math.ceil(inputLength / blockSize)
  const levels = unpack(graph, operations.reshape(tensor, [width, -1]), bits, 'low-first')
  const factors = operations.reshape(asFloat32(graph, scales), [width, blockCount])
  const cut = (matrix: string) =>
    operations.slice(matrix, {starts: [0], ends: [inputLength], axes: [1]})
  if (groups) {
    const centered = operations.node('Sub', [cut(levels), operations.float(2 ** (bits - 1))])
    return operations.node('Mul', [centered, operations.gather(factors, groups, 1)])
  }
  const zeros = zeroPoints
    ? operations.unsqueeze(blockZeros(graph, zeroPoints, {bits, width, blockCount}), [2])
    : operations.float(2 ** (bits - 1))
  const apart = operations.reshape(levels, [width, blockCount, blockSize])
  const centered = operations.node('Sub', [apart, zeros])
  const values = operations.node('Mul', [centered, operations.unsqueeze(factors, [2])])
  return cut(operations.reshape(values, [width, blockCount * blockSize]))
}

/** [hidden, block]: floats as they are, bytes unpacked; a row begins with a byte of its own. */
function blockZeros(
  graph: CaptureGraph,
  zeroPoints: string,
  {bits, width, blockCount}: {bits: number; width: number; blockCount: number}
): string {
  const {operations, types} = graph
  if (types.typeOf(zeroPoints) !== 'uint8') {
    return operations.reshape(asFloat32(graph, zeroPoints), [width, blockCount])
  }
  const levels = unpack(graph, operations.reshape(zeroPoints, [width, -1]), bits, 'low-first')
  return operations.slice(levels, {starts: [0], ends: [blockCount], axes: [1]})
}

/** MatMulBnb4, [hidden, heads × size]: one row of codes, the first of a byte in its upper half. */
function codeMatrix(
  graph: CaptureGraph,
  {tensor, inputLength, width}: OutputProjection,
  {code, blockSize, scales}: Stored<'codes'>
): string {
  const {operations, editor} = graph
  const table = editor.addConstant(Float32Array.from(CODES[code]), [CODES[code].length], 'float32')
  const places = unpack(graph, operations.reshape(tensor, [1, -1]), 4, 'high-first')
  const values = operations.gather(table, operations.cast(places, 'int32'), 0)
  const ofBlocks = operations.reshape(asFloat32(graph, scales), [-1, 1])
  const apart = operations.reshape(values, [-1, blockSize])
  return operations.reshape(operations.node('Mul', [apart, ofBlocks]), [width, inputLength])
}

/** [rows, bytes] of uint8 to the levels in them as float32 [rows, levels]. */
function unpack(
  {operations}: CaptureGraph,
  bytes: string,
  bits: number,
  order: 'low-first' | 'high-first'
): string {
  let rest = operations.cast(bytes, 'float32')
  if (bits === 8) return rest
  const base = operations.float(2 ** bits)
  const parts: string[] = []
  // Numbers below 256 are exact in float32, also through the division by a power of two.
  for (let part = 0; part < 8 / bits; part++) {
    const above = operations.node('Floor', [operations.node('Div', [rest, base])])
    const level = operations.node('Sub', [rest, operations.node('Mul', [above, base])])
    parts.push(operations.unsqueeze(level, [2]))
    rest = above
  }
  const levels = operations.concat(order === 'low-first' ? parts : parts.reverse(), 2)
  return operations.reshape(levels, [0, -1])
}

/** Values of the 16 codes (bitsandbytes; onnxruntime, blockwise_quant_block_bnb4.h). */
const CODES = {
  fp4: signed([0, 0.0625 / 12, 8 / 12, 1, 4 / 12, 6 / 12, 2 / 12, 3 / 12]),
  nf4: [
    ...[-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453],
    ...[-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0],
    ...[0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224],
    ...[0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1],
  ],
} as const satisfies Record<Stored<'codes'>['code'], readonly number[]>

function signed(values: readonly number[]): readonly number[] {
  return [...values, ...values.map((value) => -value)]
}
