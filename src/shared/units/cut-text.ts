/** Which end of a text is kept. */
export type TextEnd = 'first' | 'last'

/**
 * UTF-8 of the first or last part of a text: at most so many bytes, cut between two characters. Takes
 * no more time than the part it gives. Unpaired surrogates become U+FFFD.
 */
export function cutText(text: string, end: TextEnd, mostBytes: number): Uint8Array<ArrayBuffer> {
  const most = Math.max(0, Math.floor(mostBytes))
  if (end === 'first') {
    const target = new Uint8Array(most)
    const {written} = new TextEncoder().encodeInto(text.slice(0, most), target)
    return target.slice(0, written)
  }
  // Every UTF-16 unit has at least a byte, so no more units than bytes can be in the part.
  let from = Math.max(0, text.length - most)
  if (isLowSurrogate(text, from) && isHighSurrogate(text, from - 1)) from += 1
  const bytes = new TextEncoder().encode(text.slice(from))
  let start = Math.max(0, bytes.length - most)
  while (start < bytes.length && (bytes[start]! & 0xc0) === 0x80) start += 1
  return bytes.slice(start)
}

const isLowSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00
const isHighSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xd800
