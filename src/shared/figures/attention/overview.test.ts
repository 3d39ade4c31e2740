import {describe, expect, test} from 'vitest'
import type {Thumbnail} from '../../lenses/attention-maps.ts'
import {LEAST_CELL_PX, layoutOverview, MOST_CELL_PX} from './overview-layout.ts'
import {pooledIndices, sharedRange, thumbnailIndices} from './overview-scale.ts'
import {headCountWords, overviewCaptionOf, overviewLegendWords} from './overview-words.ts'

const layersOf = (layerCount: number, queryHeadCount: number, keyValueHeadCount = queryHeadCount) =>
  Array.from({length: layerCount}, (_, layer) => ({
    ...{layer, queryHeadCount, keyValueHeadCount},
    ...{source: 'queries-keys' as const, dtype: 'float32' as const},
  }))

describe('places', () => {
  test.each([
    [6, 4, 880, 560],
    [24, 16, 880, 560],
    [24, 16, 2600, 1100],
    [12, 12, 330, 120],
    [48, 32, 520, 200],
    [1, 1, 300, 300],
  ])(
    '%d layers of %d heads in %d × %d stand clear of each other',
    (layers, heads, widthPx, heightPx) => {
      const layout = layoutOverview({layers: layersOf(layers, heads), widthPx, heightPx})
      expect(layout.cells).toHaveLength(layers * heads)
      expect(layout.sidePx).toBeGreaterThanOrEqual(LEAST_CELL_PX)
      expect(layout.sidePx).toBeLessThanOrEqual(MOST_CELL_PX)
      for (const cell of layout.cells) {
        const right = layout.cells.find(({row, head}) => row === cell.row && head === cell.head + 1)
        const below = layout.cells.find(({row, head}) => row === cell.row + 1 && head === cell.head)
        if (right) expect(right.xPx - cell.xPx).toBeGreaterThanOrEqual(layout.sidePx + 4)
        if (below) expect(below.yPx - cell.yPx).toBeGreaterThanOrEqual(layout.sidePx + 4)
      }
      // All is seen unless the pictures have their least size.
      if (layout.sidePx > LEAST_CELL_PX) {
        expect(layout.widthPx).toBeLessThanOrEqual(widthPx)
        expect(layout.heightPx).toBeLessThanOrEqual(heightPx)
      }
    }
  )

  test('a chosen size is kept, and large pictures have words under them', () => {
    const input = {layers: layersOf(24, 16), widthPx: 700, heightPx: 300}
    expect(layoutOverview({...input, cellPx: 120})).toMatchObject({sidePx: 120, hasNames: true})
    expect(layoutOverview({...input, cellPx: 40})).toMatchObject({sidePx: 40, hasNames: false})
  })

  test('layers with different numbers of heads are rows of their own length', () => {
    const layers = [
      {layer: 1, queryHeadCount: 2},
      {layer: 5, queryHeadCount: 3},
    ]
    const {cells, columns} = layoutOverview({layers, widthPx: 400, heightPx: 300})
    expect(cells.map(({layer, head}) => `${layer}.${head}`)).toEqual([
      '1.0',
      '1.1',
      '5.0',
      '5.1',
      '5.2',
    ])
    expect(columns).toHaveLength(3)
  })
})

function thumbnail(
  values: readonly number[],
  change: Partial<Thumbnail['summary']> = {}
): Thumbnail {
  return {
    ...{layer: 0, head: 0, size: Math.sqrt(values.length)},
    values: Float32Array.from(values),
    maximum: Math.max(...values),
    summary: {
      ...{rowCount: 3, hiddenShare: 0, sinkOnlyRowCount: 0},
      ...{nowhereShare: null, nonFiniteCount: 0, ...change},
    },
  }
}

describe('colours', () => {
  test('one range for all: nine in ten rows stay below it, the first row of each left out', () => {
    const row = (most: number) => [most, most / 2]
    const heads = [0.31, 0.32, 0.33, 0.34, 0.35, 0.36, 0.37, 0.38, 0.39, 0.97].map((most) =>
      thumbnail([1, 0, ...row(most)])
    )
    // Ten rows count; the heaviest is beyond the range.
    expect(sharedRange(heads)).toBe(1)
    expect(sharedRange(heads.slice(0, 9))).toBe(0.4)
    expect(sharedRange([])).toBe(1)
  })

  test('a single bright cell is there at any size, and what cannot be seen stays empty', () => {
    const size = 12
    const values = new Float32Array(size * size)
    for (let row = 0; row < size; row++) values.fill(0.01, row * size, row * size + row + 1)
    values[8 * size + 5] = 0.99
    const head = {...thumbnail([0]), size, values}
    const indices = thumbnailIndices(head, 144, {maximum: 1, isSigned: false})
    expect(indices[5]).toBe(0)
    for (const sidePx of [1, 3, 5, 7, 12, 30]) {
      const pooled = pooledIndices(indices, size, sidePx)
      expect(Math.max(...pooled)).toBe(9)
      const lit = pooled.indexOf(9)
      const [y, x] = [Math.floor(lit / sidePx), lit % sidePx]
      expect(Math.floor((y * size) / sidePx)).toBeLessThanOrEqual(8)
      expect(Math.floor((x * size) / sidePx)).toBeLessThanOrEqual(5)
    }
  })

  test('a weight that is no number is seen', () => {
    const head = thumbnail([1, 0, Number.NaN, 0.5])
    const indices = thumbnailIndices(head, 2, {maximum: 1, isSigned: false})
    expect([...pooledIndices(indices, 2, 1)]).toEqual([10])
  })
})

describe('words', () => {
  const range = {maximum: 0.9, isLocked: false}
  const filters = {dropSink: false, threshold: 0}

  test('both head counts are said where queries share their keys', () => {
    expect(headCountWords(layersOf(6, 8, 2))).toBe(
      '6 layers of 8 heads (2 heads of keys and values)'
    )
    expect(headCountWords(layersOf(6, 8))).toBe('6 layers of 8 heads')
    expect(headCountWords([...layersOf(1, 2), ...layersOf(1, 3)])).toBe('5 heads in 2 layers')
  })

  test('the range says whose it is, and what is hidden is printed', () => {
    const layers = layersOf(1, 2)
    const heads = [
      thumbnail([1, 0, 0.5, 0.2], {hiddenShare: 0.3}),
      thumbnail([0.8, 0, 0.5, 0.2], {hiddenShare: 0.1}),
    ]
    const [first, second] = overviewLegendWords({range, filters, layers, thumbnails: heads})
    expect(first).toBe(
      'attention weight, 0 to 0.90 and beyond in square-root steps, range shared by all 2 heads'
    )
    expect(second).toContain('1 layer of 2 heads')
    const words = overviewLegendWords({
      range: {maximum: 1, isLocked: true, steps: 'linear'},
      filters: {...filters, mass: 0.7},
      ...{layers, thumbnails: heads},
    })
    expect(words[0]).toBe('attention weight, 0 to 1.00, range locked for all heads')
    expect(words).toContain('70 % of each row')
    expect(words).toContain('hidden 20 % on average, 30 % at most')
  })

  test('a head has its name from the probe and its numbers from this text', () => {
    const [part] = overviewCaptionOf({
      head: {layer: 3, head: 5},
      statistics: null,
      named: {name: 'induction', score: 0.914},
    })
    expect(part!.text).toBe('L3.H5, an induction head by the random-repeat probe (0.91).')
  })
})
