import {expect, it} from 'vitest'
import {quantileOf} from './quantile.ts'
import {meanRanks, rankCorrelation} from './rank-correlation.ts'

it('a rank correlation is 1 − 6 Σ d² / (n³ − n) where no two are equal', () => {
  const [a, b] = [
    [3, 1, 4, 1.5, 9],
    [2, 7, 1, 8, 2.5],
  ]
  const squares = [0, 1, 2, 3, 4].map((i) => (meanRanks(a!)[i]! - meanRanks(b!)[i]!) ** 2)
  const expected = 1 - (6 * squares.reduce((sum, one) => sum + one, 0)) / (125 - 5)
  expect(rankCorrelation(a!, b!)).toBeCloseTo(expected, 12)
  expect(rankCorrelation(a!, a!)).toBeCloseTo(1, 12)
  expect(
    rankCorrelation(
      a!,
      a!.map((value) => -value)
    )
  ).toBeCloseTo(-1, 12)
})

it('equal values share the mean of their ranks, and of one value alone there is no correlation', () => {
  expect([...meanRanks([5, 2, 5, 1])]).toEqual([2.5, 1, 2.5, 0])
  // By hand: ranks 0.5 0.5 2 and 0 1 2 about 1: 1.5 / √(1.5 · 2).
  expect(rankCorrelation([1, 1, 2], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(3), 12)
  expect(rankCorrelation([1, 1], [1, 2])).toBeNull()
  expect(rankCorrelation([1], [1])).toBeNull()
  expect(() => rankCorrelation([1], [1, 2])).toThrow(RangeError)
})

it('a quantile lies between its neighbours by its share', () => {
  expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantileOf([0, 10], 0.1)).toBeCloseTo(1, 12)
  expect([quantileOf([7], 0.9), quantileOf([1, 2, 3], 1), quantileOf([1, 2, 3], 0)]).toEqual([
    7, 3, 1,
  ])
  expect(quantileOf([], 0.5)).toBeNaN()
})
