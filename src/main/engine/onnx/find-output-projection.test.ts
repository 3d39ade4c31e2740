import {describe, expect, it} from 'vitest'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {NormalSource} from '../../../../fixtures/random.ts'
import {runOnce} from '../runtime/test-onnxruntime.ts'
import {ElementTypes} from './element-types.ts'
import {findOutputProjection} from './find-output-projection.ts'
import {GraphEditor} from './graph-editor.ts'
import {GraphIndex} from './graph-index.ts'
import {GraphOperations} from './graph-operations.ts'
import {encodeOverlay} from './overlay.ts'
import {addProjectionMatrix} from './projection-matrix.ts'
import {decodeMessage} from './schema.ts'
import {StaticShapes} from './static-shapes.ts'

/** Unequal, so that no axis can be mistaken for the other; blocks of 32 do not end with a row. */
const ROWS = 48
const COLUMNS = 20
const BLOCK = 32
const BLOCK_COUNT = Math.ceil(ROWS / BLOCK)

/** Writes a product of `x` [rows, ROWS] with a matrix that only the runtime reads, and returns the product. */
type Write = (parts: Parts) => string

class Parts {
  readonly graph = new GraphBuilder()
  private readonly source = new NormalSource(11)

  scales(name: string, ...dims: number[]): string {
    const values = this.numbers(dims).map((value) => Math.fround(0.02 + Math.abs(value) / 10))
    return this.graph.weight(name, dims, values)
  }

  floats(name: string, ...dims: number[]): string {
    return this.graph.weight(name, dims, this.numbers(dims))
  }

  bytes(name: string, dtype: 'int8' | 'uint8', ...dims: number[]): string {
    const values = this.numbers(dims)
    const bytes =
      dtype === 'int8'
        ? Int8Array.from(values, (value) => 30 * value)
        : Uint8Array.from(values, (value) => 1000 * Math.abs(value))
    return this.graph.tensor(name, dtype, dims, bytes)
  }

  /** com.microsoft MatMulNBits with what a case adds to its first three inputs. */
  blocks(bits: number, more: readonly string[] = []): string {
    const blob = this.bytes('packed', 'uint8', COLUMNS, BLOCK_COUNT, (BLOCK * bits) / 8)
    const inputs = ['x', blob, this.scales('scales', COLUMNS * BLOCK_COUNT), ...more]
    const attributes = {K: ROWS, N: COLUMNS, bits, block_size: BLOCK}
    return this.microsoft('MatMulNBits', inputs, attributes)
  }

  microsoft(opType: string, inputs: readonly string[], attributes = {}): string {
    return this.graph.nodes(opType, inputs, {domain: 'com.microsoft', attributes})[0]!
  }

  /** The levels of `x` as a run finds them, their scale and their zero point. */
  quantizedInput(): readonly [string, string, string] {
    const [levels, scale, zero] = this.graph.nodes('DynamicQuantizeLinear', ['x'], {outputs: 3})
    return [levels!, scale!, zero!]
  }

  private numbers(dims: readonly number[]): Float32Array {
    return this.source.normals(
      dims.reduce((product, length) => product * length, 1),
      1
    )
  }
}

function integers(isPerColumn: boolean, hasZeroPoint: boolean): Write {
  return (parts) => {
    const {graph} = parts
    const dims = isPerColumn ? [COLUMNS] : []
    const [levels, scale, zero] = parts.quantizedInput()
    const inputs = [levels, parts.bytes('matrix', 'int8', ROWS, COLUMNS), zero]
    if (hasZeroPoint) inputs.push(parts.bytes('zero', 'int8', ...dims))
    const numbers = graph.node('Cast', [graph.node('MatMulInteger', inputs)], {to: 1})
    return graph.node('Mul', [graph.node('Mul', [scale, parts.scales('scale', ...dims)]), numbers])
  }
}

const FORMS: Readonly<Record<string, {write: Write; opset?: number}>> = {
  'a Gemm with a transposed matrix': {
    write: (parts) =>
      parts.graph.node('Gemm', ['x', parts.floats('w', COLUMNS, ROWS)], {transB: 1}),
  },
  'halves that are widened and turned on every run': {
    write: (parts) => {
      const {graph} = parts
      const bits = Uint16Array.from({length: COLUMNS * ROWS}, (_, i) => 0x3000 + ((i * 37) % 2048))
      const wide = graph.node('Cast', [graph.tensor('w', 'float16', [COLUMNS, ROWS], bits)], {
        to: 1,
      })
      return graph.node('MatMul', ['x', graph.node('Transpose', [wide], {perm: [1, 0]})])
    },
  },
  'levels that are dequantized on every run': {
    write: (parts) => {
      const inputs = [
        parts.bytes('w', 'int8', COLUMNS, ROWS),
        parts.scales('scale', COLUMNS),
        parts.bytes('zero', 'int8', COLUMNS),
      ]
      const {graph} = parts
      const wide = graph.node('DequantizeLinear', inputs, {axis: 0})
      return graph.node('MatMul', ['x', graph.node('Transpose', [wide], {perm: [1, 0]})])
    },
  },
  'blocks of levels that are dequantized on every run': {
    opset: 21,
    write: (parts) => {
      const inputs = [parts.bytes('w', 'int8', ROWS, COLUMNS), parts.scales('s', 3, COLUMNS)]
      const wide = parts.graph.node('DequantizeLinear', inputs, {axis: 0, block_size: 16})
      return parts.graph.node('MatMul', ['x', wide])
    },
  },
  'MatMulInteger with one scale': {write: integers(false, false)},
  'MatMulInteger with one scale and zero point': {write: integers(false, true)},
  'MatMulInteger with scales and zero points of columns': {write: integers(true, true)},
  MatMulIntegerToFloat: {
    write: (parts) => {
      const [levels, scale, zero] = parts.quantizedInput()
      const matrix = parts.bytes('w', 'int8', ROWS, COLUMNS)
      const scales = parts.scales('s', COLUMNS)
      const zeros = parts.bytes('zero', 'int8', COLUMNS)
      return parts.microsoft('MatMulIntegerToFloat', [levels, matrix, scale, scales, zero, zeros])
    },
  },
  DynamicQuantizeMatMul: {
    write: (parts) =>
      parts.microsoft('DynamicQuantizeMatMul', [
        'x',
        parts.bytes('w', 'int8', ROWS, COLUMNS),
        parts.scales('s', COLUMNS),
        parts.bytes('zero', 'int8', COLUMNS),
      ]),
  },
  'MatMulNBits of 4 bits': {write: (parts) => parts.blocks(4)},
  'MatMulNBits of 4 bits with packed zero points': {
    write: (parts) => parts.blocks(4, [parts.bytes('zeros', 'uint8', COLUMNS)]),
  },
  'MatMulNBits of 4 bits with zero points of floats': {
    write: (parts) => parts.blocks(4, [parts.scales('zeros', COLUMNS * BLOCK_COUNT)]),
  },
  'MatMulNBits of 4 bits with rows in any group': {
    write: (parts) => {
      const groups = Int32Array.from({length: ROWS}, (_, row) => (row * 7) % BLOCK_COUNT)
      return parts.blocks(4, ['', parts.graph.tensor('groups', 'int32', [ROWS], groups)])
    },
  },
  'MatMulNBits of 8 bits': {write: (parts) => parts.blocks(8)},
  'MatMulNBits of 8 bits with zero points': {
    write: (parts) => parts.blocks(8, [parts.bytes('zeros', 'uint8', COLUMNS, BLOCK_COUNT)]),
  },
  'MatMulNBits of 2 bits': {write: (parts) => parts.blocks(2)},
  ...Object.fromEntries(
    ['fp4', 'nf4'].map((code, kind) => [
      `MatMulBnb4 of ${code}`,
      {
        write: (parts: Parts) => {
          const inputs = [
            parts.bytes('w', 'uint8', (ROWS * COLUMNS) / 2),
            parts.scales('s', (ROWS * COLUMNS) / BLOCK),
          ]
          const attributes = {K: ROWS, N: COLUMNS, block_size: BLOCK, quant_type: kind}
          return parts.microsoft('MatMulBnb4', ['x', ...inputs], attributes)
        },
      },
    ])
  ),
}

function graphOf(write: Write, opset = 17) {
  const parts = new Parts()
  parts.graph.input('x', 'float32', ['rows', ROWS])
  parts.graph.node('Identity', [write(parts)], {}, 'y')
  parts.graph.output('y', 'float32', ['rows', COLUMNS])
  return {path: '/nowhere/model.onnx', model: decodeMessage('Model', parts.graph.build(opset))}
}

const IDENTITY = Array.from({length: ROWS * ROWS}, (_, i) => (i % (ROWS + 1) === 0 ? 1 : 0))

describe('the matrix that takes the heads’ outputs on', () => {
  it.each(Object.keys(FORMS))('is what the runtime multiplies with: %s', async (name) => {
    const {write, opset} = FORMS[name]!
    const graph = graphOf(write, opset)
    const index = new GraphIndex(graph.model)
    const shapes = new StaticShapes(index)
    const projection = findOutputProjection(index, shapes, 'x')
    expect(projection).toMatchObject({inputLength: ROWS, width: COLUMNS})
    const editor = new GraphEditor(graph)
    const operations = new GraphOperations(editor)
    const types = new ElementTypes(index)
    const matrix = addProjectionMatrix(
      {editor, operations, index, types, shapes, batchInput: 'x'},
      projection!
    )
    const output = editor.addOutput(matrix)
    const {bytes} = encodeOverlay(editor)
    const outputs = await runOnce({bytes, folder: '/tmp'}, {x: ['float32', [ROWS, ROWS], IDENTITY]})
    const [found, expected] = [outputs[output]!, outputs.y!]
    expect(found.dims).toEqual([ROWS, COLUMNS])
    const largest = Math.max(...[...(expected.data as Float32Array)].map(Math.abs))
    expect(largest).toBeGreaterThan(0.1)
    const worst = [...(found.data as Float32Array)].map((one, i) =>
      Math.abs(one - Number(expected.data[i]))
    )
    expect(Math.max(...worst) / largest).toBeLessThan(2e-6)
  })

  it.each([
    ['levels of 3 bits', (parts: Parts) => parts.blocks(3)],
    [
      'groups beside zero points',
      (parts: Parts) => {
        const groups = parts.graph.tensor('groups', 'int32', [ROWS], new Int32Array(ROWS))
        return parts.blocks(4, [parts.bytes('zeros', 'uint8', COLUMNS), groups])
      },
    ],
    [
      'a matrix that comes from the input',
      ({graph}: Parts) => {
        const turned = graph.node('Transpose', ['x'], {perm: [1, 0]})
        return graph.node('MatMul', ['x', turned])
      },
    ],
  ])('is not taken for one that is not understood: %s', (_, write) => {
    const index = new GraphIndex(graphOf(write).model)
    expect(findOutputProjection(index, new StaticShapes(index), 'x')).toBeNull()
  })
})
