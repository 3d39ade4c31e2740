import {describe, expect, it} from 'vitest'
import {createSeededRandom} from '../seeded-random.ts'
import {columnStarts, columnsOfTokens, GraphLayer} from './graph-columns.ts'

const layerOf = (
  rows: readonly (readonly number[])[],
  starts: Int32Array,
  reach: Float64Array | null,
  left = rows
) => {
  const layer = new GraphLayer({tokenCount: rows.length, starts}, reach)
  for (const [query, row] of rows.entries()) {
    layer.addRow(query, Float32Array.from(row), Float32Array.from(left[query]!))
  }
  return layer.finish(1000)
}
const each = Int32Array.of(0, 1, 2)
const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6)
}

describe('columns', () => {
  it('have as many tokens of the window each, and what is beside it in one column each', () => {
    expect([...columnStarts(10, [2, 8], 2)]).toEqual([0, 2, 4, 6, 8])
    expect([...columnStarts(10, [0, 10], 4)]).toEqual([0, 4, 8])
    expect([...columnStarts(3, [0, 3], 1)]).toEqual([0, 1, 2])
    expect([...columnStarts(3, [2, 3], 8)]).toEqual([0, 2])
    expect([...columnsOfTokens(Int32Array.of(0, 2, 5), 7)]).toEqual([0, 0, 1, 1, 1, 2, 2])
  })
})

describe('edges of a layer', () => {
  const A1 = [
    [1, 0, 0],
    [0.4, 0.6, 0],
    [0.2, 0.6, 0.2],
  ]
  const A2 = [
    [1, 0, 0],
    [0.5, 0.5, 0],
    [0.6, 0.2, 0.2],
  ]

  it('followed down from a query come to its row of attention rollout (the hand case of the definitions)', () => {
    const last = layerOf(A2, each, Float64Array.of(0, 0, 1))
    near(last.reach!, [0.3, 0.1, 0.6])
    near(last.weight, [0.3, 0.1])
    expect([...last.key]).toEqual([0, 1])
    expect(last.totals.stayWeight).toBeCloseTo(0.6, 6)
    const first = layerOf(A1, each, last.reach)
    near(first.nodes, [0.38, 0.26, 0.36])
    // 2→1 takes .6·.3, 2→0 .6·.1, 1→0 .1·.2; what token 0 reads of itself is no edge.
    near(first.weight, [0.18, 0.06, 0.02])
    expect([...first.query]).toEqual([2, 2, 1])
    near(first.topAttention, [0.6, 0.2, 0.4])
    expect(first.totals).toMatchObject({edgeCount: 3, leftCount: 3, brokenCount: 0})
  })

  it('are weights without a query, each read token with what is read of it', () => {
    const found = layerOf(A1, each, null)
    near(found.weight, [0.6, 0.4, 0.2])
    near(found.nodes, [0.6, 0.6, 0])
    expect(found.totals.weight).toBeCloseTo(1.2, 6)
    expect(found.totals.stayWeight).toBeCloseTo(1.8, 6)
  })

  it('count what filters hide, and pass it on all the same', () => {
    const left = A2.map((row) => row.map((weight) => (weight < 0.55 ? 0 : weight)))
    const found = layerOf(A2, each, Float64Array.of(0, 0, 1), left)
    near(found.weight, [0.3])
    expect(found.totals).toMatchObject({edgeCount: 2, leftCount: 1})
    near(found.reach!, [0.3, 0.1, 0.6])
  })

  it('of a broken row pass nothing on, and name its column', () => {
    const rows = [[1, 0, 0], [Number.NaN, Number.NaN, 0], A2[2]!]
    const found = layerOf(rows, Int32Array.of(0, 1), null)
    expect([...found.broken]).toEqual([0, 1])
    expect(found.totals.brokenCount).toBe(1)
    // The others are as they were: .6 to token 0, .2 to token 1, which stands in the same column.
    near(found.weight, [0.6, 0.2])
    const followed = layerOf(rows, each, Float64Array.of(0, 1, 0))
    // Nothing is known of what it read, so all of it stays.
    near(followed.reach!, [0, 1, 0])
    expect(followed.weight.length).toBe(0)
  })

  it('between columns add up those of their tokens, whatever the columns are', () => {
    const random = createSeededRandom(5)
    const count = 23
    const rows = Array.from({length: count}, (_, query) => {
      const row = Array.from({length: count}, (_, key) => (key <= query ? random.nextUnit() : 0))
      const sum = row.reduce((a, b) => a + b, 0)
      return row.map((weight) => weight / sum)
    })
    const starts = Int32Array.of(0, 4, 9, 10, 20)
    const found = layerOf(rows, starts, null)
    const columnOf = (position: number) => starts.findLastIndex((start) => start <= position)
    const expected = new Map<string, {weight: number; count: number; top: number}>()
    for (const [query, row] of rows.entries()) {
      for (const [key, weight] of row.entries()) {
        if (key === query || weight === 0) continue
        const name = `${columnOf(query)} ${columnOf(key)}`
        const old = expected.get(name) ?? {weight: 0, count: 0, top: 0}
        expected.set(name, {
          weight: old.weight + weight,
          count: old.count + 1,
          top: Math.max(old.top, weight),
        })
      }
    }
    expect(found.weight.length).toBe(expected.size)
    for (let e = 0; e < found.weight.length; e++) {
      const own = expected.get(`${found.query[e]} ${found.key[e]}`)!
      expect(found.weight[e]).toBeCloseTo(own.weight, 5)
      expect(found.count[e]).toBe(own.count)
      expect(found.topWeight[e]).toBeCloseTo(own.top, 6)
      expect(rows[found.topQuery[e]!]![found.topKey[e]!]).toBeCloseTo(own.top, 6)
      if (e > 0) expect(found.weight[e]).toBeLessThanOrEqual(found.weight[e - 1]!)
    }
  })
})
