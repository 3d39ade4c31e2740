import {log} from '../../../shared/math/log.ts'
import {keyUnder, PURPOSE, type RandomKey, streamOf} from './keyed-random.ts'
import type {Law} from './law.ts'

export interface Perturbed {
  readonly tokenId: number
  readonly prob: number
  /** Log-probability plus Gumbel noise, of the token alone or of its whole path. */
  readonly perturbed: number
}

/**
 * Every possible token with its log-probability plus independent Gumbel noise, `offset` added: the k largest
 * are k draws without replacement, in order.
 */
export function perturb(law: Law, key: RandomKey, offset = 0): Perturbed[] {
  const random = streamOf(keyUnder(key, -1 - PURPOSE.perturb))
  const perturbed: Perturbed[] = []
  for (let tokenId = 0; tokenId < law.length; tokenId++) {
    // A number is drawn for every token, so that one that is impossible does not shift the others.
    const uniform = random.nextUnit()
    const prob = law[tokenId]!
    if (prob === 0) continue
    // 1 − u is never 0, and −log(1 − u) is 0 only where u is.
    const exponential = -log(1 - uniform)
    const noise = exponential === 0 ? 1000 : -log(exponential)
    perturbed.push({tokenId, prob, perturbed: offset + log(prob) + noise})
  }
  return perturbed
}

/**
 * Shifts perturbed children so that the largest of them is their parent's own value (stochastic beam search,
 * Kool et al. 2019, in its stable form).
 */
export function conditionOnMaximum(children: readonly Perturbed[], parent: number): Perturbed[] {
  const largest = children.reduce(
    (max, {perturbed}) => Math.max(max, perturbed),
    Number.NEGATIVE_INFINITY
  )
  return children.map((child) => ({
    ...child,
    perturbed: child.perturbed === largest ? parent : shifted(child.perturbed, largest, parent),
  }))
}

/** The k largest, of equal ones the lower token first. */
export function largestOf<Item extends Perturbed>(items: readonly Item[], count: number): Item[] {
  return [...items]
    .sort((a, b) => b.perturbed - a.perturbed || a.tokenId - b.tokenId)
    .slice(0, count)
}

function shifted(perturbed: number, largest: number, parent: number): number {
  const v = parent - perturbed + Math.log1p(-Math.exp(perturbed - largest))
  return parent - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)))
}
