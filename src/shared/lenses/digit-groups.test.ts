import fc from 'fast-check'
import {expect, test} from 'vitest'
import {areAligned, digitGroups, groupingOf, separated} from './digit-groups.ts'

test('groups of the paper: cl100k from the left, with commas from the right', () => {
  // 8 digits: 3|3|2 as they are, 2|3|3 with a mark every three from the right.
  expect(digitGroups('12345678', [3, 6, 8])).toEqual([3, 3, 2])
  expect(separated('12345678', 'comma-right')).toBe('12,345,678')
  expect(digitGroups('12,345,678', [2, 3, 6, 7, 10])).toEqual([2, 3, 3])
  expect(separated('12345678', 'comma-left')).toBe('123,456,78')
  expect(separated('12345678', 'space-right')).toBe('12 345 678')
})

test('classes of groups', () => {
  expect(groupingOf([3, 3, 2])).toBe('left to right')
  expect(groupingOf([2, 3, 3])).toBe('right to left')
  expect(groupingOf([3, 3])).toBe('left to right')
  expect(groupingOf([1, 1, 1])).toBe('single digits')
  expect(groupingOf([4])).toBe('one token')
  // GPT-2's runs of the digit 3, of length 9 and 5.
  expect(groupingOf([4, 2, 3])).toBe('irregular')
  expect(groupingOf([2, 3])).toBe('right to left')
})

test('operands of one length are aligned if cut alike; right to left aligns any lengths', () => {
  // gpt2 on 12345678 and 23456789.
  expect(
    areAligned([
      [3, 2, 3],
      [2, 2, 2, 2],
    ])
  ).toBe(false)
  expect(
    areAligned([
      [3, 3, 2],
      [3, 3, 2],
    ])
  ).toBe(true)
  expect(
    areAligned([
      [3, 3, 2],
      [3, 3, 1],
    ])
  ).toBe(false)
  fc.assert(
    fc.property(fc.integer({min: 1, max: 20}), fc.integer({min: 1, max: 20}), (a, b) => {
      const fromRight = (count: number) => {
        const rest = count % 3
        return [...(rest > 0 ? [rest] : []), ...new Array<number>((count - rest) / 3).fill(3)]
      }
      expect(areAligned([fromRight(a), fromRight(b)])).toBe(true)
      const groups = fromRight(a)
      expect(groups.reduce((sum, size) => sum + size, 0)).toBe(a)
    })
  )
})

test('marks keep the digits and their order', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{1,24}$/), (digits) => {
      for (const way of ['none', 'comma-right', 'comma-left', 'space-right'] as const) {
        const text = separated(digits, way)
        expect(text.replace(/\D/g, '')).toBe(digits)
        if (way === 'comma-right') expect(text).toBe(digits.replace(/\B(?=(\d{3})+$)/g, ','))
      }
    })
  )
})
