import {describe, expect, it} from 'vitest'
import {kSeqBeta, kSeqRule, kSeqRuleWith, optimalRho} from './k-seq.ts'
import type {Law} from './law.ts'
import {TOY_DRAFT, TOY_TARGET, tokenLists} from './test-toys.ts'
import {
  independentRule,
  lookUpRule,
  type VerifyRule,
  withoutReplacementRule,
} from './verify-rules.ts'

/** Every list of draws with its probability: independent, or each without those before it. */
function drawsOf(q: Law, count: number, replaced: boolean): {tokens: number[]; prob: number}[] {
  return [...tokenLists(q.length, count)].flatMap((tokens) => {
    let prob = 1
    let left = 1
    const seen = new Set<number>()
    for (const token of tokens) {
      if (!replaced && seen.has(token)) return []
      prob *= q[token]! / left
      seen.add(token)
      if (!replaced) left -= q[token]!
    }
    return prob > 0 ? [{tokens, prob}] : []
  })
}

/** Exactly: how often some draft is accepted, and the law of the token that comes out. */
function enumerate(rule: VerifyRule, draws: ReturnType<typeof drawsOf>, p: Law, q: Law) {
  let accepted = 0
  const output = new Float64Array(p.length)
  for (const {tokens, prob} of draws) {
    const {tests, residual} = rule(p, q, tokens)
    let left = prob
    for (const [i, {acceptProb}] of tests.entries()) {
      output[tokens[i]!]! += left * acceptProb
      accepted += left * acceptProb
      left *= 1 - acceptProb
    }
    for (const [id, share] of residual.entries()) output[id]! += left * share
  }
  return {accepted, output}
}

/** No rule does better: min over sets A of 1 + p(A) − Pr(all draws in A). */
function optimumOf(draws: ReturnType<typeof drawsOf>, p: Law): number {
  let best = Number.POSITIVE_INFINITY
  for (let set = 0; set < 1 << p.length; set++) {
    const isIn = (id: number) => ((set >> id) & 1) === 1
    const mass = p.reduce((sum, prob, id) => sum + (isIn(id) ? prob : 0), 0)
    const inside = draws.reduce((sum, {tokens, prob}) => sum + (tokens.every(isIn) ? prob : 0), 0)
    best = Math.min(best, 1 + mass - inside)
  }
  return best
}

const P = TOY_TARGET
const Q = TOY_DRAFT
const COUNTS = [1, 2, 3, 4]

function acceptances(rule: VerifyRule, replaced: boolean): number[] {
  return COUNTS.map((count) => {
    const {accepted, output} = enumerate(rule, drawsOf(Q, count, replaced), P, Q)
    for (const [id, prob] of output.entries()) expect(prob).toBeCloseTo(P[id]!, 12)
    return accepted
  })
}

describe('rules of verification, every draw enumerated (T1)', () => {
  it('keep the law of the target to 1e-12 and accept as often as the table says', () => {
    expect(acceptances(independentRule, true)).toEqual(
      [3 / 5, 18 / 25, 96 / 125, 989 / 1250].map((value) => expect.closeTo(value, 12))
    )
    expect(acceptances(withoutReplacementRule, false)).toEqual(
      [3 / 5, 107 / 140, 14117 / 16800, 1].map((value) => expect.closeTo(value, 12))
    )
    expect(acceptances(kSeqRule, true)).toEqual(
      [0.6, 0.75, 0.79395, 0.831438].map((value) => expect.closeTo(value, 6))
    )
    const loose = kSeqRuleWith((_p, _q, k) => k)
    expect(acceptances(loose, true)).toEqual(
      [0.6, 0.64, 0.657, 0.683594].map((value) => expect.closeTo(value, 6))
    )
    expect(acceptances(lookUpRule, true)).toEqual(
      [0.2, 0.35, 0.4646, 0.5537].map((value) => expect.closeTo(value, 4))
    )
  })

  it('look-up of the draft’s likeliest tokens accepts their probability under the target', () => {
    for (const [count, expected] of [
      [1, 0.1],
      [2, 0.3],
      [3, 0.6],
      [4, 1],
    ] as const) {
      const tokens = [3, 2, 1, 0].slice(0, count)
      const {accepted, output} = enumerate(lookUpRule, [{tokens, prob: 1}], P, Q)
      expect(accepted).toBeCloseTo(expected, 12)
      for (const [id, prob] of output.entries()) expect(prob).toBeCloseTo(P[id]!, 12)
    }
  })

  it('do no better than the optimum over all sets of tokens', () => {
    const independent = COUNTS.map((count) => optimumOf(drawsOf(Q, count, true), P))
    const distinct = COUNTS.map((count) => optimumOf(drawsOf(Q, count, false), P))
    for (const [i, value] of [0.6, 0.79, 0.871, 0.9439].entries()) {
      expect(independent[i]).toBeCloseTo(value, 12)
    }
    for (const [i, value] of [3 / 5, 701 / 840, 1, 1].entries()) {
      expect(distinct[i]).toBeCloseTo(value, 12)
    }
    for (const [i, value] of acceptances(withoutReplacementRule, false).entries()) {
      expect(value).toBeLessThanOrEqual(distinct[i]! + 1e-12)
    }
    for (const rule of [independentRule, kSeqRule, lookUpRule]) {
      for (const [i, value] of acceptances(rule, true).entries()) {
        expect(value).toBeLessThanOrEqual(independent[i]! + 1e-12)
      }
    }
  })

  it('would be caught: a correction from the target instead of the residual is another law', () => {
    const wrong: VerifyRule = (p, q, tokens) => ({...independentRule(p, q, tokens), residual: p})
    const {output} = enumerate(wrong, drawsOf(Q, 2, true), P, Q)
    expect(Math.abs(output[0]! - P[0]!)).toBeGreaterThan(0.05)
  })
})

describe('K-SEQ', () => {
  it('has the factor, the rate and the residual of the toy', () => {
    const rhos = [1, 1.5, 1.9395, 2.314383]
    const betas = [0.6, 0.5, 0.409358, 0.359248]
    for (const [i, k] of COUNTS.entries()) {
      const rho = optimalRho(P, Q, k)
      expect(rho).toBeCloseTo(rhos[i]!, 6)
      expect(kSeqBeta(P, Q, rho)).toBeCloseTo(betas[i]!, 6)
      const {residual} = kSeqRule(P, Q, new Array<number>(k).fill(3))
      expect(residual.reduce((sum, prob) => sum + prob, 0)).toBeCloseTo(1, 12)
      if (k > 1) expect(residual[0]).toBeCloseTo(1, 9)
    }
  })

  it('stays above (1 − (1 − 1/k)^k) of the optimum', () => {
    for (const k of COUNTS) {
      const bound = (1 - (1 - 1 / k) ** k) * optimumOf(drawsOf(Q, k, true), P) - 1e-12
      expect(enumerate(kSeqRule, drawsOf(Q, k, true), P, Q).accepted).toBeGreaterThanOrEqual(bound)
    }
  })

  it('does not cover, accepts nothing of disjoint laws, and everything of equal ones', () => {
    const [p, q] = [Float64Array.of(1, 0), Float64Array.of(0.5, 0.5)]
    expect(enumerate(kSeqRule, drawsOf(q, 2, true), p, q).accepted).toBeCloseTo(0.75, 12)
    const other = Float64Array.of(0, 1)
    expect(enumerate(kSeqRule, drawsOf(other, 2, true), p, other)).toEqual({
      accepted: 0,
      output: p,
    })
    expect(kSeqRule(Q, Q, [2, 1]).tests[0]!.acceptProb).toBe(1)
  })
})

describe('covering drafts (T8)', () => {
  it('without replacement, as many draws as tokens are always accepted', () => {
    for (const q of [Q, P, Float64Array.of(0.7, 0.1, 0.1, 0.1)]) {
      expect(enumerate(withoutReplacementRule, drawsOf(q, 4, false), P, q).accepted).toBeCloseTo(
        1,
        12
      )
    }
    const two = Float64Array.of(0.9, 0.1)
    expect(
      enumerate(withoutReplacementRule, drawsOf(two, 2, false), Float64Array.of(0.2, 0.8), two)
        .accepted
    ).toBeCloseTo(1, 12)
  })

  it('and so are as many as the draft’s support has, where it contains the target’s', () => {
    const p = Float64Array.of(0.5, 0.5, 0, 0)
    const q = Float64Array.of(0.2, 0.3, 0.5, 0)
    expect(enumerate(withoutReplacementRule, drawsOf(q, 3, false), p, q).accepted).toBeCloseTo(
      1,
      12
    )
  })
})

describe('acceptance of one draft', () => {
  it('is what both laws share, 1 − TV(p, q)', () => {
    const overlap = P.reduce((sum, prob, id) => sum + Math.min(prob, Q[id]!), 0)
    expect(independentRule(P, Q, [3]).tests[0]!.acceptProb).toBeCloseTo(0.25, 12)
    expect(enumerate(independentRule, drawsOf(Q, 1, true), P, Q).accepted).toBeCloseTo(overlap, 12)
  })
})
