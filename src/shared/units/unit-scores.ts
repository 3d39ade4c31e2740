import {
  type Aggregation,
  TRACK_NAMES,
  type TrackStatistic,
  trackOf,
} from '../lenses/token-tracks.ts'
import type {ScoredToken} from '../lenses/tokens.ts'
import type {TextUnit, UnitTable} from './units.ts'

export type {Aggregation} from '../lenses/token-tracks.ts'

/** The statistics of a token, in their units; null where the position has none. */
export type TokenStatistics = Pick<ScoredToken, 'logprob' | TrackStatistic>

/** Which statistic is aggregated how (definitions: text and units). */
export const STATISTIC_AGGREGATIONS = Object.fromEntries([
  ['logprob', 'sum'],
  ...TRACK_NAMES.map(trackOf).map(({statistic, aggregation}) => [statistic, aggregation]),
]) as Readonly<Record<keyof TokenStatistics, Aggregation>>
export const STATISTIC_NAMES = Object.keys(
  STATISTIC_AGGREGATIONS
) as readonly (keyof TokenStatistics)[]

/** A unit with its statistics. */
export interface ScoredUnit extends TextUnit, TokenStatistics {}

type Value = number | null | undefined

const isValue = (value: Value): value is number =>
  value !== null && value !== undefined && !Number.isNaN(value)

/**
 * One value a unit from one value a token (in the table's order of tokens). A sum takes of each token
 * the share that lies in the unit; a mean weighs each token by that share; the worst is the highest
 * value of any token with a part in the unit. Tokens without a value (null, NaN) are passed over; a
 * unit whose tokens all have none has null.
 */
export function aggregateUnits(
  table: UnitTable,
  values: ArrayLike<Value>,
  aggregation: Aggregation
): (number | null)[] {
  if (values.length !== table.tokens.length) {
    throw new RangeError(`${values.length} values for ${table.tokens.length} tokens`)
  }
  const {pieceStarts, pieceUnits, pieceShares} = table
  const results = new Float64Array(table.units.length)
  const weights = new Float64Array(table.units.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!isValue(value)) continue
    for (let piece = pieceStarts[i]!; piece < pieceStarts[i + 1]!; piece++) {
      const unit = pieceUnits[piece]!
      const share = pieceShares[piece]!
      if (aggregation !== 'worst') results[unit]! += share * value
      else if (weights[unit] === 0 || value > results[unit]!) results[unit] = value
      weights[unit]! += share
    }
  }
  return Array.from(results, (result, unit) => {
    const weight = weights[unit]!
    if (weight === 0) return null
    return aggregation === 'mean' ? result / weight : result
  })
}

// Captions, legends and layouts ask for the same scores, some of them at every step of a walk.
const scored = new WeakMap<
  UnitTable,
  {readonly tokens: readonly ScoredToken[]; readonly units: readonly ScoredUnit[]}
>()

/** Every unit with all its statistics. `tokens` are those that the table was made of. */
export function scoreUnits(
  table: UnitTable,
  tokens: readonly ScoredToken[]
): readonly ScoredUnit[] {
  const known = scored.get(table)
  if (known && isSameList(known.tokens, tokens)) return known.units
  const units = computeScores(table, tokens)
  scored.set(table, {tokens, units})
  return units
}

// A result holds the tokens of its run in a list of its own.
const isSameList = <Item>(a: readonly Item[], b: readonly Item[]) =>
  a === b || (a.length === b.length && a.every((item, i) => item === b[i]))

function computeScores(table: UnitTable, tokens: readonly ScoredToken[]): ScoredUnit[] {
  const columns = STATISTIC_NAMES.map((name) =>
    aggregateUnits(
      table,
      tokens.map((token) => token[name]),
      STATISTIC_AGGREGATIONS[name]
    )
  )
  return table.units.map((unit, index) => {
    const statistics = Object.fromEntries(
      STATISTIC_NAMES.map((name, column) => [name, columns[column]![index]!])
    ) as Record<keyof TokenStatistics, number | null>
    return {...unit, ...statistics}
  })
}

/** What lies outside all matches, spans or turns, together; null where nothing does. */
export function outsideTotal(
  table: UnitTable,
  values: ArrayLike<Value>,
  aggregation: Aggregation
): {readonly value: number | null; readonly unitCount: number} | null {
  const isOutside = Uint8Array.from(table.units, (unit) => (unit.role === 'outside' ? 1 : 0))
  const unitCount = isOutside.reduce((count, flag) => count + flag, 0)
  if (unitCount === 0) return null
  // All that is outside as one unit, and everything else as another.
  const merged: UnitTable = {
    ...table,
    units: [table.units[0]!, table.units[0]!],
    pieceUnits: table.pieceUnits.map((unit) => isOutside[unit]!),
  }
  return {value: aggregateUnits(merged, values, aggregation)[1]!, unitCount}
}
