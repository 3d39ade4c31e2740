import {expect, test} from 'vitest'
import {
  indexOfWeight,
  isTriangle,
  matrixIndices,
  type WeightScale,
} from '../../../shared/figures/attention/matrix-scale.ts'
import {packTile, unpackTile} from '../../../shared/lenses/packed-tile.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import type {PlacedTile} from '../../store/attention-pictures.ts'
import {fillPixels, isCausalTile} from './matrix-pixels.ts'

const SUMMARY = {
  ...{rowCount: 9, hiddenShare: 0, sinkOnlyRowCount: 0},
  ...{nowhereShare: null, nonFiniteCount: 0},
}
/** Colours that say their index. */
const COLORS = Uint32Array.from({length: 14}, (_, i) => 1000 + i)

/** A window of weights in so many cells a side, as it comes to the page. */
function placedOf(
  cells: number,
  tokens: number,
  weightOf: (row: number, column: number) => number
): PlacedTile {
  const values = Float32Array.from({length: cells * cells}, (_, i) =>
    weightOf(Math.floor(i / cells), i % cells)
  )
  const window = {queries: [3, 3 + tokens], keys: [3, 3 + tokens]} as {
    queries: [number, number]
    keys: [number, number]
  }
  const tile = {rowCount: cells, columnCount: cells, values, minimum: -1, maximum: 1}
  return {...window, tile: unpackTile(packTile({...tile, summary: SUMMARY}, window))}
}

const scale = (change: Partial<WeightScale>): WeightScale => ({
  ...{maximum: 0.6, isSigned: false},
  ...change,
})

test.each([
  ['exact', 9, 9],
  ['rounded', 9, 40],
])('pixels of %s cells have the colours of their weights', (_, cells, tokens) => {
  const random = createSeededRandom(11)
  const causal = placedOf(cells, tokens, (row, column) =>
    column > row || random.nextUnit() < 0.2 ? 0 : random.nextUnit() ** 3
  )
  const free = placedOf(cells, tokens, (row, column) =>
    row === 2 && column === 7 ? Number.NaN : random.nextUnit() * 2 - 1
  )
  expect(isCausalTile(causal)).toBe(true)
  expect(isCausalTile(free)).toBe(false)
  for (const placed of [causal, free]) {
    for (const one of [scale({}), scale({maximum: 0.13}), scale({steps: 'linear'})]) {
      for (const isSigned of [false, true]) {
        const pixels = new Uint32Array(cells * cells)
        fillPixels(pixels, placed, {...one, isSigned}, COLORS)
        const unpacked = {...placed, tile: {...placed.tile}}
        const indices = matrixIndices(unpacked, {...one, isSigned}, isTriangle(unpacked))
        expect([...pixels]).toEqual(Array.from(indices, (index) => 1000 + index))
      }
    }
  }
  // Another way for one cell: what is no number has the last colour.
  const pixels = new Uint32Array(cells * cells)
  fillPixels(pixels, free, scale({}), COLORS)
  expect(pixels[2 * cells + 7]).toBe(1000 + indexOfWeight(Number.NaN, scale({})))
  expect(pixels[2 * cells + 7]).toBe(1010)
})

test('a row that is all zero is drawn as far as its query sees', () => {
  const placed = placedOf(3, 3, (row, column) => (row === 2 || column > row ? 0 : 0.5))
  const pixels = new Uint32Array(9)
  fillPixels(pixels, placed, scale({}), COLORS)
  const half = 1000 + indexOfWeight(0.5, scale({}))
  expect([...pixels]).toEqual([half, 1000, 1000, half, half, 1000, 1001, 1001, 1001])
})
