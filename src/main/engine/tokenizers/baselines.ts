import type {SpanClass, TokenTable} from '../../../shared/domain/token.ts'
import {tokenFlags} from '../../../shared/domain/token.ts'
import type {Baseline} from '../../../shared/lenses/packaged-tokenizers.ts'
import {type WordRule, wordEnds} from '../../../shared/lenses/text-words.ts'
import {isWellFormed} from './encoding-table.ts'
import type {EncodedTable} from './tokenizer.ts'

const LOSSLESS: {spanClass: SpanClass; isSpecial: boolean; isInserted: boolean} = {
  spanClass: 'lossless',
  isSpecial: false,
  isInserted: false,
}

/**
 * Cuts a text without a vocabulary. Ids: of a byte its value, of a character its code point; grapheme
 * clusters and words are numbered in the order in which they first occur, since nothing lists them all.
 */
export class BaselineCutter {
  private readonly numbers = new Map<string, number>()

  constructor(
    readonly baseline: Baseline,
    private readonly wordRule: WordRule = 'whitespace'
  ) {}

  encodeTable(text: string): EncodedTable {
    const textBytes = Buffer.from(text, 'utf8')
    const wellFormed = isWellFormed(text) ? text : textBytes.toString('utf8')
    const {ids, lengths} = this.cut(wellFormed, textBytes)
    const poolStarts = new Uint32Array(ids.length + 1)
    for (let i = 0; i < ids.length; i++) poolStarts[i + 1] = poolStarts[i]! + lengths[i]!
    const table: TokenTable = {
      ids: Int32Array.from(ids),
      byteStarts: poolStarts.slice(0, -1),
      byteEnds: poolStarts.slice(1),
      flags: new Uint8Array(ids.length).fill(tokenFlags(LOSSLESS)),
      pool: new Uint8Array(textBytes),
      poolStarts,
    }
    return {text: wellFormed, textBytes, table}
  }

  /** Distinct tokens so far, for those that are numbered as they come. */
  get distinctCount(): number {
    return this.numbers.size
  }

  private cut(text: string, bytes: Uint8Array): {ids: ArrayLike<number>; lengths: number[]} {
    switch (this.baseline) {
      case 'bytes':
        return {ids: bytes, lengths: new Array<number>(bytes.length).fill(1)}
      case 'characters': {
        const ids: number[] = []
        const lengths: number[] = []
        for (const character of text) {
          const code = character.codePointAt(0)!
          ids.push(code)
          lengths.push(utf8Length(code))
        }
        return {ids, lengths}
      }
      case 'graphemes':
        return this.numbered(graphemes(text))
      case 'words':
        return this.numbered(words(text, this.wordRule))
    }
  }

  private numbered(parts: Iterable<string>): {ids: number[]; lengths: number[]} {
    const ids: number[] = []
    const lengths: number[] = []
    for (const part of parts) {
      let id = this.numbers.get(part)
      if (id === undefined) {
        id = this.numbers.size
        this.numbers.set(part, id)
      }
      ids.push(id)
      lengths.push(Buffer.byteLength(part))
    }
    return {ids, lengths}
  }
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}

const segmenter = new Intl.Segmenter('und', {granularity: 'grapheme'})

/** The segmenter's time grows faster than its text, so it is given lines; it always cuts after one. */
function* graphemes(text: string): Generator<string> {
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    for (const {segment} of segmenter.segment(line)) yield segment
  }
}

/** Words with the white space before them; white space at the end of the text is a part of its own. */
function* words(text: string, rule: WordRule): Generator<string> {
  let start = 0
  for (const end of wordEnds(text, rule)) {
    yield text.slice(start, end)
    start = end
  }
  if (start < text.length) yield text.slice(start)
}
