import fc from 'fast-check'
import {expect, test} from 'vitest'
import {flowText, type TextSpan} from './text-flow.ts'
import {textWidthPx} from './text-width.ts'

const words = (text: string): TextSpan => ({text, role: 'sans', weight: 400})
const token = (text: string): TextSpan => ({text, role: 'mono', weight: 500})

test('spans follow each other on a line', () => {
  const [line, ...others] = flowText(
    [words('Costliest: '), token('·caf'), words(', 5.4 bits')],
    900,
    13
  )
  expect(others).toEqual([])
  expect(line!.map((span) => span.text)).toEqual(['Costliest:', '·caf', ', 5.4 bits'])
  expect(line![1]!.xPx).toBeCloseTo(textWidthPx('Costliest: ', 13), 6)
})

test('no line is wider than it may be, and no word is lost', () => {
  fc.assert(
    fc.property(fc.lorem({maxCount: 40}), fc.integer({min: 40, max: 400}), (text, widthPx) => {
      const lines = flowText([words(text)], widthPx, 13)
      for (const line of lines) {
        const last = line.at(-1)!
        expect(last.xPx + textWidthPx(last.text.trimEnd(), 13)).toBeLessThanOrEqual(widthPx + 1e-6)
      }
      const flat = lines
        .flat()
        .map((span) => span.text)
        .join('')
      expect(flat.replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    })
  )
})
