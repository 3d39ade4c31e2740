import fc from 'fast-check'
import {expect, test} from 'vitest'
import {lineEndsOf, normalizedLineEnds, storedIndex, withEdit} from './line-ends.ts'

test.each([
  ['', 'none'],
  ['a', 'none'],
  ['a\nb\n', 'lf'],
  ['a\r\nb', 'crlf'],
  ['a\rb', 'cr'],
  ['a\r\nb\nc', 'mixed'],
  ['a\n\rb', 'mixed'],
] as const)('line ends of %j are %s', (text, ends) => {
  expect(lineEndsOf(text)).toBe(ends)
})

test('an edit keeps the line ends it did not touch, and new ones are like them', () => {
  expect(withEdit('one\r\ntwo\r\n', 'one\nnew\ntwo\n')).toBe('one\r\nnew\r\ntwo\r\n')
  expect(withEdit('a\r\nb\nc', 'a\nb!\nc')).toBe('a\r\nb!\nc')
  expect(withEdit('a\r\nb', '')).toBe('')
  expect(withEdit('a\nb', 'a\nb\nc')).toBe('a\nb\nc')
})

const text = fc.string({unit: fc.constantFrom('a', 'b', '\r\n', '\n', '\r', 'é')})

test('whatever is typed is what is shown', () => {
  fc.assert(
    fc.property(text, text, (stored, edited) => {
      const typed = normalizedLineEnds(edited)
      expect(normalizedLineEnds(withEdit(stored, typed))).toBe(typed)
      expect(withEdit(stored, normalizedLineEnds(stored))).toBe(stored)
    })
  )
})

test('an index of the shown text points at the same character of the stored one', () => {
  fc.assert(
    fc.property(text, (stored) => {
      const shown = normalizedLineEnds(stored)
      for (let i = 0; i <= shown.length; i++) {
        expect(normalizedLineEnds(stored.slice(0, storedIndex(stored, i)))).toBe(shown.slice(0, i))
      }
    })
  )
})
