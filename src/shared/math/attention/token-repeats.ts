/**
 * What of a text the scores of heads look at (definitions: heads). Special and inserted tokens are left out
 * of duplicate and induction scores, as what is looked for and as what is found.
 */
export interface TextFacts {
  readonly tokenCount: number
  /** 1 where a token is special or inserted. */
  readonly isLeftOut: Uint8Array
  /** The nearest earlier position with the same token, −1 where there is none or where it is left out. */
  readonly previousSame: Int32Array
  /** Token 0 was inserted: its successor's look at it says nothing about looking back by one. */
  readonly isFirstInserted: boolean
}

export function textFacts(
  ids: ArrayLike<number>,
  {isLeftOut, isFirstInserted}: {isLeftOut: (position: number) => boolean; isFirstInserted: boolean}
): TextFacts {
  const tokenCount = ids.length
  const leftOut = new Uint8Array(tokenCount)
  const previousSame = new Int32Array(tokenCount).fill(-1)
  const latest = new Map<number, number>()
  for (let position = 0; position < tokenCount; position++) {
    if (isLeftOut(position)) {
      leftOut[position] = 1
      continue
    }
    const id = ids[position]!
    previousSame[position] = latest.get(id) ?? -1
    latest.set(id, position)
  }
  return {tokenCount, isLeftOut: leftOut, previousSame, isFirstInserted}
}
