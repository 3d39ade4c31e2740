import type {CriticalDatasetResult, CriticalItemSummary} from '../../lenses/critical-dataset.ts'
import {wilsonInterval} from '../../math/wilson.ts'
import {formatCount, formatMany, formatProb} from '../number-format.ts'
import type {CommonFigureOptions} from '../request.ts'
import {type CaptionPart, guardOf} from '../tokens/caption.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'

/** What became of the items, with the share of all that they are. */
export interface OutcomeRow {
  readonly name: string
  readonly isCritical: boolean
  readonly count: number
  readonly yPx: number
  readonly barPx: number
  readonly text: string
}

/** Critical tokens that stand in one tenth of their responses. */
export interface PlaceBin {
  readonly releasedCount: number
  readonly oursCount: number
  readonly xPx: number
  readonly widthPx: number
  readonly releasedPx: number
  readonly oursPx: number
}

/** A share with its interval on an axis from 0 to 1. */
export interface ShareRow {
  readonly name: 'kept' | 'forbidden'
  readonly yPx: number
  readonly xPx: number
  readonly lowPx: number
  readonly highPx: number
  readonly text: string
}

/** The figure of a data set: plain geometry in CSS pixels. */
export interface CriticalDatasetLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly outcomes: readonly OutcomeRow[]
  readonly bins: readonly PlaceBin[]
  readonly mostInBin: number
  readonly binsTopPx: number
  readonly binsEndPx: number
  readonly shares: readonly ShareRow[]
  readonly hasLegend: boolean
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
export const LABEL_PX = 200
/** Beside a bar, and beside a share with its interval. */
const VALUE_PX = 96
const SHARE_VALUE_PX = 132
export const ROW_PX = 20
const BINS_PX = 120
const AXIS_PX = 18
const HEAD_PX = 26
/** The count of the highest bar stands between it and the heading. */
export const BINS_HEAD_PX = 28
const GAP_PX = 18
const BIN_COUNT = 10
const BIN_GAP_PX = 4

/** Lays out what came of a data set. */
export function layoutCriticalDataset(
  result: CriticalDatasetResult,
  options: CommonFigureOptions
): CriticalDatasetLayout {
  const {widthPx} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const words = layoutWords(
    {
      ...{title: options.title, caption: options.caption},
      parts: datasetCaption(result),
      guard: datasetGuard(result),
    },
    innerPx,
    MARGIN_PX
  )
  const plotPx = Math.max(40, innerPx - LABEL_PX - VALUE_PX)
  const outcomes = outcomeRows(result, plotPx, words.endPx)
  const binsTopPx = words.endPx + outcomes.length * ROW_PX + GAP_PX + BINS_HEAD_PX + 12
  const binsEndPx = binsTopPx + BINS_PX
  const {bins, mostInBin} = placeBins(result.items, plotPx)
  const sharesPx = Math.max(40, innerPx - LABEL_PX - SHARE_VALUE_PX)
  const shares = shareRows(result.items, sharesPx, binsEndPx + AXIS_PX + GAP_PX)
  const endPx = shares.length > 0 ? shares.at(-1)!.yPx + ROW_PX : binsEndPx + 18
  return {
    ...{widthPx, marginPx: MARGIN_PX, words: words.lines, outcomes, bins, mostInBin},
    ...{binsTopPx, binsEndPx, shares, hasLegend: options.legend === 'on', missing: []},
    heightPx: Math.ceil(endPx + MARGIN_PX),
  }
}

/** Where a rule's token stands in its response, from 0 to 1; null where it names none. */
export function placeInResponse(
  {critical, responseStart, responseTokenCount}: CriticalItemSummary,
  rule: 'released' | 'ours'
): number | null {
  const token = critical.find((one) => one.method === 'rollout' && one.rule === rule)
  if (!token || responseStart === undefined || !responseTokenCount) return null
  return (token.position - responseStart) / responseTokenCount
}

function outcomeRows(
  {items, summary}: CriticalDatasetResult,
  plotPx: number,
  topPx: number
): OutcomeRow[] {
  const {itemCount, failedCount, rightCount, notRecoverableCount} = summary
  const criticalCount = items.filter(({critical}) =>
    critical.some(({method}) => method === 'rollout')
  ).length
  const uncheckedCount = items.filter(({verdict}) => verdict === 'unchecked').length
  const rest =
    itemCount - failedCount - rightCount - notRecoverableCount - criticalCount - uncheckedCount
  const rows = [
    {name: 'wrong, with a critical token', count: criticalCount, isCritical: true},
    {name: 'wrong, without one', count: rest, isCritical: false},
    {name: 'not recoverable from the start', count: notRecoverableCount, isCritical: false},
    {name: 'right', count: rightCount, isCritical: false},
    {name: 'not checked', count: uncheckedCount, isCritical: false},
    {name: 'failed', count: failedCount, isCritical: false},
  ].filter(({count, isCritical}) => count > 0 || isCritical)
  return rows.map(({name, count, isCritical}, i) => ({
    ...{name, count, isCritical, yPx: topPx + i * ROW_PX},
    barPx: itemCount === 0 ? 0 : (plotPx * count) / itemCount,
    text: `${formatCount(count)}, ${formatProb(itemCount === 0 ? 0 : count / itemCount)}`,
  }))
}

function placeBins(items: readonly CriticalItemSummary[], plotPx: number) {
  const countsOf = (rule: 'released' | 'ours') => {
    const counts = new Array<number>(BIN_COUNT).fill(0)
    for (const item of items) {
      const place = placeInResponse(item, rule)
      if (place !== null) counts[Math.min(BIN_COUNT - 1, Math.floor(place * BIN_COUNT))]!++
    }
    return counts
  }
  const [released, ours] = [countsOf('released'), countsOf('ours')]
  const mostInBin = Math.max(1, ...released, ...ours)
  const stepPx = plotPx / BIN_COUNT
  const bins = released.map(
    (releasedCount, i): PlaceBin => ({
      ...{releasedCount, oursCount: ours[i]!},
      ...{xPx: LABEL_PX + i * stepPx + BIN_GAP_PX / 2, widthPx: stepPx - BIN_GAP_PX},
      releasedPx: (BINS_PX * releasedCount) / mostInBin,
      oursPx: (BINS_PX * ours[i]!) / mostInBin,
    })
  )
  return {bins, mostInBin}
}

/** Mean share of right completions; its interval is Wilson's for as many answers. */
function shareRows(
  items: readonly CriticalItemSummary[],
  plotPx: number,
  topPx: number
): ShareRow[] {
  const known = items.flatMap(({passAt1}) => (passAt1 ? [passAt1] : []))
  if (known.length === 0) return []
  return (['kept', 'forbidden'] as const).map((name, i) => {
    const share = known.reduce((sum, one) => sum + one[name], 0) / known.length
    const [low, high] = wilsonInterval(share * known.length, known.length)
    return {
      ...{name, yPx: topPx + HEAD_PX + i * ROW_PX},
      ...{xPx: LABEL_PX + plotPx * share, lowPx: LABEL_PX + plotPx * low},
      highPx: LABEL_PX + plotPx * high,
      text: `${formatProb(share)} (${formatProb(low)} to ${formatProb(high)})`,
    }
  })
}

/** How far into its response the released rule's token stands, as a sentence; none where there is none. */
export function placeWords(items: readonly CriticalItemSummary[]): string[] {
  const places = items
    .flatMap((item) => placeInResponse(item, 'released') ?? [])
    .sort((a, b) => a - b)
  if (places.length === 0) return []
  const upper = places[places.length >> 1]!
  const middle = (upper + places[(places.length - 1) >> 1]!) / 2
  const share = `${Math.round(100 * middle)} % into its response`
  return [places.length === 1 ? `It stands ${share}.` : `The median one stands ${share}.`]
}

/** What came of it, in a sentence or three. */
export function datasetCaption({
  items,
  summary,
  skippedCount,
}: CriticalDatasetResult): CaptionPart[] {
  const {itemCount, releasedCount, oursCount, comparedCount, sameTokenCount} = summary
  const sentences = [
    `${formatMany(itemCount, 'item')}${skippedCount > 0 ? `, ${formatMany(skippedCount, 'line')} skipped` : ''}: a critical token by the released rule in ${formatCount(releasedCount)}, by ours in ${formatCount(oursCount)}.`,
    ...placeWords(items),
    ...(comparedCount > 0
      ? [
          `Rollouts and contrast name the same token in ${formatCount(sameTokenCount)} of ${formatCount(comparedCount)}.`,
        ]
      : []),
  ]
  return [{kind: 'words', text: sentences.join(' ')}]
}

/** How it was made, and what it is not. */
export function datasetGuard({model, status, request}: CriticalDatasetResult): string {
  const {rollouts, tolerance, mode} = request
  const own = `Each prefix that is looked at closely was completed ${rollouts ?? 0} times (${mode ?? 'adaptive'}); ${tolerance ?? 0} right of 64 still count as none.`
  return guardOf({model: {id: model?.id ?? ''}, status}, own)
}
