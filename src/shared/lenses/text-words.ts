/** How a text is cut into words: at white space, or by Unicode's word segmentation (UAX #29). */
export type WordRule = 'whitespace' | 'uax29'

/** A stretch of a text in UTF-16 units, end exclusive. */
interface Stretch {
  readonly start: number
  readonly end: number
}

// `\s` has U+FEFF and lacks U+0085; the property is what tokenizers mean.
const WORD = /\P{White_Space}+/gu

/** The words of a text: runs without white space, or the segments that UAX #29 calls word-like. */
export function* wordsOf(text: string, rule: WordRule): Generator<Stretch> {
  if (rule === 'whitespace') {
    for (const {0: word, index} of text.matchAll(WORD)) {
      yield {start: index, end: index + word.length}
    }
    return
  }
  for (const {start, end, isWord} of segmentsOf(text)) if (isWord) yield {start, end}
}

/**
 * Where the parts of a text end that words make of it: each word with the white space before it, and,
 * under UAX #29, each mark between words on its own.
 */
export function* wordEnds(text: string, rule: WordRule): Generator<number> {
  if (rule === 'whitespace') {
    for (const {end} of wordsOf(text, rule)) yield end
    return
  }
  for (const {end, isSpace} of segmentsOf(text)) if (!isSpace) yield end
}

const segmenter = new Intl.Segmenter('und', {granularity: 'word'})

interface Segment extends Stretch {
  readonly isWord: boolean
  readonly isSpace: boolean
}

/** Line by line, since the segmenter's time grows faster than its text; it cuts after every line. */
function* segmentsOf(text: string): Generator<Segment> {
  for (const {0: line, index} of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    for (const {segment, index: at, isWordLike} of segmenter.segment(line)) {
      yield {
        start: index + at,
        end: index + at + segment.length,
        isWord: isWordLike === true,
        isSpace: /^\p{White_Space}+$/u.test(segment),
      }
    }
  }
}

/** Stretches of the UTF-8 of a text: entry 2i is a word's first byte, 2i + 1 the one after its last. */
export function wordBytes(text: string, rule: WordRule): Uint32Array {
  if (rule === 'whitespace') return bytesBetweenSpaces(text)
  const bytes: number[] = []
  let unit = 0
  let byte = 0
  const advance = (to: number) => {
    while (unit < to) {
      const code = text.codePointAt(unit)!
      unit += code > 0xffff ? 2 : 1
      byte += utf8Length(code)
    }
    return byte
  }
  for (const {start, end} of wordsOf(text, rule)) bytes.push(advance(start), advance(end))
  return Uint32Array.from(bytes)
}

/** One look at each character: a regular expression takes several times as long for a megabyte. */
function bytesBetweenSpaces(text: string): Uint32Array {
  // No word is shorter than a unit, and between two there is one.
  const bounds = new Uint32Array(text.length + 2)
  let count = 0
  let byte = 0
  for (let unit = 0; unit < text.length; unit++) {
    let code = text.charCodeAt(unit)
    if (code >= 0xd800 && code < 0xdc00) code = text.codePointAt(unit)!
    // An even count: no word is open.
    if (isWhiteSpace(code) === (count % 2 === 1)) bounds[count++] = byte
    byte += utf8Length(code)
    if (code > 0xffff) unit++
  }
  if (count % 2 === 1) bounds[count++] = byte
  return bounds.slice(0, count)
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}

/** Unicode's property White_Space. */
export function isWhiteSpace(code: number): boolean {
  if (code < 0x85) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  if (code > 0x3000) return false
  if (code >= 0x2000 && code <= 0x200a) return true
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code)
}
