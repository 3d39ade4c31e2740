import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {CapturedLayer, CapturedQueriesKeys} from './attention-capture.ts'

/**
 * Key vectors of a layer as they meet the queries (rotary positions are in them), those of all key-value
 * heads one after another, [position, size]; null where a site has weights only.
 */
export function keyVectorsOf(
  {sites}: CapturedLayer,
  tokenCount: number
): {values: Float64Array; size: number} | null {
  const withKeys: CapturedQueriesKeys[] = []
  for (const {attention} of sites) {
    if (attention.kind === 'weights') return null
    withKeys.push(attention)
  }
  const size = withKeys.reduce((sum, one) => sum + one.keyValueHeadCount * one.size, 0)
  const values = new Float64Array(tokenCount * size)
  let first = 0
  for (const site of withKeys) {
    const last = site.runs.at(-1)
    const numbers = site.keys ?? last?.keys
    const keyCount = site.keys ? tokenCount : (last?.keyCount ?? 0)
    if (!numbers) return null
    const keys = numbers instanceof Uint16Array ? float32OfFloat16Bits(numbers) : numbers
    for (let head = 0; head < site.keyValueHeadCount; head++) {
      for (let position = 0; position < Math.min(tokenCount, keyCount); position++) {
        const from = (head * keyCount + position) * site.size
        values.set(keys.subarray(from, from + site.size), position * size + first)
      }
      first += site.size
    }
  }
  return {values, size}
}
