/** ln Γ(a) for whole and half numbers, the only ones that degrees of freedom come to. */
function logGamma(a: number): number {
  let sum = a % 1 === 0 ? 0 : Math.log(Math.sqrt(Math.PI))
  for (let at = a % 1 === 0 ? 1 : 0.5; at < a; at++) sum += Math.log(at)
  return sum
}

/**
 * Probability that a χ² of so many degrees of freedom exceeds a statistic: Q(df/2, x/2). Below the mean by the series
 * of P, above it by the continued fraction of Q itself, so that far tails are small numbers and not what is left of 1.
 */
export function chiSquareSurvival(statistic: number, degrees: number): number {
  const [a, x] = [degrees / 2, statistic / 2]
  if (x <= 0) return 1
  const logFront = a * Math.log(x) - x
  return x < a + 1
    ? 1 - Math.exp(logFront - logGamma(a + 1)) * seriesOfLower(a, x)
    : Math.exp(logFront - logGamma(a)) / fractionOfUpper(a, x)
}

/** 1 + x/(a+1) + x²/((a+1)(a+2)) + … */
function seriesOfLower(a: number, x: number): number {
  let [term, sum] = [1, 1]
  for (let n = 1; term > 1e-18 * sum; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

/** x + 1 − a − 1·(1 − a)/(x + 3 − a − 2·(2 − a)/(x + 5 − a − …)), from its inside out. */
function fractionOfUpper(a: number, x: number): number {
  const partAt = (n: number) => x + 2 * n + 1 - a
  let value = partAt(FRACTION_PARTS)
  for (let n = FRACTION_PARTS; n > 0; n--) value = partAt(n - 1) - (n * (n - a)) / value
  return value
}

const FRACTION_PARTS = 2_000

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
