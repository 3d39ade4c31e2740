/**
 * The standard error of Σ sums ÷ Σ counts, a mean over things that come in clusters: `sums` and `counts` are of
 * each cluster (Cochran 1977, Sampling Techniques, 6.4). What is in one cluster need not be independent of each
 * other; clusters are. Null of fewer than two clusters, and where there is nothing to count.
 */
export function ratioStandardError(
  sums: readonly number[],
  counts: readonly number[]
): number | null {
  const clusterCount = sums.length
  const count = sumOf(counts)
  if (clusterCount < 2 || count === 0) return null
  const ratio = sumOf(sums) / count
  const squares = sumOf(sums.map((sum, i) => (sum - ratio * counts[i]!) ** 2))
  return Math.sqrt(squares / (clusterCount - 1) / clusterCount) / (count / clusterCount)
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
