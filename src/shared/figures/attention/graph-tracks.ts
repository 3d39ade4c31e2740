import type {Importance} from '../../lenses/attention-statistics.ts'
import {formatFixed} from '../number-format.ts'
import {niceCeiling} from '../scale.ts'
import {textWidthPx} from '../text-width.ts'
import type {GraphColumnsLayout} from './graph-columns-layout.ts'
import {formatPercent} from './matrix-legend.ts'

/** A row of bars under the columns: importance by one method. */
export interface GraphTrack {
  readonly id: string
  readonly title: string
  /** Under the title: whose it is, or what 1 is. */
  readonly note: string
  /** The first tints the names, and its bars have numbers. */
  readonly isMain: boolean
  readonly importance: Importance | null
  /** In place of bars: why there are none, or that they are being computed. */
  readonly words: string | null
}

export interface GraphBar {
  readonly column: number
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
  readonly isHollow: boolean
}

export interface GraphTrackLayout {
  readonly track: GraphTrack
  readonly yPx: number
  readonly heightPx: number
  readonly maximum: number
  readonly rangeText: string
  readonly bars: readonly GraphBar[]
  readonly numbers: readonly {readonly xPx: number; readonly yPx: number; readonly text: string}[]
  /** Columns without a value. */
  readonly gaps: readonly number[]
  /** Where 1 is, where that is what position alone gives. */
  readonly oneYPx: number | null
  /** Mass on the first token, in words; null where it is not much. */
  readonly warning: string | null
  /** Step of the chip scale by column, from 0; −1 where a column has no value. */
  readonly steps: readonly number[]
}

const MAIN_PX = 62
const LOW_MAIN_PX = 40
const OTHER_PX = 28
const LOW_OTHER_PX = 20
const GAP_PX = 14
/** Above this share the first token says more about position than about meaning. */
const MUCH = 0.5
const CHIP_STEPS = 5

const heightOf = ({isMain}: GraphTrack, isLow: boolean) =>
  isMain ? (isLow ? LOW_MAIN_PX : MAIN_PX) : isLow ? LOW_OTHER_PX : OTHER_PX

/** Height of all tracks. */
export function tracksRoom(tracks: readonly GraphTrack[], isLow: boolean): number {
  return tracks.reduce((sum, track) => sum + heightOf(track, isLow) + GAP_PX, 0)
}

/** The value of a column: the largest of its tokens'; NaN where none has one. Those left out count only alone. */
export function columnValue(
  values: ArrayLike<number>,
  {first, end}: {readonly first: number; readonly end: number},
  isLeftOut: (position: number) => boolean = () => false
): {readonly value: number; readonly position: number; readonly isHollow: boolean} {
  let best = {value: Number.NaN, position: first, isHollow: false}
  for (let position = first; position < end; position++) {
    const value = values[position] ?? Number.NaN
    if (Number.isNaN(value)) continue
    const isHollow = isLeftOut(position)
    const isBetter =
      Number.isNaN(best.value) || (best.isHollow === isHollow ? value > best.value : best.isHollow)
    if (isBetter) best = {value, position, isHollow}
  }
  return best
}

export function layoutTracks(
  tracks: readonly GraphTrack[],
  columns: GraphColumnsLayout,
  {yPx, isLow}: {yPx: number; isLow: boolean}
): GraphTrackLayout[] {
  let top = yPx
  return tracks.map((track) => {
    const heightPx = heightOf(track, isLow)
    const layout = layoutTrack(track, columns, {yPx: top, heightPx})
    top += heightPx + GAP_PX
    return layout
  })
}

function layoutTrack(
  track: GraphTrack,
  {columns}: GraphColumnsLayout,
  {yPx, heightPx}: {yPx: number; heightPx: number}
): GraphTrackLayout {
  const {importance} = track
  const empty = {bars: [], numbers: [], gaps: [], steps: columns.map(() => -1)}
  if (!importance) {
    return {
      ...{track, yPx, heightPx, maximum: 1, rangeText: '', oneYPx: null, warning: null},
      ...empty,
    }
  }
  const {values, hollowPositions, firstTokenShare} = importance
  const isRatio = importance.variant === 'position-corrected'
  const hollow = new Set(hollowPositions)
  let most = 0
  for (const [at, value] of values.entries()) {
    if (value > most && Number.isFinite(value) && !hollow.has(at)) most = value
  }
  const maximum = niceCeiling(isRatio ? Math.max(most, 1) : most)
  const bars: GraphBar[] = []
  const gaps: number[] = []
  const steps: number[] = []
  const candidates: {xPx: number; yPx: number; value: number}[] = []
  for (const [at, column] of columns.entries()) {
    const {value, isHollow} = columnValue(values, column, (position) => hollow.has(position))
    if (Number.isNaN(value)) {
      gaps.push(at)
      steps.push(-1)
      continue
    }
    const share = Math.min(1, Math.max(0, value / maximum))
    const barPx = Math.max(0.5, share * heightPx)
    const barWidthPx = Math.max(1, Math.min(26, column.widthPx - (column.widthPx > 9 ? 6 : 1)))
    const xPx = column.xPx + (column.widthPx - barWidthPx) / 2
    bars.push({
      column: at,
      xPx,
      yPx: yPx + heightPx - barPx,
      widthPx: barWidthPx,
      heightPx: barPx,
      isHollow,
    })
    steps.push(
      isHollow ? -1 : Math.min(CHIP_STEPS - 1, Math.max(0, Math.ceil(share * CHIP_STEPS) - 1))
    )
    if (!isHollow) candidates.push({xPx: xPx + barWidthPx / 2, yPx: yPx + heightPx - barPx, value})
  }
  return {
    ...{track, yPx, heightPx, maximum, bars, gaps, steps},
    rangeText: `0 to ${formatEnd(maximum)}`,
    numbers: track.isMain ? spacedNumbers(candidates, maximum) : [],
    oneYPx: isRatio ? yPx + heightPx - heightPx / maximum : null,
    warning:
      firstTokenShare > MUCH
        ? `first token holds ${formatPercent(firstTokenShare)}: dominated by position`
        : null,
  }
}

const formatEnd = (value: number) =>
  value >= 10 ? formatFixed(value, 0) : value >= 0.1 ? formatFixed(value, 1) : String(value)

/** Numbers of the highest bars that have room beside each other. */
function spacedNumbers(
  candidates: readonly {xPx: number; yPx: number; value: number}[],
  maximum: number
): {xPx: number; yPx: number; text: string}[] {
  const placed: {fromPx: number; toPx: number}[] = []
  const numbers: {xPx: number; yPx: number; text: string}[] = []
  for (const {xPx, yPx, value} of candidates.toSorted((a, b) => b.value - a.value)) {
    if (numbers.length >= MOST_NUMBERS || value < maximum * LEAST_NUMBERED) break
    const text = formatFixed(value, value < 0.1 ? 3 : 2)
    const halfPx = textWidthPx(text, 11) / 2 + 2
    if (placed.some(({fromPx, toPx}) => xPx + halfPx > fromPx && xPx - halfPx < toPx)) continue
    placed.push({fromPx: xPx - halfPx, toPx: xPx + halfPx})
    numbers.push({xPx, yPx: yPx - 3, text})
  }
  return numbers.sort((a, b) => a.xPx - b.xPx)
}
const MOST_NUMBERS = 14
const LEAST_NUMBERED = 0.3
