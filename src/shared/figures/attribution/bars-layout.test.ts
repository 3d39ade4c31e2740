import {renderToStaticMarkup} from 'react-dom/server'
import {describe, expect, test} from 'vitest'
import {barsPictureSchema} from '../../lenses/attribution-picture.ts'
import {figureOf} from '../registry.tsx'
import {commonFigureOptionsSchema} from '../request.ts'
import {textWidthPx} from '../text-width.ts'
import {correlationOf, layoutBars, leastComparedPx, tintOf} from './bars-layout.ts'
import {layoutHeat} from './heat-layout.ts'
import {sampleResult, sampleRow} from './sample-result.ts'
import {axisPx, valueAxis} from './value-axis.ts'
import {foldRows, neutralLevel, totalOfRow, valueRows} from './value-rows.ts'
import {attributionCaption, convergenceText} from './words.ts'

const VALUES = [0.1, 0.3, 1.1, 0.2, -0.4, 0.15]
const picture = (changes: object = {}) => barsPictureSchema.parse({view: 'bars', ...changes})

describe('values of a context', () => {
  test('have the same total by every text unit, whatever straddles', () => {
    const row = sampleRow(VALUES)
    const result = sampleResult(row)
    const total = 0.1 + 0.3 + 1.1 + 0.2 - 0.4 + 0.15
    expect(totalOfRow(row, 'per-step')).toBeCloseTo(total, 12)
    for (const kind of ['token', 'byte', 'word', 'sentence', 'line', 'paragraph'] as const) {
      const rows = valueRows(result, row, {unit: {kind}, scores: 'per-step'})
      const sum = rows.reduce((all, {value}) => all + (value ?? 0), 0)
      expect(sum, kind).toBeCloseTo(total, 10)
    }
    // “keeps” and “ coins” in the middle of a drawn span that cuts both.
    const spans = [{byteStart: 6, byteEnd: 13}]
    const cut = valueRows(result, row, {unit: {kind: 'spans', spans}, scores: 'per-step'})
    const span = cut.find(({role}) => role === 'value')!
    // Bytes 4 to 10 are “ keeps” and 10 to 16 “ coins”: four sixths of one and three of the other.
    expect(span.value).toBeCloseTo((4 / 6) * 0.3 + (3 / 6) * 1.1, 12)
    expect(span.low).toBeNull()
  })

  test('are folded from their level on, in the order of the text, and counted', () => {
    const rows = valueRows(sampleResult(sampleRow(VALUES)), sampleRow(VALUES), {
      ...{unit: {kind: 'token'}, scores: 'per-step'},
    })
    // The median of -0.4, 0.1, 0.15, 0.2, 0.3 and 1.1 lies between 0.15 and 0.2.
    expect(neutralLevel(sampleRow(VALUES), 'per-step')).toBeCloseTo(0.175, 12)
    expect(neutralLevel(sampleRow(VALUES), 'released')).toBe(0)
    const {shown, foldedCount, within} = foldRows(rows, 3)
    expect(shown.map(({first}) => first)).toEqual([2, 3, 5])
    expect(foldedCount).toBe(4)
    expect(within).toBeCloseTo(0.175 - 0.1, 12)
  })

  test('of other methods have 0 for their level', () => {
    const {released: _, ...row} = sampleRow(VALUES)
    expect(neutralLevel(row, 'per-step')).toBe(0)
  })
})

describe('bars', () => {
  test('stand where the axis puts them: from the level to the value, with their percentiles', () => {
    const row = sampleRow(VALUES)
    const layout = layoutBars(sampleResult(row), row, picture(), {widthPx: 600})
    const [column] = layout.columns
    const at = (value: number) => {
      const zero = column!.ticks.find(({text}) => text === '0')!.xPx
      const one = column!.ticks.find(({text}) => Number(text.replace('−', '-')) === 1)!.xPx
      return zero + value * (one - zero)
    }
    expect(column!.zeroPx).toBeCloseTo(at(0), 9)
    expect(column!.levelPx).toBeCloseTo(at(0.175), 9)
    for (const [i, value] of VALUES.entries()) {
      const mark = layout.rows[i + 1]!.marks[0]!
      expect(mark.valuePx).toBeCloseTo(at(value), 6)
      expect(mark.lowPx).toBeCloseTo(at(value - 0.1), 6)
      expect(mark.highPx).toBeCloseTo(at(value + 0.2), 6)
      expect(mark.isBelow).toBe(value < 0.175)
    }
    // The begin token has none, and says why.
    expect(layout.rows[0]).toMatchObject({marks: [null], tint: null})
    expect(layout.rows[0]!.note).toContain('never replaced')
    // Scores per step share a constant, so a sum of them says nothing.
    expect(layout.foot).toEqual([])
    const {released: _, ...plain} = row
    const other = {...sampleResult(row), method: 'shapley' as const}
    const {foot} = layoutBars(other, plain, picture(), {widthPx: 600})
    expect(foot.at(-1)!.text).toBe('sum over 6 tokens 1.450')
  })

  test('are hollow until a probe has stopped, and say that none has', () => {
    const probes = [{stepCount: 12, converged: false, probDrop: 0.1}]
    const row = sampleRow(VALUES, {probes, stopReason: 'max-steps'})
    const layout = layoutBars(sampleResult(row), row, picture(), {widthPx: 600})
    expect(layout.columns[0]!.isHollow).toBe(true)
    expect(convergenceText(row, {stopK: 3})).toMatch(
      /^Not converged: none of 1 probe stopped in 12/u
    )
    const solid = layoutBars(sampleResult(sampleRow(VALUES)), sampleRow(VALUES), picture(), {
      widthPx: 600,
    })
    expect(solid.columns[0]!.isHollow).toBe(false)
    expect(convergenceText(sampleRow(VALUES), {stopK: 3})).toMatch(
      /^1 of 2 probes stopped after 5/u
    )
  })

  test('of released scores have the level of the random start as a line', () => {
    const row = sampleRow(VALUES)
    const options = picture({scores: 'released'})
    const {columns} = layoutBars(sampleResult(row), row, options, {widthPx: 600})
    const [{startPx, widthPx, zeroPx}] = columns as [(typeof columns)[0]]
    // The axis goes to 0.2 for values of a sixth, so 0.25 stands at its end.
    expect(startPx).toBeCloseTo(widthPx, 6)
    expect(zeroPx).toBe(0)
  })

  test('of several methods have columns of the same width, each with its rank correlation', () => {
    const row = sampleRow(VALUES)
    const reversed = sampleRow(VALUES.map((value) => -value))
    const beside = [
      {method: 'random' as const, row: reversed},
      {method: 'shapley' as const, row},
    ]
    const layout = layoutBars(sampleResult(row), row, picture({beside}), {widthPx: 900})
    expect(new Set(layout.columns.map(({widthPx}) => widthPx.toFixed(6))).size).toBe(1)
    expect(layout.columns.map(({subtitle}) => subtitle)).toEqual([
      'nats per step',
      'rank ρ −1.00',
      'rank ρ 1.00',
    ])
    expect(correlationOf(row, reversed)).toBeCloseTo(-1, 12)
    const last = layout.columns.at(-1)!
    expect(last.xPx + last.widthPx).toBeCloseTo(900, 6)
  })

  test('of many methods in little room are headed in short, and no head reaches the next', () => {
    const row = sampleRow(VALUES)
    const reversed = sampleRow(VALUES.map((value) => -value))
    const names = ['occlusion-mask', 'occlusion-delete', 'occlusion-replace'] as const
    const others = ['attention-rollout', 'last-attention', 'shapley', 'random'] as const
    const beside = [...names, ...others].map((method) => ({method, row: reversed}))
    // Names here are shorter than the longest, by about so much.
    const widthPx = leastComparedPx(beside.length + 1) - 60
    for (const scores of ['per-step', 'released'] as const) {
      const options = picture({beside, scores})
      const {columns} = layoutBars(sampleResult(row), row, options, {widthPx})
      expect(columns.slice(1).map(({subtitle}) => subtitle)).toEqual(beside.map(() => 'ρ −1.00'))
      for (const [i, {xPx, title, subtitle}] of columns.entries()) {
        const endPx = columns[i + 1]?.xPx ?? widthPx
        for (const text of [title, subtitle]) {
          expect(xPx + textWidthPx(text, 11), text).toBeLessThan(endPx)
        }
      }
    }
  })

  test('of many methods have axes whose numbers never touch, and zero among them', () => {
    const row = sampleRow(VALUES)
    for (const most of [0.08, 0.1, 0.3, 0.6, 1.3]) {
      const {released: _, ...other} = sampleRow([0, 0.01, most, 0.02, 0.01, 0], {})
      const beside = Array.from({length: 7}, () => ({
        ...{method: 'attention-rollout' as const, row: other},
      }))
      for (const widthPx of [leastComparedPx(8) - 60, 900, 1100]) {
        const {columns} = layoutBars(sampleResult(row), row, picture({beside}), {widthPx})
        const numbers = columns.flatMap(({xPx, ticks}) =>
          ticks.flatMap(({xPx: tickPx, text, anchor}) => {
            const px = textWidthPx(text, 11)
            const leftPx = xPx + tickPx - (anchor === 'start' ? 0 : anchor === 'end' ? px : px / 2)
            return text === '' ? [] : {leftPx, rightPx: leftPx + px, text}
          })
        )
        expect(numbers.filter(({text}) => text === '0')).toHaveLength(8)
        for (const [i, {rightPx, text}] of numbers.slice(0, -1).entries()) {
          expect(numbers[i + 1]!.leftPx - rightPx, `${text} ${most} ${widthPx}`).toBeGreaterThan(3)
        }
      }
    }
  })

  test('have warm tints above the level and blue ones below, and hardly any at it', () => {
    expect([1, 0.81, 0.5, 0.1, 0, -0.01, -0.3, -1].map((value) => tintOf(value, 1))).toEqual([
      4, 4, 2, 0, 0, 0, -1, -2,
    ])
    expect(tintOf(0, 0)).toBe(0)
  })
})

test('an axis ends at round ticks with zero among them, and leaves out a side with hardly anything', () => {
  expect(valueAxis([-0.4, 1.3], 5)).toMatchObject({minimum: -0.5, maximum: 1.5})
  expect(valueAxis([-0.0001, 0.93], 4).minimum).toBe(0)
  expect(valueAxis([], 5)).toMatchObject({minimum: 0, maximum: 1})
  expect(valueAxis([Number.NaN, 0.02], 4).maximum).toBeCloseTo(0.02, 12)
  expect(axisPx({minimum: -1, maximum: 3, ticks: [], decimals: 0}, 1, 200)).toBe(100)
  expect(axisPx({minimum: 0, maximum: 1, ticks: [], decimals: 0}, 7, 200)).toBe(200)
})

test('a caption names what the target leans on, and where another method agrees', () => {
  const row = sampleRow(VALUES)
  const words = (beside: Parameters<typeof attributionCaption>[2]['beside']) =>
    attributionCaption(sampleResult(row), row, {scores: 'per-step', beside})
      .map(({text}) => text)
      .join('')
  expect(words(null)).toBe('Why #9 at 7, p 0.75: it leans on ·coins at 3 (1.100).')
  const other = sampleRow([9, 0, 1, 0, 0, 0])
  expect(words({method: 'occlusion-mask', row: other})).toMatch(/Occlusion, mask puts 1 first\.$/u)
  expect(words({method: 'shapley', row})).toMatch(/Shapley puts 3 first too\.$/u)
})

test('a heat map has a row a target, coloured by what stands above its own level', () => {
  const rows = [0, 1, 2].map((more) =>
    sampleRow(
      VALUES.map((value) => value + 10 * more),
      {target: {...sampleRow(VALUES).target, positions: [7 + more]}}
    )
  )
  const result = {...sampleResult(rows[0]!), rows}
  const layout = layoutHeat(result, 'per-step', {widthPx: 400})
  expect(layout.cells).toHaveLength(18)
  expect(layout.rowLabels.map(({position}) => position)).toEqual([7, 8, 9])
  // A constant in a row changes no colour.
  const steps = (target: number) =>
    layout.cells.filter((cell) => cell.target === target).map(({step}) => step)
  expect(steps(1)).toEqual(steps(0))
  expect(steps(2)).toEqual(steps(0))
  const [, , coins, , tom] = layout.cells
  expect(coins!.step).toBe(10)
  expect(tom!.step).toBeLessThan(5)
  expect(coins!.xPx - layout.cells[0]!.xPx).toBeCloseTo(2 * layout.cellWidthPx, 9)
})

test('the same request is the same figure, and says nothing of the prompt where that is left out', () => {
  const row = sampleRow(VALUES)
  const result = sampleResult(row)
  const draw = (noPrompt: boolean) =>
    renderToStaticMarkup(
      figureOf({
        ...{figure: 'attribute', format: 'svg', result, picture: picture()},
        options: commonFigureOptionsSchema.parse({noPrompt}),
      }).draw(true).element
    )
  expect(draw(false)).toBe(draw(false))
  expect(draw(false)).toContain('coins')
  expect(draw(true)).not.toContain('coins')
  expect(draw(true)).not.toContain('/somewhere')
  // As many bars as values, with the values themselves.
  const values = [...draw(false).matchAll(/data-bar="reagent" data-value="([^"]+)"/gu)]
  expect(values.map(([, value]) => Number(value))).toEqual(VALUES)
})

test('a run that was cancelled before anything came is a figure that says so', () => {
  const bound = figureOf({
    ...{figure: 'attribute', format: 'svg', picture: picture()},
    result: {...sampleResult(null), status: 'cancelled'},
    options: commonFigureOptionsSchema.parse({}),
  })
  expect(renderToStaticMarkup(bound.draw(true).element)).toContain(
    'Cancelled before anything came.'
  )
  expect(bound.csv().trim().split('\r\n')).toHaveLength(1)
})
