import {exp} from '../../../shared/math/exp.ts'
import {log} from '../../../shared/math/log.ts'

/** Nearer to 0 or 1 a rescaled change is not let, where its logit would be infinite. */
const CLAMP = 1e-6

/** A probability with its complement, which is known more exactly than 1 less it. */
export interface Probability {
  readonly prob: number
  readonly otherProb: number
}

/**
 * logit((δ + 1) / 2) = 2 artanh δ for δ = p⁰ − p: what a step adds to the score of a replaced position, and takes from
 * that of a kept one (ReAGent's update). (1 + δ) / 2 and (1 − δ) / 2 are sums of four numbers that are all known, so
 * nothing cancels; both are kept within [1e−6, 1 − 1e−6].
 */
export function scoreShift(before: Probability, after: Probability): number {
  const up = (before.prob + after.otherProb) / 2
  const down = (before.otherProb + after.prob) / 2
  const limit = log((1 - CLAMP) / CLAMP)
  if (up < CLAMP) return -limit
  if (down < CLAMP) return limit
  return log(up / down)
}

/** e^u / Σ e^u. */
export function softmaxOf(scores: Float64Array): Float64Array {
  const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
  const weights = scores.map((score) => exp(score - highest))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** Indices from the highest score down; of equal ones the first comes first. */
export function descendingOrder(scores: ArrayLike<number>): number[] {
  const order = Array.from({length: scores.length}, (_, i) => i)
  return order.sort((i, j) => scores[j]! - scores[i]! || i - j)
}

/** Indices that stand in at least `overlap` of the lists, at least one, ascending. */
export function overlapOf(lists: readonly (readonly number[])[], overlap: number): number[] {
  const counts = new Map<number, number>()
  for (const list of lists) for (const i of list) counts.set(i, (counts.get(i) ?? 0) + 1)
  const needed = Math.max(1, Math.min(overlap, lists.length))
  return [...counts]
    .filter(([, count]) => count >= needed)
    .map(([index]) => index)
    .sort((a, b) => a - b)
}
