import {STATISTICS, type StatisticsColumns} from '../../../shared/lenses/tokens.ts'
import {
  computeNormalizer,
  computeRowStatistics,
  rankInRow,
} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import type {TrackedRows} from './worker-protocol.ts'

/** Columns for `length` positions, all undefined. */
export function emptyColumns(length: number): StatisticsColumns {
  return Object.fromEntries(
    STATISTICS.map((name) => [name, new Float64Array(length).fill(Number.NaN)])
  ) as StatisticsColumns
}

/**
 * Writes the statistics of the token `id` at `index`, from the row that predicted it. Gives that
 * row's ln Σ e^logit.
 */
export function scoreToken(
  columns: StatisticsColumns,
  index: number,
  logits: Float32Array,
  start: number,
  vocabularySize: number,
  id: number,
  endIds: readonly number[]
): number {
  const statistics = computeRowStatistics(logits, start, vocabularySize, id, endIds)
  for (const name of STATISTICS) columns[name][index] = statistics[name]
  return statistics.logSumExp
}

/** ln Σ e^logit of one row. */
export function logSumExpOf(rows: Float32Array, start: number, vocabularySize: number): number {
  return computeNormalizer(rows, start, vocabularySize).logSumExp
}

/** Some tokens followed through rows whose ln Σ e^logit is known. */
export function trackRows(
  rows: Float32Array,
  vocabularySize: number,
  logSumExps: Float64Array,
  tokenIds: readonly number[]
): TrackedRows[] {
  const rowCount = logSumExps.length
  return tokenIds.map((tokenId) => {
    const tracked: TrackedRows = {
      prob: new Float64Array(rowCount),
      rank: new Int32Array(rowCount),
      logit: new Float32Array(rowCount),
    }
    for (let i = 0; i < rowCount; i++) {
      const start = i * vocabularySize
      const logit = rows[start + tokenId]!
      tracked.logit[i] = logit
      tracked.prob[i] = exp(logit - logSumExps[i]!)
      tracked.rank[i] = rankInRow(rows, start, vocabularySize, tokenId)
    }
    return tracked
  })
}
