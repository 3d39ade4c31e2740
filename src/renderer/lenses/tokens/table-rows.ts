import {
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
} from '../../../shared/figures/number-format.ts'
import {textWidthPx} from '../../../shared/figures/text-width.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {
  TRACK_KINDS,
  type TrackName,
  trackAggregation,
} from '../../../shared/figures/tokens/tracks.ts'
import {TRACK_NAMES} from '../../../shared/lenses/token-tracks.ts'
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

const FORMATS = {
  decimals: (value: number | null) => formatFixed(value, 2),
  rank: formatRank,
  prob: formatProb,
} as const

export const TABLE_COLUMNS: readonly TableColumn[] = TRACK_NAMES.map((track) => {
  const {label, unit, format} = TRACK_KINDS[track]
  return {
    ...{track, aggregation: trackAggregation(track), head: label, unit},
    format: FORMATS[format],
  }
})

/** Room beside each column's numbers, as the style sheet has it. */
const COLUMN_GAP_PX = 8
/** A little more than is counted: the last digit is never at the edge. */
const SLACK_PX = 4
const LEAST_TEXT_PX = 64
const MOST_TEXT_PX = 320
/** The part of the width that long texts have; short ones leave it to the numbers. */
const TEXT_SHARE = 0.34
const TEXT_CHAR_PX = 7.8
/** A byte can be written with more than one character. */
const SPARE_CHARS = 3

/** Which columns of numbers a table shows at once, and the most its column of text may take. */
export interface TableFit {
  /** The columns in the pages that they are shown in; one page where all have room. */
  readonly pages: readonly (readonly TableColumn[])[]
  readonly textPx: number
}

/**
 * Shares a table's width: positions, pins and counts first, then a text, then as many whole columns of
 * numbers as have room; the others stand on further pages. A number is never cut.
 */
export function fitColumns(units: RunUnits, widthPx: number, hasPins: boolean): TableFit {
  const isByToken = units.unit.kind === 'token'
  const {tokens} = units.table
  const positions = formatCount(Math.max(0, tokens.length - 1))
  const fixedPx =
    columnPx(
      isByToken ? 'position' : 'positions',
      isByToken ? positions : `${positions} to ${positions}`
    ) +
    columnPx('tokens', isByToken ? '000,000' : formatShare(tokens.length)) +
    (hasPins ? columnPx('pin', '1 2 3') : 0)
  const textPx = Math.round(
    Math.max(LEAST_TEXT_PX, Math.min(MOST_TEXT_PX, longestTextPx(units), widthPx * TEXT_SHARE))
  )
  const roomPx = widthPx - fixedPx - textPx - COLUMN_GAP_PX - SLACK_PX
  const pages: TableColumn[][] = []
  let leftPx = 0
  for (const column of TABLE_COLUMNS) {
    const heads = [
      column.head,
      [isByToken ? '' : column.aggregation, column.unit].filter(Boolean).join(', '),
    ]
    const px =
      Math.max(
        ...heads.map((head) => textWidthPx(head, 11)),
        textWidthPx('<0.001', 13),
        textWidthPx(column.format(totalOf(column, units)), 13, 'sans', 600)
      ) + COLUMN_GAP_PX
    if (pages.length === 0 || px > leftPx) {
      pages.push([])
      leftPx = roomPx
    }
    pages.at(-1)!.push(column)
    leftPx -= px
  }
  return {pages, textPx}
}

/** About the widest text of a row: a character a byte. */
function longestTextPx({table}: RunUnits): number {
  const byteCounts = table.units.map(({byteStart, byteEnd}) => byteEnd - byteStart)
  const most = byteCounts.reduce((a, b) => Math.max(a, b), 0)
  return (most + SPARE_CHARS) * TEXT_CHAR_PX
}

const columnPx = (head: string, widest: string) =>
  Math.max(textWidthPx(head, 11), textWidthPx(widest, 13)) + COLUMN_GAP_PX

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

/** Widths and views change far more often than the rows. */
const totals = new WeakMap<RunUnits['units'], Map<TableColumn, number | null>>()

/**
 * The whole run's number of a column, out of its rows: sums are added up, means weighed by the tokens of
 * each row that have the statistic, of the worst the highest. It is the same whatever the unit.
 */
export function totalOf(column: TableColumn, units: RunUnits): number | null {
  const known = totals.get(units.units) ?? new Map<TableColumn, number | null>()
  totals.set(units.units, known)
  if (!known.has(column)) known.set(column, countTotal(column, units))
  return known.get(column) ?? null
}

function countTotal(column: TableColumn, {table, units}: RunUnits): number | null {
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
