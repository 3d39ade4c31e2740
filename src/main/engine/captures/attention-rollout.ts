import {setImmediate as nextTurn} from 'node:timers/promises'
import type {HeadMatrices} from './head-matrices.ts'

/** Multiplications before the coordinator answers others. */
const SLICE_PRODUCTS = 4e6

/**
 * Attention rollout through a layer, [query, key]: the product, last · … · first, of ½·(mean over heads of
 * A) + ½·I with rows renormalised (Abnar & Zuidema 2020). A row without any weight stays with its query.
 */
export async function attentionRollout(
  matrices: HeadMatrices,
  throughLayer: number,
  signal?: AbortSignal
): Promise<Float32Array<ArrayBuffer>> {
  let rollout: Float32Array<ArrayBuffer> | null = null
  for (const layer of matrices.layers.filter((one) => one <= throughLayer)) {
    const step = await layerStep(matrices, layer, signal)
    rollout = rollout ? await product(step, rollout, matrices.tokenCount, signal) : step
  }
  if (!rollout) throw new RangeError('no layers to multiply')
  return rollout
}

/** ½·(mean over heads of A) + ½·I of a layer, rows renormalised. */
async function layerStep(
  matrices: HeadMatrices,
  layer: number,
  signal?: AbortSignal
): Promise<Float32Array<ArrayBuffer>> {
  const {tokenCount} = matrices
  const headCount = await matrices.headCount(layer, signal)
  const mean = new Float32Array(tokenCount * tokenCount)
  for (let head = 0; head < headCount; head++) {
    const rows = await matrices.rows(layer, head, 0, tokenCount, signal)
    for (let i = 0; i < mean.length; i++) mean[i] = mean[i]! + rows[i]! / headCount
    await nextTurn()
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

/** later · earlier, both [position, position]. */
async function product(
  later: Float32Array,
  earlier: Float32Array,
  count: number,
  signal?: AbortSignal
): Promise<Float32Array<ArrayBuffer>> {
  const result = new Float32Array(count * count)
  let done = 0
  for (let query = 0; query < count; query++) {
    const row = result.subarray(query * count, (query + 1) * count)
    for (let via = 0; via < count; via++) {
      const weight = later[query * count + via]!
      if (weight === 0) continue
      const from = via * count
      for (let key = 0; key < count; key++) row[key] = row[key]! + weight * earlier[from + key]!
      done += count
    }
    if (done < SLICE_PRODUCTS) continue
    done = 0
    await nextTurn()
    signal?.throwIfAborted()
  }
  return result
}
