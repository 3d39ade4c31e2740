import fc from 'fast-check'
import {expect, test} from 'vitest'
import {tokenTableOf} from '../domain/token.ts'
import {wordBytes, wordEnds} from './text-words.ts'
import {
  agreementOf,
  alignBlocks,
  blockKind,
  countAgreement,
  emptyAgreement,
  type TokenCuts,
  tokenCuts,
} from './token-cuts.ts'
import {
  countWords,
  emptyWordCounts,
  fairnessGini,
  fertilityOf,
  premiumOf,
  renyiEfficiency,
} from './token-metrics.ts'

const encoder = new TextEncoder()

/** A table of tokens that tile a text; `{inserted}` stands before it, `~` marks a changed one. */
function tableOf(pieces: readonly string[], changed: readonly number[] = []) {
  let byteStart = 0
  return tokenTableOf(
    pieces.map((piece, id) => {
      const isInserted = piece === '{inserted}'
      const bytes = encoder.encode(piece)
      const start = byteStart
      if (!isInserted) byteStart += bytes.length
      return {
        ...{id, bytes, byteStart: start, byteEnd: byteStart, isSpecial: isInserted, isInserted},
        spanClass: changed.includes(id) ? ('normalized' as const) : ('lossless' as const),
      }
    })
  )
}

const cutsOf = (pieces: readonly string[], changed: readonly number[] = []): TokenCuts =>
  tokenCuts(
    tableOf(pieces, changed),
    encoder.encode(pieces.filter((piece) => piece !== '{inserted}').join('')).length
  )

function fertility(pieces: readonly string[], text = pieces.join('')) {
  const counts = emptyWordCounts()
  countWords(tableOf(pieces), wordBytes(text, 'whitespace'), counts)
  return {...counts, ...fertilityOf(counts)}
}

test('three words of one, two and three tokens have fertility 2, two thirds of them continued', () => {
  expect(fertility(['one', ' tw', 'o', ' th', 're', 'e'])).toEqual({
    ...{wordCount: 3, wordTokenCount: 6, continuedWordCount: 2},
    ...{fertility: 2, continuedWordShare: 2 / 3},
  })
})

test('a token belongs to the word that owns most of its bytes, the earlier of two', () => {
  // “a b” is one byte of each word; “ cd” starts with a space; “\n” is no word's.
  expect(fertility(['a b', ' cd', '\n'])).toMatchObject({wordCount: 3, wordTokenCount: 2})
  const tie = fertility(['x a', 'b cd'])
  expect(tie).toMatchObject({wordTokenCount: 2, continuedWordCount: 0, fertility: 2 / 3})
  expect(fertility(['{inserted}', 'ab'], 'ab')).toMatchObject({fertility: 1})
  expect(fertility(['  '])).toMatchObject({fertility: null, continuedWordShare: null})
})

test('words are in bytes, by white space and by Unicode segments', () => {
  const text = 'né\u0085e… 日本\u3000x'
  expect([...wordBytes(text, 'whitespace')]).toEqual([0, 3, 5, 9, 10, 16, 19, 20])
  expect([...wordBytes("don't stop.", 'uax29')]).toEqual([0, 5, 6, 10])
  expect([...wordEnds(' a, b ', 'uax29')].map((end) => ' a, b '.slice(0, end))).toEqual([
    ...[' a', ' a,', ' a, b'],
  ])
})

test('boundaries of two tokenizers are compared by bytes', () => {
  // Cuts of “abcdef”: after 2 and 4 against after 1, 2 and 5.
  const counts = emptyAgreement()
  countAgreement(cutsOf(['ab', 'cd', 'ef']), cutsOf(['a', 'b', 'cde', 'f']), counts)
  expect(counts).toMatchObject({boundariesA: 2, boundariesB: 3, common: 1, comparedBytes: 6})
  expect(agreementOf(counts)).toEqual({precision: 1 / 2, recall: 1 / 3, f1: 2 / 5})
  expect(counts.blocks).toEqual({'1:1': 0, '1:n': 1, 'm:1': 0, 'm:n': 1})
})

test('a tokenizer agrees with itself in single tokens, inserted ones aside', () => {
  const counts = emptyAgreement()
  countAgreement(cutsOf(['{inserted}', 'ab', 'c']), cutsOf(['ab', 'c']), counts)
  expect(agreementOf(counts)).toEqual({precision: 1, recall: 1, f1: 1})
  expect(counts.blocks).toEqual({'1:1': 2, '1:n': 0, 'm:1': 0, 'm:n': 0})
})

test('texts of one token agree; where only one side cuts, one ratio is undefined', () => {
  const both = emptyAgreement()
  countAgreement(cutsOf(['ab']), cutsOf(['ab']), both)
  expect(agreementOf(both)).toEqual({precision: 1, recall: 1, f1: 1})
  const one = emptyAgreement()
  countAgreement(cutsOf(['ab']), cutsOf(['a', 'b']), one)
  expect(agreementOf(one)).toEqual({precision: null, recall: 0, f1: 0})
})

test('cuts inside what a tokenizer changed are not compared, and the coverage says so', () => {
  const counts = emptyAgreement()
  countAgreement(cutsOf(['ab', 'c', 'd', 'ef'], [1, 2]), cutsOf(['a', 'b', 'c', 'de', 'f']), counts)
  // Left are 2 | 4 of the first and 1, 2, 5 of the second.
  expect(counts).toMatchObject({boundariesA: 2, boundariesB: 3, common: 1})
  expect([counts.comparedBytes, counts.byteLength]).toEqual([4, 6])
})

test('blocks tile any text, and no smaller ones do', () => {
  const pieces = fc.array(fc.constantFrom('a', 'bb', 'é', '日'), {minLength: 1, maxLength: 12})
  fc.assert(
    fc.property(pieces, fc.array(fc.boolean(), {minLength: 12, maxLength: 12}), (cut, joined) => {
      const other: string[] = []
      for (const [i, piece] of cut.entries()) {
        if (joined[i] && other.length > 0) other[other.length - 1] += piece
        else other.push(piece)
      }
      const [a, b] = [cutsOf(cut), cutsOf(other)]
      const blocks = alignBlocks(a, b)
      let byte = 0
      for (const block of blocks) {
        expect(block.byteStart).toBe(byte)
        byte = block.byteEnd
        expect(['1:1', 'm:1']).toContain(blockKind(block))
      }
      expect(byte).toBe(encoder.encode(cut.join('')).length)
      expect(blocks).toHaveLength(other.length)
    })
  )
})

test('premium, Gini and Rényi efficiency give the values of the notes', () => {
  expect(premiumOf([3, 5], [2, 2])).toBe(2)
  expect(premiumOf([3], [])).toBeNull()
  expect(fairnessGini([1, 1, 1])).toBe(0)
  expect(fairnessGini([1, 3])).toBe(0.25)
  expect(fairnessGini([1])).toBeNull()
  const rows: [number[], number, number, number][] = [
    [[3, 2, 1, 1], 2.5, 1.653013, 0.826506],
    [[3, 2, 1, 1], 3, 1.606306, 0.803153],
    [[3, 3, 2, 2, 1], 2.5, 2.137298, 0.920484],
    [[3, 3, 2, 2, 1], 3, 2.114274, 0.910568],
  ]
  for (const [counts, alpha, entropyBits, efficiency] of rows) {
    const found = renyiEfficiency(counts, alpha)!
    expect(found.entropyBits).toBeCloseTo(entropyBits, 6)
    expect(found.efficiency).toBeCloseTo(efficiency, 6)
  }
  expect(renyiEfficiency([3, 2, 1, 1], 1)!.efficiency).toBeCloseTo(0.921185, 6)
  expect(renyiEfficiency([3, 3, 2, 2, 1], 1)!.efficiency).toBeCloseTo(0.960956, 6)
  expect(renyiEfficiency([4])).toBeNull()
})
