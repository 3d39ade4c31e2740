import {
  type Aggregation,
  type TokenTrack,
  TRACK_NAMES,
  type TrackName,
  trackOf,
} from '../../lenses/token-tracks.ts'
import type {UnitKind} from '../../units/unit-choice.ts'
import {STATISTIC_AGGREGATIONS, type TokenStatistics} from '../../units/unit-scores.ts'
import {aggregationText} from '../../units/unit-words.ts'
import {
  formatBits,
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
  formatSetting,
} from '../number-format.ts'
import {CHIP_STEP_COUNT, stepOf} from '../palette.ts'
import {niceCeiling} from '../scale.ts'

export type {TrackName} from '../../lenses/token-tracks.ts'

/** What a track shows of each token. `magnitude` is what its bar or tint grows with, from 0. */
interface TrackKind extends TokenTrack {
  readonly isNumber: boolean
  /** Null where the position has no value. */
  magnitude(row: TokenStatistics): number | null
}

export const TRACK_KINDS = Object.fromEntries(
  TRACK_NAMES.map((name) => {
    const track = trackOf(name)
    const {statistic, isNegative = false, isNumber = false} = track
    const magnitude = (row: TokenStatistics) => {
      const value = row[statistic]
      return value === null || !isNegative ? value : -value
    }
    return [name, {...track, isNumber, magnitude}]
  })
) as unknown as Readonly<Record<TrackName, TrackKind>>

/** Highest ranks (from 0) of the steps that a chip tinted by rank takes. */
const RANK_STEPS = [0, 2, 9, 99]

/** A track with the scale that this text gives it. */
export interface TrackScale {
  readonly name: TrackName
  readonly label: string
  readonly isNumber: boolean
  /** The first track also tints the chips. */
  readonly isTint: boolean
  /** Value of a full bar, in the track's unit. */
  readonly maximum: number
  /** The ends of the scale with their unit: `0 to 6 bits`. */
  readonly rangeText: string
  /** How values of tokens became one of their unit; null where they are the tokens' own. */
  readonly aggregation: Aggregation | null
  /** What the values are: `surprisal`, or `surprisal, sum over words`. */
  readonly scopeText: string
}

/** A track's name at the left of a line, with what its values are over units: `surprisal, sum`. */
export function trackLabel({label, aggregation}: TrackScale): string {
  return aggregation ? `${label}, ${aggregation}` : label
}

/** How a track's values are aggregated over units larger than a token. */
export function trackAggregation(name: TrackName): Aggregation {
  return STATISTIC_AGGREGATIONS[TRACK_KINDS[name].statistic]
}

/** A value of a track as it is written: `2.3 bits`, `−0.41 nats`, `28`; “—” where there is none. */
export function trackValueText(name: TrackName, row: TokenStatistics, withUnit = true): string {
  const {statistic, unit, format} = TRACK_KINDS[name]
  const value = row[statistic]
  if (format === 'rank') return formatRank(value)
  if (format === 'prob') return formatProb(value)
  const suffix = withUnit && unit && value !== null ? ` ${unit}` : ''
  // Bits have one decimal in a figure, nats two.
  return (unit === 'bits' ? formatBits(value) : formatFixed(value, 2)) + suffix
}

/** Each track with its scale; `rows` are tokens, or the units that `unitKind` names. */

export function trackScales(
  names: readonly TrackName[],
  rows: readonly TokenStatistics[],
  unitKind: UnitKind = 'token'
): TrackScale[] {
  return [...new Set(names)].map((name, index) => {
    const kind = TRACK_KINDS[name]
    let highest = kind.leastMaximum
    for (const row of rows) {
      const value = kind.magnitude(row)
      if (value !== null && value > highest) highest = value
    }
    const aggregation = unitKind === 'token' ? null : trackAggregation(name)
    const maximum = kind.fixedMaximum ?? niceCeiling(highest)
    return {
      name,
      label: kind.label,
      isNumber: kind.isNumber,
      isTint: index === 0,
      maximum,
      rangeText: rangeText(name, maximum),
      aggregation,
      scopeText: aggregation
        ? `${kind.label}, ${aggregationText(aggregation, unitKind)}`
        : kind.label,
    }
  })
}

function rangeText(name: TrackName, maximum: number): string {
  const {unit} = TRACK_KINDS[name]
  if (name === 'rank') return '1 is the likeliest'
  const end =
    maximum >= 1
      ? Number.isInteger(maximum)
        ? formatCount(maximum)
        : formatFixed(maximum, 1)
      : formatSetting(maximum)
  const signed = TRACK_KINDS[name].isNegative ? `−${end}` : end
  return `0 to ${signed}${unit ? ` ${unit}` : ''}`
}

/** Tint of a chip by a track, from 0 to 4; -1 where the position has no value. */
export function tintStep(scale: TrackScale, row: TokenStatistics): number {
  const value = TRACK_KINDS[scale.name].magnitude(row)
  if (value === null || Number.isNaN(value)) return -1
  if (scale.name === 'rank') {
    const step = RANK_STEPS.findIndex((highest) => value <= highest)
    return step < 0 ? CHIP_STEP_COUNT - 1 : step
  }
  return stepOf(value, scale.maximum, CHIP_STEP_COUNT)
}

/** What the tint's steps mean, where they are not equal parts of the scale. */
export function tintText(scale: TrackScale): string {
  if (scale.name === 'rank')
    return `${scale.scopeText}${scale.aggregation ? ':' : ''} 1, 2 to 3, 4 to 10, 11 to 100, above`
  return `${scale.scopeText}, ${scale.rangeText}`
}
