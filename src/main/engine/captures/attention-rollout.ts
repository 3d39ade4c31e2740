import type {RowSource} from './row-source.ts'

/** Numbers of one array that rows are made in. */
const MOST_PIECE_NUMBERS = 1 << 20

/**
 * One factor of attention rollout, [query, key]: ½·(mean over heads of A) + ½·I of a layer, rows
 * renormalised (Abnar & Zuidema 2020). A row without any weight stays with its query.
 */
export async function rolloutFactor(
  source: RowSource,
  layer: number,
  headCount: number
): Promise<Float32Array<ArrayBuffer>> {
  const {tokenCount} = source
  const mean = new Float32Array(tokenCount * tokenCount)
  const step = Math.max(1, Math.floor(MOST_PIECE_NUMBERS / tokenCount))
  for (let start = 0; start < tokenCount; start += step) {
    const end = Math.min(tokenCount, start + step)
    const piece = mean.subarray(start * tokenCount, end * tokenCount)
    for (let head = 0; head < headCount; head++) {
      const rows = await source.rows(layer, head, start, end)
      for (let i = 0; i < piece.length; i++) piece[i] = piece[i]! + rows[i]! / headCount
    }
  }
  for (let query = 0; query < tokenCount; query++) {
    const row = mean.subarray(query * tokenCount, (query + 1) * tokenCount)
    let sum = 1
    for (const weight of row) sum += weight
    for (let key = 0; key < tokenCount; key++) row[key] = row[key]! / sum
    row[query] = row[query]! + 1 / sum
  }
  return mean
}
