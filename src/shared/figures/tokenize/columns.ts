import {readTokenFlags, type TokenTable} from '../../domain/token.ts'
import type {DrawsUncovered} from '../token-glyphs.ts'
import {characterKind, isAttached, isMissing, KIND} from './characters.ts'

/** One tokenizer's tokens of the text that all rows are of. */
export interface AlignedRow {
  readonly tokenizer: string
  readonly tokens: TokenTable
}

/** Typed tokens with a width, in the order of the text: bytes [starts[i], ends[i]) of it. */
export interface RowSpans {
  readonly tokenizer: string
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Which token of the table each is. */
  readonly indexes: Uint32Array
  /** What the tokenizer put before the text and after it, by its place in the table. */
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** A text as columns, one a byte, wide enough for what any row draws there. */
export interface TextColumns {
  readonly bytes: Uint8Array
  readonly rows: readonly RowSpans[]
  /** Of each byte's character: see {@link KIND}; 0 for a byte that continues one. */
  readonly kinds: Uint8Array
  /** Pixels of each byte. */
  readonly widths: Float32Array
  /** How many rows cut before each byte; one entry more than bytes. */
  readonly cutCounts: Uint8Array
  /** Bytes that are listed; rows may have been cut off after so many tokens. */
  readonly byteLength: number
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

/** Widths in pixels: of a byte; of one that some row cuts off inside a character, so that its hex fits; of one that nobody cuts off. */
export const COLUMN_PX = {byte: 9.4, cut: 15.5, continued: 3.4, code: 42} as const

/** The spans of a row; tokens without a width are left out. */
export function spansOf({tokenizer, tokens}: AlignedRow): RowSpans {
  const count = tokens.ids.length
  const starts = new Uint32Array(count)
  const ends = new Uint32Array(count)
  const indexes = new Uint32Array(count)
  const before: number[] = []
  const after: number[] = []
  let kept = 0
  for (let i = 0; i < count; i++) {
    const {isInserted, spanClass} = readTokenFlags(tokens.flags[i]!)
    const start = tokens.byteStarts[i]!
    const end = tokens.byteEnds[i]!
    if (isInserted) {
      if (spanClass === 'dummy-prefix') continue
      if (kept === 0) before.push(i)
      else after.push(i)
      continue
    }
    if (end <= start) continue
    starts[kept] = start
    ends[kept] = end
    indexes[kept++] = i
  }
  return {
    ...{tokenizer, before, after},
    starts: starts.subarray(0, kept),
    ends: ends.subarray(0, kept),
    indexes: indexes.subarray(0, kept),
  }
}

/**
 * Columns of a text. Only as much of it is laid out as every row lists, so that a long text whose tokens are
 * listed in part never looks as if a tokenizer had dropped the rest.
 */
export function layoutColumns(
  bytes: Uint8Array,
  aligned: readonly AlignedRow[],
  drawsUncovered: DrawsUncovered = true,
  limitTokens = Number.POSITIVE_INFINITY
): TextColumns {
  const rows = aligned.map(spansOf)
  const byteLength = listedBytes(bytes, aligned, rows, limitTokens)
  const cutCounts = new Uint8Array(byteLength + 1)
  for (const row of rows) countCuts(row, cutCounts)
  const kinds = new Uint8Array(byteLength)
  const widths = new Float32Array(byteLength)
  const missing = new Set<number>()
  const draws = typeof drawsUncovered === 'boolean' ? () => drawsUncovered : drawsUncovered
  let previous = -1
  for (let at = 0; at < byteLength; ) {
    const {code, length} = decodeAt(bytes, at)
    const end = Math.min(byteLength, at + length)
    let kind = characterKind(code)
    if (isMissing(code)) {
      missing.add(code)
      if (!draws(code)) kind = KIND.code
    }
    let isCut = false
    for (let i = at + 1; i < end; i++) if (cutCounts[i]! > 0) isCut = true
    // A joiner is drawn by itself where some row cuts beside it.
    const isJoined = kind === KIND.joiner
    const isAlone =
      isJoined &&
      (isCut || !isAttached(previous, code) || cutCounts[at]! > 0 || cutCounts[end]! > 0)
    const each =
      kind === KIND.code || isAlone
        ? Math.max(COLUMN_PX.cut, COLUMN_PX.code / length)
        : isCut
          ? COLUMN_PX.cut
          : COLUMN_PX.continued
    kinds[at] = kind
    widths.fill(each, at, end)
    if (kind !== KIND.code && !isCut && !isJoined) widths[at] = COLUMN_PX.byte
    previous = code
    at = end
  }
  return {
    ...{bytes, rows, kinds, widths, cutCounts, byteLength},
    missing: [...missing].sort((a, b) => a - b),
  }
}

function listedBytes(
  bytes: Uint8Array,
  aligned: readonly AlignedRow[],
  rows: readonly RowSpans[],
  limitTokens: number
): number {
  let least = bytes.length
  for (const [i, row] of rows.entries()) {
    if (aligned[i]!.tokens.ids.length < limitTokens) continue
    least = Math.min(least, row.ends.at(-1) ?? 0)
  }
  while (least > 0 && least < bytes.length && (bytes[least]! & 0xc0) === 0x80) least--
  return least
}

/** Adds one at every place where the row has a border; a token that starts where the last one ended adds one. */
function countCuts({starts, ends}: RowSpans, cutCounts: Uint8Array): void {
  let last = -1
  const cut = (at: number) => {
    if (at === last || at >= cutCounts.length) return
    cutCounts[at]!++
    last = at
  }
  for (let i = 0; i < starts.length; i++) {
    if (starts[i]! > last) cut(starts[i]!)
    if (ends[i]! > last) cut(ends[i]!)
  }
}

/** The code point of well-formed UTF-8 at a place, and how many bytes it has. */
export function decodeAt(bytes: Uint8Array, at: number): {code: number; length: number} {
  const lead = bytes[at]!
  if (lead < 0x80) return {code: lead, length: 1}
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  let code = lead & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) code = code * 64 + ((bytes[at + i] ?? 0x80) & 0x3f)
  return {code, length}
}

/** The first of a row's spans that ends after a byte. */
export function spanAfter({ends}: Pick<RowSpans, 'ends'>, byte: number): number {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! > byte) high = middle
    else low = middle + 1
  }
  return low
}

/** The smallest stretch around a byte that every row cuts out; the ends of the text are cut by all. */
export function commonBlock(
  {cutCounts, rows, byteLength}: Pick<TextColumns, 'cutCounts' | 'rows' | 'byteLength'>,
  byte: number
): readonly [from: number, to: number] {
  const isCommon = (at: number) => at === 0 || at === byteLength || cutCounts[at] === rows.length
  let from = Math.min(byte, Math.max(0, byteLength - 1))
  while (!isCommon(from)) from--
  let to = Math.min(byteLength, byte + 1)
  while (!isCommon(to)) to++
  return [from, to]
}
