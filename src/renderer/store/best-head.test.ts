import {expect, test} from 'vitest'
import type {HeadStatistics} from '../../shared/lenses/attention-maps.ts'
import {bestHeadOf} from './best-head.ts'

interface Scores {
  readonly induction?: number | null
  readonly previous?: number
  readonly duplicate?: number
  readonly first?: number
  readonly count?: number
}
const headOf = (
  head: number,
  {induction = 0, previous = 0, duplicate = 0, first = 0, count = 9}: Scores
) =>
  ({
    ...{layer: 1, head, inductionScore: induction, previousTokenScore: previous},
    ...{duplicateTokenScore: duplicate, firstTokenScore: first},
    chance: {
      inductionScore: 0.05,
      previousTokenScore: 0.1,
      duplicateTokenScore: 0.05,
      firstTokenScore: 0.1,
    },
    positionCounts: {
      ...{inductionScore: count, previousTokenScore: 20, duplicateTokenScore: 20},
      firstTokenScore: 20,
    },
  }) as HeadStatistics

test('the best head is the one with the most induction above chance', () => {
  const heads = [
    headOf(0, {previous: 0.99}),
    headOf(1, {induction: 0.4}),
    headOf(2, {induction: 0.6}),
  ]
  expect(bestHeadOf(heads)).toEqual({
    layer: 1,
    head: 2,
    score: 'inductionScore',
    value: 0.6,
    chance: 0.05,
  })
})

test('a score that rests on few positions, or is like chance, is passed over for the next kind', () => {
  const few = [
    headOf(0, {induction: 0.9, count: 4}),
    headOf(1, {previous: 0.7}),
    headOf(2, {previous: 0.4}),
  ]
  expect(bestHeadOf(few)).toMatchObject({head: 1, score: 'previousTokenScore'})
  const like = [headOf(0, {induction: 0.14}), headOf(1, {induction: null, duplicate: 0.5})]
  expect(bestHeadOf(like)).toMatchObject({head: 1, score: 'duplicateTokenScore'})
})

test('where nothing says anything there is no best head', () => {
  expect(bestHeadOf([headOf(0, {first: 0.99}), headOf(1, {})])).toBeNull()
  expect(bestHeadOf([])).toBeNull()
})
