import {describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {runOnce} from '../runtime/test-onnxruntime.ts'
import {GraphEditor} from './graph-editor.ts'
import {GraphOperations} from './graph-operations.ts'
import {encodeOverlay} from './overlay.ts'
import {testGraph, testModel, testNode, value} from './test-models.ts'

const DIMS = [2, 3, 4]
/** Distinct, of both signs, and not sorted. */
const VALUES = Array.from({length: 24}, (_, i) => Math.fround(((i * 7) % 24) / 8 - 1))
const at = (a: number, b: number, c: number) => VALUES[(a * 3 + b) * 4 + c]!
const all = (f: (a: number, b: number, c: number) => number) =>
  [0, 1].flatMap((a) => [0, 1, 2].flatMap((b) => [0, 1, 2, 3].map((c) => f(a, b, c))))
const rows = (f: (row: number[]) => number | number[]) =>
  [0, 1].flatMap((a) => [0, 1, 2].flatMap((b) => f([0, 1, 2, 3].map((c) => at(a, b, c)))))

function softmax(row: number[]): number[] {
  const sum = row.reduce((total, entry) => total + Math.exp(entry), 0)
  return row.map((entry) => Math.exp(entry) / sum)
}

interface Case {
  readonly dims: number[]
  readonly values: number[]
  /** The first operator set that has it; 7 is the first that onnxruntime has kernels for. */
  readonly since?: number
  make(operations: GraphOperations): string
}
const CASES: Readonly<Record<string, Case>> = {
  unsqueeze: {dims: [1, 2, 3, 1, 4], values: VALUES, make: (o) => o.unsqueeze('x', [0, 3])},
  squeeze: {dims: [2, 3, 4], values: VALUES, make: (o) => o.squeeze(o.unsqueeze('x', [1]), [1])},
  reshape: {dims: [2, 2, 6], values: VALUES, make: (o) => o.reshape('x', [0, -1, 6])},
  transpose: {
    dims: [3, 4, 2],
    values: [0, 1, 2].flatMap((b) => [0, 1, 2, 3].flatMap((c) => [0, 1].map((a) => at(a, b, c)))),
    make: (o) => o.transpose('x', [1, 2, 0]),
  },
  slice: {
    dims: [2, 2, 2],
    values: [0, 1].flatMap((a) => [1, 2].flatMap((b) => [1, 2].map((c) => at(a, b, c)))),
    make: (o) =>
      o.slice('x', {starts: [1, -3], ends: [Number.POSITIVE_INFINITY, -1], axes: [1, 2]}),
  },
  reduceL2: {
    dims: [2, 3, 1],
    values: rows((row) => Math.hypot(...row)),
    make: (o) => o.reduceL2('x', [2]),
  },
  reduceSum: {
    dims: [2, 3],
    values: rows((row) => row.reduce((a, b) => a + b)),
    make: (o) => o.reduce('ReduceSum', 'x', [2], {keepsAxes: false}),
  },
  reduceMax: {
    dims: [2, 3, 1],
    values: rows((row) => Math.max(...row)),
    make: (o) => o.reduce('ReduceMax', 'x', [2]),
  },
  softmax: {dims: DIMS, values: rows(softmax), make: (o) => o.softmax('x', 3)},
  cast: {
    dims: DIMS,
    values: VALUES.map(Math.trunc),
    make: (o) => o.cast(o.cast('x', 'int64'), 'float32'),
  },
  dimension: {dims: [], values: [3], make: (o) => o.cast(o.dimension('x', 1), 'float32')},
  gather: {
    dims: [2, 4],
    values: [0, 1].flatMap((a) => [0, 1, 2, 3].map((c) => at(a, 2, c))),
    make: (o) => o.gather('x', 2, 1),
  },
  concat: {dims: [4, 3, 4], values: [...VALUES, ...VALUES], make: (o) => o.concat(['x', 'x'], 0)},
  topK: {
    dims: [2, 3, 2],
    values: rows((row) => [...row].sort((a, b) => b - a).slice(0, 2)),
    make: (o) => o.topK('x', 2).values,
  },
  lessOrEqual: {
    since: 9,
    dims: DIMS,
    values: all((a, b, c) => (at(a, b, c) <= 0.5 ? 1 : 0)),
    make: (o) => o.cast(o.lessOrEqual('x', o.float(0.5)), 'float32'),
  },
  where: {
    since: 9,
    dims: DIMS,
    values: all((a, b, c) => (at(a, b, c) <= 0.5 ? 7 : at(a, b, c))),
    make: (o) => o.where(o.lessOrEqual('x', o.float(0.5)), o.float(7), 'x'),
  },
  range: {
    since: 11,
    dims: [4],
    values: [0, 1, 2, 3],
    make: (o) => o.cast(o.range(o.dimension('x', 2)), 'float32'),
  },
}

describe('operators in the form of an operator set', () => {
  for (const opset of [7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 21, 23, 26]) {
    it(`give what they should at ${opset}`, async () => {
      const model = testModel(
        testGraph({
          input: [value('x', DIMS)],
          node: [testNode('Identity', ['x'], ['y'])],
          output: [value('y', DIMS)],
        }),
        {opsetImport: [{domain: '', version: opset}]}
      )
      const graph = {path: '/nowhere/model.onnx', model}
      for (const [name, {dims, values, since = 7, make}] of Object.entries(CASES)) {
        const editor = new GraphEditor(graph)
        const operations = new GraphOperations(editor)
        if (opset < since) {
          if (name !== 'lessOrEqual') expect(() => make(operations)).toThrow(ProblemError)
          continue
        }
        const output = editor.addOutput(make(operations))
        const {bytes} = encodeOverlay(editor)
        const outputs = await runOnce({bytes, folder: '/tmp'}, {x: ['float32', DIMS, VALUES]})
        const found = outputs[output]!
        expect([name, found.dims]).toEqual([name, dims])
        const worst = [...(found.data as Float32Array)].map((one, i) => Math.abs(one - values[i]!))
        expect(found.data.length).toBe(values.length)
        expect([name, Math.max(...worst) < 1e-6]).toEqual([name, true])
      }
    })
  }

  it('share equal constants', () => {
    const editor = new GraphEditor({
      path: '',
      model: testModel(testGraph({node: [testNode('Identity', ['x'], ['y'])]})),
    })
    const operations = new GraphOperations(editor)
    expect(operations.ints([1, 2])).toBe(operations.ints([1, 2]))
    expect(operations.ints([1])).not.toBe(operations.ints(1))
    expect(operations.float(0)).not.toBe(operations.float(-0))
  })
})
