import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {ByteSpan} from '../../shared/units/unit-choice.ts'
import {covering, withoutSpan, withSpan} from './spans.ts'

const span = (byteStart: number, byteEnd: number): ByteSpan => ({byteStart, byteEnd})

test('the newest span has what it covers; older ones keep the rest, on both sides', () => {
  expect(withSpan([span(0, 10)], span(3, 5))).toEqual([span(0, 3), span(3, 5), span(5, 10)])
  expect(withSpan([span(0, 4), span(6, 9)], span(2, 7))).toEqual([
    span(0, 2),
    span(2, 7),
    span(7, 9),
  ])
  expect(withSpan([span(2, 4)], span(0, 9))).toEqual([span(0, 9)])
  expect(withoutSpan([span(0, 1), span(2, 3)], 0)).toEqual([span(2, 3)])
})

test('whatever is drawn, every byte has at most one span: that of the last stroke over it', () => {
  const stroke = fc
    .tuple(fc.nat(30), fc.integer({min: 1, max: 12}))
    .map(([from, length]) => span(from, from + length))
  fc.assert(
    fc.property(fc.array(stroke, {maxLength: 12}), (strokes) => {
      const spans = strokes.reduce<readonly ByteSpan[]>(withSpan, [])
      for (let at = 0; at < 45; at++) {
        const own = spans.filter(({byteStart, byteEnd}) => byteStart <= at && at < byteEnd)
        const isDrawn = strokes.some(({byteStart, byteEnd}) => byteStart <= at && at < byteEnd)
        expect(own.length).toBe(isDrawn ? 1 : 0)
      }
      const last = strokes.at(-1)
      if (last) expect(spans).toContainEqual(last)
      expect([...spans].sort((a, b) => a.byteStart - b.byteStart)).toEqual(spans)
    })
  )
})

test('a span over tokens goes from the first to the last byte of them, special tokens aside', () => {
  const token = (byteStart: number, byteEnd: number, isSpecial = false) => ({
    byteStart,
    byteEnd,
    isSpecial,
    isInserted: isSpecial,
  })
  const tokens = [token(0, 0, true), token(0, 4), token(4, 6), token(6, 6), token(6, 11)]
  expect(covering(tokens, 2, 4)).toEqual(span(4, 11))
  expect(covering(tokens, 4, 1)).toEqual(span(0, 11))
  expect(covering(tokens, 0, 0)).toBeNull()
})
