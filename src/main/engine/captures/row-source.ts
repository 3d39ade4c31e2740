import type {HeadNorms} from './head-norms.ts'

/** Where rows of heads come from. */
export interface RowSource {
  /** Positions of the text: a row is as long. */
  readonly tokenCount: number
  /**
   * Weights [query, key] of queries [from, to) of a head, each row over all positions: 0 where a query
   * cannot see a key, NaN where the model's numbers are none. The array is the caller's.
   */
  rows(
    layer: number,
    head: number,
    from: number,
    to: number,
    signal?: AbortSignal
  ): Promise<Float32Array<ArrayBuffer>>
  /** Norms of a head's value vectors; null where they were not asked for or cannot be had. */
  valueNorms(layer: number, head: number, signal?: AbortSignal): Promise<HeadNorms | null>
}
