import {existsSync} from 'node:fs'
import {resolve} from 'node:path'
import {describe, expect, test} from 'vitest'
import {FONT_FILES, fitText, fontRuns, isCovered, textWidthPx} from './text-width.ts'

test('every font that is drawn with is shipped', () => {
  for (const file of FONT_FILES) {
    expect(existsSync(resolve(import.meta.dirname, '../../../assets/fonts', file))).toBe(true)
  }
})

test('numbers are tabular: every digit has one width, in every weight', () => {
  for (const weight of [400, 500, 600] as const) {
    const widths = [...'0123456789'].map((digit) => textWidthPx(digit, 13, 'sans', weight))
    expect(new Set(widths).size).toBe(1)
  }
})

test('the short way for plain text gives the same width as the long one', () => {
  for (const text of ['Mira', '·lamp', '~!#', '']) {
    const long = fontRuns(text, 13, 'mono').reduce((sum, run) => sum + run.widthPx, 0)
    expect(textWidthPx(text, 13, 'mono')).toBeCloseTo(long, 10)
  }
  expect(textWidthPx('abc', 10, 'mono')).toBe(18)
})

describe('a text by its fonts', () => {
  const families = (text: string) => fontRuns(text, 13, 'mono').map((run) => [run.text, run.family])

  test('changes font where it must', () => {
    expect(families('·東a')).toEqual([
      ['·', null],
      ['東', 'Rounded Mplus 1c'],
      ['a', null],
    ])
  })

  test('keeps together what is one glyph, as wide as one', () => {
    expect(families('👩\u200d💻')).toEqual([['👩\u200d💻', 'Noto Emoji']])
    expect(textWidthPx('👩\u200d💻', 13, 'mono')).toBe(textWidthPx('👩', 13, 'mono'))
    expect(textWidthPx('🇩🇪🇫🇷', 13, 'mono')).toBe(2 * textWidthPx('🇩🇪', 13, 'mono'))
  })

  test('a mark and the circle it stands on have one font', () => {
    expect(families('◌\u0947')).toEqual([['◌\u0947', 'Noto Sans Devanagari']])
  })
})

test('coverage', () => {
  expect([...'aéΩжمशא東😀⏎⇥'].every((character) => isCovered(character.codePointAt(0)!))).toBe(true)
  expect(isCovered(0xd55c)).toBe(false)
})

test('what does not fit ends in an ellipsis and then fits', () => {
  const fitted = fitText('a rather long sentence', 60, 11)
  expect(fitted.endsWith('…')).toBe(true)
  expect(textWidthPx(fitted, 11)).toBeLessThanOrEqual(60)
  expect(fitText('short', 60, 11)).toBe('short')
  expect(fitText('short', 1, 11)).toBe('')
})
