import {describe, expect, test} from 'vitest'
import {createSeededRandom} from '../../math/seeded-random.ts'
import {PALETTES} from '../palette.ts'
import {pathOfLine} from './lines-figure.tsx'
import {
  columnLabels,
  fallAt,
  type LinesGeometry,
  lineAt,
  linesInView,
  tokenAt,
  tokensAPlace,
  yOfToken,
} from './lines-layout.ts'
import {lineBuckets, linesRange} from './lines-style.ts'
import {linesLegendWords} from './lines-words.ts'
import {sampleAttention} from './sample-result.ts'

const geometry = (change: Partial<LinesGeometry> = {}): LinesGeometry => ({
  ...{leftPx: 100, rightPx: 500, topPx: 20, heightPx: 600, start: 0, end: 40, namePx: 60},
  ...change,
})

/** Random edges of a causal text. */
function edgesOf(count: number, edgeCount: number, seed = 5) {
  const random = createSeededRandom(seed)
  const at = (end: number) => Math.min(end - 1, Math.floor(random.nextUnit() * end))
  const query = Int32Array.from({length: edgeCount}, () => at(count))
  return {
    query,
    key: query.map((from) => at(from + 1)),
    weight: Float32Array.from({length: edgeCount}, () => random.nextUnit()),
  }
}

describe('which lines are drawn', () => {
  test('every token in sight has its edges, and one line for all that is beyond an edge; the heaviest last', () => {
    const edges = edgesOf(200, 900)
    const seen = geometry({start: 90, end: 120})
    const {lines, edgeCount, leftOutCount} = linesInView([{group: 0, edges}], seen)
    const isIn = (position: number) => position >= 90 && position < 120
    const byHand = [...edges.query.keys()].filter(
      (i) => isIn(edges.query[i]!) || isIn(edges.key[i]!)
    )
    const heaviest = new Map<string, number>()
    const nameOf = (position: number) =>
      position < 90 ? 'above' : position >= 120 ? 'below' : String(position)
    for (const i of byHand) {
      const pair = `${nameOf(edges.query[i]!)} ${nameOf(edges.key[i]!)}`
      heaviest.set(pair, Math.max(heaviest.get(pair) ?? 0, edges.weight[i]!))
    }
    expect(edgeCount).toBe(byHand.length)
    expect(leftOutCount).toBe(0)
    expect(
      new Map(lines.map(({query, key, weight}) => [`${nameOf(query)} ${nameOf(key)}`, weight]))
    ).toEqual(heaviest)
    expect(lines.map(({weight}) => weight)).toEqual(
      lines.map(({weight}) => weight).sort((a, b) => a - b)
    )
    for (const {query, fromPx} of lines) {
      const yPx = 20 + ((query + 0.5 - 90) / 30) * 600
      expect(fromPx).toBeCloseTo(Math.max(10, Math.min(630, yPx)), 6)
    }
  })

  test('of tokens that are smaller than a line neighbours fall together, and the heaviest stands for them', () => {
    const edges = edgesOf(4000, 9000)
    const small = geometry({start: 0, end: 4000})
    const size = tokensAPlace(small)
    expect((size * 600) / 4000).toBeGreaterThanOrEqual(3)
    const {lines, edgeCount} = linesInView([{group: 0, edges}], small, 100_000)
    expect(edgeCount).toBe(9000)
    const heaviest = new Map<string, number>()
    for (let i = 0; i < 9000; i++) {
      const place = `${Math.floor(edges.query[i]! / size)} ${Math.floor(edges.key[i]! / size)}`
      heaviest.set(place, Math.max(heaviest.get(place) ?? 0, edges.weight[i]!))
    }
    expect(lines).toHaveLength(heaviest.size)
    for (const {query, key, weight} of lines) {
      expect(weight).toBe(heaviest.get(`${Math.floor(query / size)} ${Math.floor(key / size)}`))
    }
    const few = linesInView([{group: 0, edges}], small, 50)
    expect(few.lines).toEqual(lines.slice(-50))
    expect(few.leftOutCount).toBe(lines.length - 50)
  })

  test('heads do not hide each other, and queries are taken from one answer alone', () => {
    const edges = {
      query: Int32Array.of(3, 4),
      key: Int32Array.of(1, 1),
      weight: Float32Array.of(0.5, 0.6),
    }
    const sources = [
      {group: 0, edges, queries: [0, 4] as const},
      {group: 1, edges},
    ]
    const {lines} = linesInView(sources, geometry())
    expect(lines.map(({group, query}) => `${group}:${query}`).sort()).toEqual(['0:3', '1:3', '1:4'])
  })
})

describe('what is under a point', () => {
  test('a token is at its own height', () => {
    for (const position of [0, 17, 39]) {
      expect(tokenAt(geometry(), yOfToken(geometry(), position), 40)).toBe(position)
    }
    expect(tokenAt(geometry(), 10, 40)).toBeNull()
    expect(tokenAt(geometry({end: 60}), yOfToken(geometry({end: 60}), 50), 40)).toBeNull()
  })

  test('a line falls as the curve that is drawn does', () => {
    for (const t of [0, 0.1, 0.35, 0.5, 0.8, 1]) {
      // The curve by de Casteljau, its handles half way across.
      const along = (a: number, b: number, c: number, d: number) =>
        a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3
      expect(fallAt(along(0, 0.5, 0.5, 1))).toBeCloseTo(along(0, 0, 1, 1), 6)
    }
    expect(pathOfLine(geometry(), {fromPx: 30, toPx: 50})).toBe('M100 30C300 30 300 50 500 50')
  })

  test('the nearest line is found, and none far away', () => {
    const edges = {
      query: Int32Array.of(30, 30),
      key: Int32Array.of(2, 20),
      weight: Float32Array.of(0.2, 0.7),
    }
    const {lines} = linesInView([{group: 0, edges}], geometry())
    const light = lines.find(({key}) => key === 2)!
    const half = (light.fromPx + light.toPx) / 2
    expect(lineAt(lines, geometry(), 300, half + 2)).toBe(light)
    expect(lineAt(lines, geometry(), 300, half + 40)).toBeNull()
    expect(lineAt(lines, geometry(), 90, half)).toBeNull()
  })
})

test('lines of one matrix have its colours, of several a colour each, and heavier ones are wider', () => {
  const edges = {
    query: Int32Array.of(1, 2, 3),
    key: Int32Array.of(0, 0, 0),
    weight: Float32Array.of(0.05, 0.5, 0.9),
  }
  const palette = PALETTES.light
  const scale = {maximum: 0.9, isSigned: false, steps: 'linear'} as const
  const one = linesInView([{group: 0, edges}], geometry()).lines
  const buckets = lineBuckets(one, scale, 1, palette)
  expect(buckets.map(({color}) => color)).toEqual([
    palette.sequential[1],
    palette.sequential[4],
    palette.sequential[8],
  ])
  expect(buckets.map(({widthPx}) => widthPx)).toEqual(
    buckets.map(({widthPx}) => widthPx).sort((a, b) => a - b)
  )
  const two = linesInView(
    [
      {group: 0, edges},
      {group: 1, edges},
    ],
    geometry()
  ).lines
  const colors = new Set(lineBuckets(two, scale, 2, palette).map(({color}) => color))
  expect(colors).toEqual(new Set(palette.categories.slice(0, 2)))
  const signed = linesInView(
    [{group: 0, edges: {...edges, weight: Float32Array.of(-0.9, 0.1, 0.9)}}],
    geometry()
  ).lines
  const ends = lineBuckets(signed, {maximum: 0.9, isSigned: true}, 1, palette)
  expect(ends.map(({color}) => color)).toContain(palette.diverging[0])
  expect(ends.map(({color}) => color)).toContain(palette.diverging[10])
})

test('the range is a round number that nine in ten queries stay below', () => {
  const query = Int32Array.from({length: 11}, (_, i) => i)
  const weight = Float32Array.from(query, (i) => (i === 0 ? 1 : i === 10 ? 0.99 : 0.3 + i / 100))
  const edges = {query, key: new Int32Array(11), weight}
  expect(linesRange([{group: 0, edges}])).toBe(1)
  const few = {query: query.slice(0, 10), key: new Int32Array(10), weight: weight.slice(0, 10)}
  expect(linesRange([{group: 0, edges: few}])).toBe(0.4)
})

test('names of a column stand clear of each other, the named ones in any case', () => {
  const {tokens} = sampleAttention()
  const tight = geometry({heightPx: 200, end: tokens.length})
  const labels = columnLabels(tokens, tight, {noPrompt: false, named: [13]})
  expect(labels.some(({position}) => position === 13)).toBe(true)
  const tops = labels.map(({yPx}) => yPx).sort((a, b) => a - b)
  for (const [i, top] of tops.entries()) {
    if (i > 0) expect(top - tops[i - 1]!).toBeGreaterThanOrEqual(12.9)
  }
})

test('what is not drawn is said', () => {
  const summary = {
    ...{rowCount: 40, hiddenShare: 0.224, sinkOnlyRowCount: 4},
    ...{nowhereShare: null, nonFiniteCount: 2},
  }
  const words = linesLegendWords({
    maps: [{kind: 'head', layer: 3, head: 5}],
    range: {maximum: 0.9, isLocked: false},
    filters: {dropSink: false, threshold: 0, mass: 0.7},
    summaries: [summary],
    ...{lineCount: 90, edgeCount: 1204, omittedCount: 2000, omittedShare: 0.11},
  })
  expect(words[0]).toBe(
    'attention weight, L3.H5, 0 to 0.90 in square-root steps, range of this picture'
  )
  expect(words).toContain('90 lines for 1,204 edges: of those that fall together the heaviest')
  expect(words).toContain('2,000 lighter edges not drawn, 11 % of the weight')
  expect(words).toContain('hidden 22 %; 4 of 40 rows kept only the sink')
  expect(words).toContain('NaN or infinite: 2 weights')
})

test('values that count by their own length are said to depend on a basis', () => {
  const summaryOf = (valueNorms: 'projected' | 'basis-dependent') => ({
    ...{rowCount: 40, hiddenShare: 0, sinkOnlyRowCount: 0, valueNorms},
    ...{nowhereShare: null, nonFiniteCount: 0},
  })
  const wordsOf = (valueNorms: 'projected' | 'basis-dependent') =>
    linesLegendWords({
      maps: [{kind: 'aggregate', by: 'value-weighted', heads: [{layer: 3, head: 5}]}],
      range: {maximum: 0.9, isLocked: false},
      filters: {dropSink: false, threshold: 0},
      summaries: [summaryOf(valueNorms)],
      ...{lineCount: 9, edgeCount: 9, omittedCount: 0, omittedShare: 0},
    })
  expect(wordsOf('projected').join()).not.toContain('basis')
  const words = wordsOf('basis-dependent')
  expect(words[0]).toMatch(
    /^basis-dependent attention × value norm, value-weighted sum of 1 head, /
  )
  expect(words).toContain(
    'basis-dependent: values count by ‖v‖, as the output projection was not found'
  )
})
