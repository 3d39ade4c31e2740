import fc from 'fast-check'
import {expect, test} from 'vitest'
import {decadeOf, log10Of, niceCeiling, powerOfTen, wholeTicks} from './scale.ts'

test('the decimal logarithm is right to 2e-4, and exact at powers of ten', () => {
  for (let exponent = -20; exponent <= 20; exponent++) {
    expect(log10Of(powerOfTen(exponent))).toBe(exponent)
    expect(powerOfTen(exponent)).toBe(Number(`1e${exponent}`))
  }
  fc.assert(
    fc.property(fc.double({min: 1e-19, max: 1e19, noNaN: true}), (value) => {
      expect(Math.abs(log10Of(value) - Math.log10(value))).toBeLessThan(2e-4)
    })
  )
})

test('it rises with its argument', () => {
  let previous = log10Of(1e-6)
  for (let value = 1e-6; value < 1; value *= 1.001) {
    const log = log10Of(value)
    expect(log).toBeGreaterThanOrEqual(previous)
    previous = log
  }
})

test('decades', () => {
  expect([1, 9.99, 10, 0.1, 0.0999, 1e-30].map(decadeOf)).toEqual([0, 0, 1, -1, -2, -20])
})

test('a nice ceiling holds the value and wastes less than half', () => {
  expect([5.4, 6, 6.01, 0.012, 17, 0, Number.NaN].map(niceCeiling)).toEqual([
    6, 6, 8, 0.012, 20, 1, 1,
  ])
  fc.assert(
    fc.property(fc.double({min: 1e-6, max: 1e6, noNaN: true}), (value) => {
      const ceiling = niceCeiling(value)
      expect(ceiling).toBeGreaterThanOrEqual(value)
      expect(ceiling).toBeLessThan(value * 1.6)
    })
  )
})

test('ticks are whole, start at 0 and are not too many', () => {
  expect(wholeTicks(47, 8)).toEqual([0, 10, 20, 30, 40])
  expect(wholeTicks(5, 8)).toEqual([0, 1, 2, 3, 4, 5])
  expect(wholeTicks(0, 8)).toEqual([0])
  expect(wholeTicks(4096, 8)).toEqual([0, 1000, 2000, 3000, 4000])
})
