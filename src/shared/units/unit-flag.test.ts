import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {UnitChoice} from './unit-choice.ts'
import {formatUnitFlag, PLAIN_UNITS, parseUnitFlag} from './unit-flag.ts'

test('every form of the flag', () => {
  expect(parseUnitFlag('word')).toEqual({kind: 'word'})
  expect(parseUnitFlag('regex:a:b|/,')).toEqual({kind: 'regex', source: 'a:b|/,', flags: ''})
  expect(parseUnitFlag('regex/is:.')).toEqual({kind: 'regex', source: '.', flags: 'is'})
  // `0-5` includes its end, `9:12` does not.
  expect(parseUnitFlag('spans:0-5,9:12')).toEqual({
    kind: 'spans',
    spans: [
      {byteStart: 0, byteEnd: 6},
      {byteStart: 9, byteEnd: 12},
    ],
  })
})

test.each([
  '',
  'words',
  'Word',
  'regex',
  'regex:',
  'spans:',
  'spans:3',
  'spans:5-3',
  'spans:4:4',
  'spans:1-2,',
  'spans:-1-2',
  'spans:0-1e3',
  'spans:0-99999999999999999',
])('“%s” is none of them', (text) => expect(parseUnitFlag(text)).toBeNull())

test('what is written is read as the same choice', () => {
  const choice: fc.Arbitrary<UnitChoice> = fc.oneof(
    fc.constantFrom(...PLAIN_UNITS).map((kind) => ({kind})),
    fc.record({
      kind: fc.constant('regex' as const),
      source: fc.string({minLength: 1}),
      flags: fc.constantFrom('', 'i', 'ims', 'v'),
    }),
    fc
      .array(fc.tuple(fc.nat(), fc.integer({min: 1, max: 99})), {minLength: 1, maxLength: 5})
      .map((spans) => ({
        kind: 'spans' as const,
        spans: spans.map(([byteStart, length]) => ({byteStart, byteEnd: byteStart + length})),
      }))
  )
  fc.assert(
    fc.property(choice, (unit) => {
      expect(parseUnitFlag(formatUnitFlag(unit))).toEqual(unit)
    })
  )
})
