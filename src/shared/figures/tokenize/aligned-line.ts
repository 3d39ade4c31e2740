import {readTokenFlags, type TokenTable} from '../../domain/token.ts'
import {isAttached, KIND, signOf, standing} from './characters.ts'
import {decodeAt, type RowSpans, spanAfter, type TextColumns} from './columns.ts'
import type {LineSpan} from './lines.ts'

/** Single glyphs by their middles, which are one text element: `text` has as many UTF-16 units. */
export interface PlacedGlyphs {
  text: string
  readonly xs: number[]
}

/** What stands in a row, by how it is painted. */
export interface LineGlyphs {
  readonly plain: PlacedGlyphs
  readonly marks: PlacedGlyphs
  /** Hex digits and codes, in small. */
  readonly small: PlacedGlyphs
  /** Text that is shaped as one, by its middle. */
  readonly shaped: {readonly xPx: number; readonly text: string}[]
}

export interface LineToken {
  /** In the row's spans. */
  readonly span: number
  readonly xPx: number
  readonly widthPx: number
  /** 0: every row cuts this token; 3: this row alone. */
  readonly level: number
  /** It goes on over the end of a line. */
  readonly isOpenStart: boolean
  readonly isOpenEnd: boolean
}

export interface AlignedLineRow {
  readonly tokens: readonly LineToken[]
  readonly glyphs: LineGlyphs
  /** Lines under characters that the row cuts inside. */
  readonly joins: readonly {readonly xPx: number; readonly widthPx: number}[]
  /** Bytes that no token stands for. */
  readonly gaps: readonly {readonly xPx: number; readonly widthPx: number}[]
}

/** Everything on one line of an aligned text, in pixels from the first byte's left edge. */
export interface AlignedLine extends LineSpan {
  readonly widthPx: number
  /** Left edges of the bytes and the end of the last. */
  readonly xs: Float32Array
  readonly ticks: readonly {readonly byte: number; readonly xPx: number}[]
  readonly text: LineGlyphs
  readonly rows: readonly AlignedLineRow[]
  readonly cuts: readonly {readonly byte: number; readonly xPx: number; readonly count: number}[]
}

export const LEVEL_COUNT = 4

/** How much a token stands alone: 0 where all rows cut it, `LEVEL_COUNT − 1` where one does. */
export function levelOf(agreeing: number, rowCount: number): number {
  if (rowCount <= 1 || agreeing >= rowCount) return 0
  if (agreeing <= 1) return LEVEL_COUNT - 1
  return (rowCount - agreeing) / (rowCount - 1) > 0.5 ? 2 : 1
}

const TICK_BYTES = 10

export function layoutLine(columns: TextColumns, {byteStart, byteEnd}: LineSpan): AlignedLine {
  const xs = new Float32Array(byteEnd - byteStart + 1)
  for (let i = byteStart; i < byteEnd; i++) {
    xs[i - byteStart + 1] = xs[i - byteStart]! + columns.widths[i]!
  }
  const line = {byteStart, byteEnd}
  const whole = {start: byteStart, end: byteEnd}
  const text = emptyGlyphs()
  addGlyphs(text, columns, line, xs, whole, {withSpaces: false, joins: null})
  const ticks: {byte: number; xPx: number}[] = []
  const firstTick = Math.ceil(byteStart / TICK_BYTES) * TICK_BYTES
  for (let byte = firstTick; byte < byteEnd; byte += TICK_BYTES) {
    ticks.push({byte, xPx: xs[byte - byteStart]!})
  }
  const cuts: {byte: number; xPx: number; count: number}[] = []
  for (let byte = byteStart + 1; byte <= byteEnd; byte++) {
    const count = columns.cutCounts[byte]!
    if (count > 0) cuts.push({byte, xPx: xs[byte - byteStart]!, count})
  }
  return {
    ...{byteStart, byteEnd, xs, text, ticks, cuts},
    widthPx: xs.at(-1)!,
    rows: columns.rows.map((row) => layoutRow(columns, row, line, xs)),
  }
}

function layoutRow(
  columns: TextColumns,
  row: RowSpans,
  line: LineSpan,
  xs: Float32Array
): AlignedLineRow {
  const {byteStart, byteEnd} = line
  const tokens: LineToken[] = []
  const gaps: {xPx: number; widthPx: number}[] = []
  const joins: {xPx: number; widthPx: number}[] = []
  const glyphs = emptyGlyphs()
  const between = (from: number, to: number) => ({
    xPx: xs[from - byteStart]!,
    widthPx: xs[to - byteStart]! - xs[from - byteStart]!,
  })
  let covered = byteStart
  for (let span = spanAfter(row, byteStart); span < row.starts.length; span++) {
    const start = row.starts[span]!
    const end = row.ends[span]!
    if (start >= byteEnd) break
    const from = Math.max(byteStart, start)
    const to = Math.min(byteEnd, end)
    if (from > covered) gaps.push(between(covered, from))
    tokens.push({
      ...between(from, to),
      span,
      level: levelOf(agreementOf(columns.rows, start, end), columns.rows.length),
      isOpenStart: from > start,
      isOpenEnd: to < end,
    })
    if (to > covered) {
      const drawn = {start: Math.max(from, covered), end: to}
      addGlyphs(glyphs, columns, line, xs, drawn, {withSpaces: true, joins})
    }
    covered = Math.max(covered, to)
  }
  if (covered < byteEnd) gaps.push(between(covered, byteEnd))
  return {tokens, glyphs, joins, gaps}
}

/** How many rows have a token of exactly these bytes. */
export function agreementOf(rows: readonly RowSpans[], start: number, end: number): number {
  let count = 0
  for (const row of rows) {
    const at = spanAfter(row, start)
    if (row.starts[at] === start && row.ends[at] === end) count++
  }
  return count
}

function emptyGlyphs(): LineGlyphs {
  return {
    plain: {text: '', xs: []},
    marks: {text: '', xs: []},
    small: {text: '', xs: []},
    shaped: [],
  }
}

/** Advance of a small digit, set a little tighter than the typeface has it. */
const DIGIT_PX = 6.2
const CODE_DIGIT_PX = 6.6

function addGlyphs(
  to: LineGlyphs,
  {bytes, kinds}: TextColumns,
  {byteStart}: LineSpan,
  xs: Float32Array,
  {start, end}: {readonly start: number; readonly end: number},
  {withSpaces, joins}: {withSpaces: boolean; joins: {xPx: number; widthPx: number}[] | null}
): void {
  const x = (byte: number) => xs[byte - byteStart]!
  const small = (text: string, middlePx: number, advancePx: number) => {
    for (let i = 0; i < text.length; i++) {
      to.small.text += text[i]
      to.small.xs.push(middlePx + (i - (text.length - 1) / 2) * advancePx)
    }
  }
  let at = start
  // Bytes of a character that began in another token.
  while (at < end && kinds[at] === 0) at = addHex(at)
  function addHex(byte: number): number {
    small(hexOf(bytes[byte]!), (x(byte) + x(byte + 1)) / 2, DIGIT_PX)
    return byte + 1
  }
  while (at < end) {
    const {code, length} = decodeAt(bytes, at)
    if (at + length > end) {
      // Its last bytes are in another token; the line under it is drawn once, here.
      joins?.push({
        xPx: x(at),
        widthPx: Math.min(xs.at(-1)!, xOrEnd(xs, at + length - byteStart)) - x(at),
      })
      while (at < end) at = addHex(at)
      break
    }
    const kind = kinds[at]!
    if (kind === KIND.mark) {
      if (withSpaces || code !== 0x20) {
        to.marks.text += signOf(code)
        to.marks.xs.push((x(at) + x(at + 1)) / 2)
      }
      at += length
    } else if (kind === KIND.code || kind === KIND.joiner) {
      small(signOf(code), (x(at) + x(at + length)) / 2, CODE_DIGIT_PX)
      at += length
    } else {
      at = addCluster(at, code, length, kind)
    }
  }

  function addCluster(from: number, first: number, length: number, kind: number): number {
    let next = from + length
    let previous = first
    let text = String.fromCodePoint(first)
    while (next < end) {
      const {code, length: more} = decodeAt(bytes, next)
      if (next + more > end || kinds[next] === KIND.code || !isAttached(previous, code)) break
      text += String.fromCodePoint(code)
      previous = code
      next += more
    }
    const middle = (x(from) + x(next)) / 2
    if (kind === KIND.plain && next === from + length) {
      to.plain.text += text
      to.plain.xs.push(middle)
    } else to.shaped.push({xPx: middle, text: standing(text)})
    return next
  }
}

const xOrEnd = (xs: Float32Array, index: number) => xs[Math.min(index, xs.length - 1)]!

const hexOf = (byte: number) => (byte < 16 ? '0' : '') + byte.toString(16)

/** The byte under a place on a line; null beside it. */
export function byteAtX({xs, byteStart, widthPx}: AlignedLine, xPx: number): number | null {
  if (xPx < 0 || xPx >= widthPx) return null
  let low = 0
  let high = xs.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (xs[middle]! <= xPx) low = middle
    else high = middle
  }
  return byteStart + low
}

/** Tokens of a table whose spans touch some bytes, from the first up to the second. */
export function tokensWithin(
  row: RowSpans,
  [from, to]: readonly [number, number]
): readonly number[] {
  const indexes: number[] = []
  for (
    let span = spanAfter(row, from);
    span < row.starts.length && row.starts[span]! < to;
    span++
  ) {
    indexes.push(row.indexes[span]!)
  }
  return indexes
}

/** What a tokenizer put around the text, as chips beside it. */
export function insertedTokens(
  {before, after}: RowSpans,
  table: TokenTable
): {readonly before: readonly number[]; readonly after: readonly number[]} {
  const isReal = (index: number) => readTokenFlags(table.flags[index]!).isInserted
  return {before: before.filter(isReal), after: after.filter(isReal)}
}
