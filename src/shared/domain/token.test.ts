import fc from 'fast-check'
import {expect, test} from 'vitest'
import {
  bytesOfHex,
  displayTextOfBytes,
  hexOfBytes,
  type TokenParts,
  tokensOfTable,
  tokenTableOf,
} from './token.ts'

const parts: fc.Arbitrary<TokenParts> = fc.record({
  id: fc.nat(200_000),
  bytes: fc.uint8Array({maxLength: 12}),
  byteStart: fc.nat(1_000_000),
  byteEnd: fc.nat(1_000_000),
  isSpecial: fc.boolean(),
  isInserted: fc.boolean(),
  spanClass: fc.constantFrom('lossless' as const, 'dummy-prefix' as const, 'normalized' as const),
})

test('tokens survive the way through columns', () => {
  fc.assert(
    fc.property(fc.array(parts, {maxLength: 40}), fc.nat(1000), (list, firstPosition) => {
      const tokens = tokensOfTable(tokenTableOf(list), firstPosition)
      expect(tokens).toEqual(
        list.map((part, i) => ({
          position: firstPosition + i,
          id: part.id,
          bytesHex: Buffer.from(part.bytes).toString('hex'),
          text: displayTextOfBytes(part.bytes),
          byteStart: part.byteStart,
          byteEnd: part.byteEnd,
          isSpecial: part.isSpecial,
          isInserted: part.isInserted,
          spanClass: part.spanClass,
        }))
      )
    })
  )
})

test('hex goes there and back and refuses what is not hex', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 64}), (bytes) => {
      expect(bytesOfHex(hexOfBytes(bytes))).toEqual(bytes)
    })
  )
  for (const wrong of ['0', 'zz', '0x10', 'abc'])
    expect(() => bytesOfHex(wrong)).toThrow(RangeError)
})

test('display text marks partial characters and keeps a byte order mark', () => {
  expect(displayTextOfBytes(Uint8Array.of(0xf0, 0x9f))).toBe('\ufffd')
  expect(displayTextOfBytes(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  expect(displayTextOfBytes(Uint8Array.of(0x61, 0x00))).toBe('a\u0000')
})
