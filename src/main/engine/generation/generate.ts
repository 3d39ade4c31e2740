import type {Sampling, StopReason} from '../../../shared/lenses/tokens.ts'
import {drawToken, likeliestId} from '../../../shared/math/sample.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'

/** How a sequence is continued, and by what. */
export interface GenerationOptions {
  readonly count: number
  readonly stopIds: readonly number[]
  /** Null takes the likeliest token. */
  readonly sampling: Sampling | null
  readonly seed: number
  /** Length of the sequence so far, and the longest that the model takes. */
  readonly length: number
  readonly contextLength: number
  /** What the model predicts after the sequence so far. */
  readonly firstRow: Float32Array
  /** Runs one more token and gives what the model predicts after it. */
  readonly append: (id: number) => Promise<Float32Array>
  readonly isCancelled: () => boolean
  /** A token that was chosen from `row`; `nextRow` comes after it. Not kept beyond the next call. */
  readonly onToken: (id: number, row: Float32Array, nextRow: Float32Array) => void
}

/**
 * Continues a sequence token by token until `count`, a stop id or the end of the context. The token
 * that stops it is part of the sequence, and every token is run, the last one too, so that what would
 * come next is known. Gives null where it was cancelled. One draw is made a token, so that the same
 * seed gives the same text with and without a KV cache.
 */
export async function generate(options: GenerationOptions): Promise<StopReason | null> {
  const {count, sampling, contextLength, append, isCancelled, onToken} = options
  const random = createSeededRandom(options.seed)
  const stopIds = new Set(options.stopIds)
  let row = options.firstRow
  for (let i = 0; i < count; i++) {
    if (options.length + i >= contextLength) return 'context-full'
    if (isCancelled()) return null
    const id = sampling ? drawToken(row, sampling, random) : likeliestId(row)
    const nextRow = await append(id)
    onToken(id, row, nextRow)
    row = nextRow
    if (stopIds.has(id)) return 'stop-id'
  }
  return 'count'
}
