import {renderToStaticMarkup} from 'react-dom/server'
import {describe, expect, test} from 'vitest'
import type {AttentionViewPicture} from '../../lenses/attention-view-pictures.ts'
import {figureOf} from '../registry.tsx'
import {commonFigureOptionsSchema} from '../request.ts'
import {sampleAttention} from './sample-result.ts'
import {sampleViews} from './sample-views.ts'
import {layoutView} from './view-layout.ts'

const result = sampleAttention()
const count = result.tokens.length
const views = sampleViews(result)
type View = AttentionViewPicture['view']
const pictureOf = <Name extends View>(view: Name) =>
  views.find((one) => one.view === view) as Extract<AttentionViewPicture, {view: Name}>
const optionsOf = (change: Record<string, unknown> = {}) => commonFigureOptionsSchema.parse(change)
const figure = (picture: AttentionViewPicture, change: Record<string, unknown> = {}) =>
  figureOf({
    ...{figure: 'attention-view', format: 'svg', result, picture, options: optionsOf(change)},
  })
const drawn = (picture: AttentionViewPicture, change: Record<string, unknown> = {}) =>
  renderToStaticMarkup(figure(picture, change).draw(true).element)
const rowsOf = (csv: string) =>
  csv
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))

describe.each(views.map((picture) => [picture.view, picture] as const))('%s', (_, picture) => {
  test.each([240, 480, 720, 1400])('at %i px all stands inside the figure', (widthPx) => {
    const layout = layoutView(result, picture, optionsOf({widthPx}))
    const markup = drawn(picture, {widthPx})
    expect(markup).toContain(`width="${widthPx}"`)
    for (const [, x, y] of markup.matchAll(/<(?:text|rect) x="([-\d.]+)" y="([-\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0)
      expect(Number(x)).toBeLessThanOrEqual(widthPx)
      expect(Number(y)).toBeLessThanOrEqual(layout.heightPx)
    }
    expect(markup).not.toMatch(/NaN|Infinity/)
  })

  test('without the prompt nothing of it is said', () => {
    const hidden = [
      drawn(picture, {noPrompt: true}),
      JSON.stringify(figure(picture, {noPrompt: true}).json()),
      figure(picture, {noPrompt: true}).csv(),
    ].join('\n')
    for (const word of ['Mira', 'lamp', 'caf', 'promptIds']) expect(hidden).not.toContain(word)
    expect(drawn(picture)).toContain('test it by')
  })

  test('the legend can be left out', () => {
    const layout = layoutView(result, picture, optionsOf({legend: 'off'}))
    const withLegend = layoutView(result, picture, optionsOf())
    expect(layout.heightPx).toBeLessThan(withLegend.heightPx)
  })
})

describe('lines', () => {
  const picture = pictureOf('lines')

  test('the marked token’s lines are as many as it has weights, each head in its colour', () => {
    const {part} = layoutView(result, picture, optionsOf())
    if (part.view !== 'lines') throw new Error('no lines')
    const query = picture.row!.query
    const weights = picture.sources.map(({edges}) => [...edges.query].filter((at) => at === query))
    expect(part.own).toHaveLength(weights.flat().length)
    expect(part.own.every((line) => line.query === query)).toBe(true)
    expect(part.heads.map(({name}) => name)).toEqual(['L3.H5', 'L3.H1'])
    expect(drawn(picture)).toContain('range shared by these 2 heads')
    expect(drawn(picture)).toContain('data-pair="5 2"')
  })

  test('CSV has every edge', () => {
    const [head, ...rows] = rowsOf(figure(picture).csv())
    expect(head).toEqual(['of', 'query', 'key', 'weight', 'queryText', 'keyText'])
    const weights = picture.sources.flatMap(({edges}) => [...edges.weight])
    expect(rows.map((row) => Number(row[3]))).toEqual(weights)
  })

  test('a locked range is said to be locked', () => {
    const locked = {...picture, range: {maximum: 0.3, steps: 'linear'} as const}
    expect(drawn(locked)).toContain('0 to 0.3')
    expect(drawn(locked)).toContain('range locked for all heads')
  })
})

describe('overview', () => {
  const picture = pictureOf('overview')

  test('every head is drawn, the marked one framed, with its own and the probe’s names', () => {
    const markup = drawn(picture, {widthPx: 1000})
    const heads = [...markup.matchAll(/data-head="(L\d+\.H\d+)"/g)].map(([, name]) => name)
    expect(new Set(heads).size).toBe(result.layers.length * result.queryHeadCount!)
    expect(markup).toContain('★ looks')
    expect(markup).toContain('>0.91<')
    expect(markup).toContain('range shared by all 48 heads')
  })

  test('pinned tokens are ticks over their columns, pinned pairs frames around their places', () => {
    const {part, marginPx} = layoutView(result, picture, optionsOf({widthPx: 1000}))
    if (part.view !== 'overview') throw new Error('no overview')
    const tokenPx = part.layout.sidePx / count
    const {xPx, yPx} = part.heads.find(({layer, head}) => layer === 3 && head === 5)!
    const [left, top] = [marginPx + xPx, part.topPx + yPx]
    const markup = drawn(picture, {widthPx: 1000})
    const own = markup.slice(
      markup.indexOf('data-head="L3.H5"'),
      markup.indexOf('data-head="L3.H6"')
    )
    const [, path] = /d="([^"]*)" data-pins="2 5"/.exec(own)!
    const ticks = [...path!.matchAll(/M([\d.]+) ([\d.]+)v3/g)].map(([, x, y]) => [+x!, +y!])
    expect(ticks).toEqual(
      [2.5, 5.5].map((at) => [expect.closeTo(left + at * tokenPx, 1), expect.closeTo(top - 3, 1)])
    )
    const frame = /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"[^>]*data-pair="5 2"/.exec(own)!
    const [x, y, width] = frame.slice(1).map(Number) as [number, number, number]
    // Its row is the query, its column the key.
    expect(x + width / 2).toBeCloseTo(left + 2.5 * tokenPx, 1)
    expect(y + width / 2).toBeCloseTo(top + 5.5 * tokenPx, 1)
    expect(drawn({...picture, pins: [], pairs: []})).not.toMatch(/data-pin|data-pair/)
  })

  test('a head that is not there is empty, and CSV holds the weights of the others', () => {
    const some = {...picture, thumbnails: picture.thumbnails.slice(0, 2)}
    expect(drawn(some)).toContain('data-head="L5.H7"')
    const rows = rowsOf(figure(some).csv()).slice(1)
    const weights = some.thumbnails.flatMap(({values}) => [...values].filter((w) => w !== 0))
    expect(rows.map((row) => Number(row[4]))).toEqual(weights)
  })

  test('NaN is counted and named, not drawn as zero', () => {
    const [first, ...others] = picture.thumbnails
    const values = first!.values.slice()
    values[count] = Number.NaN
    const broken = {
      ...picture,
      thumbnails: [{...first!, values, summary: {...first!.summary, nonFiniteCount: 1}}, ...others],
    }
    expect(drawn(broken)).toContain('NaN or infinite: 1 weight')
    expect(drawn(broken)).not.toBe(drawn(picture))
  })
})

test('two heads share a range, and their difference is B − A in every cell', () => {
  const picture = pictureOf('two-heads')
  const [head, ...rows] = rowsOf(figure(picture).csv())
  expect(head).toEqual(['queryStart', 'keyStart', 'L3.H5', 'L1.H2', 'L1.H2 − L3.H5'])
  for (const row of rows) expect(Number(row[4])).toBeCloseTo(Number(row[3]) - Number(row[2]), 6)
  const markup = drawn(picture)
  expect(markup.match(/data-map=/g)).toHaveLength(3)
  expect(markup).toContain('A and B: ')
  expect(markup).toMatch(/B − A: −0\.5\d* to 0\.5/)
})

test('importances tint each token by its share of the range, and list the heaviest first', () => {
  const picture = pictureOf('importance')
  const markup = drawn(picture)
  const [main, rollout] = picture.importances
  const isHollow = (at: number) => at >= count - 2
  for (let at = 0; at < count; at++) {
    // Of 0 to 3, in fifths.
    const step = isHollow(at) ? -1 : Math.ceil(main!.values[at]! / 0.6) - 1
    expect(markup).toContain(`data-position="${at}" data-step="${step}"`)
  }
  const listed = [...markup.matchAll(/data-heaviest="(\d+)"/g)].map(([, at]) => Number(at))
  const best = [...main!.values.keys()]
    .filter((at) => !isHollow(at))
    .sort((a, b) => main!.values[b]! - main!.values[a]! || a - b)
  expect(listed).toEqual(best.slice(0, 10))
  expect(markup).toContain('0 to 3')
  expect(markup).toContain('range of its own')
  expect(markup).toContain('first token holds 60 %')
  const [head, ...rows] = rowsOf(figure(picture).csv())
  expect(head!.slice(-3)).toEqual(['position-corrected', 'attention-rollout', 'isHollow'])
  for (const [at, row] of rows.entries()) {
    const [own, shares, hollow] = row.slice(-3).map(Number)
    expect([own, shares, hollow]).toEqual([main!.values[at], rollout!.values[at], +isHollow(at)])
  }
})

test('pins of a pruning are flags over their tokens, numbered as they were pinned', () => {
  const picture = pictureOf('pruning')
  const markup = drawn(picture)
  const {part} = layoutView(result, picture, optionsOf())
  if (part.view !== 'pruning') throw new Error('no pruning')
  const flags = [...markup.matchAll(/data-pin="(\d)"><path d="M([\d.]+) ([\d.]+)V([\d.]+)"/g)]
  expect(flags.map(([, number]) => number)).toEqual(['1', '2'])
  for (const [i, position] of [5, 2].entries()) {
    const token = part.tokens[position]!
    const [, , x, from, to] = flags[i]!.map(Number)
    expect(Math.abs(x! - token.xPx)).toBeLessThanOrEqual(1)
    expect(to).toBeCloseTo(token.yPx, 1)
    expect(from).toBeLessThan(to!)
  }
  // What has none takes no more room than before.
  const without = layoutView(result, {...picture, pins: []}, optionsOf())
  expect(without.heightPx).toBeLessThan(layoutView(result, picture, optionsOf()).heightPx)
})

test('a pruning draws each token by its fate, and both tables', () => {
  const picture = pictureOf('pruning')
  const markup = drawn(picture)
  const countOf = (fate: string) => markup.match(new RegExp(`data-fate="${fate}"`, 'g'))!.length
  // One of each is the key.
  expect([countOf('kept'), countOf('similar'), countOf('light')]).toEqual([count - 3, 3, 3])
  expect(markup).toContain(`${count - 4} of ${count} tokens`)
  expect(markup).toContain('1.50 bits apart')
  expect(markup.match(/data-before=/g)).toHaveLength(3)
  const fates = rowsOf(figure(picture).csv())
    .slice(1)
    .map((row) => row[3])
  expect(fates.slice(0, 8)).toEqual([
    ...['kept', 'kept', 'kept', 'light', 'light', 'similar', 'similar', 'kept'],
  ])
})
