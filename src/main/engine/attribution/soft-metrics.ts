import {exp} from '../../../shared/math/exp.ts'
import type {SeededRandom} from '../../../shared/math/seeded-random.ts'

/** H(P, Q) = ‖√P − √Q‖₂ / √2, from 0 to 1 (Hellinger). */
export function hellingerDistance(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let squares = 0
  for (let i = 0; i < p.length; i++) {
    const difference = Math.sqrt(p[i]!) - Math.sqrt(q[i]!)
    squares += difference * difference
  }
  return Math.sqrt(squares / 2)
}

/** One metric in both of its forms; they differ by squares of the same ratio. */
export interface SoftMetric {
  readonly paper: number
  readonly released: number
}

/**
 * Soft normalised sufficiency (Zhao and Aletras 2023): how much of the distance to all-zero embeddings is saved by
 * the elements that were kept. `distance` is H of the perturbed text, `zeroDistance` that of zeros; 0 where those
 * change nothing.
 */
export function softSufficiency(distance: number, zeroDistance: number): SoftMetric {
  if (zeroDistance === 0) return {paper: 0, released: 0}
  const ratio = distance / zeroDistance
  return {paper: Math.max(0, 1 - ratio), released: Math.max(0, 1 - ratio * ratio)}
}

/** Soft normalised comprehensiveness: what is lost by the elements that were set to zero, of what zeros lose. */
export function softComprehensiveness(distance: number, zeroDistance: number): SoftMetric {
  if (zeroDistance === 0) return {paper: 0, released: 0}
  const ratio = distance / zeroDistance
  return {paper: ratio, released: ratio * ratio}
}

/**
 * Factors of the embeddings of a text, [position, element]: at each position of `positions` every element is kept
 * with that position's probability, each by itself; other positions are left alone.
 */
export function keptElements(
  keepProbs: ArrayLike<number>,
  positions: readonly number[],
  {tokenCount, hiddenSize}: {tokenCount: number; hiddenSize: number},
  random: SeededRandom
): Float32Array {
  const factors = new Float32Array(tokenCount * hiddenSize).fill(1)
  for (const [i, position] of positions.entries()) {
    for (let element = 0; element < hiddenSize; element++) {
      if (random.nextUnit() >= keepProbs[i]!) factors[position * hiddenSize + element] = 0
    }
  }
  return factors
}

/** The softmax of uniform noise, as the release scores chance. */
export function randomScores(count: number, random: SeededRandom): Float64Array {
  const weights = Float64Array.from({length: count}, () => exp(random.nextUnit()))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
