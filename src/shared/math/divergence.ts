import {computeNormalizer} from './distribution.ts'
import {exp} from './exp.ts'

/** How far one next-token distribution is from another, both given as logits over the same vocabulary. */
export interface Divergence {
  /** Σ p · log2(p / q). */
  readonly klBits: number
  /** ½ Σ |p − q|. */
  readonly totalVariation: number
}

/** The divergence of q from p. Throws a RangeError where they are not as long. */
export function divergenceOf(p: Float32Array, q: Float32Array): Divergence {
  if (p.length !== q.length) throw new RangeError(`${p.length} and ${q.length} logits`)
  const pSum = computeNormalizer(p, 0, p.length).logSumExp
  const qSum = computeNormalizer(q, 0, q.length).logSumExp
  let nats = 0
  let distance = 0
  for (let id = 0; id < p.length; id++) {
    const [logP, logQ] = [p[id]! - pSum, q[id]! - qSum]
    const prob = exp(logP)
    if (prob > 0) nats += prob * (logP - logQ)
    distance += Math.abs(prob - exp(logQ))
  }
  // Rounding may leave equal distributions a hair below 0.
  return {klBits: Math.max(0, nats / Math.LN2), totalVariation: distance / 2}
}
