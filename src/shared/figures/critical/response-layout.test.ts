import {describe, expect, test} from 'vitest'
import type {CriticalScore, CriticalToken} from '../../lenses/critical.ts'
import {criticalPictureSchema} from '../../lenses/critical-picture.ts'
import {textWidthPx} from '../text-width.ts'
import {layoutResponse} from './response-layout.ts'
import {sampleCritical, sampleSuccess} from './sample-result.ts'
import {criticalCaption} from './words.ts'

const picture = criticalPictureSchema.parse({})
const one = (position: number, method: CriticalScore['method'], value: number): CriticalScore => ({
  ...{position, method, value},
})
const SCORES = [
  sampleSuccess(4, 48),
  sampleSuccess(5, 44),
  sampleSuccess(6, 0),
  sampleSuccess(8, 0),
]
const NAMED = [{method: 'rollout', rule: 'released', position: 6} as const]
const wide = {widthPx: 800}
const captionOf = (...given: Parameters<typeof sampleCritical>) =>
  criticalCaption(sampleCritical(...given))
    .map(({text}) => text)
    .join('')

describe('the success curve', () => {
  test('begins at the prompt, stands over the token that ends the prefix, and 1 is above 0', () => {
    const {lines, curve} = layoutResponse(sampleCritical(SCORES, NAMED), picture, wide)
    expect(lines).toHaveLength(1)
    const {points, columns} = lines[0]!
    expect(points.map(({position}) => position)).toEqual([3, 4, 5, 6, 8])
    for (const {position, xPx, yPx, lowPx, highPx} of points) {
      const column = columns.find((other) => other.position === position)
      if (column) expect(xPx).toBeCloseTo(column.xPx + column.widthPx / 2, 9)
      else expect(xPx).toBeLessThan(columns[0]!.xPx)
      expect(highPx).toBeLessThanOrEqual(yPx)
      expect(lowPx).toBeGreaterThanOrEqual(yPx)
    }
    expect(points.map(({yPx}) => 1 - yPx / curve!.heightPx)).toEqual([
      ...[48 / 64, 48 / 64, 44 / 64, 0, 0].map((share) => expect.closeTo(share, 9)),
    ])
  })

  test('is dashed where prefixes between two samples were left out', () => {
    const [line] = layoutResponse(sampleCritical(SCORES, NAMED), picture, wide).lines
    expect(line!.curve.map(({isDashed}) => isDashed)).toEqual([false, false, false, true])
  })

  test('goes over a line’s end by the share of the way', () => {
    const narrow = layoutResponse(sampleCritical(SCORES, NAMED), picture, {widthPx: 190})
    expect(narrow.lines.length).toBeGreaterThan(1)
    for (let i = 1; i < narrow.lines.length; i++) {
      const before = narrow.lines[i - 1]!.curve.at(-1)
      const after = narrow.lines[i]!.curve[0]
      const last = narrow.lines[i]!.columns.at(-1)!.position
      // Beyond the last sample nothing is drawn.
      if (last < 8 && before && after) expect(before.toPx[1]).toBeCloseTo(after.fromPx[1], 9)
    }
    const placed = narrow.lines.flatMap(({columns}) => columns.map(({position}) => position))
    expect(placed).toEqual([4, 5, 6, 7, 8, 9])
    for (const {columns} of narrow.lines) {
      const {xPx, widthPx} = columns.at(-1)!
      expect(xPx + widthPx).toBeLessThanOrEqual(190.5)
    }
  })

  test('is not there where nothing was completed', () => {
    const {promptSuccess: _, ...bare} = sampleCritical([one(4, 'base', 0.5)], [])
    const layout = layoutResponse(bare, picture, wide)
    expect(layout.curve).toBeNull()
    expect(layout.bars.map(({method}) => method)).toEqual(['base'])
  })
})

describe('the rules in words', () => {
  const both = [...NAMED, {method: 'rollout', rule: 'ours', position: 6} as const]
  const marksOf = (critical: readonly CriticalToken[], widthPx: number) =>
    layoutResponse(sampleCritical(SCORES, critical), picture, {widthPx}).lines.flatMap(
      ({marks}) => marks
    )
  test('stand once where they name the same token, below each other where not', () => {
    expect(marksOf(both, 800).map(({text}) => text)).toEqual([
      'released and ours, token 6: 44 of 64 right before, 0 of 64 after',
    ])
    const apart = [...NAMED, {method: 'rollout', rule: 'ours', position: 8} as const]
    const marks = marksOf(apart, 800)
    expect(marks.map(({text}) => text.slice(0, 9))).toEqual(['released,', 'ours, tok'])
    expect(marks[1]!.baselinePx).toBeGreaterThan(marks[0]!.baselinePx + 10)
  })

  test.each([200, 360, 480, 800, 3440])('never go over an edge at %i px', (widthPx) => {
    for (const {xPx, anchor, text} of marksOf(both, widthPx)) {
      const textPx = textWidthPx(text, 11)
      expect(anchor === 'start' ? xPx : xPx - textPx).toBeGreaterThanOrEqual(0)
      expect(anchor === 'start' ? xPx + textPx : xPx).toBeLessThanOrEqual(widthPx)
    }
  })
})

test('a response of one line takes the width that it has, to a limit', () => {
  const endOf = (widthPx: number) => {
    const {lines, gapPx} = layoutResponse(sampleCritical(SCORES, NAMED), picture, {widthPx})
    expect(lines).toHaveLength(1)
    const {xPx, widthPx: columnPx} = lines[0]!.columns.at(-1)!
    return {endPx: xPx + columnPx, gapPx}
  }
  const full = endOf(640)
  expect(full.endPx).toBeLessThanOrEqual(640)
  expect(full.endPx + full.gapPx).toBeGreaterThan(638)
  expect(endOf(6000).gapPx).toBe(endOf(9000).gapPx)
})

describe('bars', () => {
  const scores = [
    one(4, 'contrastive', 0.25),
    one(5, 'contrastive', 1),
    one(4, 'difference', -2),
    one(5, 'difference', 4),
    one(6, 'difference', Number.POSITIVE_INFINITY),
  ]
  test('shares go from 0 to 1, a difference to its largest on either side', () => {
    const {bars, lines} = layoutResponse(sampleCritical(scores, []), picture, wide)
    const [share, difference] = bars
    expect(share!.maximum).toBe(1)
    expect(difference!.maximum).toBe(4)
    const [first, second, third] = lines[0]!.columns
    expect(first!.bars[0]!.heightPx * 4).toBeCloseTo(second!.bars[0]!.heightPx, 9)
    expect(first!.bars[1]).toMatchObject({isNegative: true, yPx: difference!.zeroPx})
    expect(first!.bars[1]!.heightPx * 2).toBeCloseTo(second!.bars[1]!.heightPx, 9)
    // What is beyond every number fills its side, and is told by the table.
    expect(third!.bars[1]!.heightPx).toBeCloseTo(second!.bars[1]!.heightPx, 9)
    expect(third!.bars[0]).toBeNull()
  })

  test('the highest and large ones have their number', () => {
    const {lines} = layoutResponse(sampleCritical(scores, []), picture, wide)
    expect(lines[0]!.columns.slice(0, 3).map(({bars}) => bars.map((bar) => bar?.text))).toEqual([
      [null, '−2.00'],
      ['1.00', '4.00'],
      [undefined, null],
    ])
  })

  test('a difference next to nothing is drawn small, on a scale that is no zero', () => {
    const tiny = [one(4, 'difference', 1e-6), one(5, 'difference', -2e-6)]
    const {bars, lines} = layoutResponse(sampleCritical(tiny, []), picture, wide)
    expect(bars[0]).toMatchObject({maximum: 0.1, label: 'd, ±0.1 nats'})
    expect(lines[0]!.columns[0]!.bars[0]!.heightPx).toBe(1)
  })

  test('the highest of each row is marked', () => {
    const {lines} = layoutResponse(sampleCritical(scores, []), picture, wide)
    expect(lines[0]!.columns.map(({topOf}) => topOf)).toEqual([[], [0], [1], [], [], []])
  })
})

describe('the caption', () => {
  test('says before and after, and who names the token', () => {
    expect(captionOf(SCORES, NAMED)).toContain('from 44 to 0 of 64 at ·add at 6')
    const both = [...NAMED, {method: 'rollout', rule: 'ours', position: 6} as const]
    expect(captionOf(SCORES, both)).toContain('by both rules')
    expect(captionOf(SCORES, NAMED)).toContain('ours finds no sure drop')
    const few = sampleCritical(SCORES, NAMED)
    const request = {...few.request, rollouts: 60}
    expect(captionOf(SCORES, NAMED, {request})).toContain('ours needs 61 completions')
    const other = [...NAMED, {method: 'rollout', rule: 'ours', position: 8} as const]
    expect(captionOf(SCORES, other)).toContain('ours names ·4 at 8')
  })

  test('says that nothing can be lost, that the response is right, and that no token is critical', () => {
    const low = {promptSuccess: {successCount: 2, sampleCount: 64, low: 0, high: 0.1}}
    expect(captionOf([], [], {...low, isRecoverable: false})).toContain(
      'Not recoverable from the start: 2 of 64'
    )
    expect(captionOf([], [], {verdict: 'right'})).toContain('The response is right')
    expect(captionOf([sampleSuccess(4, 30)], [])).toContain('No prefix loses all success')
  })

  test('without the prompt it says positions alone', () => {
    const words = criticalCaption(sampleCritical(SCORES, NAMED), true)
    expect(words.every(({kind}) => kind === 'words')).toBe(true)
    expect(words.map(({text}) => text).join('')).toContain('at position 6')
  })
})
