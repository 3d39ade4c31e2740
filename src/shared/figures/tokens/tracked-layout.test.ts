import {expect, test} from 'vitest'
import {longResult, sampleResult, storyResult} from './sample-result.ts'
import {layoutTracked} from './tracked-layout.ts'

const OPTIONS = {widthPx: 560, plotXPx: 60}

test('a probability stands where a logarithmic axis has it', () => {
  const layout = layoutTracked(storyResult(), OPTIONS)!
  const {plot, series} = layout
  expect(layout.yTicks[0]).toMatchObject({text: '1', yPx: plot.yPx})
  expect(layout.yTicks.at(-1)).toMatchObject({text: '10⁻⁴', isAxis: true})
  const [tom] = series
  expect(tom).toMatchObject({name: '·Tom', valueText: '0.83'})
  // log10(0.83) = −0.0809 of four decades.
  expect(tom!.dot![1]).toBeCloseTo(plot.yPx + (0.0809 / 4) * plot.heightPx, 1)
  expect(tom!.dot![0]).toBeCloseTo(plot.xPx + (42 / 47) * plot.widthPx, 6)
  for (const [x, y] of series.flatMap((one) => one.points)) {
    expect(x).toBeGreaterThanOrEqual(plot.xPx)
    expect(x).toBeLessThanOrEqual(plot.xPx + plot.widthPx + 1e-9)
    expect(y).toBeGreaterThanOrEqual(plot.yPx)
    expect(y).toBeLessThanOrEqual(plot.yPx + plot.heightPx + 1e-9)
  }
})

test('a text with more positions than pixels keeps its peaks', () => {
  const result = longResult(4000)
  const {series, plot} = layoutTracked(result, OPTIONS)!
  const [tom] = series
  expect(tom!.points.length).toBeLessThanOrEqual(4 * (plot.widthPx + 1))
  const highest = Math.max(...result.tracked![0]!.positions.map((row) => row.prob))
  const top = Math.min(...tom!.points.map(([, y]) => y))
  const all = layoutTracked(result, {...OPTIONS, widthPx: 8000})!
  const allTop = Math.min(...all.series[0]!.points.map(([, y]) => y))
  expect(highest).toBeGreaterThan(0.1)
  expect(top).toBeCloseTo(allTop, 6)
})

test.each([
  {from: 0, to: 46, widthPx: 560},
  {from: 1767, to: 2006, widthPx: 1400},
  {from: 1767, to: 2006, widthPx: 200},
  {from: 998, to: 1001, widthPx: 560},
  {from: 5, to: 5, widthPx: 560},
])(
  'positions $from to $to in $widthPx px: both ends are named, and no two numbers meet',
  (part) => {
    const result = longResult(4000)
    const tracked = result.tracked!.map((entry) => ({
      ...entry,
      positions: entry.positions.filter(
        ({position}) => position >= part.from && position <= part.to
      ),
    }))
    const {xTicks, plot} = layoutTracked({...result, tracked}, {...OPTIONS, widthPx: part.widthPx})!
    const numbers = xTicks.map(({text}) => Number(text.replace(',', '')))
    expect([numbers[0], numbers.at(-1)]).toEqual([part.from, part.to])
    const span = Math.max(1, part.to - part.from)
    for (const [i, {xPx}] of xTicks.entries()) {
      expect(xPx).toBeCloseTo(plot.xPx + ((numbers[i]! - part.from) / span) * plot.widthPx, 6)
    }
    // Five characters of 11 px are 33 px at most.
    const gaps = xTicks.slice(1).map(({xPx}, i) => xPx - xTicks[i]!.xPx)
    for (const gap of gaps) expect(gap).toBeGreaterThan(33)
    if (part.widthPx > 1000) expect(numbers).toEqual([1767, 1800, 1850, 1900, 1950, 2006])
  }
)

test('a narrow key takes rows of its own, and nothing leaves the figure', () => {
  const layout = layoutTracked(storyResult(), {widthPx: 200, plotXPx: 60})!
  expect(new Set(layout.series.map((one) => one.keyYPx)).size).toBeGreaterThan(1)
  expect(layout.plot.yPx).toBeGreaterThan(Math.max(...layout.series.map((one) => one.keyYPx)))
})

test.each([200, 420, 560])('at %i px another selection moves nothing', (widthPx) => {
  const shapeAt = (selected: number) => {
    const {plot, series, heightPx} = layoutTracked(storyResult(), {...OPTIONS, widthPx, selected})!
    return {plot, heightPx, key: series.map((one) => [one.keyXPx, one.keyYPx])}
  }
  expect(shapeAt(0)).toEqual(shapeAt(47))
  expect(shapeAt(42)).toEqual(shapeAt(47))
})

test('one position is a dot; a probability of 0 lies on the axis; none is no chart', () => {
  const one = sampleResult({tokens: [['a', 1]], tracked: ['b']})
  const [series] = layoutTracked(one, OPTIONS)!.series
  expect(series!.points).toHaveLength(1)
  const [row] = one.tracked![0]!.positions
  const zero = {...one, tracked: [{tokenId: 5, positions: [{...row!, prob: 0}]}]}
  const layout = layoutTracked(zero, OPTIONS)!
  expect(layout.series[0]!.points[0]![1]).toBe(layout.plot.yPx + layout.plot.heightPx)
  expect(layout.series[0]!.name).toBe('#5')
  const faint = {...one, tracked: [{tokenId: 5, positions: [{...row!, prob: 1e-12}]}]}
  expect(layoutTracked(faint, OPTIONS)!.yTicks.at(-1)!.text).toBe('≤10⁻⁸')
  expect(layoutTracked({...one, tracked: undefined}, OPTIONS)).toBeNull()
})
