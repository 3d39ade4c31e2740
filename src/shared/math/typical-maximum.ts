/** Share of the rows whose heaviest weight is within a picture's own range of colours. */
const ROW_SHARE = 0.75

/**
 * The size that the heaviest finite weights of three in four rows stay below; 0 where there is no weight. A few
 * early rows, which have few keys to read, would else decide. The first query of a text is left out: of a causal
 * model it reads itself alone.
 */
export function typicalMaximum(
  values: Float32Array,
  {rowCount, columnCount}: {readonly rowCount: number; readonly columnCount: number},
  firstQuery: number
): number {
  const maxima: number[] = []
  for (let row = firstQuery === 0 && rowCount > 1 ? 1 : 0; row < rowCount; row++) {
    let most = 0
    for (let i = row * columnCount; i < (row + 1) * columnCount; i++) {
      const size = Math.abs(values[i]!)
      if (size > most && size < Number.POSITIVE_INFINITY) most = size
    }
    if (most > 0) maxima.push(most)
  }
  maxima.sort((a, b) => a - b)
  return maxima[Math.min(maxima.length - 1, Math.floor(ROW_SHARE * maxima.length))] ?? 0
}
