import type {CapturedLayerFacts} from '../../lenses/attention.ts'
import type {
  AttentionFilters,
  HeadName,
  HeadRef,
  HeadStatistics,
  Thumbnail,
} from '../../lenses/attention-maps.ts'
import type {ColorRange} from '../../lenses/attention-picture.ts'
import {formatFixed, formatMany} from '../number-format.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {headName} from './map-name.ts'
import {HEAD_NAME_WORDS} from './matrix-caption.ts'
import {
  filterWords,
  formatPercent,
  formatRangeEnd,
  isFiltering,
  stepsText,
} from './matrix-legend.ts'

/** What the probe calls a head, and how sure it is. */
export interface NamedHead {
  readonly name: HeadName
  readonly score: number
}

/** A head's name in a word, under its picture. */
export const SHORT_HEAD_NAMES: Readonly<Record<HeadName, string>> = {
  induction: 'induction',
  'previous-token': 'previous',
  'duplicate-token': 'duplicate',
  sink: 'first',
}

/** Numbers of a head in words: `normalised entropy 0.54, mean distance 8.1, …`; empty before they are counted. */
export function statisticsWords(head: HeadStatistics | null): string {
  if (!head) return ''
  return [
    `normalised entropy ${formatFixed(head.normalizedEntropy, 2)}`,
    `mean distance ${formatFixed(head.meanDistance, 1)}`,
    `previous ${formatFixed(head.previousTokenScore, 2)}`,
    `duplicate ${formatFixed(head.duplicateTokenScore, 2)}`,
    `induction ${formatFixed(head.inductionScore, 2)}`,
    `first ${formatFixed(head.firstTokenScore, 2)}`,
  ].join(', ')
}

export interface OverviewCaptionInput {
  readonly head: HeadRef
  readonly statistics: HeadStatistics | null
  readonly named: NamedHead | null
  /** What a person calls it; empty where nobody does. */
  readonly label?: string
}

/** One line about the head that is pointed at or selected. */
export function overviewCaptionOf(input: OverviewCaptionInput): CaptionPart[] {
  const {head, statistics, named, label = ''} = input
  const probed = named
    ? `, ${HEAD_NAME_WORDS[named.name]} by the random-repeat probe (${formatFixed(named.score, 2)})`
    : ''
  const own = label === '' ? '' : ` (${label})`
  const numbers = statisticsWords(statistics)
  return [
    {
      kind: 'words',
      text: `${headName(head)}${own}${probed}${numbers ? `: ${numbers} on this text` : ''}.`,
    },
  ]
}

/** What a reader who does not see a head's picture is told of it. */
export function headCellName(input: OverviewCaptionInput): string {
  const {head, named, label = ''} = input
  const numbers = statisticsWords(input.statistics)
  return [
    headName(head),
    ...(label === '' ? [] : [label]),
    ...(named ? [`${SHORT_HEAD_NAMES[named.name]} ${formatFixed(named.score, 2)}`] : []),
    ...(numbers ? [numbers] : []),
  ].join(', ')
}

/** `6 layers of 8 heads (2 of keys and values)`; heads are both counted where a model groups its queries. */
export function headCountWords(layers: readonly CapturedLayerFacts[]): string {
  const counts = [...new Set(layers.map(({queryHeadCount}) => queryHeadCount))]
  const total = layers.reduce((sum, {queryHeadCount}) => sum + queryHeadCount, 0)
  if (counts.length !== 1)
    return `${formatMany(total, 'head')} in ${formatMany(layers.length, 'layer')}`
  const keyCounts = [...new Set(layers.map(({keyValueHeadCount}) => keyValueHeadCount))]
  const [keyCount] = keyCounts
  const isGrouped = keyCounts.length === 1 && keyCount !== null && keyCount !== counts[0]
  const grouped = isGrouped ? ` (${formatMany(keyCount!, 'head')} of keys and values)` : ''
  return `${formatMany(layers.length, 'layer')} of ${formatMany(counts[0]!, 'head')}${grouped}`
}

export interface OverviewLegendInput {
  readonly range: ColorRange
  readonly filters: AttentionFilters
  readonly layers: readonly CapturedLayerFacts[]
  /** Those that are there. */
  readonly thumbnails: readonly Thumbnail[]
  /** What the filters do is said elsewhere. */
  readonly isBrief?: boolean
}

/** What stands beside the ramp, an entry each. */
export function overviewLegendWords(input: OverviewLegendInput): string[] {
  const {range, filters, layers, thumbnails, isBrief = false} = input
  const total = layers.reduce((sum, {queryHeadCount}) => sum + queryHeadCount, 0)
  const end = formatRangeEnd(range.maximum)
  const most = thumbnails.reduce((largest, {maximum}) => Math.max(largest, maximum), 0)
  const beyond = most > range.maximum * 1.000001 ? ' and beyond' : ''
  const words = [
    `attention weight, 0 to ${end}${beyond}${stepsText(range)}, range ${
      range.isLocked ? 'locked for all heads' : `shared by all ${formatMany(total, 'head')}`
    }`,
    `${headCountWords(layers)}; each cell the largest weight in it`,
  ]
  if (isFiltering(filters) || filters.dropSink) {
    if (!isBrief) words.push(filterWords(filters).join(', '))
    if (isFiltering(filters) && thumbnails.length > 0) {
      const shares = thumbnails.map(({summary}) => summary.hiddenShare)
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
      words.push(
        `hidden ${formatPercent(mean)} on average, ${formatPercent(Math.max(...shares))} at most`
      )
    }
  }
  const broken = thumbnails.reduce((sum, {summary}) => sum + summary.nonFiniteCount, 0)
  if (broken > 0) words.push(`NaN or infinite: ${formatMany(broken, 'weight')}`)
  return words
}
