import {expect, it} from 'vitest'
import {seedOfRow} from './row-seed.ts'

it('gives every row a seed of its own that depends on nothing but the list’s seed and its id', () => {
  const ids = Array.from({length: 10_000}, (_, i) => `row ${i}`)
  const seeds = ids.map((id) => seedOfRow(7, id))
  // Ten thousand of 2^32: two alike are to be expected in one list of a hundred.
  expect(new Set(seeds).size).toBeGreaterThan(9990)
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true)
  expect(seedOfRow(7, 'row 42')).toBe(seeds[42])
  expect(seedOfRow(8, 'row 42')).not.toBe(seeds[42])
  expect(seedOfRow(2 ** 52, '')).not.toBe(seedOfRow(2 ** 52 + 1, ''))
  // Both halves of the seeds are spread: each bit is set about half the time.
  for (let bit = 0; bit < 32; bit++) {
    const share = seeds.filter((seed) => (seed >>> bit) & 1).length / seeds.length
    expect(Math.abs(share - 0.5)).toBeLessThan(0.03)
  }
})
