import {describe, expect, it} from 'vitest'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {runOnce} from '../runtime/test-onnxruntime.ts'
import {planCapture} from './capture-plan.ts'
import {findStructure} from './find-structure.ts'
import {encodeOverlay} from './overlay.ts'
import {decodeMessage} from './schema.ts'

const [QUERY_HEADS, KEY_HEADS, SIZE, WIDTH, LENGTH] = [4, 2, 4, 16, 5]
const HEADS = QUERY_HEADS + 2 * KEY_HEADS
const WEIGHTS = Array.from({length: WIDTH * HEADS * SIZE}, (_, i) => Math.sin(i * i) / 2)
const HIDDEN = Array.from({length: LENGTH * WIDTH}, (_, i) => Math.cos(3 * i))

/** (x, y) to (−y, x), of halves. */
const TURN = Array.from({length: SIZE * SIZE}, (_, i) => {
  const [row, column] = [Math.floor(i / SIZE), i % SIZE]
  if (row === column + SIZE / 2) return -1
  return row + SIZE / 2 === column ? 1 : 0
})

/** Attention whose queries and keys are turned together, before or after heads come before positions. */
function modelOf({isTransposedLater}: {isTransposedLater: boolean}): Uint8Array {
  const graph = new GraphBuilder()
  const shape = [1, LENGTH, WIDTH]
  const hidden = graph.input('hidden', 'float32', shape)
  const weight = (name: string, lengths: number[], values: number[]) =>
    graph.weight(name, lengths, Float32Array.from(values))
  const all = graph.node('MatMul', [hidden, weight('qkv', [WIDTH, HEADS * SIZE], WEIGHTS)])
  const split = graph.node('Reshape', [all, graph.ints([0, 0, HEADS, SIZE])])
  const [axis, moved] = isTransposedLater
    ? [2, split]
    : [1, graph.node('Transpose', [split], {perm: [0, 2, 1, 3]})]
  const [both = '', value = ''] = graph.nodes(
    'Split',
    [moved, graph.ints([QUERY_HEADS + KEY_HEADS, KEY_HEADS])],
    {attributes: {axis}, outputs: ['both', 'value']}
  )
  const angles = (turn: (x: number) => number) => {
    const lengths = isTransposedLater ? [1, LENGTH, 1, SIZE] : [1, 1, LENGTH, SIZE]
    const values = Array.from({length: LENGTH * SIZE}, (_, i) =>
      turn(Math.floor(i / SIZE) / (1 + (i % (SIZE / 2))))
    )
    return weight(turn.name, lengths, values)
  }
  const turned = graph.node('Add', [
    graph.node('Mul', [both, angles(Math.cos)]),
    graph.node('Mul', [
      graph.node('MatMul', [both, weight('turn', [SIZE, SIZE], TURN)]),
      angles(Math.sin),
    ]),
  ])
  const parts = graph.nodes('Split', [turned, graph.ints([QUERY_HEADS, KEY_HEADS])], {
    attributes: {axis},
    outputs: ['query', 'key'],
  })
  const ordered = (tensor: string) =>
    isTransposedLater ? graph.node('Transpose', [tensor], {perm: [0, 2, 1, 3]}) : tensor
  // Each key is shared by the queries next to each other.
  const [query = '', key = ''] = parts.map(ordered)
  const group = QUERY_HEADS / KEY_HEADS
  const repeated = (tensor: string) => {
    const one = graph.node('Unsqueeze', [tensor, graph.ints([2])])
    const many = graph.node('Expand', [one, graph.ints([1, KEY_HEADS, group, LENGTH, SIZE])])
    return graph.node('Reshape', [many, graph.ints([1, QUERY_HEADS, LENGTH, SIZE])])
  }
  const columns = graph.node('Transpose', [repeated(key)], {perm: [0, 1, 3, 2]})
  const weights = graph.node('Softmax', [graph.node('MatMul', [query, columns])], {axis: -1})
  const mixed = graph.node('MatMul', [weights, repeated(ordered(value))])
  const back = graph.node('Transpose', [mixed], {perm: [0, 2, 1, 3]})
  const out = graph.node('Reshape', [back, graph.ints([0, 0, QUERY_HEADS * SIZE])])
  graph.node('Add', [hidden, out], {}, 'states')
  graph.output('states', 'float32', shape)
  return graph.build()
}

describe('keys that are turned together with queries, by a matrix', () => {
  it.each([false, true])(
    'are had before that, transposed afterwards: %s',
    async (isTransposedLater) => {
      const model = decodeMessage('Model', modelOf({isTransposedLater}))
      const graph = {path: '/model.onnx', model}
      const structure = findStructure(graph)
      const plan = planCapture(graph, structure, {
        ...{layers: [0], route: 'queries-keys'},
        wants: {keysBeforeRotary: true},
      })
      expect(plan.problems).toEqual([])
      const [site] = plan.layers[0]!.sites
      const outputs = await runOnce(encodeOverlay(plan.graph), {
        hidden: ['float32', [1, LENGTH, WIDTH], HIDDEN],
      })
      const {data, dims} = outputs[site!.keysBeforeRotary!]!
      expect(dims).toEqual([1, KEY_HEADS, LENGTH, SIZE])
      for (let head = 0; head < KEY_HEADS; head++) {
        for (let position = 0; position < LENGTH; position++) {
          for (let i = 0; i < SIZE; i++) {
            const column = (QUERY_HEADS + head) * SIZE + i
            let expected = 0
            for (let row = 0; row < WIDTH; row++) {
              expected += HIDDEN[position * WIDTH + row]! * WEIGHTS[row * HEADS * SIZE + column]!
            }
            const actual = (data as Float32Array)[(head * LENGTH + position) * SIZE + i]!
            expect(actual).toBeCloseTo(expected, 5)
          }
        }
      }
    }
  )
})
