import type {VisibleKeys} from './visible-keys.ts'

/**
 * A row of the graph that rollout and flow share: ½ · (mean over heads of A) + ½ · I, divided by its sum
 * (Abnar & Zuidema 2020). Weights that are no numbers count as none.
 * @param row Σ over heads of A of the query; becomes the result.
 * @param headCount 0 is a row of the identity alone.
 */
export function mixWithResidual(row: Float64Array, query: number, headCount: number): void {
  let sum = 0
  const scale = headCount === 0 ? 0 : 0.5 / headCount
  for (let key = 0; key < row.length; key++) {
    const weight = row[key]! * scale
    row[key] = Number.isFinite(weight) ? weight : 0
    sum += row[key]!
  }
  row[query]! += 0.5
  sum += 0.5
  for (let key = 0; key < row.length; key++) row[key]! /= sum
}

/** Adds the rows of one head to sums over heads, [query, key] both. */
export function addRows(sums: Float64Array, weights: Float32Array): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += weights[i]!
}

/** Where rollout of one query starts, after the last layer: on the query itself. */
export function rolloutStart(tokenCount: number, query: number): Float64Array<ArrayBuffer> {
  const reach = new Float64Array(tokenCount)
  reach[query] = 1
  return reach
}

/**
 * One layer further down: adds what a query passes to the tokens it reads from, reach[query] of it. With all
 * queries of the layer added, `below` is reach · Â.
 */
export function addReach(
  below: Float64Array,
  {row, query, reach, keys}: {row: Float64Array; query: number; reach: number; keys: VisibleKeys}
): void {
  const start = Math.min(query, keys.starts[query]!)
  const end = Math.max(query + 1, keys.ends[query]!)
  for (let key = start; key < end; key++) below[key]! += reach * row[key]!
}
