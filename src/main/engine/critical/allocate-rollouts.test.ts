import {describe, expect, it} from 'vitest'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {
  type PrefixSuccess,
  releasedCriticalPosition,
} from '../../../shared/math/critical/critical-rules.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {type PrefixSampler, sampleAdaptively, sampleEvery} from './allocate-rollouts.ts'

/** Prefixes whose samples succeed at a rate; sample i of a prefix is the same whoever asks for it. */
class ToySampler implements PrefixSampler {
  private readonly counts = new Map<number, {successCount: number; sampleCount: number}>()
  sampledCount = 0

  constructor(
    private readonly rateOf: (position: number) => number,
    private readonly seed: number
  ) {}

  successOf(position: number): PrefixSuccess {
    return {position, ...(this.counts.get(position) ?? {successCount: 0, sampleCount: 0})}
  }

  async ensure(wishes: Parameters<PrefixSampler['ensure']>[0]) {
    for (const {position, sampleCount} of wishes) {
      const known = this.successOf(position)
      let {successCount} = known
      for (let i = known.sampleCount; i < sampleCount; i++) {
        const random = createSeededRandom(seedOfRow(this.seed, `${position} ${i}`))
        if (random.nextUnit() < this.rateOf(position)) successCount++
        this.sampledCount++
      }
      this.counts.set(position, {
        successCount,
        sampleCount: Math.max(sampleCount, known.sampleCount),
      })
    }
  }

  sampled(first: number, last: number): PrefixSuccess[] {
    return Array.from({length: last - first + 1}, (_, i) => this.successOf(first + i)).filter(
      ({sampleCount}) => sampleCount > 0
    )
  }
}

const allocation = {first: 20, last: 79, sampleCount: 64, tolerance: 3}

async function found(rateOf: (position: number) => number, seed: number) {
  const every = new ToySampler(rateOf, seed)
  const adaptive = new ToySampler(rateOf, seed)
  await sampleEvery(allocation, every)
  await sampleAdaptively(allocation, adaptive)
  const of = (sampler: ToySampler) => releasedCriticalPosition(sampler.sampled(20, 79))
  return {
    every: of(every),
    adaptive: of(adaptive),
    share: adaptive.sampledCount / every.sampledCount,
  }
}

describe('rollouts where they decide', () => {
  it('find a drop at its own position, wherever it is', async () => {
    for (let drop = 20; drop < 80; drop += 3) {
      const answer = await found((position) => (position < drop ? 0.7 : 0), drop)
      expect(answer.every).toBe(drop)
      expect(answer.adaptive).toBe(drop)
      expect(answer.share).toBeLessThanOrEqual(1 / 3)
    }
  })

  it('name what looking everywhere names in at least 90 % of slow declines', async () => {
    let sameCount = 0
    const runCount = 60
    for (let seed = 0; seed < runCount; seed++) {
      const drop = 30 + ((seed * 7) % 40)
      const rateOf = (position: number) =>
        position < drop ? 0.7 - ((position - 20) / 60) * 0.4 : 0.0005
      const answer = await found(rateOf, seed)
      if (answer.every === answer.adaptive) sameCount++
      expect(answer.share).toBeLessThanOrEqual(1 / 3)
    }
    expect(sameCount / runCount).toBeGreaterThanOrEqual(0.9)
  })

  it('end where nothing ever fails, or nothing ever succeeds', async () => {
    expect((await found(() => 0.8, 1)).adaptive).toBeNull()
    expect((await found(() => 0, 1)).adaptive).toBe(20)
  })

  it('see a recovery that lasts a stride', async () => {
    const rateOf = (position: number) =>
      position < 30 || (position >= 40 && position < 55) ? 0.6 : 0
    const answer = await found(rateOf, 3)
    expect(answer.every).toBe(55)
    expect(answer.adaptive).toBe(55)
  })
})
