import fc from 'fast-check'
import {expect, test} from 'vitest'
import {HeaviestEdges} from './heaviest-edges.ts'
import {poolCells, TileCells} from './tile-cells.ts'

const caseArbitrary = fc
  .record({
    count: fc.integer({min: 1, max: 14}),
    numbers: fc.array(fc.integer({min: -6, max: 6}), {minLength: 1, maxLength: 40}),
    from: fc.integer({min: 0, max: 5}),
    rowCount: fc.integer({min: 1, max: 14}),
    columnCount: fc.integer({min: 1, max: 14}),
    pooling: fc.constantFrom('max' as const, 'mean' as const),
  })
  .map(({count, numbers, from, rowCount, columnCount, pooling}) => {
    const start = Math.min(from, count - 1)
    const window: [number, number] = [start, count]
    const length = count - start
    const matrix = Float32Array.from(
      {length: count * count},
      (_, i) => numbers[(i * 7 + (i >> 3)) % numbers.length]! / 8
    )
    const shape = {
      ...{queries: window, keys: [0, count] as [number, number], pooling},
      ...{rowCount: Math.min(rowCount, length), columnCount: Math.min(columnCount, count)},
    }
    return {count, matrix, shape}
  })

test('cells pool the blocks that the contract names', () => {
  fc.assert(
    fc.property(caseArbitrary, ({count, matrix, shape}) => {
      const cells = new TileCells(shape)
      const [q0, q1] = shape.queries
      for (let q = q0; q < q1; q++) cells.addRow(q, matrix.subarray(q * count, (q + 1) * count))
      const {values, minimum, maximum} = cells.finish()
      const expected: number[] = []
      for (let r = 0; r < shape.rowCount; r++) {
        for (let c = 0; c < shape.columnCount; c++) {
          const block: number[] = []
          const to = (i: number, n: number, cellCount: number) => Math.floor((i * n) / cellCount)
          const n = q1 - q0
          for (let q = q0 + to(r, n, shape.rowCount); q < q0 + to(r + 1, n, shape.rowCount); q++) {
            const end = to(c + 1, count, shape.columnCount)
            for (let k = to(c, count, shape.columnCount); k < end; k++) {
              block.push(matrix[q * count + k]!)
            }
          }
          const mean = block.reduce((sum, x) => sum + x, 0) / block.length
          const largest = block.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0)
          expected.push(shape.pooling === 'mean' ? mean : largest)
        }
      }
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 6)
      expect(minimum).toBeCloseTo(Math.min(...expected), 6)
      expect(maximum).toBeCloseTo(Math.max(...expected), 6)
    })
  )
})

test('a cell with a NaN is NaN, wherever in it it stands', () => {
  for (const row of [
    [Number.NaN, 1],
    [1, Number.NaN],
  ]) {
    for (const pooling of ['max', 'mean'] as const) {
      const cells = new TileCells({
        ...{queries: [0, 1], keys: [0, 2], rowCount: 1, columnCount: 1, pooling},
      })
      cells.addRow(0, Float32Array.from(row))
      expect(cells.finish()).toEqual({values: Float32Array.of(Number.NaN), minimum: 0, maximum: 0})
    }
  }
})

test('the heaviest edges are those of a sorted list, in the order they came in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({min: -4, max: 4}), {minLength: 3, maxLength: 3}), {
        maxLength: 30,
      }),
      fc.integer({min: 1, max: 20}),
      (rows, maxCount) => {
        const edges = new HeaviestEdges(maxCount)
        const all = rows.flatMap((row, query) => row.map((weight, key) => ({query, key, weight})))
        for (const [query, row] of rows.entries()) edges.addRow(7, query, Float32Array.from(row))
        const given = all.filter(({weight}) => weight !== 0)
        const kept = given
          .map((edge, i) => ({...edge, i}))
          .toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || a.i - b.i)
          .slice(0, maxCount)
          .toSorted((a, b) => a.i - b.i)
        const {layer, query, key, weight, omittedCount} = edges.finish()
        expect([...query]).toEqual(kept.map((edge) => edge.query))
        expect([...key]).toEqual(kept.map((edge) => edge.key))
        expect([...weight]).toEqual(kept.map((edge) => edge.weight))
        expect(layer.every((one) => one === 7)).toBe(true)
        expect(omittedCount).toBe(given.length - kept.length)
      }
    )
  )
})

test('cells pooled once more are those of the matrix itself, whatever its length', () => {
  const whole = fc.record({
    count: fc.integer({min: 1, max: 40}),
    size: fc.integer({min: 1, max: 6}),
    factor: fc.integer({min: 1, max: 5}),
    bright: fc.nat(),
  })
  fc.assert(
    fc.property(whole, ({count, size, factor, bright}) => {
      const fine = size * factor
      fc.pre(fine <= count)
      const matrix = Float32Array.from({length: count ** 2}, (_, i) => ((i * 37) % 11) / 100)
      // One cell is brighter than all others, and is never lost.
      matrix[bright % matrix.length] = -3
      const all: [number, number] = [0, count]
      const pooled = (cells: number) => {
        const of = {queries: all, keys: all, rowCount: cells, columnCount: cells}
        const tile = new TileCells({...of, pooling: 'max'})
        for (let q = 0; q < count; q++) tile.addRow(q, matrix.subarray(q * count, (q + 1) * count))
        return tile.finish()
      }
      const coarse = poolCells(pooled(fine).values, fine, size)
      expect(coarse).toEqual(pooled(size))
      expect(coarse.values.filter((value) => value === -3)).toHaveLength(1)
    })
  )
  expect(() => poolCells(new Float32Array(9), 3, 2)).toThrow(RangeError)
})

test('weights without sign or NaN pool to the same, and windows that end where keys do', () => {
  fc.assert(
    fc.property(caseArbitrary, fc.integer({min: 0, max: 5}), ({count, matrix, shape}, first) => {
      const [whole, plain] = [new TileCells(shape), new TileCells(shape)]
      const [q0, q1] = shape.queries
      for (let query = q0; query < q1; query++) {
        const row = matrix.subarray(query * count, (query + 1) * count).map(Math.abs)
        // Keys before and after some have no weight, and are left out.
        const [from, to] = [Math.min(first, query), query + 1]
        row.fill(0, 0, from).fill(0, to)
        whole.addRow(query, row)
        const cellRow = Math.floor(((query - q0 + 1) * shape.rowCount - 1) / (q1 - q0))
        plain.addPlain(cellRow, row.subarray(from, to), from)
      }
      if (shape.pooling === 'max') expect(plain.finish()).toEqual(whole.finish())
    })
  )
})
