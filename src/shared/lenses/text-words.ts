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
  const bytes: number[] = []
  let unit = 0
  let byte = 0
  const advance = (to: number) => {
    while (unit < to) {
      const code = text.codePointAt(unit)!
      unit += code > 0xffff ? 2 : 1
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    }
    return byte
  }
  for (const {start, end} of wordsOf(text, rule)) bytes.push(advance(start), advance(end))
  return Uint32Array.from(bytes)
}
