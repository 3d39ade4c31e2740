/**
 * Spearman's rank correlation: Pearson's of the ranks, where equal values share the mean of theirs. Null where one
 * side is all the same, or of fewer than two values. Throws a RangeError where they are not as many.
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} values`)
  if (a.length < 2) return null
  const [ranksA, ranksB] = [meanRanks(a), meanRanks(b)]
  const middle = (a.length - 1) / 2
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [ranksA[i]! - middle, ranksB[i]! - middle]
    product += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return squaresA > 0 && squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : null
}

/** The rank of each value, from 0 for the lowest; equal ones share the mean of their ranks. */
export function meanRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({length: values.length}, (_, i) => i)
  order.sort((i, j) => values[i]! - values[j]!)
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + end - 1) / 2
    start = end
  }
  return ranks
}
