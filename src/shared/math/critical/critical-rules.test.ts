import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {wilsonInterval} from '../wilson.ts'
import {
  droppedPosition,
  isRecoverable,
  LEAST_COUNT_OF_OURS,
  type PrefixSuccess,
  passAtK,
  passAtKInterval,
  releasedCriticalPosition,
  toleratedCount,
} from './critical-rules.ts'

const prefixesOf = (counts: readonly number[], sampleCount = 64, first = 10): PrefixSuccess[] =>
  counts.map((successCount, i) => ({position: first + i, successCount, sampleCount}))

/** The released code's scan, written the other way round: candidates from the back. */
function releasedPlainly(counts: readonly number[], tolerance: number): number | null {
  const zeros = counts.flatMap((count, i) => (count === 0 ? [i] : []))
  const recovers = (i: number) => counts.some((count, later) => later > i && count > tolerance)
  const opened: number[] = []
  for (const zero of zeros) {
    const before = opened.at(-1)
    // A candidate stays open until something after it recovers.
    const isClosed =
      before === undefined || counts.slice(before + 1, zero).some((count) => count > tolerance)
    if (isClosed) opened.push(zero)
  }
  return opened.find((i) => !recovers(i)) ?? opened.at(-1) ?? null
}

describe('the released rule', () => {
  it('names the first prefix without success after which nothing recovers', () => {
    expect(releasedCriticalPosition(prefixesOf([40, 30, 0, 2, 3, 0]))).toBe(12)
    expect(releasedCriticalPosition(prefixesOf([40, 0, 4, 0, 3, 1]))).toBe(13)
  })

  it('names the candidate that was discarded last where the scan ends without one', () => {
    expect(releasedCriticalPosition(prefixesOf([40, 0, 9, 0, 4, 5]))).toBe(13)
    expect(releasedCriticalPosition(prefixesOf([40, 0, 9]))).toBe(11)
  })

  it('names none where every prefix succeeds, and takes the tolerance as a share', () => {
    expect(releasedCriticalPosition(prefixesOf([9, 8, 7]))).toBeNull()
    expect(toleratedCount(3, 64)).toBe(3)
    expect(toleratedCount(3, 16)).toBe(0)
    expect(toleratedCount(3, 128)).toBe(6)
    // One of 16 is more than none of 16, so it recovers.
    expect(releasedCriticalPosition(prefixesOf([9, 0, 1], 16))).toBe(11)
    expect(releasedCriticalPosition(prefixesOf([9, 0, 1, 0], 16))).toBe(13)
  })

  it('is what the same rule says written the other way round', () => {
    const counts = fc.array(fc.integer({min: 0, max: 6}), {maxLength: 12})
    fc.assert(
      fc.property(counts, fc.integer({min: 0, max: 4}), (all, tolerance) => {
        expect(releasedCriticalPosition(prefixesOf(all, 64, 0), tolerance)).toBe(
          releasedPlainly(all, tolerance)
        )
      })
    )
  })

  it('is lost in noise at a true rate of .03: 14 % show none, 93 % of 20 later ones exceed it', () => {
    const none = 0.97 ** 64
    let atMostThree = 0
    let choose = 1
    for (let c = 0; c <= 3; c++) {
      atMostThree += choose * 0.03 ** c * 0.97 ** (64 - c)
      choose *= (64 - c) / (c + 1)
    }
    expect(none).toBeCloseTo(0.14, 2)
    expect(1 - atMostThree).toBeCloseTo(0.126, 3)
    expect(1 - atMostThree ** 20).toBeCloseTo(0.93, 2)
  })
})

describe('a drop', () => {
  it('is where the intervals of neighbours part and nothing is left', () => {
    const prompt = {successCount: 40, sampleCount: 64}
    expect(droppedPosition(prefixesOf([38, 41, 0, 0]), prompt, 10)).toBe(12)
    expect(droppedPosition(prefixesOf([0, 0]), prompt, 10)).toBe(10)
    // One of 64 has an upper bound of .083.
    expect(droppedPosition(prefixesOf([38, 1]), prompt, 10)).toBeNull()
    // 3 of 64 begins at .016, below .057.
    expect(droppedPosition(prefixesOf([3, 0]), prompt, 10)).toBeNull()
  })

  it('stands whatever later prefixes do: that is what the released rule looks at', () => {
    const recovering = prefixesOf([60, 0, 50, 48])
    expect(droppedPosition(recovering, {successCount: 60, sampleCount: 64}, 10)).toBe(11)
    expect(releasedCriticalPosition(prefixesOf([60, 0, 50, 48, 0]))).toBe(14)
  })

  it('cannot be sure of fewer than 61 completions', () => {
    for (let count = 8; count < 100; count++) {
      const prompt = {successCount: count, sampleCount: count}
      const found = droppedPosition(prefixesOf([count, 0], count), prompt, 10)
      expect(found).toBe(count < LEAST_COUNT_OF_OURS ? null : 11)
    }
    expect(LEAST_COUNT_OF_OURS).toBe(61)
  })

  it('is not seen between prefixes that are not neighbours', () => {
    const [first, , third] = prefixesOf([40, 0, 0])
    const prompt = {successCount: 40, sampleCount: 64}
    expect(droppedPosition([first!, third!], prompt, 10)).toBeNull()
  })
})

describe('pass@k', () => {
  it('has the closed form of the notes', () => {
    expect(passAtK(8, 64, 1)).toBeCloseTo(0.125, 12)
    expect(passAtK(8, 64, 8)).toBeCloseTo(0.679069, 6)
    expect(passAtK(0, 64, 64)).toBe(0)
    expect(passAtK(1, 64, 64)).toBe(1)
    expect(() => passAtK(1, 4, 5)).toThrow('from 1 to the 4 samples')
  })

  it('is the share of subsets with a right one', () => {
    const n = 6
    for (let c = 0; c <= n; c++) {
      for (let k = 1; k <= n; k++) {
        const subsets = Array.from({length: 1 << n}, (_, bits) => bits).filter(
          (bits) => bits.toString(2).replaceAll('0', '').length === k
        )
        const hits = subsets.filter((bits) => (bits & ((1 << c) - 1)) !== 0).length
        expect(passAtK(c, n, k)).toBeCloseTo(hits / subsets.length, 12)
      }
    }
  })
})

describe('the interval of pass@k', () => {
  const GRID = [1, 2, 5, 16, 61, 64, 200].flatMap((n) =>
    Array.from({length: n + 1}, (_, c) => ({n, c}))
  )
  /** Chances of 0 to n successes at a true rate. */
  const binomial = (n: number, p: number) => {
    const chances = [(1 - p) ** n]
    for (let c = 1; c <= n; c++) {
      chances.push((chances[c - 1]! * (n - c + 1) * p) / (c * (1 - p)))
    }
    return chances
  }

  it('holds the estimate, for every count', () => {
    for (const {n, c} of GRID) {
      for (const k of [1, 2, 3, 8, 32, 64, n].filter((one) => one <= n)) {
        const [low, high] = passAtKInterval(c, n, k)
        const estimate = passAtK(c, n, k)
        expect(low, `${c} of ${n}, k ${k}`).toBeLessThanOrEqual(estimate + 1e-12)
        expect(high, `${c} of ${n}, k ${k}`).toBeGreaterThanOrEqual(estimate - 1e-12)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
      }
    }
  })

  it('is Wilson’s for one sample, and goes up to certainty with more', () => {
    for (const {n, c} of GRID) {
      const [low, high] = passAtKInterval(c, n, 1)
      const [shareLow, shareHigh] = wilsonInterval(c, n)
      expect(low).toBeCloseTo(shareLow, 12)
      expect(high).toBeCloseTo(shareHigh, 12)
    }
    // 1 − (1 − .0649)^8 of 8 in 64, whose Wilson interval is .0649 to .2273; (1 − 14.55/64) … (1 − 14.55/57) above.
    const [shareLow, shareHigh] = wilsonInterval(8, 64)
    const [low, high] = passAtKInterval(8, 64, 8)
    expect(low).toBeCloseTo(1 - Math.exp(8 * Math.log1p(-shareLow)), 12)
    const logNone = Array.from({length: 8}, (_, i) => Math.log1p((-64 * shareHigh) / (64 - i)))
    expect(high).toBeCloseTo(1 - Math.exp(logNone.reduce((a, b) => a + b)), 12)
    expect(passAtKInterval(0, 64, 8)[0]).toBe(0)
    expect(passAtKInterval(64, 64, 8)[1]).toBe(1)
  })

  it('covers pass@k at least as often as Wilson’s interval covers the rate', () => {
    for (const [n, k] of [
      [16, 4],
      [64, 8],
      [64, 64],
    ] as const) {
      for (const p of [0.01, 0.05, 0.2, 0.5, 0.9]) {
        let covered = 0
        let wilson = 0
        for (const [c, chance] of binomial(n, p).entries()) {
          const [low, high] = passAtKInterval(c, n, k)
          const [shareLow, shareHigh] = wilsonInterval(c, n)
          const truth = 1 - (1 - p) ** k
          if (low <= truth + 1e-12 && high >= truth - 1e-12) covered += chance
          if (shareLow <= p && shareHigh >= p) wilson += chance
        }
        expect(covered).toBeGreaterThanOrEqual(wilson - 1e-9)
      }
    }
  })
})

it('a prompt is recoverable from 10 % on', () => {
  expect(isRecoverable({successCount: 7, sampleCount: 64})).toBe(true)
  expect(isRecoverable({successCount: 6, sampleCount: 64})).toBe(false)
  expect(isRecoverable({successCount: 0, sampleCount: 0})).toBe(false)
})
