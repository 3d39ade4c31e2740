/** Bytes as text for looking at, and the byte that each UTF-16 code unit begins at. */
export interface DecodedText {
  /** One U+FFFD stands for each byte that is no part of a well-formed character. */
  readonly text: string
  /** One entry a code unit and one for the end; both halves of a surrogate pair have the same. */
  readonly byteOf: Uint32Array
}

const REPLACEMENT = 0xfffd
/** How many code units `String.fromCharCode` takes at once. */
const CHUNK = 8192

/**
 * Decodes bytes `from` to `to` (exclusive) of UTF-8. Unlike a TextDecoder, which replaces several bad
 * bytes by one character, it keeps a way back from every character to its bytes.
 */
export function decodeBytes(bytes: Uint8Array, from = 0, to = bytes.length): DecodedText {
  const units = new Uint16Array(to - from)
  const byteOf = new Uint32Array(to - from + 1)
  let count = 0
  for (let at = from; at < to; ) {
    const {code, length} = characterAt(bytes, at, to)
    byteOf[count] = at
    if (code > 0xffff) {
      units[count++] = 0xd800 + ((code - 0x10000) >> 10)
      byteOf[count] = at
      units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff)
    } else {
      units[count++] = code
    }
    at += length
  }
  byteOf[count] = to
  let text = ''
  for (let at = 0; at < count; at += CHUNK) {
    text += String.fromCharCode(...units.subarray(at, Math.min(count, at + CHUNK)))
  }
  return {text, byteOf: byteOf.subarray(0, count + 1)}
}

/** The character that begins at a byte (Unicode, table 3-7), or one U+FFFD for that byte alone. */
function characterAt(bytes: Uint8Array, at: number, end: number): {code: number; length: number} {
  const lead = bytes[at]!
  if (lead < 0x80) return {code: lead, length: 1}
  const bad = {code: REPLACEMENT, length: 1}
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (length === 0 || at + length > end) return bad
  let code = lead & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]!
    if ((byte & 0xc0) !== 0x80) return bad
    code = code * 64 + (byte & 0x3f)
  }
  const isOverlong = (length === 3 && code < 0x800) || (length === 4 && code < 0x10000)
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  return isOverlong || isSurrogate || code > 0x10ffff ? bad : {code, length}
}
