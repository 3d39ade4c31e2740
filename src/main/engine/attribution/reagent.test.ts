import {describe, expect, it} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {descendingOrder, overlapOf, scoreShift, softmaxOf} from './importance.ts'
import {plainReagent} from './plain-reagent.ts'
import {type ReagentEstimate, type ReagentOptions, runReagent} from './reagent.ts'
import type {Subject} from './subject.ts'
import {needing, stubSubject} from './test-subject.ts'

const OPTIONS: ReagentOptions = {
  ...{ratio: 0.3, keepCount: 5, overlap: 2, maxSteps: 200},
  ...{probes: 5, testEvery: 1, seed: 0},
}
const known = (prob: number) => ({prob, otherProb: 1 - prob})

async function attribute(
  subject: Subject,
  changes: Partial<ReagentOptions> = {}
): Promise<ReagentEstimate> {
  const run = runReagent(subject, {...OPTIONS, ...changes})
  for (;;) {
    const step = await run.next()
    if (step.done) return step.value.estimate()
  }
}

const indexOfMost = (values: ArrayLike<number>) => descendingOrder(values)[0]!

describe('the update', () => {
  it('is the logit of (δ + 1) / 2, which is 2 artanh δ', () => {
    expect(scoreShift(known(0.9), known(0.1))).toBeCloseTo(2.19722, 5)
    expect(scoreShift(known(0.9), known(0.1))).toBeCloseTo(Math.log(9), 12)
    expect(scoreShift(known(0.75), known(0.25))).toBeCloseTo(1.09861, 5)
    for (const delta of [-0.7, -0.2, 0, 0.3, 0.9]) {
      const shift = scoreShift(known(0.5 + delta / 2), known(0.5 - delta / 2))
      expect(shift).toBeCloseTo(2 * Math.atanh(delta), 12)
    }
  })

  it.each([
    [0.5, [0.45, 0.05, 0.45, 0.05]],
    [0.8, [0.493902, 0.006098, 0.493902, 0.006098]],
  ])('one step from 0 with δ = %d', (delta, expected) => {
    const shift = scoreShift(known(0.5 + delta / 2), known(0.5 - delta / 2))
    const scores = softmaxOf(Float64Array.from([1, -1, 1, -1], (sign) => sign * shift))
    expected.forEach((value, i) => {
      expect(scores[i]).toBeCloseTo(value, 6)
    })
  })

  it('is clamped where δ is 1 or −1', () => {
    const limit = Math.log((1 - 1e-6) / 1e-6)
    expect(scoreShift(known(1), known(0))).toBeCloseTo(limit, 12)
    expect(scoreShift(known(0), known(1))).toBeCloseTo(-limit, 12)
  })

  it('takes 1 − p from the other tokens: an error of 6e−8 there would move a step by 6e−4', () => {
    const start = {prob: 0.9999, otherProb: 1e-4}
    const gone = {prob: 0, otherProb: 1}
    const exact = scoreShift(start, gone)
    expect(exact).toBeCloseTo(Math.log(1.9999 / 1e-4), 12)
    const moved = scoreShift({prob: 0.9999, otherProb: 1e-4 + 6e-8}, gone)
    expect(exact - moved).toBeCloseTo(6e-4, 5)
  })
})

describe('a context without causes', () => {
  it('leaves the random start as it was, and nothing of ours', async () => {
    const subject = stubSubject(16, () => 0.1)
    const estimate = await attribute(subject, {maxSteps: 20})
    const {probes} = await plainReagent(subject, {...OPTIONS, maxSteps: 20})
    const noise = probes.map(({start}) => softmaxOf(Float64Array.from(start)))
    estimate.released.forEach((value, i) => {
      const mean = noise.reduce((sum, one) => sum + one[i]!, 0) / noise.length
      expect(value).toBeCloseTo(mean, 12)
    })
    expect([...estimate.values].every((value) => value === 0)).toBe(true)
    expect(Math.max(...estimate.released)).toBeCloseTo(estimate.startLevel, 12)
  })

  it('has a highest bar 1.7 times the lowest all the same', async () => {
    const ratios: number[] = []
    for (let seed = 0; seed < 40; seed++) {
      const {released} = await attribute(
        stubSubject(64, () => 0.9),
        {seed}
      )
      ratios.push(Math.max(...released) / Math.min(...released))
    }
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeCloseTo(1.7, 0)
    expect(Math.min(...ratios)).toBeGreaterThan(1.3)
  })
})

describe('a context with planted causes', () => {
  it('finds one: its score grows by 3.076 over another whenever it is replaced', async () => {
    const subject = stubSubject(32, needing([7]))
    const estimate = await attribute(subject, {probes: 8, maxSteps: 500})
    expect(indexOfMost(estimate.values)).toBe(7)
    expect(indexOfMost(estimate.released)).toBe(7)
    expect(estimate.rationale).toContain(7)
    expect(estimate.probes.every(({hasStopped, stepCount}) => hasStopped && stepCount < 60)).toBe(
      true
    )
    // Without a test it goes on, and the difference of two scores grows by that for each hit.
    const long = await attribute(subject, {maxSteps: 3000, testEvery: 3000, probes: 4})
    const gain = long.values[7]! - long.values[20]!
    expect(gain / 0.3).toBeCloseTo(3.076, 0)
    expect(gain / 0.3).toBeGreaterThan(2.9)
    expect(gain / 0.3).toBeLessThan(3.25)
  })

  it('without early stopping the softmax collapses onto one of three', async () => {
    const highest: number[] = []
    for (let seed = 0; seed < 20; seed++) {
      const subject = stubSubject(64, needing([3, 20, 40]))
      const {released} = await attribute(subject, {seed, probes: 1, testEvery: 200})
      highest.push(Math.max(...released))
    }
    highest.sort((a, b) => a - b)
    expect(highest[10]).toBeGreaterThan(0.9)
  })

  it('that are needed together share the credit: a named one of three is first in a third, any one nearly always', async () => {
    const causes = [5, 25, 55]
    const firsts: number[] = []
    for (let seed = 0; seed < 60; seed++) {
      const {released} = await attribute(stubSubject(64, needing(causes)), {seed})
      firsts.push(indexOfMost(released))
    }
    expect(firsts.filter((first) => causes.includes(first)).length / 60).toBeGreaterThan(0.93)
    const named = firsts.filter((first) => first === 25).length / 60
    expect(named).toBeGreaterThan(0.15)
    expect(named).toBeLessThan(0.55)
  })

  it('of which five are needed hardly ever converges, which is said and no NaN', async () => {
    let stoppedCount = 0
    for (let seed = 0; seed < 10; seed++) {
      const {probes, released, low} = await attribute(
        stubSubject(64, needing([2, 15, 31, 44, 60])),
        {seed}
      )
      stoppedCount += probes.filter(({hasStopped}) => hasStopped).length
      expect(released.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
      if (probes.every(({hasStopped}) => !hasStopped)) expect(low[0]).toBeNaN()
    }
    expect(stoppedCount).toBeLessThan(10)
  })
})

describe('runs', () => {
  const SUBJECT = () =>
    stubSubject(24, (isIntact) =>
      isIntact(3) && isIntact(11) ? 0.8 : isIntact(3) ? 0.45 : isIntact(19) ? 0.2 : 0.05
    )

  it('gives what one call at a time gives, to 1e−6, with the same masks', async () => {
    for (const changes of [{}, {testEvery: 7, maxSteps: 30}, {ratio: 0.1, keepCount: 2}]) {
      const options = {...OPTIONS, seed: 5, ...changes}
      const estimate = await attribute(SUBJECT(), options)
      const plain = await plainReagent(SUBJECT(), options)
      expect(estimate.probes.map(({stepCount, hasStopped}) => [stepCount, hasStopped])).toEqual(
        plain.probes.map(({stepCount, hasStopped}) => [stepCount, hasStopped])
      )
      plain.released.forEach((value, i) => {
        expect(Math.abs(value - estimate.released[i]!)).toBeLessThan(1e-6)
        expect(Math.abs(plain.values[i]! - estimate.values[i]!)).toBeLessThan(1e-6)
      })
    }
  })

  it('draws the same bits whatever the number of probes beside one', async () => {
    const [few, many] = [SUBJECT(), SUBJECT()]
    await attribute(few, {probes: 1})
    await attribute(many, {probes: 9})
    const own = new Set(many.seen.map((ids) => ids.join()))
    for (const ids of few.seen) expect(own.has(ids.join())).toBe(true)
  })

  it('only what is live, two sequences a probe and step and one at the start', async () => {
    const subject = SUBJECT()
    const {probes, sequenceCount} = await attribute(subject)
    const steps = probes.map(({stepCount}) => stepCount)
    expect(sequenceCount).toBe(1 + 2 * steps.reduce((sum, count) => sum + count, 0))
    expect(subject.seen).toHaveLength(sequenceCount)
    const liveAt = (step: number) => steps.filter((count) => count >= step).length
    expect(subject.batchSizes.slice(1)).toEqual(
      Array.from({length: Math.max(...steps)}, (_, i) => [liveAt(i + 1), liveAt(i + 1)]).flat()
    )
  })

  it('say the probability with the highest positions alone: high for those that stopped', async () => {
    const {probes} = await attribute(
      stubSubject(24, (isIntact) => (isIntact(3) && isIntact(11) ? 0.8 : 0.05)),
      {maxSteps: 2, keepCount: 12, probes: 12}
    )
    const stopped = probes.filter(({hasStopped}) => hasStopped)
    for (const {hasStopped, keptProb} of probes) expect(keptProb).toBe(hasStopped ? 0.8 : 0.05)
    expect(stopped.length).toBeGreaterThan(0)
    expect(stopped.length).toBeLessThan(12)
  })

  it('never replaces what is not among the positions', async () => {
    const whole = SUBJECT()
    const subject = {...whole, positions: whole.positions.filter((position) => position % 4 !== 0)}
    await attribute(subject)
    for (const ids of whole.seen) {
      for (let position = 0; position < 24; position += 4) expect(ids[position]).toBe(position)
    }
  })

  it('of which a sparse test leaves out most makes the same steps', async () => {
    const [exact, sparse] = [SUBJECT(), SUBJECT()]
    await attribute(exact, {probes: 1, maxSteps: 12, keepCount: 1})
    await attribute(sparse, {probes: 1, maxSteps: 12, keepCount: 1, testEvery: 12})
    const steps = exact.seen.slice(1).filter((_, i) => i % 2 === 0)
    expect(sparse.seen.slice(1, 1 + steps.length).map(String)).toEqual(steps.map(String))
  })

  it('stop between two batches when they are cancelled', async () => {
    const subject = stubSubject(8, () => 0.1)
    const controller = new AbortController()
    const run = runReagent(subject, {...OPTIONS, maxSteps: 1000}, controller.signal)
    await run.next()
    controller.abort(new Error('enough'))
    await expect(run.next()).rejects.toThrow('enough')
    expect(subject.batchSizes).toHaveLength(3)
  })

  it('with a context no longer than the rationale stop at once where the target is likely', async () => {
    const {probes} = await attribute(stubSubject(4, needing([1])), {keepCount: 5})
    expect(probes.map(({stepCount}) => stepCount)).toEqual([1, 1, 1, 1, 1])
  })
})

describe('lists of highest positions', () => {
  it('overlap in positions that stand in enough of them; 0 takes all', () => {
    const lists = [
      [4, 1],
      [1, 3],
      [3, 1],
    ]
    expect(overlapOf(lists, 3)).toEqual([1])
    expect(overlapOf(lists, 2)).toEqual([1, 3])
    expect(overlapOf(lists, 0)).toEqual([1, 3, 4])
    expect(overlapOf(lists.slice(0, 1), 2)).toEqual([1, 4])
    expect(descendingOrder([1, 3, 3, 2])).toEqual([1, 2, 3, 0])
  })

  it('an unchanged prefix would save next to nothing: 99.1 % is left of 128 tokens', () => {
    const random = createSeededRandom(1)
    let left = 0
    const runs = 20_000
    for (let run = 0; run < runs; run++) {
      // A step replaces from the first masked position on, a test from the first that is not kept.
      for (const replaceRatio of [0.3, 1 - 5 / 128]) {
        let first = 0
        while (first < 128 && random.nextUnit() >= replaceRatio) first++
        left += (128 - first) / 128
      }
    }
    expect(left / (2 * runs)).toBeCloseTo(0.991, 3)
  })
})
