import type {VisibleKeys} from './visible-keys.ts'

/**
 * How alike the patterns of two heads are on a text: 1 − the Jensen–Shannon divergence of their rows in bits,
 * mean over queries from 1 on (Clark et al. 2019 compare heads by this divergence). 1 is the same rows, 0 rows
 * that share no key. Each row is divided by its sum; rows where either head has nothing or what is no
 * number are left out. Row by row, nothing is kept.
 */
export class PatternSimilarity {
  private rowCount = 0
  private divergenceSum = 0

  constructor(
    private readonly keys: VisibleKeys,
    private readonly otherKeys: VisibleKeys
  ) {}

  /**
   * Takes in the same consecutive queries of both.
   * @param rows [query, key], each row over all `tokenCount` positions.
   */
  add(firstQuery: number, rows: Float32Array, otherRows: Float32Array, tokenCount: number): void {
    for (let at = 0, query = firstQuery; at < rows.length; at += tokenCount, query++) {
      if (query >= 1) this.addRow(query, rows, otherRows, at)
    }
  }

  /** Null before any row. */
  get similarity(): number | null {
    return this.rowCount === 0 ? null : 1 - this.divergenceSum / this.rowCount
  }

  private addRow(query: number, rows: Float32Array, others: Float32Array, at: number): void {
    const {keys, otherKeys} = this
    const start = at + Math.min(keys.starts[query]!, otherKeys.starts[query]!)
    const end = at + Math.max(keys.ends[query]!, otherKeys.ends[query]!)
    let sum = 0
    let otherSum = 0
    for (let i = start; i < end; i++) {
      sum += rows[i]!
      otherSum += others[i]!
    }
    if (!(sum > 0 && otherSum > 0 && sum + otherSum < Number.POSITIVE_INFINITY)) return
    let divergence = 0
    for (let i = start; i < end; i++) {
      const weight = rows[i]! / sum
      const other = others[i]! / otherSum
      const both = weight + other
      if (weight > 0) divergence += weight * Math.log((2 * weight) / both)
      if (other > 0) divergence += other * Math.log((2 * other) / both)
    }
    this.divergenceSum += Math.min(1, Math.max(0, 0.5 * divergence * Math.LOG2E))
    this.rowCount++
  }
}
