import {describe, expect, test} from 'vitest'
import {PALETTES, stepOf} from './palette.ts'

/** Relative luminance (WCAG 2). */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

describe.each(Object.entries(PALETTES))('%s', (_, palette) => {
  test('words are legible on paper, on selected ground and on chips', () => {
    for (const ink of [palette.ink1, palette.ink2, palette.ink3]) {
      expect(contrast(ink, palette.paper)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(ink, palette.accentSoft)).toBeGreaterThanOrEqual(4.5)
    }
    for (const color of palette.sequential.slice(0, 5)) {
      expect(contrast(palette.seqInkLow, color)).toBeGreaterThanOrEqual(4.5)
    }
    expect(contrast(palette.ink2, palette.sunken)).toBeGreaterThanOrEqual(4.5)
  })

  test('the sequential order survives grey print', () => {
    const values = palette.sequential.map(luminance)
    const direction = Math.sign(values[8]! - values[0]!)
    for (let i = 1; i < values.length; i++) {
      expect(Math.sign(values[i]! - values[i - 1]!)).toBe(direction)
    }
  })

  test('categories can be seen on paper', () => {
    for (const color of palette.categories) {
      expect(contrast(color, palette.paper)).toBeGreaterThanOrEqual(3)
    }
  })
})

test('grey is grey', () => {
  for (const color of [
    ...PALETTES.grey.sequential,
    ...PALETTES.grey.diverging,
    PALETTES.grey.accent,
  ]) {
    expect(color).toMatch(/^#(..)\1\1$/)
  }
})

test('steps of a scale', () => {
  expect([0, 0.1, 1.2, 1.21, 6, 60, Number.NaN].map((value) => stepOf(value, 6, 5))).toEqual([
    0, 0, 0, 1, 4, 4, 0,
  ])
})
