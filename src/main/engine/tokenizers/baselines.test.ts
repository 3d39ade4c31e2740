import {expect, test} from 'vitest'
import {HARD_TEXTS} from '../../../../fixtures/hard-texts.ts'
import {BaselineCutter} from './baselines.ts'

function pieces(cutter: BaselineCutter, text: string): string[] {
  const {table, textBytes} = cutter.encodeTable(text)
  return Array.from(table.ids, (_, i) =>
    Buffer.from(textBytes.subarray(table.byteStarts[i], table.byteEnds[i])).toString()
  )
}

test('baselines cut by bytes, characters, grapheme clusters and words', () => {
  const text = 'né 👍🏽, ok\n'
  expect(new BaselineCutter('bytes').encodeTable('né').table.ids.join()).toBe('110,195,169')
  expect(new BaselineCutter('characters').encodeTable('né👍').table.ids.join()).toBe(
    `110,233,${0x1f44d}`
  )
  expect(pieces(new BaselineCutter('graphemes'), text)).toEqual([
    ...['n', 'é', ' ', '👍🏽', ',', ' ', 'o', 'k', '\n'],
  ])
  expect(pieces(new BaselineCutter('words'), text)).toEqual(['né', ' 👍🏽,', ' ok', '\n'])
  expect(pieces(new BaselineCutter('words', 'uax29'), text)).toEqual([
    ...['né', ' 👍🏽', ',', ' ok', '\n'],
  ])
})

test('words are numbered as they come, so that the same word has the same number', () => {
  const cutter = new BaselineCutter('words')
  expect(cutter.encodeTable('a b a b c').table.ids.join()).toBe('0,1,2,1,3')
  expect(cutter.encodeTable(' a c').table.ids.join()).toBe('2,3')
})

test('every baseline tiles every hard text with its bytes', () => {
  for (const baseline of ['bytes', 'characters', 'graphemes', 'words'] as const) {
    for (const rule of ['whitespace', 'uax29'] as const) {
      for (const text of [...HARD_TEXTS, 'lone \ud800']) {
        const {table, textBytes} = new BaselineCutter(baseline, rule).encodeTable(text)
        expect(Buffer.from(table.pool).equals(textBytes)).toBe(true)
        let end = 0
        for (let i = 0; i < table.ids.length; i++) {
          expect(table.byteStarts[i]).toBe(end)
          end = table.byteEnds[i]!
        }
        expect(end).toBe(textBytes.length)
      }
    }
  }
})
