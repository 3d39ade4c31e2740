import {describe, expect, it} from 'vitest'
import {buildTinyTokenizer} from '../../../../fixtures/tiny-tokenizer.ts'
import {
  appendedSpecialsTokenizer,
  sentencePieceTokenizer,
  unigramTokenizer,
  wordPieceTokenizer,
} from '../../../../fixtures/tokenizer-variants.ts'
import type {Derivation} from '../../../shared/contract/contract.ts'
import {bytesOfHex, hexOfBytes} from '../../../shared/domain/token.ts'
import {Derivations} from './derivation.ts'
import {parseTokenizerJson} from './tokenizer-json.ts'
import {Vocabulary} from './vocabulary.ts'

interface BpeJson {
  model: {vocab: Record<string, number>; merges: ([string, string] | string)[]}
}

function open(json: object) {
  const definition = parseTokenizerJson(json as Record<string, unknown>, 'tokenizer.json')
  const derivations = new Derivations(json as Record<string, unknown>, definition)
  const vocabulary = new Vocabulary(definition)
  const idOf = (piece: string) => definition.pieces.find(([name]) => name === piece)![1]
  return {
    of: (id: number) => derivations.of(id),
    ofPiece: (piece: string) => derivations.of(idOf(piece)),
    hexOf: (id: number) => hexOfBytes(vocabulary.bytesOf(id)),
    tokenCount: vocabulary.tokenCount,
  }
}

const hex = (text: string) => hexOfBytes(Buffer.from(text))
const merge = (left: string, right: string, rank: number) => ({
  leftHex: hex(left),
  rightHex: hex(right),
  rank,
})

/**
 * The merges of one piece by another way: every rule of the file once, in order of rank, on the whole
 * piece from left to right, as Sennrich's own program applies them.
 */
function mergesRuleByRule(
  piece: string,
  merges: BpeJson['model']['merges']
): [string, string, number][] {
  let symbols = Array.from(piece)
  const applied: [string, string, number][] = []
  for (const [rank, rule] of merges.entries()) {
    const [left, right] = typeof rule === 'string' ? (rule.split(' ') as [string, string]) : rule
    const next: string[] = []
    for (let i = 0; i < symbols.length; i++) {
      if (symbols[i] === left && symbols[i + 1] === right) {
        applied.push([left, right, rank])
        next.push(left + right)
        i++
      } else {
        next.push(symbols[i]!)
      }
    }
    symbols = next
  }
  return symbols.length === 1 ? applied : []
}

/** Puts the pieces of a derivation together and gives what they end as. */
function builtFrom(derivation: Derivation): string {
  const last = derivation.merges.at(-1)!
  return last.leftHex + last.rightHex
}

describe('how a token was made', () => {
  it('is the merges of a byte-level BPE, with their ranks', () => {
    const tiny = open(buildTinyTokenizer().json)
    expect(tiny.ofPiece('Ġthe')).toEqual({
      kind: 'merged',
      score: null,
      merges: [merge(' ', 't', 0), merge('h', 'e', 1), merge(' t', 'he', 5)],
    })
    expect(tiny.ofPiece('ĠĠĠĠ')).toEqual({
      kind: 'merged',
      score: null,
      merges: [merge(' ', ' ', 37), merge(' ', ' ', 37), merge('  ', '  ', 38)],
    })
    // Half of a letter and the rest of it: bytes, not text.
    expect(tiny.ofPiece('Ã©')).toEqual({
      kind: 'merged',
      score: null,
      merges: [{leftHex: 'c3', rightHex: 'a9', rank: 48}],
    })
    expect(tiny.ofPiece('Ġ')).toEqual({kind: 'byte', score: null, merges: []})
    expect(tiny.of(1)).toEqual({kind: 'special', score: null, merges: []})
    expect(tiny.of(tiny.tokenCount)).toBeNull()
  })

  it.each([
    ['byte-level', buildTinyTokenizer().json],
    ['whole words', appendedSpecialsTokenizer().json],
    ['SentencePiece', sentencePieceTokenizer()],
  ])('agrees with every rule applied in turn: %s', (_, json) => {
    const {model} = json as unknown as BpeJson
    const opened = open(json)
    let mergedCount = 0
    for (const [piece, id] of Object.entries(model.vocab)) {
      const derivation = opened.of(id)!
      const expected = mergesRuleByRule(piece, model.merges)
      if (derivation.kind !== 'merged') {
        if (derivation.kind !== 'special' && derivation.kind !== 'byte')
          expect(expected).toEqual([])
        continue
      }
      mergedCount++
      const ranks = derivation.merges.map(({rank}) => rank)
      expect(ranks.toSorted((a, b) => a - b)).toEqual(
        expected.map(([, , rank]) => rank).toSorted((a, b) => a - b)
      )
      expect(ranks.length).toBe(Array.from(piece).length - 1)
      expect(builtFrom(derivation)).toBe(opened.hexOf(id))
      // What a merge takes has been there from the start, or was made before.
      const made = new Set<string>()
      for (const {leftHex, rightHex} of derivation.merges) {
        for (const part of [leftHex, rightHex]) {
          const isStart = Array.from(new TextDecoder().decode(bytesOfHex(part))).length === 1
          expect(isStart || part.length === 2 || made.has(part)).toBe(true)
        }
        made.add(leftHex + rightHex)
      }
    }
    // Of the entries that the fixture made by a merge, some are cut off by an earlier one.
    const isReached = (piece: string) => mergesRuleByRule(piece, model.merges).length > 0
    expect(mergedCount).toBe(Object.keys(model.vocab).filter(isReached).length)
    expect(mergedCount).toBeGreaterThan(5)
  })

  it('reads merges that are written as one text, as older files have them', () => {
    const json = structuredClone(buildTinyTokenizer().json) as unknown as BpeJson
    const expected = open(json).ofPiece('ĠĠĠĠ')
    json.model.merges = json.model.merges.map((rule) => (rule as string[]).join(' '))
    expect(open(json).ofPiece('ĠĠĠĠ')).toEqual(expected)
  })

  it('knows the marks of words that a BPE may have', () => {
    const vocab = ['l', 'o', 'w', 'w</w>', 'lo', 'low</w>', '##o', '##w', 'l##', 'x']
    const model = {
      type: 'BPE',
      end_of_word_suffix: '</w>',
      vocab: Object.fromEntries(vocab.map((piece, id) => [piece, id])),
      merges: [
        ['l', 'o'],
        ['lo', 'w</w>'],
      ],
    }
    const opened = open({model, decoder: {type: 'BPEDecoder', suffix: '</w>'}})
    expect(opened.ofPiece('low</w>')).toEqual({
      kind: 'merged',
      score: null,
      merges: [merge('l', 'o', 0), merge('lo', 'w', 1)],
    })
    expect(opened.ofPiece('w</w>')).toEqual({kind: 'piece', score: null, merges: []})
    const continued = open({
      model: {
        type: 'BPE',
        continuing_subword_prefix: '##',
        vocab: {l: 0, '##o': 1, '##w': 2, lo: 3, low: 4, '##ow': 5},
        merges: [
          ['##o', '##w'],
          ['l', '##ow'],
          ['l', '##o'],
        ],
      },
    })
    expect(continued.ofPiece('low')!.merges).toEqual([merge('o', 'w', 0), merge('l', 'ow', 1)])
    expect(continued.ofPiece('##ow')!.merges).toEqual([merge('o', 'w', 0)])
  })

  it('is a score in a Unigram vocabulary, nothing but the piece in WordPiece', () => {
    const unigram = open(unigramTokenizer())
    expect(unigram.ofPiece('▁Hello')).toEqual({kind: 'piece', score: -1.6, merges: []})
    expect(unigram.of(2)!.kind).toBe('special')
    const words = open(wordPieceTokenizer())
    expect(words.ofPiece('##ld')).toEqual({kind: 'piece', score: null, merges: []})
  })

  it('is a byte where a SentencePiece vocabulary falls back on it, a piece for a letter', () => {
    const pieces = open(sentencePieceTokenizer())
    expect(pieces.ofPiece('<0x0A>')).toEqual({kind: 'byte', score: null, merges: []})
    expect(pieces.ofPiece('a')).toEqual({kind: 'piece', score: null, merges: []})
    expect(pieces.ofPiece('▁He')!.merges).toEqual([merge(' ', 'H', 2), merge(' H', 'e', 3)])
  })

  it('is a piece where no merges lead to an entry, added tokens included', () => {
    const {json, specialId, ordinaryId} = appendedSpecialsTokenizer()
    const opened = open(json)
    expect(opened.of(ordinaryId)).toEqual({kind: 'piece', score: null, merges: []})
    expect(opened.of(specialId)!.kind).toBe('special')
    const orphan = structuredClone(buildTinyTokenizer().json) as unknown as BpeJson
    orphan.model.vocab.xyz = 9000
    expect(open(orphan).of(9000)).toEqual({kind: 'piece', score: null, merges: []})
    expect(open(orphan).of(8999)).toBeNull()
  })
})
