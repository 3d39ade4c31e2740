/** ln Γ(a) for whole and half numbers, the only ones that degrees of freedom come to. */
function logGamma(a: number): number {
  let sum = a % 1 === 0 ? 0 : Math.log(Math.sqrt(Math.PI))
  for (let at = a % 1 === 0 ? 1 : 0.5; at < a; at++) sum += Math.log(at)
  return sum
}

/** Probability that a χ² of so many degrees of freedom exceeds a statistic: 1 − P(df/2, x/2), by its series. */
export function chiSquareSurvival(statistic: number, degrees: number): number {
  const [a, x] = [degrees / 2, statistic / 2]
  if (x <= 0) return 1
  let term = Math.exp(a * Math.log(x) - x - logGamma(a + 1))
  let lower = term
  for (let n = 1; term > 1e-18 * lower && n < 10_000; n++) {
    term *= x / (a + n)
    lower += term
  }
  return Math.max(0, 1 - lower)
}

export interface LawTest {
  readonly statistic: number
  readonly degrees: number
  /** Probability of a larger statistic, where the law holds. */
  readonly p: number
  /** Share of the law's mass that is in pooled cells. */
  readonly pooledShare: number
  /** What was observed outside of the law's support: must be none. */
  readonly outside: readonly string[]
}

/**
 * Observed counts against a law over the same keys. Cells that are expected less than 5 times are pooled; where even
 * all of them together are not, they join the smallest cell that is.
 */
export function testOfLaw(
  counts: ReadonlyMap<string, number>,
  law: ReadonlyMap<string, number>
): LawTest {
  const runCount = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const cells: {expected: number; observed: number}[] = []
  const pool = {expected: 0, observed: 0}
  for (const [key, prob] of law) {
    const cell = {expected: prob * runCount, observed: counts.get(key) ?? 0}
    if (cell.expected >= 5) cells.push(cell)
    else {
      pool.expected += cell.expected
      pool.observed += cell.observed
    }
  }
  if (pool.expected >= 5) cells.push({...pool})
  else if (pool.expected > 0) {
    const least = cells.reduce((small, cell) => (cell.expected < small.expected ? cell : small))
    least.expected += pool.expected
    least.observed += pool.observed
  }
  const statistic = cells.reduce(
    (sum, {expected, observed}) => sum + (observed - expected) ** 2 / expected,
    0
  )
  const degrees = cells.length - 1
  return {
    ...{statistic, degrees, p: chiSquareSurvival(statistic, degrees)},
    pooledShare: pool.expected / runCount,
    outside: [...counts.keys()].filter((key) => (law.get(key) ?? 0) === 0),
  }
}
