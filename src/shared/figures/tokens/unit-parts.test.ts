import {describe, expect, test} from 'vitest'
import {aggregateUnits} from '../../units/unit-scores.ts'
import {unitsOf} from '../../units/units.ts'
import {textWidthPx} from '../text-width.ts'
import {captionOf, describeFigure} from './caption.ts'
import {layoutPins} from './pins.ts'
import {longResult, sampleResult, scriptsResult, storyResult} from './sample-result.ts'
import {layoutTokenText} from './text-layout.ts'
import {outsideText} from './units.ts'

const TRACKS = ['surprisal', 'entropy', 'rank'] as const
const KINDS = ['byte', 'word', 'sentence', 'line', 'paragraph', 'turn'] as const
const withSpans = {
  kind: 'spans' as const,
  spans: [
    {byteStart: 0, byteEnd: 4},
    {byteStart: 30, byteEnd: 77},
  ],
}

describe.each([
  ['story', storyResult()],
  ['scripts', scriptsResult()],
  ['long', longResult(300)],
])('%s', (_, result) => {
  test.each([...KINDS.map((kind) => ({kind})), withSpans])('by $kind', (unit) => {
    for (const widthPx of [200, 560, 1100]) {
      const units = unitsOf(result, unit)
      const layout = layoutTokenText(result, {widthPx, tracks: TRACKS, units})
      const surprisal = aggregateUnits(
        units,
        result.tokens.map((token) => token.surprisalBits),
        'sum'
      )
      const [track] = layout.tracks
      const numberCounts = new Uint32Array(units.units.length)
      const partCounts = new Uint32Array(units.units.length)
      for (const line of layout.lines) {
        const {parts} = line.units ?? expect.fail('no units')
        // Parts fill the line's columns, in order, without overlap.
        let right = line.columns[0]!.xPx
        for (const part of parts) {
          expect(part.xPx).toBeGreaterThanOrEqual(right - 1e-6)
          right = part.xPx + part.widthPx
          partCounts[part.unit]! += 1
          const value = surprisal[part.unit]
          if (part.role === 'outside') {
            expect(part.marks.every((mark) => mark.barPx === null && mark.text === null)).toBe(true)
          } else if (value !== null && value !== undefined) {
            // The bar is the brute-force sum on the printed scale; the least bar is a pixel.
            const expected = Math.max(1, (value / track!.maximum) * track!.heightPx)
            expect(part.marks[0]!.barPx).toBeCloseTo(expected, 6)
          }
          if (part.valueText !== null) numberCounts[part.unit]! += 1
        }
        const last = line.columns.at(-1)!
        expect(right).toBeCloseTo(last.xPx + last.widthPx, 6)
        // Numbers of a row do not run into one another.
        for (const row of [null, 2]) {
          let end = 0
          for (const part of parts) {
            const text = row === null ? part.valueText : part.marks[row]!.text
            if (text === null) continue
            const width = textWidthPx(text, 11)
            const start = part.xPx + part.widthPx / 2 - width / 2
            expect(start).toBeGreaterThan(end)
            end = start + width
          }
        }
      }
      expect(Math.max(...numberCounts)).toBeLessThanOrEqual(1)
      for (const [i, count] of partCounts.entries()) {
        expect(count, `unit ${i} is drawn`).toBeGreaterThan(0)
      }
    }
  })
})

test('a token that straddles a border is tinted by each side, and drawn over its share', () => {
  const result = sampleResult({
    tokens: [
      ['ab cd', 10],
      [' e', 0.1],
    ],
  })
  const layout = layoutTokenText(result, {
    widthPx: 500,
    tracks: ['surprisal'],
    units: unitsOf(result, {kind: 'word'}),
  })
  const [line] = layout.lines
  const [column] = line!.columns
  // 'ab' has 4 bits, ' cd' 6, of a scale that ends at 6: steps 4 and 5 of 5.
  expect(layout.tracks[0]!.maximum).toBe(6)
  expect(column!.tints!.map((tint) => tint.step)).toEqual([3, 4])
  const [first, second] = line!.units!.parts
  expect(first!.widthPx / column!.widthPx).toBeCloseTo(2 / 5, 9)
  expect(second!.xPx).toBeCloseTo(column!.xPx + (2 / 5) * column!.widthPx, 9)
  expect([first!.isJoined, second!.isJoined]).toEqual([false, false])
})

test('a unit over lines goes on at their ends, and says its value once', () => {
  const result = longResult(60)
  const layout = layoutTokenText(result, {
    widthPx: 300,
    tracks: ['surprisal'],
    units: unitsOf(result, {kind: 'spans', spans: [{byteStart: 0, byteEnd: 1e6}]}),
  })
  const parts = layout.lines.flatMap((line) => line.units!.parts.filter((p) => p.role === 'unit'))
  expect(parts.length).toBeGreaterThan(3)
  expect(parts.map((part) => part.isContinued)).toEqual(parts.map((_, i) => i > 0))
  expect(parts.map((part) => part.continues)).toEqual(parts.map((_, i) => i < parts.length - 1))
  const total = result.tokens.reduce((sum, token) => sum + (token.surprisalBits ?? 0), 0)
  expect(parts.flatMap((part) => part.valueText ?? [])).toEqual([total.toFixed(1)])
})

test('what lies outside is counted in words', () => {
  const result = storyResult()
  const units = unitsOf(result, withSpans)
  // Byte by byte: what is neither in 0 to 4 nor in 30 to 77, nor inserted.
  let bits = 0
  for (const token of result.tokens) {
    for (let at = token.byteStart; at < token.byteEnd; at++) {
      const isInside = at < 4 || (at >= 30 && at < 77)
      if (!isInside) bits += (token.surprisalBits ?? 0) / (token.byteEnd - token.byteStart)
    }
  }
  expect(outsideText(units, result.tokens, 'surprisal')).toBe(
    `outside: ${bits.toFixed(1)} bits in 2 stretches (surprisal, sum)`
  )
  expect(outsideText(unitsOf(result, {kind: 'word'}), result.tokens, 'surprisal')).toBeNull()
})

test('the caption speaks of units, and hides their text with the prompt', () => {
  const result = storyResult()
  const units = unitsOf(result, {kind: 'word'})
  const caption = (noPrompt: boolean) =>
    captionOf(result, noPrompt, units)
      .map((part) => part.text)
      .join('')
  const total = result.tokens.reduce((sum, token) => sum + (token.surprisalBits ?? 0), 0)
  // ' caf' and the two bytes of é are one word.
  expect(caption(false)).toContain('Hardest word to guess: ·café at 16 to 18, 7.6 bits')
  expect(caption(false)).toContain(`${total.toFixed(1)} bits in all`)
  expect(caption(true)).toContain('Hardest word to guess: position 16 to 18, 7.6 bits')
  expect(caption(true)).not.toContain('caf')
  expect(describeFigure(result, false, units)).toContain('shown by word')
})

test('pins are numbered in their order, each once, where there is a token', () => {
  const result = storyResult()
  const pins = [16, 4, 16, 900]
  const layout = layoutTokenText(result, {widthPx: 560, tracks: TRACKS, pins})
  const marks = layout.lines.flatMap((line) => line.pins)
  expect(marks.map(({number, position}) => [number, position])).toEqual([
    [2, 4],
    [1, 16],
  ])
  for (const line of layout.lines)
    expect(line.chipTopPx >= 12).toBe(line.pins.length > 0 || line.joined.length > 0)
  const say = (options: {
    noPrompt?: boolean
    withUnits?: boolean
    pairs?: {from: number; to: number}[]
  }) => {
    const table = unitsOf(result, {kind: 'word'})
    const scored = table.units.map((unit) => ({
      ...unit,
      logprob: null,
      surprisalBits: 9,
      entropyBits: null,
      rank: null,
      maxLogprob: null,
      topPMass: null,
      endProb: null,
      klToUniformBits: null,
      klFromUniformBits: null,
    }))
    const pinned = {pins, pairs: options.pairs ?? []}
    const listed = layoutPins(result, pinned, {
      widthPx: 560,
      track: 'surprisal',
      noPrompt: options.noPrompt ?? false,
      units: options.withUnits ? {table, scored} : null,
    })
    return listed!.entries.map((entry) => entry.spans.map((span) => span.text).join(''))
  }
  expect(say({})).toEqual(['1 “·caf” at 16: 5.4 bits', '2 “·lamp” at 4: 3.2 bits'])
  expect(say({noPrompt: true})).toEqual(['1 at 16: 5.4 bits', '2 at 4: 3.2 bits'])
  expect(say({withUnits: true})[0]).toBe('1 “·caf” at 16: 5.4 bits, its word 9.0 bits')
  expect(say({withUnits: true})[1]).toBe('2 “·lamp” at 4: 3.2 bits')
  // A pair is listed after the pins; one with an end beyond the text is left out.
  const pairs = [
    {from: 4, to: 16},
    {from: 4, to: 900},
  ]
  expect(say({pairs}).slice(2)).toEqual(['“·lamp” at 4 → “·caf” at 16'])
  expect(say({pairs, noPrompt: true}).slice(2)).toEqual(['at 4 → at 16'])
})
