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

/**
 * What the largest flow from a query after the last layer to a token before the first must be: the least
 * capacity over all ways to part the nodes with one on either side. For a handful of nodes.
 */
export function smallestCut(
  layers: readonly Float64Array[],
  n: number,
  query: number,
  sink: number
): number {
  const nodeCount = (layers.length + 1) * n
  const source = layers.length * n + query
  const edges = layers.flatMap((layer, at) =>
    Array.from({length: n * n}, (_, e) => ({
      from: (at + 1) * n + Math.floor(e / n),
      to: at * n + (e % n),
      capacity: layer[e]!,
    }))
  )
  let least = Number.POSITIVE_INFINITY
  for (let side = 0; side < 2 ** nodeCount; side++) {
    const isNear = (node: number) => ((side >> node) & 1) === 1
    if (!isNear(source) || isNear(sink)) continue
    let cut = 0
    for (const {from, to, capacity} of edges) if (isNear(from) && !isNear(to)) cut += capacity
    if (cut < least) least = cut
  }
  return least
}
