/**
 * Which tokens Zero-TPrune would keep (Wang, Dedhia & Jha 2024): importance thins a uniform background (I′),
 * the S-stage drops tokens whose keys are like those of a token that stays, the I-stage drops the least
 * important of the rest. The paper gives no split of a budget between the two stages: here each takes half of
 * what is to go, the S-stage the smaller half and at most half of the tokens that may go.
 */

/** How many tokens each stage removes, of those that may be removed. */
export function pruneCounts(
  tokenCount: number,
  keepCount: number,
  removableCount: number
): {bySimilarity: number; byImportance: number} {
  const removed = Math.max(0, Math.min(removableCount, tokenCount - keepCount))
  const bySimilarity = Math.min(Math.floor(removed / 2), Math.floor(removableCount / 2))
  return {bySimilarity, byImportance: removed - bySimilarity}
}

/** Positions that may be removed, least important first; the later one first where scores are equal. */
function leastImportantFirst(
  importance: ArrayLike<number>,
  isRemovable: (position: number) => boolean
): number[] {
  const positions: number[] = []
  for (let position = 0; position < importance.length; position++) {
    if (isRemovable(position)) positions.push(position)
  }
  return positions.sort((a, b) => importance[a]! - importance[b]! || b - a)
}

/** Two groups of tokens: each of the less important half is compared with all others (Sequential-U). */
export function similarityGroups(
  importance: ArrayLike<number>,
  isRemovable: (position: number) => boolean
): {candidates: number[]; others: number[]} {
  const ordered = leastImportantFirst(importance, isRemovable)
  const candidates = ordered.slice(0, Math.floor(ordered.length / 2))
  const isCandidate = new Set(candidates)
  const others: number[] = []
  for (let position = 0; position < importance.length; position++) {
    if (!isCandidate.has(position)) others.push(position)
  }
  return {candidates, others}
}

/**
 * The S-stage: the candidates that are most like a token of the other group.
 * @param similarityOf The largest similarity of each candidate to any of the others.
 */
export function mostSimilar(
  candidates: readonly number[],
  similarityOf: ArrayLike<number>,
  count: number
): number[] {
  return candidates
    .map((position, at) => ({position, similarity: similarityOf[at]!}))
    .sort((a, b) => b.similarity - a.similarity || b.position - a.position)
    .slice(0, count)
    .map(({position}) => position)
    .sort((a, b) => a - b)
}

/** The I-stage: the least important tokens, in order of position. */
export function leastImportant(
  importance: ArrayLike<number>,
  isRemovable: (position: number) => boolean,
  count: number
): number[] {
  return leastImportantFirst(importance, isRemovable)
    .slice(0, count)
    .sort((a, b) => a - b)
}

/** Vectors [position, size] divided by their lengths, in place; a vector of nothing stays one. */
export function divideByLengths(vectors: Float64Array, size: number): void {
  for (let at = 0; at < vectors.length; at += size) {
    let square = 0
    for (let i = at; i < at + size; i++) square += vectors[i]! ** 2
    const scale = square > 0 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 0
    for (let i = at; i < at + size; i++) vectors[i] = scale === 0 ? 0 : vectors[i]! * scale
  }
}

/**
 * Adds the cosines of one candidate to each of the others; over several layers they are summed.
 * @param vectors [position, size], each of length 1.
 */
export function addCosines(
  sums: Float64Array,
  {
    vectors,
    size,
    candidate,
    others,
  }: {vectors: Float64Array; size: number; candidate: number; others: readonly number[]}
): void {
  const first = candidate * size
  for (let at = 0; at < others.length; at++) {
    const second = others[at]! * size
    let product = 0
    for (let i = 0; i < size; i++) product += vectors[first + i]! * vectors[second + i]!
    sums[at]! += product
  }
}
