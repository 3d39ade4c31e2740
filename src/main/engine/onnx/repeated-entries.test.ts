import {describe, expect, it} from 'vitest'
import {
  allRows,
  planAll,
  type ReadModel,
  readStructure,
  runPlan,
  withModel,
} from '../captures/test-capture.ts'
import type {CaptureRoute} from './capture-plan.ts'
import {HEADS, OneLayer, SIZE} from './test-one-layer.ts'

const IDS = [3, 17, 0, 9, 9, 12, 5]
const COUNT = IDS.length
const FEEDS = () => ({
  input_ids: {type: 'int64', data: BigInt64Array.from(IDS, BigInt), dimensions: [1, COUNT]},
})

type Change = (one: OneLayer, keys: string) => string

/** Two key-value heads, each repeated for two query heads, then what a test does to keys. */
function grouped(repeat: Change, turn: Change): Uint8Array {
  const one = new OneLayer()
  const {graph} = one
  return one.bytes((states) => {
    const query = turn(one, one.heads(states, 'query'))
    const keys = turn(one, repeat(one, one.heads(states, 'key', 2)))
    const values = repeat(one, one.heads(states, 'value', 2))
    const scores = graph.node('MatMul', [query, one.swapped(keys)])
    const weights = graph.node('Softmax', [scores], {axis: -1})
    return one.join(graph.node('MatMul', [weights, values]))
  })
}

const expanded: Change = ({graph}, keys) => {
  const apart = graph.node('Unsqueeze', [keys, graph.ints([2])])
  const spread = graph.node('Expand', [apart, graph.ints([1, 1, 2, 1, 1])])
  return graph.node('Reshape', [spread, graph.ints([0, HEADS, -1, SIZE])])
}

/** x · cos + swapped(x) · sin, with an angle a position and element. */
const turned: Change = (one, heads) => {
  const {graph} = one
  const half = (start: number, end: number) =>
    graph.node('Slice', [heads, graph.ints([start]), graph.ints([end]), graph.ints([3])])
  const negated = graph.node('Neg', [half(SIZE / 2, SIZE)])
  const swapped = graph.node('Concat', [negated, half(0, SIZE / 2)], {axis: -1})
  const plain = graph.node('Mul', [heads, one.weight('cos', 1, 1, COUNT, SIZE)])
  const crossed = graph.node('Mul', [swapped, one.weight('sin', 1, 1, COUNT, SIZE)])
  return graph.node('Add', [plain, crossed])
}

const FORMS: Readonly<Record<string, [Change, Change]>> = {
  'expanded and turned': [expanded, turned],
  'expanded, normed and turned': [
    expanded,
    (one, heads) => {
      const {graph} = one
      const scale = one.weight('scale', SIZE)
      return turned(one, graph.node('LayerNormalization', [heads, scale], {axis: -1}))
    },
  ],
  'expanded and turned by two halves of a Split': [
    expanded,
    (one, heads) => {
      const {graph} = one
      const parts = graph.nodes('Split', [heads], {attributes: {axis: 3}, outputs: 2})
      return turned(one, graph.node('Concat', [parts[1]!, parts[0]!], {axis: 3}))
    },
  ],
  'taken one by one and turned': [
    ({graph}, keys) => graph.node('Gather', [keys, graph.ints([0, 0, 1, 1])], {axis: 1}),
    turned,
  ],
}

/** Keys that come to the product as four, because no two of them are the same. */
const OTHERS: Readonly<Record<string, [Change, Change]>> = {
  'scaled head by head after they were repeated': [
    expanded,
    (one, heads) => turned(one, one.graph.node('Mul', [heads, one.weight('each', HEADS, 1, 1)])),
  ],
  'normed over heads as well': [
    expanded,
    (one, heads) => {
      const scale = one.weight('scale', HEADS, COUNT, SIZE)
      return turned(one, one.graph.node('LayerNormalization', [heads, scale], {axis: 1}))
    },
  ],
  'taken in another order': [
    ({graph}, keys) => graph.node('Gather', [keys, graph.ints([0, 1, 0, 1])], {axis: 1}),
    turned,
  ],
  'repeated as a whole': [
    ({graph}, keys) => graph.node('Tile', [keys, graph.ints([1, 2, 1, 1])]),
    turned,
  ],
}

async function rowsOf(read: ReadModel, route: CaptureRoute): Promise<Float32Array[]> {
  const plan = planAll(read, {route, wants: {valueNorms: true}})
  expect(plan.problems).toEqual([])
  const [run] = await runPlan(plan, FEEDS, [[COUNT]])
  expect(run!.capture.layers[0]!.sites[0]!.valueNorms).toMatchObject({headCount: HEADS})
  return Array.from({length: HEADS}, (_, head) => allRows(run!.capture, 0, head))
}

describe('heads that are repeated before they are turned', () => {
  it.each([
    ...Object.keys(FORMS).map((name) => [name, 2] as const),
    ...Object.keys(OTHERS).map((name) => [name, HEADS] as const),
  ])('%s are %i keys', async (name, count) => {
    const [repeat, turn] = (FORMS[name] ?? OTHERS[name])!
    await withModel(grouped(repeat, turn), async (path) => {
      const read = await readStructure(path)
      const {layers} = read.structure
      expect(layers).toMatchObject([{queryHeadCount: HEADS, keyValueHeadCount: count}])
      const rows = await rowsOf(read, 'queries-keys')
      const weights = await rowsOf(read, 'weights')
      rows.forEach((row, head) => {
        row.forEach((weight, at) => {
          expect(Math.abs(weight - weights[head]![at]!)).toBeLessThan(1e-6)
        })
      })
      // No two heads look alike: a key too few would show.
      expect(new Set(weights.map((row) => row.join())).size).toBe(HEADS)
    })
  })
})
