import {expect, test} from 'vitest'
import type {AttentionTile} from './attention-maps.ts'
import {packTile, unpackTile} from './packed-tile.ts'

const SUMMARY = {
  ...{rowCount: 4, hiddenShare: 0, sinkOnlyRowCount: 0},
  ...{nowhereShare: null, nonFiniteCount: 0},
}
/** Every row reads all before it alike, in four cells a side. */
const VALUES = Float32Array.from({length: 16}, (_, i) =>
  i % 4 <= Math.floor(i / 4) ? 1 / (Math.floor(i / 4) + 1) : 0
)
const TILE: AttentionTile = {
  ...{rowCount: 4, columnCount: 4, values: VALUES, minimum: 0, maximum: 1, summary: SUMMARY},
}
const tokens = (count: number) => ({
  queries: [0, count] as [number, number],
  keys: [0, count] as [number, number],
})

test('where a cell is of one query and one key its number is exact', () => {
  const packed = packTile(TILE, tokens(4))
  expect(packed.values).toBeInstanceOf(Float32Array)
  // The lower triangle alone.
  expect(packed.values).toHaveLength(10)
  expect(unpackTile(packed).values).toEqual(VALUES)
})

test('cells of several tokens are rounded; what is said of them is not', () => {
  const packed = packTile(TILE, tokens(40))
  expect(packed.values).toBeInstanceOf(Uint16Array)
  const tile = unpackTile(packed)
  // Without the first, rows have 1/2, 1/3 and 1/4 at most: the one that three in four stay below is the largest.
  expect(tile).toMatchObject({minimum: 0, maximum: 1, typicalMaximum: 0.5, summary: SUMMARY})
  for (const [i, value] of VALUES.entries()) {
    expect(Math.abs(tile.values[i]! - value)).toBeLessThanOrEqual(value / 256)
  }
  expect(tile.values[8]).not.toBe(VALUES[8])
})
