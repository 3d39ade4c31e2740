import {describe, expect, it} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {faithfulnessDrawCount, measureFaithfulness, type PerturbedText} from './faithfulness.ts'
import {
  hellingerDistance,
  keptElements,
  softComprehensiveness,
  softSufficiency,
} from './soft-metrics.ts'

describe('soft metrics', () => {
  const original = [0.7, 0.2, 0.1]
  const distance = hellingerDistance(original, [0.4, 0.4, 0.2])
  const zeroDistance = hellingerDistance(original, [1 / 3, 1 / 3, 1 / 3])

  it('of the notes: distances, and both forms of both', () => {
    expect(distance).toBeCloseTo(0.215837, 6)
    expect(zeroDistance).toBeCloseTo(0.276009, 6)
    expect(softSufficiency(distance, zeroDistance).paper).toBeCloseTo(0.218007, 6)
    expect(softComprehensiveness(distance, zeroDistance).paper).toBeCloseTo(0.781993, 6)
    expect(softSufficiency(distance, zeroDistance).released).toBeCloseTo(0.388487, 6)
    expect(softComprehensiveness(distance, zeroDistance).released).toBeCloseTo(0.611513, 6)
  })

  it('as the release computes them, with its own sums', () => {
    const sumOf = (q: readonly number[]) =>
      original.reduce((sum, p, i) => sum + (Math.sqrt(p) - Math.sqrt(q[i]!)) ** 2, 0) / Math.SQRT2
    const d = sumOf([0.4, 0.4, 0.2])
    const d0 = sumOf([1 / 3, 1 / 3, 1 / 3])
    const [s, s0] = [1 - d, 1 - d0]
    expect(softSufficiency(distance, zeroDistance).released).toBeCloseTo((s - s0) / (1 - s0), 12)
    expect(softComprehensiveness(distance, zeroDistance).released).toBeCloseTo(d / (1 - s0), 12)
  })

  it('are 1 with everything kept, 0 with nothing, and 0 where zeros change nothing', () => {
    expect(softSufficiency(0, zeroDistance)).toEqual({paper: 1, released: 1})
    expect(softSufficiency(zeroDistance, zeroDistance)).toEqual({paper: 0, released: 0})
    expect(softComprehensiveness(0, 0)).toEqual({paper: 0, released: 0})
  })

  it('keep elements with their position’s probability, each by itself', () => {
    const sizes = {tokenCount: 3, hiddenSize: 4000}
    const factors = keptElements([0.25, 1], [0, 2], sizes, createSeededRandom(1))
    const meanAt = (position: number) =>
      factors.subarray(position * 4000, (position + 1) * 4000).reduce((sum, x) => sum + x, 0) / 4000
    // Four standard deviations of that share are .027.
    expect(Math.abs(meanAt(0) - 0.25)).toBeLessThan(0.03)
    expect([meanAt(1), meanAt(2)]).toEqual([1, 1])
  })
})

/** A model that reads the mean of position 1's embedding alone, after a begin token. */
function textOf(shares: readonly number[]): PerturbedText & {runCount: number} {
  const text = {
    ...{tokenCount: 5, hiddenSize: 64, positions: [1, 2, 3, 4], specialPositions: [0]},
    shares: Float64Array.from(shares),
    runCount: 0,
    distributionsOf: async (factors: readonly Float32Array[]) => {
      text.runCount += factors.length
      return factors.map((one) => {
        const kept = one.subarray(64, 128).reduce((sum, factor) => sum + factor, 0) / 64
        return [Float64Array.of(0.5 + 0.4 * kept, 0.5 - 0.4 * kept)]
      })
    },
  }
  return text
}

async function measure(shares: readonly number[], draws = 24, seed = 0) {
  const text = textOf(shares)
  const run = measureFaithfulness(text, {draws, seed})
  const counts: number[] = []
  for (;;) {
    const step = await run.next()
    if (step.done) return {results: step.value, counts, runCount: text.runCount}
    counts.push(step.value)
  }
}

describe('faithfulness', () => {
  it('beats chance and its own scores elsewhere where the peak is on the cause', async () => {
    const {results, counts, runCount} = await measure([0.97, 0.01, 0.01, 0.01])
    expect(counts).toEqual(Array.from({length: 48}, (_, i) => i + 1))
    expect(faithfulnessDrawCount({specialPositions: [0]}, 24)).toBe(48)
    expect(runCount).toBe(2 * (2 + 6 * 24))
    expect(results).toHaveLength(8)
    for (const one of results) {
      expect(one.value).toBeGreaterThan(0.8)
      expect(one.standardError).toBeGreaterThanOrEqual(0)
      expect(one.logRatioToRandom).toBeGreaterThan(0.3)
      expect(one.logRatioToPermuted).toBeGreaterThan(0.3)
      expect(one.draws).toBe(24)
    }
    expect(results.map(({specialsPerturbed}) => specialsPerturbed).filter(Boolean)).toHaveLength(4)
  })

  it('loses to both where the peak is elsewhere', async () => {
    const {results} = await measure([0.01, 0.97, 0.01, 0.01])
    for (const {metric, logRatioToRandom} of results) {
      if (metric === 'soft-nc') expect(logRatioToRandom).toBeLessThan(0)
    }
  })

  it('gives the same of the same seed, and no standard error of one draw', async () => {
    const shares = [0.4, 0.3, 0.2, 0.1]
    expect((await measure(shares)).results).toEqual((await measure(shares)).results)
    expect((await measure(shares, 24, 1)).results).not.toEqual((await measure(shares)).results)
    for (const one of (await measure(shares, 1)).results) expect(one.standardError).toBeNull()
  })
})
