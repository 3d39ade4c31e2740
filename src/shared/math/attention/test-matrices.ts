import {NormalSource} from '../../../../fixtures/random.ts'
import type {VisibleKeys} from './visible-keys.ts'

/** Random attention [query, key]: softmax of normal scores over the keys that each query sees. */
export function randomAttention(
  seed: number,
  {starts, ends}: VisibleKeys,
  {scale = 1, sink = 0}: {scale?: number; sink?: number} = {}
): Float32Array {
  const tokenCount = ends.length
  const source = new NormalSource(seed)
  const weights = new Float32Array(tokenCount * tokenCount)
  for (let query = 0; query < tokenCount; query++) {
    const powers = Array.from({length: ends[query]! - starts[query]!}, () =>
      Math.exp(scale * source.normal())
    )
    const sum = powers.reduce((total, power) => total + power, sink)
    for (const [at, power] of powers.entries()) {
      weights[query * tokenCount + starts[query]! + at] = power / sum
    }
  }
  return weights
}

/** Rows written as nested lists, as one array. */
export function matrixOf(rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flat())
}
