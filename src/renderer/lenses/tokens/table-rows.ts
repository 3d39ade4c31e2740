import {
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {
  TRACK_KINDS,
  type TrackName,
  trackAggregation,
} from '../../../shared/figures/tokens/tracks.ts'
import {
  type Aggregation,
  aggregateUnits,
  type TokenStatistics,
} from '../../../shared/units/unit-scores.ts'
import {unitBytesHex} from '../../../shared/units/unit-words.ts'
import type {RunUnits} from '../../store/unit.ts'

/** A column of numbers: a statistic, how it is aggregated over units, and how it is written. */
export interface TableColumn {
  readonly track: TrackName
  readonly aggregation: Aggregation
  /** As the head names it, and the unit of its numbers under it; empty where they have none. */
  readonly head: string
  readonly unit: string
  format(value: number | null): string
}

const column = (track: TrackName, format: TableColumn['format']): TableColumn => {
  const {label, unit} = TRACK_KINDS[track]
  return {track, aggregation: trackAggregation(track), head: label, unit, format}
}

const twoDecimals = (value: number | null) => formatFixed(value, 2)

export const TABLE_COLUMNS: readonly TableColumn[] = [
  column('surprisal', twoDecimals),
  column('entropy', twoDecimals),
  column('rank', formatRank),
  column('max-logprob', twoDecimals),
  column('top-p-mass', formatProb),
  column('p-end', formatProb),
]

/** The number of a column in a row: a token or a unit. */
export function numberOf({track}: TableColumn, row: TokenStatistics): number | null {
  return row[TRACK_KINDS[track].statistic]
}

/** How many tokens each unit has, shares of tokens as shares; they sum to the tokens of the run. */
export function tokenCounts({table}: Pick<RunUnits, 'table'>): Float64Array {
  const counts = new Float64Array(table.units.length)
  for (let piece = 0; piece < table.pieceUnits.length; piece++) {
    counts[table.pieceUnits[piece]!]! += table.pieceShares[piece]!
  }
  return counts
}

/** `3`, `1.50`: whole numbers of tokens as such. */
export function formatShare(count: number): string {
  const whole = Math.round(count)
  return Math.abs(count - whole) < 1e-9 ? formatCount(whole) : formatFixed(count, 2)
}

/**
 * The whole run's number of a column, out of its rows: sums are added up, means weighed by the tokens of
 * each row that have the statistic, of the worst the highest. It is the same whatever the unit.
 */
export function totalOf(column: TableColumn, {table, units}: RunUnits): number | null {
  const {statistic} = TRACK_KINDS[column.track]
  const values = units.map((unit) => unit[statistic])
  const own = values.filter((value) => value !== null)
  if (own.length === 0) return null
  if (column.aggregation === 'worst') return own.reduce((a, b) => (b > a ? b : a))
  if (column.aggregation === 'sum') return own.reduce((sum, value) => sum + value, 0)
  // A token without the statistic has no weight in its unit's mean.
  const tokens = table.tokens as readonly (TokenStatistics & (typeof table.tokens)[number])[]
  const weights = aggregateUnits(
    table,
    tokens.map((token) => (token[statistic] === null ? null : 1)),
    'sum'
  )
  const weight = weights.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  return (
    values.reduce<number>((sum, value, i) => sum + (value ?? 0) * (weights[i] ?? 0), 0) / weight
  )
}

const MOST_HEX = 160

/** What a unit says, as tokens are written; a long one is cut. */
export function unitName({table, units}: RunUnits, index: number): string {
  const unit = units[index]!
  const hex = unitBytesHex(table, unit)
  const shown = hex.slice(0, MOST_HEX)
  const text = plainGlyphs({bytesHex: shown, isSpecial: unit.role === 'special'})
  const name = shown.length < hex.length ? `${text}…` : text
  return unit.name === null ? name : `${unit.name}: ${name}`
}
