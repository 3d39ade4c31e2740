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

async function allOf<Step>(run: AsyncGenerator<Step>): Promise<Step[]> {
  const steps: Step[] = []
  for await (const step of run) steps.push(step)
  return steps
}

const lastOf = async <Step>(run: AsyncGenerator<Step>) => (await allOf(run)).at(-1)!

describe('occlusion', () => {
  it('by replacing is what the target loses, and nothing where another copy stands', async () => {
    const copies = stubSubject(10, (isIntact) => (isIntact(2) || isIntact(7) ? 0.9 : 0.1))
    const {values: hidden} = await lastOf(occludeByReplacing(copies, {draws: 3, seed: 1}))
    expect([...hidden].every((value) => value === 0)).toBe(true)
    const {values, low, high, done, total} = await lastOf(
      occludeByReplacing(stubSubject(10, needing([4])), {draws: 3, seed: 1})
    )
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(i === 4 ? 0.8 : 0, 12)
      expect(low[i]).toBeCloseTo(value, 12)
      expect(high[i]).toBeCloseTo(value, 12)
    })
    expect([done, total]).toEqual([30, 30])
  })

  it('without each is p⁰ − p of each, told as far as it is', async () => {
    const asked: number[][] = []
    const steps = await allOf(
      occludeEach(0.7, 40, async (indices) => {
        asked.push([...indices])
        return Float64Array.from(indices, (i) => (i === 17 ? 0.2 : 0.7))
      })
    )
    expect(asked.flat()).toEqual(Array.from({length: 40}, (_, i) => i))
    expect(steps.map(({done, total}) => [done, total])).toEqual([16, 32, 40].map((n) => [n, 40]))
    for (const {values, done} of steps) {
      values.forEach((value, i) => {
        if (i < done) expect(value).toBeCloseTo(i === 17 ? 0.5 : 0, 12)
        else expect(value).toBeNaN()
      })
    }
    expect(steps.at(-1)!.low[0]).toBeNaN()
  })

  it('asks for nothing more once it is cancelled', async () => {
    const abort = new AbortController()
    let count = 0
    const run = occludeEach(
      0.7,
      40,
      async (indices) => {
        count += indices.length
        return new Float64Array(indices.length)
      },
      abort.signal
    )
    await run.next()
    abort.abort(new Error('enough'))
    await expect(run.next()).rejects.toThrow('enough')
    expect(count).toBe(16)
  })

  it('by replacing draws the same however many are scored together, and means whole draws', async () => {
    const subject = stubSubject(20, needing([4, 18]))
    const steps = await allOf(occludeByReplacing(subject, {draws: 2, seed: 1}))
    expect(steps.map(({done}) => done)).toEqual([16, 20, 36, 40])
    expect(steps[0]!.values[18]).toBeNaN()
    expect(steps[1]!.values[18]).toBeCloseTo(0.8, 12)
    expect([...steps[2]!.values]).toEqual([...steps[1]!.values])
    expect(steps[3]!.drawCount).toBe(2)
  })
})

describe('Shapley values', () => {
  it('share alike what tokens do together, and sum to what all of them do', async () => {
    const subject = stubSubject(8, needing([1, 5]))
    const {values, drawCount, done, total} = await lastOf(
      shapleyValues(subject, {draws: 64, seed: 3})
    )
    // Exactly half of the 0.8 each, by symmetry; a pair of reversed permutations has it without any noise.
    expect(values[1]).toBeCloseTo(0.4, 12)
    expect(values[5]).toBeCloseTo(0.4, 12)
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0.8, 12)
    expect([drawCount, done, total]).toEqual([64, 64, 64])
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
