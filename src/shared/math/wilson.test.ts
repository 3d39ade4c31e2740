import fc from 'fast-check'
import {expect, test} from 'vitest'
import {wilsonInterval} from './wilson.ts'

/** The share that lies 1.96 of its own standard errors from the seen one, found by halving. */
function endByHalving(hits: number, count: number, from: number, to: number): number {
  const seen = hits / count
  const distance = (share: number) =>
    Math.abs(seen - share) / Math.sqrt((share * (1 - share)) / count)
  let [near, far] = [from, to]
  for (let i = 0; i < 80; i++) {
    const middle = (near + far) / 2
    if (distance(middle) < 1.959964) near = middle
    else far = middle
  }
  return near
}

test('both ends are where a score test at 5 % gives way', () => {
  fc.assert(
    fc.property(
      fc.integer({min: 2, max: 10_000}),
      fc.double({min: 0, max: 1, noNaN: true}),
      (n, share) => {
        const hits = Math.min(n - 1, Math.max(1, Math.round(n * share)))
        const [low, high] = wilsonInterval(hits, n)
        expect(low).toBeCloseTo(endByHalving(hits, n, hits / n, 0), 6)
        expect(high).toBeCloseTo(endByHalving(hits, n, hits / n, 1), 6)
      }
    )
  )
})

test('of all, none and nothing', () => {
  // With one success of one, the lower end p solves (1 − p) / √(p (1 − p)) = z: p = 1 / (1 + z²).
  const [low, high] = wilsonInterval(1, 1)
  expect(low).toBeCloseTo(1 / (1 + 1.959964 ** 2), 9)
  expect(high).toBe(1)
  expect(wilsonInterval(0, 1)[0]).toBe(0)
  expect(wilsonInterval(0, 0)).toEqual([0, 1])
})
