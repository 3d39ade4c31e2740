/** What is combined with the scores of a site in one run, [query head, query, key] in the smallest form. */
export type ScoreOperand =
  | {readonly kind: 'constant'; readonly value: number}
  /**
   * The same for all heads: `inside` for keys [starts[q], ends[q]), `outside` for the others. One entry for
   * every query of the run, or one for all.
   */
  | {
      readonly kind: 'ranges'
      readonly inside: number
      readonly outside: number
      readonly starts: Uint32Array
      readonly ends: Uint32Array
    }
  /** Entry head × headStride + query × queryStride + key × keyStride; a stride of 0 is the same for all. */
  | {
      readonly kind: 'dense'
      readonly values: Float32Array
      readonly headStride: number
      readonly queryStride: number
      readonly keyStride: number
    }
