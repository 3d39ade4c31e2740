import {describe, expect, it} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {
  occludeByReplacing,
  occludeEach,
  permutation,
  randomValues,
  shapleyValues,
} from './baselines.ts'
import {countsOf, measureCurves} from './curves.ts'
import {needing, stubSubject} from './test-subject.ts'

async function lastOf<Result>(run: AsyncGenerator<unknown, Result>): Promise<Result> {
  for (;;) {
    const step = await run.next()
    if (step.done) return step.value
  }
}

describe('occlusion', () => {
  it('by replacing is what the target loses, and nothing where another copy stands', async () => {
    const copies = stubSubject(10, (isIntact) => (isIntact(2) || isIntact(7) ? 0.9 : 0.1))
    const {values: hidden} = await lastOf(occludeByReplacing(copies, {draws: 3, seed: 1}))
    expect([...hidden].every((value) => value === 0)).toBe(true)
    const {values, low, high, sequenceCount} = await lastOf(
      occludeByReplacing(stubSubject(10, needing([4])), {draws: 3, seed: 1})
    )
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(i === 4 ? 0.8 : 0, 12)
      expect(low[i]).toBeCloseTo(value, 12)
      expect(high[i]).toBeCloseTo(value, 12)
    })
    expect(sequenceCount).toBe(31)
  })

  it('of variants is p⁰ − p of each', async () => {
    const {score} = stubSubject(4, (isIntact) => (isIntact(1) ? 0.7 : 0.2))
    const variants = [Int32Array.of(9, 1), Int32Array.of(0, 9)]
    const {values, low} = await occludeEach(0.7, variants, score)
    expect(values[0]).toBeCloseTo(0, 12)
    expect(values[1]).toBeCloseTo(0.5, 12)
    expect(low[0]).toBeNaN()
  })
})

describe('Shapley values', () => {
  it('share alike what tokens do together, and sum to what all of them do', async () => {
    const subject = stubSubject(8, needing([1, 5]))
    const {values, drawCount, sequenceCount} = await lastOf(
      shapleyValues(subject, {draws: 64, seed: 3})
    )
    // Exactly half of the 0.8 each, by symmetry; a pair of reversed permutations has it without any noise.
    expect(values[1]).toBeCloseTo(0.4, 12)
    expect(values[5]).toBeCloseTo(0.4, 12)
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0.8, 12)
    expect([drawCount, sequenceCount]).toEqual([64, 64 * 9])
  })

  it('are those of the definition, over all orders, for a game that is not symmetric', async () => {
    const worth = (isIntact: (position: number) => boolean) =>
      0.1 + (isIntact(0) ? 0.2 : 0) + (isIntact(1) && isIntact(2) ? 0.3 : 0)
    const {values} = await lastOf(shapleyValues(stubSubject(3, worth), {draws: 6, seed: 0}))
    ;[0.2, 0.15, 0.15].forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 12)
    })
  })
})

describe('randomness', () => {
  it('of permutations is even: each of 6 orders comes about as often', () => {
    const random = createSeededRandom(4)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = permutation(3, () => random.nextUnit()).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Five standard deviations of a binomial are 144.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('of values comes of the seed', () => {
    expect(randomValues(5, 1)).toEqual(randomValues(5, 1))
    expect(randomValues(5, 1)).not.toEqual(randomValues(5, 2))
  })
})

describe('curves', () => {
  it('fall with the cause, and rise with it', async () => {
    const subject = stubSubject(10, needing([3]))
    const values = Float64Array.from({length: 10}, (_, i) => (i === 3 ? 1 : -i))
    const {deletion, insertion, deletionArea, insertionArea} = await measureCurves(
      subject,
      values,
      {
        ...{drawCount: 2, seed: 0},
      }
    )
    expect(deletion.map(({count}) => count)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    deletion.forEach(({prob}, i) => {
      expect(prob).toBeCloseTo(i === 0 ? 0.9 : 0.1, 12)
    })
    insertion.forEach(({prob}, i) => {
      expect(prob).toBeCloseTo(i === 0 ? 0.1 : 0.9, 12)
    })
    expect(deletionArea).toBeCloseTo(0.14, 12)
    expect(insertionArea).toBeCloseTo(0.86, 12)
  })

  it('of long texts have evenly chosen points with both ends', () => {
    expect(countsOf(3)).toEqual([0, 1, 2, 3])
    const counts = countsOf(1000)
    expect([counts.length, counts[0], counts.at(-1)]).toEqual([33, 0, 1000])
  })
})
