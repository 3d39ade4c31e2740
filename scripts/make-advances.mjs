// Writes src/shared/figures/advances.ts: which characters each shipped font covers and how wide they
// are, so that a text measures the same in Node, in a page and on a machine without the fonts.
import {readFileSync, writeFileSync} from 'node:fs'
import {resolve} from 'node:path'
import {readAdvances, readCharacterMap, readFamilyNames, readSingleSubstitutions} from './ttf.mjs'

const root = resolve(import.meta.dirname, '..')
// Fallbacks stand in the order in which a painter is to try them.
const FONTS = [
  ['sans', 400, 'inter-regular'],
  ['sans', 500, 'inter-medium'],
  ['sans', 600, 'inter-semibold'],
  ['mono', 400, 'jetbrains-mono-regular'],
  ['mono', 500, 'jetbrains-mono-medium'],
  ['fallback', 400, 'dejavu-sans-mono'],
  ['fallback', 400, 'noto-emoji'],
  ['fallback', 400, 'noto-sans-devanagari'],
  ['fallback', 400, 'm-plus-rounded-1c'],
  ['fallback', 400, 'dejavu-sans'],
]

const entries = FONTS.map(([role, weight, name]) => {
  const font = readFileSync(resolve(root, `assets/fonts/${name}.ttf`))
  const advanceOf = readAdvances(font)
  // Inter's figures are made tabular by a feature that is always on (make-fonts.mjs).
  const replaced = role === 'sans' ? readSingleSubstitutions(font, 'rlig') : new Map()
  const characters = [...readCharacterMap(font)]
    .filter(([code, glyph]) => glyph !== 0 && code >= 0x20)
    .map(([code, glyph]) => [code, advanceOf(replaced.get(glyph) ?? glyph)])
    .sort((a, b) => a[0] - b[0])
  const runs = []
  for (const [code, advance] of characters) {
    const last = runs.at(-1)
    if (last && last.first + last.count === code && last.advance === advance) last.count += 1
    else runs.push({first: code, count: 1, advance})
  }
  let next = 0
  const text = runs
    .map(({first, count, advance}) => {
      const gap = first - next
      next = first + count
      return [gap, count, advance].map((n) => n.toString(36)).join(' ')
    })
    .join(',')
  const {typographicFamily} = readFamilyNames(font)
  return `  {role: '${role}', weight: ${weight}, family: '${typographicFamily}', file: '${name}.ttf', runs: '${text}'},`
})
writeFileSync(
  resolve(root, 'src/shared/figures/advances.ts'),
  `// Written by scripts/make-advances.mjs from assets/fonts. Do not edit.

/** A shipped font: its characters as runs of "gap count advance" in base 36, thousandths of an em. */
export interface FontAdvances {
  readonly role: 'sans' | 'mono' | 'fallback'
  readonly weight: number
  readonly family: string
  readonly file: string
  readonly runs: string
}

/** Fallbacks stand in the order in which they are tried. */
export const FONT_ADVANCES: readonly FontAdvances[] = [
${entries.join('\n')}
]
`
)
