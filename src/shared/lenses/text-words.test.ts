import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {isWhiteSpace, wordBytes} from './text-words.ts'

describe('words between white space', () => {
  it('has the white space that Unicode has', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code < 0xe000) continue
      if (isWhiteSpace(code) !== /\p{White_Space}/u.test(String.fromCodePoint(code))) {
        throw new Error(`U+${code.toString(16)}`)
      }
    }
  })

  it('finds the bytes of every word of any text', () => {
    const piece = fc.oneof(fc.string({unit: 'binary'}), fc.constantFrom(' ', '\u3000', '\u0085\n'))
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('')
        const bytes = Buffer.from(text)
        const bounds = wordBytes(text, 'whitespace')
        const words: string[] = []
        for (let i = 0; i < bounds.length; i += 2) {
          words.push(bytes.subarray(bounds[i], bounds[i + 1]).toString())
        }
        expect(words).toEqual(text.match(/\P{White_Space}+/gu) ?? [])
      })
    )
  })

  it('counts half of a surrogate pair as what stands for it', () => {
    expect([...wordBytes('a\ud800 b', 'whitespace')]).toEqual([0, 4, 5, 6])
  })
})
