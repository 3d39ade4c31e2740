/**
 * The heights of at most `most` bars over a sequence of numbers, NaN where a token has none: a bar a
 * token, or the mean of neighbours where there are more tokens than bars; null where none of them has one.
 */
export function sparkBars(values: Float32Array, most: number): (number | null)[] {
  const count = Math.min(values.length, most)
  return Array.from({length: count}, (_, i) => {
    const start = Math.floor((i * values.length) / count)
    const end = Math.floor(((i + 1) * values.length) / count)
    let sum = 0
    let known = 0
    for (let j = start; j < end; j++) {
      const value = values[j]!
      if (Number.isNaN(value)) continue
      sum += value
      known++
    }
    return known === 0 ? null : sum / known
  })
}
