import {computeNormalizer} from '../../../shared/math/distribution.ts'
import {exp, expOfNonPositive} from '../../../shared/math/exp.ts'

/** How likely a token is after one position; the names are those of the attribution's `TargetScores`. */
export interface TargetScore {
  readonly prob: number
  readonly otherProb: number
  readonly margin: number
}

/**
 * A target's score in the row `logits[start … start + length)`, in float64: its probability, that of all others
 * together, and how far its logit is above the `stopK`th highest of the others, from which on it is among the `stopK`
 * likeliest. Beside another token: p(A) / (p(A) + p(B)), and how far it is ahead. Throws NonFiniteLogitError.
 */
export function scoreTarget(
  logits: Float32Array,
  start: number,
  length: number,
  {tokenId, contrastId, stopK}: {tokenId: number; contrastId: number | null; stopK: number}
): TargetScore {
  const {maxLogit} = computeNormalizer(logits, start, length)
  const own = logits[start + tokenId]!
  if (contrastId !== null) {
    const ahead = own - logits[start + contrastId]!
    const margin = ahead === 0 ? -Number.MIN_VALUE : ahead
    return {prob: 1 / (1 + exp(-ahead)), otherProb: 1 / (1 + exp(ahead)), margin}
  }
  /** The highest of the others, rising, at most `stopK` of them. */
  const highest: number[] = []
  let others = 0
  for (let id = 0; id < length; id++) {
    if (id === tokenId) continue
    const logit = logits[start + id]!
    others += expOfNonPositive(logit - maxLogit)
    if (highest.length === stopK && !(logit > highest[0]!)) continue
    insertRising(highest, logit)
    if (highest.length > stopK) highest.shift()
  }
  const weight = expOfNonPositive(own - maxLogit)
  return {
    prob: weight / (weight + others),
    otherProb: others / (weight + others),
    margin: highest.length < stopK ? Number.POSITIVE_INFINITY : own - highest[0]!,
  }
}

function insertRising(values: number[], value: number): void {
  let at = values.length
  while (at > 0 && values[at - 1]! > value) at--
  values.splice(at, 0, value)
}
