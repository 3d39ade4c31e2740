import type {SpanClass} from '../../../shared/domain/token.ts'

/** Where a token lies in the UTF-8 of a text, end exclusive, and how surely. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
  readonly spanClass: SpanClass
}

const SPACE = 0x20

/**
 * Spans of typed tokens that tile a text: the first starts at 0, each starts where the one before
 * ends, and the last ends with the text. `tokenBytes` are the bytes of each token's vocabulary entry.
 *
 * Where those bytes are the text's own, or the text's after one space that the tokenizer put in front,
 * a running sum is exact, parts of characters included. Otherwise the tokenizer changed the text, and
 * `offsets` (code points, from the library) anchor runs of tokens to it; inside a run whose bytes still
 * differ no border within a character is made up. See the tokenizer notes, section 0.
 */
export function alignTokens(
  text: Uint8Array,
  tokenBytes: readonly Uint8Array[],
  offsets: () => readonly (readonly [start: number, end: number])[]
): ByteSpan[] {
  if (tokenBytes.length === 0) return []
  return spansOfRun(text, 0, text.length, tokenBytes) ?? alignByAnchors(text, tokenBytes, offsets())
}

/** Spans where the tokens' bytes are [start, end) of the text, with or without a space before it. */
function spansOfRun(
  text: Uint8Array,
  start: number,
  end: number,
  tokenBytes: readonly Uint8Array[]
): ByteSpan[] | null {
  const total = tokenBytes.reduce((sum, bytes) => sum + bytes.length, 0)
  const extra = total - (end - start)
  if (extra !== 0 && !(extra === 1 && firstByte(tokenBytes) === SPACE)) return null
  const spans: ByteSpan[] = []
  let position = start - extra
  for (const bytes of tokenBytes) {
    const isFirst = position < start
    for (let i = isFirst ? 1 : 0; i < bytes.length; i++) {
      if (bytes[i] !== text[position + i]) return null
    }
    const next = position + bytes.length
    spans.push({
      start: Math.max(position, start),
      end: Math.max(next, start),
      spanClass: isFirst ? 'dummy-prefix' : 'lossless',
    })
    position = next
  }
  return spans
}

function firstByte(tokenBytes: readonly Uint8Array[]): number | undefined {
  return tokenBytes.find((bytes) => bytes.length > 0)?.[0]
}

interface Run {
  readonly firstToken: number
  /** Byte in the text where the run begins; it ends where the next one begins. */
  readonly start: number
}

function alignByAnchors(
  text: Uint8Array,
  tokenBytes: readonly Uint8Array[],
  offsets: readonly (readonly [start: number, end: number])[]
): ByteSpan[] {
  const anchors = byteAnchors(text, offsets)
  const runs = runsOf(anchors)
  const spans: ByteSpan[] = []
  for (const [i, run] of runs.entries()) {
    const next = runs[i + 1]
    const end = next?.start ?? text.length
    const lastToken = next?.firstToken ?? tokenBytes.length
    const bytes = tokenBytes.slice(run.firstToken, lastToken)
    spans.push(
      ...(spansOfRun(text, run.start, end, bytes) ??
        normalizedSpans(run.start, end, anchors.slice(run.firstToken, lastToken)))
    )
  }
  return spans
}

/** Code-point offsets as byte offsets, starts never going back. */
function byteAnchors(
  text: Uint8Array,
  offsets: readonly (readonly [start: number, end: number])[]
): {start: number; end: number}[] {
  const byteOfCodePoint: number[] = []
  for (let byte = 0; byte < text.length; byte++) {
    // Continuation bytes are 10xxxxxx.
    if ((text[byte]! & 0xc0) !== 0x80) byteOfCodePoint.push(byte)
  }
  byteOfCodePoint.push(text.length)
  const byteAt = (codePoint: number) => byteOfCodePoint[codePoint] ?? text.length
  let lowest = 0
  return offsets.map(([start, end]) => {
    lowest = Math.max(lowest, byteAt(start))
    return {start: lowest, end: Math.max(lowest, byteAt(end))}
  })
}

/** Tokens whose anchors touch the same characters belong to one run; the first run starts at 0. */
function runsOf(anchors: readonly {start: number; end: number}[]): Run[] {
  const runs: Run[] = []
  let runEnd = 0
  let lastStart = 0
  for (const [token, {start, end}] of anchors.entries()) {
    const isNew = token === 0 || (start >= runEnd && start > lastStart)
    if (isNew) {
      runs.push({firstToken: token, start: token === 0 ? 0 : start})
      runEnd = end
    }
    runEnd = Math.max(runEnd, end)
    lastStart = start
  }
  return runs
}

/** Each token takes the characters from its anchor to the next one's; those sharing one take none. */
function normalizedSpans(
  start: number,
  end: number,
  anchors: readonly {start: number}[]
): ByteSpan[] {
  return anchors.map((anchor, i) => {
    const next = anchors[i + 1]
    const from = i === 0 ? start : anchor.start
    const to = next ? Math.max(from, next.start) : end
    return {start: from, end: to, spanClass: 'normalized'}
  })
}
