import fc from 'fast-check'
import {expect, test} from 'vitest'
import {sparkBars} from './spark-bars.ts'

test('a bar a token where there is room; tokens without a value have none', () => {
  expect(sparkBars(Float32Array.of(Number.NaN, 1, 2), 5)).toEqual([null, 1, 2])
  expect(sparkBars(new Float32Array(0), 5)).toEqual([])
})

test('bars of equally many tokens have the mean of all values as theirs', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 1, max: 8}),
      fc.array(fc.float({min: 0, max: 20, noNaN: true}), {minLength: 5, maxLength: 5}),
      (times, values) => {
        const long = Float32Array.from(
          {length: 5 * times},
          (_, i) => values[Math.floor(i / times)]!
        )
        for (const [i, bar] of sparkBars(long, 5).entries()) expect(bar).toBeCloseTo(values[i]!, 4)
      }
    )
  )
})

test('more tokens than bars: every token is in one bar', () => {
  const bars = sparkBars(
    Float32Array.from({length: 1003}, (_, i) => i),
    37
  )
  expect(bars).toHaveLength(37)
  expect(bars.every((bar, i) => i === 0 || bar! > bars[i - 1]!)).toBe(true)
  expect(bars[0]).toBe(13)
})
