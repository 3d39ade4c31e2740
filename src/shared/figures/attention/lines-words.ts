import type {AttentionFilters, AttentionMap, MapSummary} from '../../lenses/attention-maps.ts'
import type {ColorRange} from '../../lenses/attention-picture.ts'
import {BASIS_DEPENDENT_NOTE} from '../../lenses/value-norms.ts'
import {formatCount, formatMany} from '../number-format.ts'
import {mapName, quantityName} from './map-name.ts'
import {
  filterWords,
  formatPercent,
  formatRangeEnd,
  hiddenText,
  isFiltering,
  stepsText,
} from './matrix-legend.ts'

export interface LinesLegendInput {
  /** What is drawn, one a colour. */
  readonly maps: readonly AttentionMap[]
  readonly range: ColorRange
  readonly filters: AttentionFilters
  /** Of what is drawn as a whole, one a map; as far as it is known. */
  readonly summaries: readonly MapSummary[]
  /** Lines that are drawn, and edges in sight that they stand for. */
  readonly lineCount: number
  readonly edgeCount: number
  /** Edges that the engine left out because there are so many, and their share of all weight. */
  readonly omittedCount: number
  readonly omittedShare: number
  /** What the filters do is said elsewhere. */
  readonly isBrief?: boolean
}

/** What stands under the lines, an entry each; the first is that of the scale. */
export function linesLegendWords(input: LinesLegendInput): string[] {
  const {maps, range, filters, summaries, lineCount, edgeCount, omittedCount} = input
  const [first] = maps
  const end = formatRangeEnd(range.maximum)
  const isSigned = first?.kind === 'difference'
  const whose = range.isLocked
    ? 'range locked for all heads'
    : maps.length > 1
      ? `range shared by these ${formatCount(maps.length)} heads`
      : 'range of this picture'
  const names = maps.length > 1 ? formatMany(maps.length, 'head') : first ? mapName(first) : ''
  const words = [
    `${first ? quantityName(first, summaries[0]?.valueNorms) : ''}, ${names}, ${isSigned ? `−${end} to ${end}` : `0 to ${end}`}${stepsText(range)}, ${whose}`,
    'left: a token that reads; right: what it reads',
  ]
  if (lineCount < edgeCount) {
    words.push(
      `${formatMany(lineCount, 'line')} for ${formatMany(edgeCount, 'edge')}: of those that fall together the heaviest`
    )
  }
  if (omittedCount > 0) {
    words.push(
      `${formatMany(omittedCount, 'lighter edge')} not drawn, ${formatPercent(input.omittedShare)} of the weight`
    )
  }
  if (!input.isBrief) {
    const filtered = filterWords(filters)
    if (filtered.length > 0) words.push(filtered.join(', '))
  }
  if (isFiltering(filters) && !input.isBrief) {
    for (const [i, summary] of summaries.entries()) {
      words.push(
        maps.length > 1 ? `${mapName(maps[i]!)} ${hiddenText(summary)}` : hiddenText(summary)
      )
    }
  }
  if (summaries.some(({valueNorms}) => valueNorms === 'basis-dependent')) {
    words.push(BASIS_DEPENDENT_NOTE)
  }
  const broken = summaries.reduce((sum, {nonFiniteCount}) => sum + nonFiniteCount, 0)
  if (broken > 0) words.push(`NaN or infinite: ${formatMany(broken, 'weight')}`)
  return words
}
