import {type Law, normalized} from './law.ts'
import type {DrawTest, VerifyRule} from './verify-rules.ts'

/** Σ min(q, p/ρ): how often one draw passes. */
export function kSeqBeta(p: Law, q: Law, rho: number): number {
  let sum = 0
  for (let id = 0; id < p.length; id++) sum += Math.min(q[id]!, p[id]! / rho)
  return sum
}

/**
 * The division factor of K-SEQ (SpecTr, Sun et al. 2023): the least ρ in [1, k] for which the residual is
 * not negative, where 1 − (1 − β(ρ))^k = ρ·β(ρ). By bisection; the upper end is returned, since any ρ above
 * is valid and none below.
 */
export function optimalRho(p: Law, q: Law, k: number): number {
  if (k === 1 || kSeqBeta(p, q, 1) >= 1 - 1e-12) return 1
  let [low, high] = [1, k]
  while (high - low > 1e-12) {
    const middle = (low + high) / 2
    const beta = kSeqBeta(p, q, middle)
    if (1 - (1 - beta) ** k >= middle * beta) low = middle
    else high = middle
  }
  return high
}

/** `k` independent draws, each accepted with min(1, p/(ρ·q)); `rhoOf` chooses ρ. */
export function kSeqRuleWith(rhoOf: (p: Law, q: Law, k: number) => number): VerifyRule {
  return (p, q, tokens) => {
    const k = tokens.length
    const rho = rhoOf(p, q!, k)
    const beta = kSeqBeta(p, q!, rho)
    const tests = tokens.map((token): DrawTest => {
      const acceptProb = Math.min(1, p[token]! / (rho * q![token]!))
      return {residualProb: p[token]!, usedProb: q![token]!, acceptProb, residual: null}
    })
    return {tests, residual: kSeqResidual(p, q!, {rho, beta, k})}
  }
}

/** K-SEQ with the optimal factor, computed anew for each node and number of draws. */
export const kSeqRule: VerifyRule = kSeqRuleWith(optimalRho)

/** norm(p − min(q, p/ρ)·(1 − (1 − β)^k)/β); p itself where no draw can pass or none can fail. */
function kSeqResidual(p: Law, q: Law, {rho, beta, k}: {rho: number; beta: number; k: number}): Law {
  if (beta <= 0) return p
  const factor = (1 - (1 - beta) ** k) / beta
  const rest = Float64Array.from(p, (prob, id) =>
    Math.max(0, prob - Math.min(q[id]!, prob / rho) * factor)
  )
  return rest.some((prob) => prob > 0) ? normalized(rest) : p
}
