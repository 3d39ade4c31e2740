import {FONT_ADVANCES, type FontAdvances} from './advances.ts'

/** What the interface is written in, and what tokens are written in. */
export type FontRole = 'sans' | 'mono'
export type FontWeight = 400 | 500 | 600

/** The families of a role, first to last, as an SVG's `font-family` names them. */
export const FONT_FAMILIES: Readonly<Record<FontRole, string>> = {
  sans: ["'Inter'", 'system-ui', 'sans-serif'].join(', '),
  mono: [
    ...new Set(
      FONT_ADVANCES.filter((font) => font.role !== 'sans').map((font) => `'${font.family}'`)
    ),
    'monospace',
  ].join(', '),
}

/** Font files in the order in which a painter without families of its own is to try them. */
export const FONT_FILES: readonly string[] = [
  ...FONT_ADVANCES.filter((font) => font.role !== 'sans'),
  ...FONT_ADVANCES.filter((font) => font.role === 'sans'),
].map((font) => font.file)

/** Runs of one font, ascending: first code, code after the last, advance in thousandths of an em. */
interface RunTable {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly advances: Uint16Array
}

const tables = new Map<FontAdvances, RunTable>()

function tableOf(font: FontAdvances): RunTable {
  const known = tables.get(font)
  if (known) return known
  const runs = font.runs.split(',')
  const table: RunTable = {
    starts: new Uint32Array(runs.length),
    ends: new Uint32Array(runs.length),
    advances: new Uint16Array(runs.length),
  }
  let code = 0
  for (const [i, run] of runs.entries()) {
    const [gap, count, advance] = run.split(' ').map((n) => Number.parseInt(n, 36))
    code += gap!
    table.starts[i] = code
    code += count!
    table.ends[i] = code
    table.advances[i] = advance!
  }
  tables.set(font, table)
  return table
}

/** Advance of a character in one font, in thousandths of an em; -1 where the font lacks it. */
function advanceIn(font: FontAdvances, code: number): number {
  const {starts, ends, advances} = tableOf(font)
  let low = 0
  let high = starts.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (code < starts[middle]!) high = middle - 1
    else if (code >= ends[middle]!) low = middle + 1
    else return advances[middle]!
  }
  return -1
}

const fallbackFonts = FONT_ADVANCES.filter((font) => font.role === 'fallback')
const firstFonts = new Map(
  FONT_ADVANCES.filter((font) => font.role !== 'fallback').map((font) => [
    `${font.role}${font.weight}`,
    font,
  ])
)

/** A character in the first font that has it: 0 is the role's own, -1 none. */
interface Glyph {
  readonly advance: number
  readonly fontIndex: number
}

// Tokens repeat their characters, and the search through seven fonts is the layout's inner loop.
const knownGlyphs = new Map<string, Map<number, Glyph>>()

function glyphOf(code: number, role: FontRole, weight: FontWeight): Glyph {
  const name = `${role}${role === 'mono' && weight === 600 ? 500 : weight}`
  const known = knownGlyphs.get(name) ?? new Map<number, Glyph>()
  knownGlyphs.set(name, known)
  let glyph = known.get(code)
  if (!glyph) {
    glyph = {advance: 1000, fontIndex: -1}
    const fonts = [firstFonts.get(name)!, ...fallbackFonts]
    for (let i = 0; glyph.fontIndex < 0 && i < fonts.length; i++) {
      const advance = advanceIn(fonts[i]!, code)
      if (advance >= 0) glyph = {advance, fontIndex: i}
    }
    known.set(code, glyph)
  }
  return glyph
}

/** Whether a shipped font draws the character. */
export function isCovered(code: number): boolean {
  return glyphOf(code, 'mono', 400).fontIndex >= 0
}

/** A stretch of a text that one font draws. */
export interface FontRun {
  readonly text: string
  /** Null is the role's own; painters of mixed texts break joined emoji, so each font is named. */
  readonly family: string | null
  readonly widthPx: number
}

const JOINER = 0x200d
const isSelector = (code: number) => code >= 0xfe00 && code <= 0xfe0f
const isSkinTone = (code: number) => code >= 0x1f3fb && code <= 0x1f3ff
const isFlagLetter = (code: number) => code >= 0x1f1e6 && code <= 0x1f1ff
const DOTTED_CIRCLE = 0x25cc

/** A mark and its circle come from one font; the last fallbacks are those that place marks well. */
function circleGlyph(markCode: number): Glyph {
  const index = fallbackFonts.findLastIndex(
    (font) => advanceIn(font, markCode) >= 0 && advanceIn(font, DOTTED_CIRCLE) >= 0
  )
  if (index < 0) return glyphOf(DOTTED_CIRCLE, 'mono', 400)
  return {advance: advanceIn(fallbackFonts[index]!, DOTTED_CIRCLE), fontIndex: index + 1}
}

const MARK = /^\p{M}$/u

/** A text by the fonts that draw it. What joins the character before it stays with that. */
export function fontRuns(
  text: string,
  sizePx: number,
  role: FontRole,
  weight: FontWeight = 400
): FontRun[] {
  const runs: {text: string; family: string | null; thousandths: number}[] = []
  const characters = [...text]
  let previous = -1
  let isFlagOpen = false
  for (const [index, character] of characters.entries()) {
    const code = character.codePointAt(0)!
    const next = characters[index + 1]
    const {advance, fontIndex} =
      code === DOTTED_CIRCLE && next !== undefined && MARK.test(next)
        ? circleGlyph(next.codePointAt(0)!)
        : glyphOf(code, role, weight)
    const last = runs.at(-1)
    const isJoined =
      previous >= 0 &&
      (code === JOINER ||
        previous === JOINER ||
        isSelector(code) ||
        isSkinTone(code) ||
        (isFlagLetter(code) && isFlagOpen))
    const isAttached = isJoined || (previous >= 0 && code > 0x7f && MARK.test(character))
    isFlagOpen = isFlagLetter(code) && !isFlagOpen
    const family = fontIndex > 0 ? fallbackFonts[fontIndex - 1]!.family : null
    if (last && (isAttached || last.family === family)) {
      last.text += character
      // One glyph stands for all that is joined, as wide as the first.
      last.thousandths += isJoined ? 0 : advance
    } else {
      runs.push({text: character, family, thousandths: advance})
    }
    previous = code
  }
  return runs.map(({thousandths, ...run}) => ({...run, widthPx: (thousandths * sizePx) / 1000}))
}

const PLAIN = /^[\x20-\x7e\u00b7]*$/
const MONO_ADVANCE = 600

/** Width of a text in pixels; a character that no font covers counts as one em. */
export function textWidthPx(
  text: string,
  sizePx: number,
  role: FontRole = 'sans',
  weight: FontWeight = 400
): number {
  if (role === 'mono' && PLAIN.test(text)) return (text.length * MONO_ADVANCE * sizePx) / 1000
  let widthPx = 0
  for (const run of fontRuns(text, sizePx, role, weight)) widthPx += run.widthPx
  return widthPx
}

/** The families to draw a run with, as an SVG's `font-family` names them. */
export function familiesOf(run: FontRun, role: FontRole): string {
  return run.family === null ? FONT_FAMILIES[role] : `'${run.family}', monospace`
}

/** The text, or as much of it as fits in a width, closed by an ellipsis. */
export function fitText(
  text: string,
  widthPx: number,
  sizePx: number,
  role: FontRole = 'sans',
  weight: FontWeight = 400
): string {
  if (textWidthPx(text, sizePx, role, weight) <= widthPx) return text
  const characters = [...text]
  while (characters.length > 0) {
    characters.pop()
    const shortened = `${characters.join('').trimEnd()}…`
    if (textWidthPx(shortened, sizePx, role, weight) <= widthPx) return shortened
  }
  return ''
}
