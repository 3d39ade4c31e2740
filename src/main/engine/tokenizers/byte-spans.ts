import {
  readTokenFlags,
  type SpanClass,
  type TokenTable,
  tokenFlags,
} from '../../../shared/domain/token.ts'

const SPACE = 0x20

/** Code points of each token, end exclusive, from the library. */
export type CodePointOffsets = readonly (readonly number[])[]

/** Typed tokens `first … last` of a text, and the bytes of it that they stand for. */
interface Run {
  readonly first: number
  readonly last: number
  readonly start: number
  readonly end: number
}

/**
 * Fills in where each token of a table lies in the UTF-8 of a text, end exclusive, and how surely. The
 * `typed` ones (by their places in the table, ascending) tile the text: the first starts at 0, each starts
 * where the one before ends, and the last ends with the text. The others were put around it and have no width.
 *
 * Where the bytes of the typed tokens are the text's own, or the text's after one space that the tokenizer put
 * in front, a running sum is exact, parts of characters included. Otherwise the tokenizer changed the text, and
 * `offsets` anchor runs of tokens to it; inside a run whose bytes still differ no border within a character is
 * made up. See the tokenizer notes, section 0.
 */
export function fillSpans(
  text: Uint8Array,
  table: TokenTable,
  typed: Uint32Array,
  offsets: () => CodePointOffsets
): void {
  const whole = {first: 0, last: typed.length, start: 0, end: text.length}
  if (typed.length > 0 && !fillExactly(text, table, typed, whole)) {
    fillByAnchors(text, table, typed, offsets())
  }
  fillAround(table, typed)
}

/** Whether the tokens' bytes are the run's own, with or without a space before; if so their spans are filled in. */
function fillExactly(
  text: Uint8Array,
  table: TokenTable,
  typed: Uint32Array,
  {first, last, start, end}: Run
): boolean {
  const {pool, poolStarts} = table
  let total = 0
  let firstByte = -1
  for (let k = first; k < last; k++) {
    const from = poolStarts[typed[k]!]!
    const length = poolStarts[typed[k]! + 1]! - from
    if (firstByte < 0 && length > 0) firstByte = pool[from]!
    total += length
  }
  const extra = total - (end - start)
  if (extra !== 0 && !(extra === 1 && firstByte === SPACE)) return false
  let position = start - extra
  for (let k = first; k < last; k++) {
    const i = typed[k]!
    const from = poolStarts[i]!
    const to = poolStarts[i + 1]!
    const isFirst = position < start
    const shift = position - from
    for (let at = isFirst ? from + 1 : from; at < to; at++) {
      if (pool[at] !== text[at + shift]) return false
    }
    position += to - from
    setSpan(
      table,
      i,
      isFirst ? start : position - to + from,
      Math.max(position, start),
      isFirst ? 'dummy-prefix' : 'lossless'
    )
  }
  return true
}

function setSpan(table: TokenTable, i: number, start: number, end: number, spanClass: SpanClass) {
  table.byteStarts[i] = start
  table.byteEnds[i] = end
  // A token that is nothing but the space put before the text was not typed.
  const isInserted = spanClass === 'dummy-prefix' && start === end
  const {isSpecial} = readTokenFlags(table.flags[i]!)
  table.flags[i] = tokenFlags({isSpecial, isInserted, spanClass})
}

/** Tokens whose anchors touch the same characters belong to one run; the first run starts at 0. */
function fillByAnchors(
  text: Uint8Array,
  table: TokenTable,
  typed: Uint32Array,
  offsets: CodePointOffsets
): void {
  const anchors = byteAnchors(text, typed, offsets)
  const count = typed.length
  const fill = (run: Run) => {
    if (!fillExactly(text, table, typed, run)) fillChanged(table, typed, anchors.starts, run)
  }
  let first = 0
  let start = 0
  let runEnd = 0
  for (let k = 0; k < count; k++) {
    const anchor = anchors.starts[k]!
    if (k > 0 && anchor >= runEnd && anchor > anchors.starts[k - 1]!) {
      fill({first, last: k, start, end: anchor})
      first = k
      start = anchor
      runEnd = 0
    }
    runEnd = Math.max(runEnd, anchors.ends[k]!)
  }
  fill({first, last: count, start, end: text.length})
}

/** Code-point offsets as byte offsets, starts never going back. */
function byteAnchors(
  text: Uint8Array,
  typed: Uint32Array,
  offsets: CodePointOffsets
): {starts: Uint32Array; ends: Uint32Array} {
  const byteOfCodePoint = new Uint32Array(text.length + 1)
  let codePointCount = 0
  for (let byte = 0; byte < text.length; byte++) {
    // Continuation bytes are 10xxxxxx.
    if ((text[byte]! & 0xc0) !== 0x80) byteOfCodePoint[codePointCount++] = byte
  }
  const byteAt = (codePoint: number) =>
    codePoint < codePointCount ? byteOfCodePoint[codePoint]! : text.length
  const starts = new Uint32Array(typed.length)
  const ends = new Uint32Array(typed.length)
  let lowest = 0
  for (let k = 0; k < typed.length; k++) {
    const offset = offsets[typed[k]!]!
    lowest = Math.max(lowest, byteAt(offset[0]!))
    starts[k] = lowest
    ends[k] = Math.max(lowest, byteAt(offset[1]!))
  }
  return {starts, ends}
}

/** Each token takes the characters from its anchor to the next one's; those sharing one take none. */
function fillChanged(
  table: TokenTable,
  typed: Uint32Array,
  anchors: Uint32Array,
  {first, last, start, end}: Run
): void {
  for (let k = first; k < last; k++) {
    const from = k === first ? start : anchors[k]!
    const to = k + 1 < last ? Math.max(from, anchors[k + 1]!) : end
    setSpan(table, typed[k]!, from, to, 'normalized')
  }
}

/** What was put around the text stands where the token before it ends. */
function fillAround(table: TokenTable, typed: Uint32Array): void {
  let k = 0
  let byteEnd = 0
  for (let i = 0; i < table.ids.length; i++) {
    if (typed[k] === i) {
      byteEnd = table.byteEnds[i]!
      k++
    } else {
      table.byteStarts[i] = byteEnd
      table.byteEnds[i] = byteEnd
    }
  }
}
