import {
  formatFixed,
  formatProb,
  formatRank,
  NO_VALUE,
} from '../../../shared/figures/number-format.ts'
import {TRACK_KINDS, type TrackName} from '../../../shared/figures/tokens/tracks.ts'
import type {TokenStatistics} from '../../../shared/units/unit-scores.ts'

/** A statistic of a token or a unit as the inspector and the strip write it; “—” where there is none. */
export function trackValueText(track: TrackName, token: TokenStatistics): string {
  const {statistic, unit, format} = TRACK_KINDS[track]
  const value = token[statistic]
  if (format === 'rank') return formatRank(value)
  return format === 'prob' ? formatProb(value) : withUnit(value, unit)
}

function withUnit(value: number | null, unit: string): string {
  return value === null ? NO_VALUE : `${formatFixed(value, 2)} ${unit}`
}
