import type {Warning} from '../domain/problem.ts'
import {formatMany} from '../figures/number-format.ts'

/** Says that a model's own attention weights are no numbers, and how many of them. */
export function brokenWeightsWarning(count: number): Warning {
  return {
    code: 'weights-not-finite',
    message: `${formatMany(count, 'attention weight')} ${count === 1 ? 'is' : 'are'} NaN or infinite: the model gives no numbers there, and what is counted leaves their rows out.`,
  }
}

/** Entries that are NaN or infinite. */
export function nonFiniteCountOf(values: Float32Array): number {
  let count = 0
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) count++
  return count
}
