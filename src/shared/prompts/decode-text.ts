/** A file's text and the lines of it that are not what their encoding allows. */
export interface DecodedFile {
  readonly text: string
  /** By line from 1: why it cannot be read. */
  readonly badLines: ReadonlyMap<number, string>
}

const LF = 10
const CR = 13

/**
 * Bytes as text: UTF-8, or UTF-16 where a byte order mark says so. A byte order mark is no part of the
 * text. Lines that are not UTF-8 are named; the others are not lost for them.
 */
export function decodeText(bytes: Uint8Array): DecodedFile {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null
  if (utf16) return {text: new TextDecoder(utf16).decode(bytes), badLines: new Map()}
  try {
    return {text: new TextDecoder('utf-8', {fatal: true}).decode(bytes), badLines: new Map()}
  } catch {
    return {text: new TextDecoder().decode(bytes), badLines: badLinesOf(bytes)}
  }
}

function badLinesOf(bytes: Uint8Array): Map<number, string> {
  const decoder = new TextDecoder('utf-8', {fatal: true})
  const bad = new Map<number, string>()
  let line = 1
  let start = 0
  for (let at = 0; at <= bytes.length; at++) {
    const isEnd = at === bytes.length || bytes[at] === LF
    // A lone CR ends a line too.
    const isReturn = bytes[at] === CR && bytes[at + 1] !== LF
    if (!isEnd && !isReturn) continue
    try {
      decoder.decode(bytes.subarray(start, at))
    } catch {
      bad.set(line, 'is not UTF-8')
    }
    line += 1
    start = at + 1
  }
  return bad
}
