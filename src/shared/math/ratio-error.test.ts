import {expect, test} from 'vitest'
import {ratioStandardError} from './ratio-error.ts'
import {createSeededRandom} from './seeded-random.ts'

test('clusters of one are single values: the deviation with n − 1 over √n', () => {
  // 0, 2, 4: mean 2, deviation 2.
  expect(ratioStandardError([0, 2, 4], [1, 1, 1])).toBeCloseTo(2 / Math.sqrt(3), 12)
})

test('what is alike within a cluster counts once: the scatter of many repeated samples says so', () => {
  const random = createSeededRandom(3)
  const errors: number[] = []
  const means: number[] = []
  for (let sample = 0; sample < 4000; sample++) {
    // Twelve clusters of 1 to 6 equal values.
    const counts = Array.from({length: 12}, () => 1 + Math.floor(6 * random.nextUnit()))
    const sums = counts.map((count) => count * random.nextUnit())
    errors.push(ratioStandardError(sums, counts)!)
    means.push(sums.reduce((a, b) => a + b) / counts.reduce((a, b) => a + b))
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length
  const scatter = Math.sqrt(mean(means.map((one) => (one - mean(means)) ** 2)))
  expect(mean(errors) / scatter).toBeGreaterThan(0.9)
  expect(mean(errors) / scatter).toBeLessThan(1.05)
})

test('one cluster says nothing of the scatter between clusters', () => {
  expect(ratioStandardError([3], [7])).toBeNull()
  expect(ratioStandardError([0, 0], [0, 0])).toBeNull()
})
