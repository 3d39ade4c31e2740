import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {hexOfBytes} from '../domain/token.ts'
import {glyphsOfTokens, plainGlyphs, spacedGlyphs} from './token-glyphs.ts'

const encoder = new TextEncoder()
const token = (source: string | readonly number[], isSpecial = false) => ({
  bytesHex: hexOfBytes(
    typeof source === 'string' ? encoder.encode(source) : Uint8Array.from(source)
  ),
  isSpecial,
})
const shown = (...sources: (string | readonly number[])[]) =>
  glyphsOfTokens(sources.map((source) => token(source))).cells.map((cells) =>
    cells.map((cell) => `${cell.kind}:${cell.text}`).join(' ')
  )

describe('one token', () => {
  test('white space is marks, the rest is text', () => {
    expect(shown(' lamp', '\n', '\tif x', '')).toEqual([
      'mark:· text:lamp',
      'mark:⏎',
      'mark:⇥ text:if mark:· text:x',
      '',
    ])
  })

  test('invisible characters go by their codes', () => {
    expect(shown('\u200b', 'a\u0000', '\r\n', '\ufeff', '\u00a0', '\u00ad', '\u2066')).toEqual([
      'code:U+200B',
      'text:a code:U+0000',
      'code:U+000D mark:⏎',
      'code:U+FEFF',
      'code:U+00A0',
      'code:U+00AD',
      'code:U+2066',
    ])
  })

  test('a joiner is kept within what it joins, and shown where it joins nothing', () => {
    expect(shown('👩\u200d💻', '\u200d', '❤\ufe0f')).toEqual([
      'text:👩\u200d💻',
      'code:U+200D',
      'text:❤\ufe0f',
    ])
  })

  test('a combining mark without a letter stands on a dotted circle', () => {
    expect(shown('\u0301', 'e\u0301', ' \u0301')).toEqual([
      'text:◌\u0301',
      'text:e\u0301',
      'mark:· text:◌\u0301',
    ])
  })

  test('a replacement character that was typed is a character', () => {
    expect(shown('\ufffd')).toEqual(['text:\ufffd'])
  })

  test('a character without a glyph is its code or, if asked, text; and it is named', () => {
    const drawn = glyphsOfTokens([token('한')])
    expect(drawn.cells).toEqual([[{kind: 'code', text: 'U+D55C'}]])
    expect(drawn.missing).toEqual([0xd55c])
    const kept = glyphsOfTokens([token('한')], true)
    expect(kept.cells).toEqual([[{kind: 'text', text: '한'}]])
    expect(kept.missing).toEqual([0xd55c])
  })
})

describe('characters across tokens', () => {
  test('are hex cells in their tokens, joined under the character', () => {
    const {cells, cutCharacters} = glyphsOfTokens(
      [' caf', [0xc3], [0xa9, 0x21]].map((source) => token(source))
    )
    expect(cells[1]).toEqual([{kind: 'hex', text: 'c3'}])
    expect(cells[2]).toEqual([
      {kind: 'hex', text: 'a9'},
      {kind: 'text', text: '!'},
    ])
    expect(cutCharacters).toEqual([
      {character: 'é', firstToken: 1, firstCell: 0, lastToken: 2, lastCell: 0},
    ])
  })

  test('one token may end one and begin another', () => {
    const bytes = [...encoder.encode('東京')]
    const {cells, cutCharacters} = glyphsOfTokens([
      token(bytes.slice(0, 2)),
      token(bytes.slice(2, 4)),
      token(bytes.slice(4)),
    ])
    expect(cells.map((list) => list.map((cell) => cell.text).join(' '))).toEqual([
      'e6 9d',
      'b1 e4',
      'ba ac',
    ])
    expect(cutCharacters.map((cut) => [cut.character, cut.firstToken, cut.lastToken])).toEqual([
      ['東', 0, 1],
      ['京', 1, 2],
    ])
  })

  test('bytes that make no character are hex cells with nothing above', () => {
    // A lone continuation, an overlong slash, a surrogate, a beginning without an end.
    for (const bytes of [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f]]) {
      const {cells, cutCharacters} = glyphsOfTokens([token(bytes), token('a')])
      expect(cells[0]!.every((cell) => cell.kind === 'hex')).toBe(true)
      expect(cells[0]).toHaveLength(bytes.length)
      expect(cutCharacters).toEqual([])
    }
  })

  test('never reach into or across a special token', () => {
    const {cutCharacters, cells} = glyphsOfTokens([
      token([0xc3]),
      token('<s>', true),
      token([0xa9]),
    ])
    expect(cutCharacters).toEqual([])
    expect(cells[1]).toEqual([{kind: 'text', text: '<s>'}])
  })

  test('any cutting of any text shows every byte once', () => {
    fc.assert(
      fc.property(
        fc.string({unit: 'binary'}),
        fc.array(fc.nat({max: 40}), {maxLength: 6}),
        (text, cuts) => {
          const bytes = encoder.encode(text)
          const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
            (a, b) => a - b
          )
          const parts = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))
          const {cells, cutCharacters} = glyphsOfTokens(
            parts.map((part) => ({bytesHex: hexOfBytes(part), isSpecial: false})),
            true
          )
          const hexCount = cells.flat().filter((cell) => cell.kind === 'hex').length
          const cutBytes = cutCharacters.reduce(
            (sum, {firstToken, lastToken, firstCell, lastCell}) => {
              let count = 0
              for (let i = firstToken; i <= lastToken; i++) {
                const from = i === firstToken ? firstCell : 0
                const until = i === lastToken ? lastCell : cells[i]!.length - 1
                count += until - from + 1
              }
              return sum + count
            },
            0
          )
          // The text is well formed, so every hex cell belongs to a character that is named.
          expect(hexCount).toBe(cutBytes)
        }
      )
    )
  })
})

test('a token in one line', () => {
  expect(plainGlyphs(token(' caf'))).toBe('·caf')
  expect(plainGlyphs(token([0xc3]))).toBe('c3')
})

test('a token in one line whose bytes stand apart', () => {
  expect(spacedGlyphs(token(' caf'))).toEqual({text: '·caf', bytesAt: []})
  expect(spacedGlyphs(token([0x20, 0x63, 0xe2, 0x96]))).toEqual({text: '·c e2 96', bytesAt: [3, 6]})
  // A mark stands on a circle, and what no shipped font has is a code.
  expect(spacedGlyphs(token('\u0301')).text).toBe('◌\u0301')
  expect(spacedGlyphs(token('aะb')).text).toBe('a U+0E30 b')
})

test('what no shipped font has is a code, unless who draws it has a font of its own', () => {
  const thai = [token('สระะ')]
  const kinds = (draws: Parameters<typeof glyphsOfTokens>[1]) =>
    glyphsOfTokens(thai, draws).cells[0]!.map(({text}) => text)
  expect(kinds(false).at(-1)).toBe('U+0E30')
  expect(kinds(true)).toEqual(['สระะ'])
  expect(kinds((code) => code !== 0xe30)).toEqual(['สร', 'U+0E30', 'U+0E30'])
})
