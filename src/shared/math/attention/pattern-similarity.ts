import {bitsOf, log2OfBits} from './fast-log.ts'
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
  private readonly middle = new Float32Array(1)
  private readonly middleBits = bitsOf(this.middle)

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
    const {keys, otherKeys, middle, middleBits} = this
    const start = at + Math.min(keys.starts[query]!, otherKeys.starts[query]!)
    const end = at + Math.max(keys.ends[query]!, otherKeys.ends[query]!)
    const [rowBits, othersBits] = [bitsOf(rows), bitsOf(others)]
    let sum = 0
    let otherSum = 0
    let powerLog = 0
    let otherPowerLog = 0
    for (let i = start; i < end; i++) {
      const [weight, other] = [rows[i]!, others[i]!]
      sum += weight
      otherSum += other
      powerLog += weight * log2OfBits(rowBits[i]!)
      otherPowerLog += other * log2OfBits(othersBits[i]!)
    }
    if (!(sum > 0 && otherSum > 0 && sum + otherSum < Number.POSITIVE_INFINITY)) return
    let middleEntropy = 0
    for (let i = start; i < end; i++) {
      middle[0] = 0.5 * (rows[i]! / sum + others[i]! / otherSum)
      middleEntropy -= middle[0] * log2OfBits(middleBits[0]!)
    }
    const entropy = Math.log2(sum) - powerLog / sum
    const otherEntropy = Math.log2(otherSum) - otherPowerLog / otherSum
    const divergence = middleEntropy - 0.5 * (entropy + otherEntropy)
    this.divergenceSum += Math.min(1, Math.max(0, divergence))
    this.rowCount++
  }
}
