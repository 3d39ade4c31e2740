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
// Tokens repeat their characters, and the search through seven fonts is the layout's inner loop.
const knownAdvances = new Map<string, Map<number, number>>()

/**
 * Advance of a character in thousandths of an em, in the role's own font or the first fallback that
 * has it; -1 where no shipped font covers it.
 */
export function characterAdvance(code: number, role: FontRole, weight: FontWeight = 400): number {
  const name = `${role}${role === 'mono' && weight === 600 ? 500 : weight}`
  const known = knownAdvances.get(name) ?? new Map<number, number>()
  knownAdvances.set(name, known)
  let advance = known.get(code)
  if (advance === undefined) {
    advance = advanceIn(firstFonts.get(name)!, code)
    for (let i = 0; advance < 0 && i < fallbackFonts.length; i++) {
      advance = advanceIn(fallbackFonts[i]!, code)
    }
    known.set(code, advance)
  }
  return advance
}

/** Whether a shipped font draws the character. */
export function isCovered(code: number): boolean {
  return characterAdvance(code, 'mono') >= 0
}

/** Width of a text in pixels; a character that no font covers counts as one em. */
export function textWidthPx(
  text: string,
  sizePx: number,
  role: FontRole = 'sans',
  weight: FontWeight = 400
): number {
  let thousandths = 0
  for (const character of text) {
    const advance = characterAdvance(character.codePointAt(0)!, role, weight)
    thousandths += advance < 0 ? 1000 : advance
  }
  return (thousandths * sizePx) / 1000
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
