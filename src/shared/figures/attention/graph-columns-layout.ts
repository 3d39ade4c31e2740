import {
  columnsWindow,
  type TokenWindow,
  tokensPerColumnOf,
} from '../../math/attention/graph-window.ts'
import {textWidthPx} from '../text-width.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'

/** How the columns of a graph carry their names. */
export type ColumnNames = 'chips' | 'rotated' | 'ticks'

/** Where tokens stand side by side, and how many share a column. */
export interface GraphColumnsLayout {
  readonly names: ColumnNames
  readonly tokensPerColumn: number
  /** Size of the letters of names. */
  readonly namePx: number
  /** Height that the names take. */
  readonly footPx: number
  readonly columns: readonly GraphColumn[]
  /** The left edge of a token; of a fraction the place between two. Tokens out of sight lie beyond the ends. */
  xOf(position: number): number
}

export interface GraphColumn {
  /** Its tokens: from the first up to the second, which is not among them. */
  readonly first: number
  readonly end: number
  readonly xPx: number
  readonly widthPx: number
  /** Of one token, as it fits; else empty. */
  readonly text: string
}

/** From this width on names fit beside each other when they are turned. */
const LEAST_ROTATED_PX = 12
const LEAST_CHIP_SHARE = 0.82
const NAME_PX = 13
const SMALL_NAME_PX = 11
const CHIP_PADDING_PX = 8
const LEAST_CHIP_PX = 16
const MOST_CHIP_PX = 120
const MOST_ROTATED_PX = 64
const CHIP_ROW_PX = 24
const TICKS_ROW_PX = 28

const widths = new WeakMap<object, Float64Array>()

/** Widths of all tokens as chips, added up: entry i is where token i begins. */
function chipEnds(tokens: readonly GlyphSource[]): Float64Array {
  const known = widths.get(tokens)
  if (known) return known
  const ends = new Float64Array(tokens.length + 1)
  const byHex = new Map<string, number>()
  for (const [i, token] of tokens.entries()) {
    const key = token.bytesHex
    const widthPx =
      byHex.get(key) ??
      Math.max(
        LEAST_CHIP_PX,
        Math.min(MOST_CHIP_PX, textWidthPx(plainGlyphs(token), NAME_PX, 'mono')) + CHIP_PADDING_PX
      )
    byHex.set(key, widthPx)
    ends[i + 1] = ends[i]! + widthPx
  }
  widths.set(tokens, ends)
  return ends
}

export interface ColumnsRoom {
  readonly xPx: number
  readonly widthPx: number
  /** Names that are turned need more height than this leaves. */
  readonly isLow: boolean
  readonly noPrompt: boolean
}

/** Columns of the tokens that are seen: with chips where those fit, with turned names, else with positions. */
export function layoutGraphColumns(
  tokens: readonly GlyphSource[],
  window: TokenWindow,
  {xPx, widthPx, isLow, noPrompt}: ColumnsRoom
): GraphColumnsLayout {
  const {start, span} = window
  const count = tokens.length
  const ends = chipEnds(tokens)
  // Of the whole text, so that what is drawn does not change its kind while it is moved.
  const chipsPx = (ends[count]! / Math.max(1, count)) * span
  const isChips = !noPrompt && chipsPx * LEAST_CHIP_SHARE <= widthPx
  const columnPx = widthPx / span
  const names: ColumnNames = isChips
    ? 'chips'
    : !noPrompt && !isLow && columnPx >= LEAST_ROTATED_PX
      ? 'rotated'
      : 'ticks'
  const at = (position: number) => {
    if (!isChips) return position
    const whole = Math.max(0, Math.min(count - 1, Math.floor(position)))
    return ends[whole]! + (position - whole) * (ends[whole + 1]! - ends[whole]!)
  }
  const left = at(start)
  // Few short tokens stay together instead of being spread over the whole width.
  const scale = Math.min(isChips ? MOST_SPREAD : Infinity, widthPx / (at(start + span) - left))
  const xOf = (position: number) => xPx + (at(position) - left) * scale
  const namePx = isChips && scale >= 0.98 ? NAME_PX : SMALL_NAME_PX
  const tokensPerColumn = isChips ? 1 : tokensPerColumnOf(span, widthPx)
  const [first, end] = columnsWindow(window, count, tokensPerColumn)
  const columns: GraphColumn[] = []
  let longestPx = 0
  for (let from = first; from < end; from += tokensPerColumn) {
    const to = Math.min(end, from + tokensPerColumn)
    const columnX = xOf(from)
    const isNamed = names !== 'ticks' && tokensPerColumn === 1
    const text = isNamed ? nameOf(tokens[from]!) : ''
    if (names === 'rotated') longestPx = Math.max(longestPx, textWidthPx(text, namePx, 'mono'))
    columns.push({first: from, end: to, xPx: columnX, widthPx: xOf(to) - columnX, text})
  }
  const footPx =
    names === 'chips'
      ? CHIP_ROW_PX
      : names === 'rotated'
        ? 12 + Math.ceil(Math.min(MOST_ROTATED_PX, longestPx))
        : TICKS_ROW_PX
  return {names, tokensPerColumn, namePx, footPx, columns, xOf}
}
const MOST_SPREAD = 2

function nameOf(token: GlyphSource): string {
  return plainGlyphs(token) || '∅'
}

export {columnsWindow, MOST_ROTATED_PX, type TokenWindow, tokensPerColumnOf}
