import {readFileSync} from 'node:fs'
import {resolve} from 'node:path'
import {describe, expect, test} from 'vitest'
import {PALETTES, paletteOf, stepOf} from './palette.ts'
import {colorScaleSchema, themeSchema} from './request.ts'

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

const EVERY_PALETTE = themeSchema.options.flatMap((theme) =>
  colorScaleSchema.options.map((colors) => [theme, colors, paletteOf(theme, colors)] as const)
)

describe.each(EVERY_PALETTE)('%s with %s', (_theme, _colors, palette) => {
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

test('a scale changes nothing but the scale, and grey print stays grey', () => {
  for (const [theme, colors, palette] of EVERY_PALETTE) {
    expect({...palette, sequential: []}).toEqual({...PALETTES[theme], sequential: []})
    expect(new Set(palette.sequential).size).toBe(9)
    expect(paletteOf(theme, colors)).toBe(palette)
    if (theme === 'grey' || colors === 'grey') {
      for (const color of palette.sequential) expect(color).toMatch(/^#(..)\1\1$/)
    }
  }
})

/** OKLCH as eight-bit sRGB (Ottosson 2020); where sRGB has none the chroma is lowered until it has. */
function srgbOf(lightness: number, chroma: number, hue: number): [number, number, number] {
  const linear = (c: number) => {
    const a = c * Math.cos((hue * Math.PI) / 180)
    const b = c * Math.sin((hue * Math.PI) / 180)
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    return [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ] as const
  }
  const isDrawable = (c: number) => linear(c).every((v) => v >= -1e-4 && v <= 1.0001)
  let low = 0
  let high = chroma
  for (let i = 0; i < 40 && !isDrawable(chroma); i++) {
    const middle = (low + high) / 2
    if (isDrawable(middle)) low = middle
    else high = middle
  }
  return linear(isDrawable(chroma) ? chroma : low).map((v) => {
    const clipped = Math.min(1, Math.max(0, v))
    return Math.round(
      255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055)
    )
  }) as [number, number, number]
}

/** The design tokens of the page, by selector and name. */
function designTokens(): Map<string, Map<string, readonly [number, number, number]>> {
  const css = readFileSync(resolve(import.meta.dirname, '../../renderer/ui/tokens.css'), 'utf8')
  const blocks = new Map<string, Map<string, readonly [number, number, number]>>()
  for (const [, selector, body] of css.matchAll(/^([^\s@/][^{\n]*) \{\n([\s\S]*?)^\}/gm)) {
    const colors = new Map(blocks.get(selector!))
    const pattern = /--([\w-]+):\s*oklch\(\s*([\d.]+)% ([\d.]+) ([\d.]+)\s*\)/g
    for (const [, name, l, c, h] of body!.matchAll(pattern)) {
      colors.set(name!, srgbOf(Number(l) / 100, Number(c), Number(h)))
    }
    blocks.set(selector!, colors)
  }
  return blocks
}

describe('the page and the figures have the same colours', () => {
  const blocks = designTokens()
  const names: readonly (readonly [
    string,
    (p: (typeof PALETTES)['light']) => string | undefined,
  ])[] = [
    ...(
      [
        ['paper', 'paper'],
        ['ink-1', 'ink1'],
        ['ink-2', 'ink2'],
        ['ink-3', 'ink3'],
        ['mark', 'mark'],
        ['accent', 'accent'],
        ['accent-soft', 'accentSoft'],
        ['line-strong', 'lineStrong'],
        ['seq-ink-low', 'seqInkLow'],
      ] as const
    ).map(([name, key]) => [name, (p: (typeof PALETTES)['light']) => p[key]] as const),
    ...Array.from(
      {length: 9},
      (_, i) => [`seq-${i + 1}`, (p: (typeof PALETTES)['light']) => p.sequential[i]] as const
    ),
    ...Array.from(
      {length: 11},
      (_, i) => [`div-${i + 1}`, (p: (typeof PALETTES)['light']) => p.diverging[i]] as const
    ),
  ]
  test.each(EVERY_PALETTE.filter(([theme]) => theme === 'light' || theme === 'dark'))(
    '%s with %s',
    (theme, colors, palette) => {
      // As the cascade has it: later and more exact selectors win.
      const own = theme === 'dark' ? `[data-theme="dark"][data-colors="${colors}"]` : ''
      const layers = [
        ':root',
        theme === 'dark' ? '[data-theme="dark"]' : '',
        `[data-colors="${colors}"]`,
        own,
      ]
      for (const [name, colorOf] of names) {
        // Without a block of its own ember has the theme's.
        const found = layers
          .map((layer) => blocks.get(layer)?.get(name))
          .filter((c) => c !== undefined)
        const hex = colorOf(palette) ?? expect.fail(name)
        const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
        for (const [i, channel] of found.at(-1)!.entries()) {
          expect(Math.abs(channel - channels[i]!), `${name} ${hex}`).toBeLessThanOrEqual(1)
        }
      }
      if (colors !== 'ember') expect(blocks.get(`[data-colors="${colors}"]`)?.size).toBe(9)
    }
  )
})
