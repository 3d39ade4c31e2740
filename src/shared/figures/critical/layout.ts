import type {CriticalResult} from '../../lenses/critical.ts'
import type {CriticalPicture} from '../../lenses/critical-picture.ts'
import {formatProb} from '../number-format.ts'
import type {CommonFigureOptions} from '../request.ts'
import {textWidthPx} from '../text-width.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {layoutResponse, type ResponseLayout} from './response-layout.ts'
import {criticalCaption, criticalGuard} from './words.ts'

/** A sign with what it means. */
export interface CriticalLegendItem {
  readonly kind: 'released' | 'ours' | 'point' | 'dashed' | 'bar' | 'negative' | 'top'
  readonly text: string
  readonly xPx: number
  readonly yPx: number
}

/** pass@k with the critical token kept and forbidden, a row a k. */
export interface PassRow {
  readonly yPx: number
  readonly cells: readonly string[]
}

/** The whole figure of a critical result as it is exported: plain geometry in CSS pixels. */
export interface CriticalFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly response: ResponseLayout
  readonly responseYPx: number
  readonly legend: readonly CriticalLegendItem[]
  readonly pass: readonly PassRow[]
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
const ROW_PX = 16
export const LEGEND_SIGN_PX = 22
/** Right edges of the columns of pass@k. */
export const PASS_COLUMNS_PX = [64, 120, 190, 300] as const

/** Lays out what is drawn of a critical result. */
export function layoutCritical(
  result: CriticalResult,
  picture: CriticalPicture,
  options: CommonFigureOptions
): CriticalFigureLayout {
  const {noPrompt, widthPx} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const words = layoutWords(
    {
      ...{title: options.title, caption: options.caption},
      parts: criticalCaption(result, noPrompt),
      guard: criticalGuard(result),
    },
    innerPx,
    MARGIN_PX
  )
  const response = layoutResponse(result, picture, {widthPx: innerPx, noPrompt})
  let yPx = words.endPx + response.heightPx + 14
  const legend = options.legend === 'on' ? legendOf(response, innerPx, yPx) : []
  if (legend.length > 0) yPx = legend.at(-1)!.yPx + ROW_PX + 8
  const pass = passRows(result).map((cells, i) => ({cells, yPx: yPx + i * ROW_PX}))
  if (pass.length > 0) yPx = pass.at(-1)!.yPx + ROW_PX
  return {
    ...{widthPx, marginPx: MARGIN_PX, words: words.lines, response, responseYPx: words.endPx},
    ...{legend, pass, heightPx: Math.ceil(yPx + MARGIN_PX), missing: response.missing},
  }
}

/** What the signs mean, in as many lines as it takes. */
export function legendOf(
  {lines, bars, curve}: ResponseLayout,
  widthPx: number,
  topPx: number
): CriticalLegendItem[] {
  const columns = lines.flatMap((line) => line.columns)
  const items: Pick<CriticalLegendItem, 'kind' | 'text'>[] = []
  const add = (isThere: boolean, kind: CriticalLegendItem['kind'], text: string) => {
    if (isThere) items.push({kind, text})
  }
  add(
    columns.some((one) => one.isReleased),
    'released',
    'released: none right, and nothing later recovers'
  )
  add(
    columns.some((one) => one.isOurs),
    'ours',
    'ours: a sure drop to at most 0.06, whatever follows'
  )
  add(curve !== null, 'point', 'share of completions of this prefix that are right, 95 %')
  add(
    lines.some((line) => line.curve.some((part) => part.isDashed)),
    'dashed',
    'not sampled between'
  )
  add(
    columns.some((one) => one.topOf.length > 0),
    'top',
    'highest of its row'
  )
  add(
    bars.some((track) => track.method === 'difference'),
    'negative',
    'd below 0: likelier in right responses'
  )
  let xPx = 0
  let yPx = topPx
  return items.map((item) => {
    const itemPx = LEGEND_SIGN_PX + textWidthPx(item.text, 11)
    if (xPx > 0 && xPx + itemPx > widthPx) {
      xPx = 0
      yPx += ROW_PX
    }
    const placed = {...item, xPx, yPx}
    xPx += itemPx + 18
    return placed
  })
}

function passRows({counterfactual}: CriticalResult): string[][] {
  if (!counterfactual) return []
  return [
    ['pass@k', 'kept', 'forbidden', '95 %'],
    ...counterfactual.passAtK.map(({k, kept, forbidden, low, high}) => [
      ...[String(k), formatProb(kept), formatProb(forbidden)],
      `${formatProb(low)} to ${formatProb(high)}`,
    ]),
  ]
}
