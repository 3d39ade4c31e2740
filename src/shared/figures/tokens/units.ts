import type {TokensResult} from '../../lenses/tokens.ts'
import type {ResolvedUnit} from '../../units/unit-choice.ts'
import {outsideTotal, STATISTIC_NAMES, type TokenStatistics} from '../../units/unit-scores.ts'
import {type UnitTable, unitsOf} from '../../units/units.ts'
import {formatMany} from '../number-format.ts'
import {TRACK_KINDS, type TrackName, trackAggregation, trackValueText} from './tracks.ts'

/** What units are made of. */
type UnitSource = Pick<TokensResult, 'text' | 'tokens' | 'promptTokenCount' | 'turns'>

/** A result's units; null where its tokens are the units. */
export function unitTableOf(result: UnitSource, unit: ResolvedUnit): UnitTable | null {
  return unit.kind === 'token' ? null : unitsOf(result, unit)
}

/**
 * What lies outside all matches, spans or turns by a track, in words: `outside: 3.2 bits in 4
 * stretches (surprisal, sum)`. It has no bar, so it is counted here. Null where nothing does.
 */
export function outsideText(
  table: UnitTable | null,
  tokens: TokensResult['tokens'],
  track: TrackName
): string | null {
  if (!table) return null
  const {statistic, label} = TRACK_KINDS[track]
  const aggregation = trackAggregation(track)
  const total = outsideTotal(
    table,
    tokens.map((token) => token[statistic]),
    aggregation
  )
  if (!total) return null
  const value = trackValueText(track, {...NOTHING, [statistic]: total.value})
  const {unitCount} = total
  const stretches = formatMany(unitCount, 'stretch', 'stretches')
  return `outside: ${value} in ${stretches} (${label}, ${aggregation})`
}

const NOTHING = Object.fromEntries(
  STATISTIC_NAMES.map((name) => [name, null])
) as unknown as TokenStatistics
