import {describe, expect, test} from 'vitest'
import {commonFigureOptionsSchema} from '../request.ts'
import {describeAttention} from './describe.ts'
import {layoutAttention} from './layout.ts'
import {cellAt, matrixRoom, squareGeometry, xOfKey, yOfQuery} from './matrix-layout.ts'
import {hiddenText} from './matrix-legend.ts'
import {indexOfWeight, isTriangle, matrixIndices} from './matrix-scale.ts'
import {keepMass, sampleAttention, sampleMatrix} from './sample-result.ts'

const result = sampleAttention()
const count = result.tokens.length
const options = commonFigureOptionsSchema.parse({widthPx: 760})
const SEQUENTIAL = {maximum: 0.9, isSigned: false, steps: 'linear'} as const
const SIGNED = {maximum: 0.6, isSigned: true, steps: 'linear'} as const

describe('colours', () => {
  test.each([
    [0, 1],
    [1e-9, 1],
    [0.1, 1],
    [0.1001, 2],
    [0.45, 5],
    [0.9, 9],
    [1, 9],
    [Number.NaN, 10],
    [Number.POSITIVE_INFINITY, 10],
  ])('%d of 0 to 0.9 is step %d', (value, index) => {
    expect(indexOfWeight(value, SEQUENTIAL)).toBe(index)
  })

  test.each([
    [0, 6],
    [-0.0001, 6],
    [0.05, 6],
    [0.06, 7],
    [-0.06, 5],
    [0.6, 11],
    [-0.6, 1],
    [-7, 1],
  ])('%d of −0.6 to 0.6 is step %d, and 0 the middle', (value, index) => {
    expect(indexOfWeight(value, SIGNED)).toBe(index)
  })

  // Step s of 9 ends at (s/9)² of the range, so the first ends at 0.9/81.
  test.each([
    [0, 1],
    [0.0111, 1],
    [0.0112, 2],
    [0.0999, 3],
    [0.10001, 4],
    [0.9, 9],
    [3, 9],
  ])('%d of 0 to 0.9 in square-root steps is step %d', (value, index) => {
    expect(indexOfWeight(value, {maximum: 0.9, isSigned: false})).toBe(index)
  })

  test('square-root steps of a difference are alike on both sides, and 0 is the middle', () => {
    const scale = {maximum: 0.6, isSigned: true}
    // The middle one ends at 0.6/121.
    for (const [value, away] of [
      [0.0049, 0],
      [0.005, 1],
      [0.05, 2],
      [0.6, 5],
      [9, 5],
    ] as const) {
      expect(indexOfWeight(value, scale)).toBe(6 + away)
      expect(indexOfWeight(-value, scale)).toBe(6 - away)
    }
  })

  test('what a query cannot see is nothing, and a broken weight is no zero', () => {
    const values = Float32Array.of(1, 0, 0, 0, Number.NaN, 0, 0.5, 0, 0.5)
    const summary = {...sampleMatrix(result).tile.summary, nonFiniteCount: 1}
    const cells = {
      queries: [0, 3] as [number, number],
      keys: [0, 3] as [number, number],
      tile: {rowCount: 3, columnCount: 3, values, minimum: 0, maximum: 1, summary},
    }
    expect(isTriangle(cells)).toBe(true)
    const scale = {maximum: 1, isSigned: false, steps: 'linear'} as const
    expect([...matrixIndices(cells, scale, true)]).toEqual([9, 0, 0, 1, 10, 0, 5, 1, 5])
    values[2] = 0.1
    expect(isTriangle(cells)).toBe(false)
    expect([...matrixIndices(cells, scale, false)]).toEqual([9, 1, 1, 1, 10, 1, 5, 1, 5])
  })

  test('a pooled window keeps cells that the diagonal crosses', () => {
    const summary = sampleMatrix(result).tile.summary
    const tile = {
      rowCount: 2,
      columnCount: 2,
      values: new Float32Array(4),
      minimum: 0,
      maximum: 1,
      summary,
    }
    const cells = {queries: [0, 5] as [number, number], keys: [0, 5] as [number, number], tile}
    // Rows 0–1 and 2–4 over keys 0–1 and 2–4.
    expect([...matrixIndices(cells, SEQUENTIAL, true)]).toEqual([1, 0, 1, 1])
  })
})

describe('geometry', () => {
  const {part} = layoutAttention(result, sampleMatrix(result), options)
  const {geometry, rowLabels} = part.layout

  test('a point is in the cell whose edges are around it, and in none beyond the diagonal', () => {
    for (const [query, key] of [
      [0, 0],
      [30, 14],
      [count - 1, count - 1],
    ] as const) {
      const inside = [xOfKey(geometry, key + 0.5), yOfQuery(geometry, query + 0.5)] as const
      expect(cellAt(geometry, ...inside, count)).toEqual({query, key})
    }
    expect(cellAt(geometry, xOfKey(geometry, 20.5), yOfQuery(geometry, 3.5), count)).toBeNull()
    expect(cellAt(geometry, geometry.xPx - 1, geometry.yPx + 3, count)).toBeNull()
  })

  test('every row has its name behind its last cell, within the figure', () => {
    expect(rowLabels.map(({position}) => position).sort((a, b) => a - b)).toEqual(
      Array.from({length: count}, (_, i) => i)
    )
    for (const label of rowLabels) {
      expect(label.xPx).toBeGreaterThan(xOfKey(geometry, label.position + 1))
      expect(label.xPx + label.text.length * 8).toBeLessThan(options.widthPx)
    }
  })

  test('names of many tokens stand clear of each other and say which token they are', () => {
    const many = Array.from({length: 1000}, (_, i) => result.tokens[i % count]!)
    for (const isPart of [false, true]) {
      const room = matrixRoom(many, 700, 600, {isPart})
      expect(room.sidePx).toBeLessThanOrEqual(600 - room.footPx)
    }
    const source = sampleAttention(longOf(many))
    const {part: longPart} = layoutAttention(source, sampleMatrix(source), options)
    const tops = longPart.layout.rowLabels.map(({yPx}) => yPx).sort((a, b) => a - b)
    expect(tops.length).toBeGreaterThan(10)
    for (const [i, top] of tops.entries()) {
      if (i > 0) expect(top - tops[i - 1]!).toBeGreaterThanOrEqual(12.9)
    }
    expect(longPart.layout.rowLabels.every(({positionText}) => positionText !== '')).toBe(true)
  })

  test('a window off the diagonal names its columns below and its rows at the side', () => {
    const picture = sampleMatrix(result)
    const values = new Float32Array(14 * 14).fill(0.3)
    const window = {
      ...picture,
      queries: [26, 40] as [number, number],
      keys: [10, 24] as [number, number],
      tile: {...picture.tile, rowCount: 14, columnCount: 14, values},
    }
    const {layout} = layoutAttention(result, window, options).part
    expect(layout.columnLabels.map(({position}) => position)).toEqual(
      Array.from({length: 14}, (_, i) => 10 + i)
    )
    const right = layout.geometry.xPx + layout.geometry.widthPx
    for (const {xPx} of layout.rowLabels) expect(xPx).toBeGreaterThan(right)
    // Cells are large: each has its number.
    expect(layout.values).toHaveLength(14 * 14)
    expect(layout.values[0]!.text).toBe('.30')
  })

  test('without the prompt there are positions and no words', () => {
    const {layout} = layoutAttention(result, sampleMatrix(result), {
      ...options,
      noPrompt: true,
    }).part
    expect(layout.rowLabels.every(({text}) => text === '')).toBe(true)
    expect(layout.rowLabels.every(({positionText}) => /^\d+$/.test(positionText))).toBe(true)
  })
})

test('what is hidden is printed, and marked where it is more than a trace', () => {
  const filters = {dropSink: false, threshold: 0, mass: 0.7}
  const picture = sampleMatrix(result, {filters})
  const {part} = layoutAttention(result, picture, options)
  const {hiddenShare, sinkOnlyRowCount} = picture.tile.summary
  expect(hiddenShare).toBeGreaterThan(0)
  expect(hiddenShare).toBeLessThanOrEqual(0.3)
  const texts = part.legend!.items.map(({text}) => text)
  expect(texts).toContain(hiddenText(picture.tile.summary))
  expect(texts).toContain('70 % of each row')
  const byHand = [...picture.unfiltered!].filter(
    (weight, i) => weight >= 0.02 && picture.tile.values[i] === 0
  )
  expect(part.layout.dots).toHaveLength(byHand.length)
  expect(
    hiddenText({...picture.tile.summary, hiddenShare: 0.224, sinkOnlyRowCount: 4, rowCount: 27})
  ).toBe('hidden 22 %; 4 of 27 rows kept only the sink')
  expect(sinkOnlyRowCount).toBe(
    Array.from({length: count}, (_, query) => query).filter((query) => {
      const row = picture.tile.values.subarray(query * count, query * count + query + 1)
      return row[0]! > 0 && row.subarray(1).every((weight) => weight === 0)
    }).length
  )
})

test('a sum weighted by values of no known projection is labelled basis-dependent in legend, caption and words', () => {
  const map = {kind: 'aggregate', by: 'value-weighted', heads: [{layer: 3, head: 5}]} as const
  const plain = sampleMatrix(result, {probeName: null})
  const pictureOf = (valueNorms: 'projected' | 'basis-dependent', isLit = false) =>
    sampleMatrix(
      result,
      {
        tile: {...plain.tile, summary: {...plain.tile.summary, valueNorms}},
        probeName: null,
        ...(isLit ? {cell: {query: 5, key: 2, weight: 0.25}} : {}),
      },
      {...map, heads: [...map.heads]}
    )
  const said = (picture: ReturnType<typeof pictureOf>) => {
    const {part, words} = layoutAttention(result, picture, options)
    return {
      legend: part.legend!.items.map(({text}) => text),
      caption: words.flatMap(({spans}) => spans.map(({text}) => text)).join(''),
      described: describeAttention(result, picture),
    }
  }
  const projected = said(pictureOf('projected'))
  expect(JSON.stringify(projected)).not.toContain('basis')
  const {legend, caption, described} = said(pictureOf('basis-dependent'))
  expect(legend[0]).toMatch(/^basis-dependent attention × value norm, /)
  expect(legend.join()).toContain('values count by ‖v‖')
  for (const text of [caption, described]) {
    expect(text).toContain('value-weighted sum of 1 head, layer 3, basis-dependent')
  }
  expect(said(pictureOf('basis-dependent', true)).caption).toContain(
    'Basis-dependent attention × value norm'
  )
})

test('the kept mass of a row overshoots as little as its keys allow', () => {
  const {values} = keepMass(Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 0.1, 0.3, 0.6), 3, 0.7)
  expect([...values].map((value) => Math.round(value * 10) / 10)).toEqual([
    1, 0, 0, 0.5, 0.5, 0, 0, 0.3, 0.6,
  ])
})

test('the same window in a square is as wide as high', () => {
  const geometry = squareGeometry(sampleMatrix(result), {xPx: 3, yPx: 5, sidePx: 480})
  expect(geometry).toMatchObject({xPx: 3, yPx: 5, widthPx: 480, heightPx: 480, isCausal: true})
})

function longOf(tokens: readonly (typeof result.tokens)[number][]) {
  return {
    ...result,
    tokens: tokens.map((token, position) => ({
      ...token,
      ...{position, logprob: null, surprisalBits: null, entropyBits: null},
      ...{rank: null, maxLogprob: null, topPMass: null, endProb: null},
      ...{klToUniformBits: null, klFromUniformBits: null},
    })),
  }
}
