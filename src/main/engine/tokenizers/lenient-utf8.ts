import type {InvalidBytes} from '../../../shared/lenses/tokenize.ts'

/**
 * Decodes UTF-8 that comes in parts. Each stretch that is none becomes one U+FFFD, as browsers do it
 * (the longest start of a character, else one byte), and is noted with its bytes. A byte order mark is
 * text like any other.
 */
export class LenientDecoder {
  /** The stretches that were no UTF-8, the first `maxNoted`. */
  readonly invalid: InvalidBytes[] = []
  invalidCount = 0
  private readonly fatal = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})
  private rest: Uint8Array = new Uint8Array(0)
  private fileOffset = 0
  private textOffset = 0

  constructor(private readonly maxNoted = 1000) {}

  /** The text of some more bytes; a character that is not whole yet waits for the next ones. */
  push(bytes: Uint8Array, isLast = false): string {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    const end = isLast ? all.length : all.length - openLength(all)
    this.rest = all.slice(end)
    const whole = all.subarray(0, end)
    const text = this.decode(whole)
    this.fileOffset += end
    return text
  }

  private decode(bytes: Uint8Array): string {
    try {
      const text = this.fatal.decode(bytes)
      this.textOffset += bytes.length
      return text
    } catch {
      return this.decodeAround(bytes)
    }
  }

  private decodeAround(bytes: Uint8Array): string {
    const parts: string[] = []
    let start = 0
    let at = 0
    const flush = () => {
      if (at === start) return
      parts.push(this.fatal.decode(bytes.subarray(start, at)))
      this.textOffset += at - start
    }
    while (at < bytes.length) {
      const {length, isValid} = sequenceAt(bytes, at)
      if (isValid) {
        at += length
        continue
      }
      flush()
      this.note(bytes.subarray(at, at + length), this.fileOffset + at)
      parts.push('\ufffd')
      this.textOffset += 3
      at += length
      start = at
    }
    flush()
    return parts.join('')
  }

  private note(bytes: Uint8Array, fileOffset: number): void {
    this.invalidCount++
    if (this.invalid.length >= this.maxNoted) return
    const hex = Buffer.from(bytes).toString('hex')
    this.invalid.push({fileOffset, hex, byteStart: this.textOffset})
  }
}

/** Length of the character at a place, or of what of it is there: the maximal subpart of Unicode 3.9. */
function sequenceAt(bytes: Uint8Array, at: number): {length: number; isValid: boolean} {
  const lead = bytes[at]!
  if (lead < 0x80) return {length: 1, isValid: true}
  if (lead < 0xc2 || lead > 0xf4) return {length: 1, isValid: false}
  const wanted = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  // The first continuation byte excludes overlong forms, surrogates and what is beyond U+10FFFF.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i < wanted; i++) {
    const byte = bytes[at + i]
    const isGood =
      byte !== undefined && byte >= (i === 1 ? lowest : 0x80) && byte <= (i === 1 ? highest : 0xbf)
    if (!isGood) return {length: i, isValid: false}
  }
  return {length: wanted, isValid: true}
}

/** How many bytes at the end begin a character that may go on. */
function openLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
    const isOpen = wanted > back && sequenceAt(bytes, bytes.length - back).length === back
    return isOpen ? back : 0
  }
  return 0
}
