import type {TextColumns} from './columns.ts'

/** A stretch of the text on one line. */
export interface LineSpan {
  readonly byteStart: number
  readonly byteEnd: number
}

const NEWLINE = 0x0a
/** A line is broken at a place that all rows cut if there is one in this part of it, at its end. */
const REACH = 0.4

/**
 * Breaks a text into lines no wider than `widthPx`: after each line end, and within one where every row cuts;
 * failing that where most do, failing that between two characters. Linear in the bytes.
 */
export function breakLines(columns: TextColumns, widthPx: number, leadPx = 0): LineSpan[] {
  const {bytes, widths, byteLength} = columns
  const lines: LineSpan[] = []
  let byteStart = 0
  let usedPx = leadPx
  const end = (byteEnd: number) => {
    lines.push({byteStart, byteEnd})
    byteStart = byteEnd
    usedPx = 0
  }
  for (let at = 0; at < byteLength; at++) {
    usedPx += widths[at]!
    if (usedPx > widthPx && at > byteStart) {
      const place = breakPlace(columns, byteStart, at, usedPx * (1 - REACH))
      // One character that is wider than a line stays whole.
      if (place > byteStart) {
        end(place)
        for (let i = place; i <= at; i++) usedPx += widths[i]!
      }
    }
    if (bytes[at] === NEWLINE) end(at + 1)
  }
  if (byteStart < byteLength) end(byteLength)
  return lines
}

/** The best place to break at, after `from` and at most at `last`; `from` where there is none. */
function breakPlace(
  {bytes, widths, cutCounts, rows}: TextColumns,
  from: number,
  last: number,
  leastPx: number
): number {
  let best = -1
  let bestCount = 0
  let character = -1
  let px = 0
  let leastAt = last
  for (let i = from; i < last; i++) {
    px += widths[i]!
    if (px >= leastPx) {
      leastAt = i + 1
      break
    }
  }
  for (let at = last; at > from; at--) {
    const isCharacter = (bytes[at]! & 0xc0) !== 0x80
    if (isCharacter && character < 0) character = at
    if (at < leastAt && best >= 0) break
    if (at < leastAt && character >= 0) break
    const count = cutCounts[at]!
    if (isCharacter && count === rows.length) return at
    if (isCharacter && count > bestCount) {
      best = at
      bestCount = count
    }
  }
  if (best >= 0) return best
  return character >= 0 ? character : from
}

/** The line that a byte stands on. */
export function lineOfByte(lines: readonly LineSpan[], byte: number): number {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]!.byteEnd > byte) high = middle
    else low = middle + 1
  }
  return Math.max(0, low)
}
