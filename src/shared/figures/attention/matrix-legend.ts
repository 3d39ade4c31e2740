import type {
  AttentionFilters,
  AttentionMap,
  AttentionTile,
  MapSummary,
} from '../../lenses/attention-maps.ts'
import type {ColorRange, MatrixPicture} from '../../lenses/attention-picture.ts'
import {BASIS_DEPENDENT_NOTE} from '../../lenses/value-norms.ts'
import {formatCount, formatFixed, formatMany, formatSetting} from '../number-format.ts'
import {textWidthPx} from '../text-width.ts'
import {mapName, quantityName} from './map-name.ts'
import {DOT_WEIGHT} from './matrix-layout.ts'

/** A share as people read it: whole percent, nothing is 0 % but what is 0. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %'
  if (share < 1 && share >= 0.995) return '>99 %'
  return `${formatFixed(share * 100, 0)} %`
}

/** The end of a colour range, as it is printed. */
export function formatRangeEnd(value: number): string {
  return value < 0.01 ? String(Number(value.toPrecision(2))) : formatSetting(value)
}

/** What the filters take away, in words: `hidden 22 %; 4 of 27 rows kept only the sink`. Empty where nothing is. */
export function hiddenText({hiddenShare, sinkOnlyRowCount, rowCount}: MapSummary): string {
  const parts = [`hidden ${formatPercent(hiddenShare)}`]
  if (sinkOnlyRowCount > 0) {
    parts.push(
      `${formatCount(sinkOnlyRowCount)} of ${formatCount(rowCount)} rows kept only the sink`
    )
  }
  return parts.join('; ')
}

/** Whether a choice of filters hides anything at all. */
export function isFiltering(filters: AttentionFilters): boolean {
  const {threshold, topK, mass, hiddenPositions, groups} = filters
  return (
    threshold > 0 ||
    topK !== undefined ||
    (mass !== undefined && mass < 1) ||
    (hiddenPositions?.length ?? 0) > 0 ||
    groups !== undefined
  )
}

/** The filters in words: `70 % of each row, at most 5 keys a row, sink left out`. */
export function filterWords(filters: AttentionFilters): string[] {
  const {threshold, topK, mass, hiddenPositions, groups, dropSink} = filters
  const words: string[] = []
  if (dropSink) words.push('key 0 left out, rows renormalised')
  if (mass !== undefined && mass < 1) words.push(`${formatPercent(mass)} of each row`)
  if (threshold > 0) words.push(`at least ${formatSetting(threshold)}`)
  if (topK !== undefined) words.push(`at most ${formatMany(topK, 'key')} a row`)
  if (hiddenPositions && hiddenPositions.length > 0) {
    words.push(`${formatMany(hiddenPositions.length, 'token')} left out`)
  }
  if (groups) words.push('within sentences')
  return words
}

/** How the range is cut, in words: ` in square-root steps`; nothing where it is cut evenly. */
export const stepsText = ({steps}: Pick<ColorRange, 'steps'>) =>
  steps === 'linear' ? '' : ' in square-root steps'

/** The range of colours in words: `0 to 0.60 and beyond in square-root steps, range locked for all heads and runs`. */
export function rangeText(
  {maximum, isLocked, isShared, steps}: ColorRange,
  map: AttentionMap,
  tile: Pick<AttentionTile, 'minimum' | 'maximum'>
): string {
  const end = formatRangeEnd(maximum)
  const isBeyond = Math.max(tile.maximum, -tile.minimum) > maximum * 1.000001
  const beyond = isBeyond ? ' and beyond' : ''
  const ends = map.kind === 'difference' ? `−${end} to ${end}${beyond}` : `0 to ${end}${beyond}`
  const whose = isLocked
    ? 'range locked for all heads and runs'
    : isShared
      ? 'range shared by both heads'
      : 'range of this picture'
  return `${ends}${stepsText({steps})}, ${whose}`
}

/** An entry: the ramp, a dot, a cross, or words alone. */
export interface MatrixLegendItem {
  readonly kind: 'ramp' | 'dot' | 'broken' | 'words'
  readonly text: string
  readonly xPx: number
  readonly yPx: number
}

export interface MatrixLegendLayout {
  readonly heightPx: number
  readonly stepCount: number
  readonly items: readonly MatrixLegendItem[]
}

const STEP_PX = 13
const SIGN_PX = {dot: 12, broken: 14, words: 0} as const
const LINE_PX = 16
const GAP_PX = 16

/** Where an entry's words begin. */
export function legendWordsX(kind: MatrixLegendItem['kind'], stepCount: number): number {
  return kind === 'ramp' ? stepCount * STEP_PX + 8 : SIGN_PX[kind]
}
export {STEP_PX as LEGEND_STEP_PX}

type LegendInput = Pick<MatrixPicture, 'map' | 'range' | 'filters' | 'tile' | 'unfiltered'>

/** The scale with its ends, how to read the picture, and what is not in it; in as many lines as it takes. */
export function layoutMatrixLegend(
  {map, range, filters, tile, unfiltered}: LegendInput,
  widthPx: number,
  /** What the filters do and hide is said elsewhere. */
  isBrief = false
): MatrixLegendLayout {
  const {summary} = tile
  const stepCount = map.kind === 'difference' ? 11 : 9
  const entries: {kind: MatrixLegendItem['kind']; text: string}[] = [
    {
      kind: 'ramp',
      text: `${quantityName(map, summary.valueNorms)}, ${mapName(map)}, ${rangeText(range, map, tile)}`,
    },
    {kind: 'words', text: 'row: what a token reads; column: what reads it'},
  ]
  const words = filterWords(filters)
  if (words.length > 0 && !isBrief) entries.push({kind: 'words', text: words.join(', ')})
  if (isFiltering(filters) && !isBrief) entries.push({kind: 'words', text: hiddenText(summary)})
  if (unfiltered && isFiltering(filters)) {
    entries.push({kind: 'dot', text: `hidden, but above ${DOT_WEIGHT}`})
  }
  if (summary.valueNorms === 'basis-dependent') {
    entries.push({kind: 'words', text: BASIS_DEPENDENT_NOTE})
  }
  if (summary.nowhereShare !== null && summary.nowhereShare > 0) {
    entries.push({kind: 'words', text: `nowhere ${formatPercent(summary.nowhereShare)}`})
  }
  if (summary.nonFiniteCount > 0) {
    const count = formatMany(summary.nonFiniteCount, 'weight')
    entries.push({kind: 'broken', text: `NaN or infinite: ${count}`})
  }
  return flowLegend(entries, stepCount, widthPx)
}

/** Places entries one after another, in as many lines as they take. */
export function flowLegend(
  entries: readonly Pick<MatrixLegendItem, 'kind' | 'text'>[],
  stepCount: number,
  widthPx: number
): MatrixLegendLayout {
  let xPx = 0
  let yPx = 0
  const items = entries.map(({kind, text}) => {
    const itemPx = legendWordsX(kind, stepCount) + textWidthPx(text, 11)
    if (xPx > 0 && xPx + itemPx > widthPx) {
      xPx = 0
      yPx += LINE_PX
    }
    const item = {kind, text, xPx, yPx}
    xPx += itemPx + GAP_PX
    return item
  })
  return {heightPx: yPx + LINE_PX, stepCount, items}
}
