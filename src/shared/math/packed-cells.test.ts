import {expect, test} from 'vitest'
import {packCells, unpackCells} from './packed-cells.ts'
import {createSeededRandom} from './seeded-random.ts'

const SHAPE = {rowCount: 3, columnCount: 4}
// biome-ignore format: rows
const CELLS = Float32Array.of(
  0.5, 0, 0, 0,
  0, 0, 0, 0,
  -0.1, 0, Number.NaN, 0.3
)

test('cells without what follows the last one of a row', () => {
  const packed = packCells(CELLS, SHAPE, false)
  expect([...packed.ends]).toEqual([1, 0, 4])
  expect([...packed.values]).toEqual([0.5, Math.fround(-0.1), 0, Number.NaN, Math.fround(0.3)])
  expect([...unpackCells(packed, SHAPE)]).toEqual([...CELLS])
})

test('rounded cells keep eight significant bits, and what is no number', () => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, 3.4e38]
  const random = createSeededRandom(7)
  const values = Float32Array.from({length: 4000}, (_, i) =>
    i < special.length
      ? special[i]!
      : (random.nextUnit() - 0.5) * 2 ** Math.round(40 * (random.nextUnit() - 0.5))
  )
  const shape = {rowCount: 40, columnCount: 100}
  const packed = packCells(values, shape, true)
  expect(packed.values).toBeInstanceOf(Uint16Array)
  const cells = unpackCells(packed, shape)
  for (const [i, value] of values.entries()) {
    const cell = cells[i]!
    if (Number.isNaN(value)) expect(cell).toBeNaN()
    else if (!Number.isFinite(value)) expect(cell).toBe(value)
    else if (i >= special.length) {
      expect(Math.abs(cell - value)).toBeLessThanOrEqual(Math.abs(value) / 2 ** 8)
      expect(Math.sign(cell)).toBe(Math.sign(value))
    }
  }
  expect(cells[3]).toBeGreaterThan(0)
  expect(cells[4]).toBeGreaterThan(3.3e38)
  expect(cells[4]).toBeLessThan(Number.POSITIVE_INFINITY)
})

test('a number in the middle between two goes to the even one', () => {
  const shape = {rowCount: 1, columnCount: 3}
  // Neighbours of 1 are 2^-7 apart.
  const values = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20)
  const cells = unpackCells(packCells(values, shape, true), shape)
  expect([...cells]).toEqual([1, 1 + 2 ** -6, 1 + 2 ** -7])
})
