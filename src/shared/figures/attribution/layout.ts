import {
  type AttributeResult,
  type AttributionMethod,
  isBlindToTarget,
} from '../../lenses/attribute.ts'
import type {AttributionPicture, AttributionScores} from '../../lenses/attribution-picture.ts'
import type {CommonFigureOptions} from '../request.ts'
import {flowText} from '../text-flow.ts'
import {glyphsOfTokens} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {type BarsLayout, layoutBars} from './bars-layout.ts'
import {type HeatLayout, layoutHeat} from './heat-layout.ts'
import {rowsOfResult} from './value-rows.ts'
import {
  attributionCaption,
  attributionGuard,
  convergenceText,
  firstTokenText,
  METHOD_NAMES,
  quantityOf,
} from './words.ts'

/** The drawing itself, without the words above it. */
export type AttributionPart =
  | {readonly view: 'bars'; readonly bars: BarsLayout}
  | {readonly view: 'heat-map'; readonly heat: HeatLayout; readonly quantity: string}
  /** A run that was cancelled before anything came. */
  | {readonly view: 'nothing'}

/** The whole figure of an attribution as it is exported: plain geometry in CSS pixels. */
export interface AttributionFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly part: AttributionPart
  readonly partYPx: number
  readonly legend: readonly AttributionLegendItem[]
  /** Lines of small words under it: how the probes stand, and how to read the bars. */
  readonly notes: readonly {readonly yPx: number; readonly text: string}[]
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

export interface AttributionLegendItem {
  readonly kind: 'bar' | 'negative' | 'level' | 'hollow' | 'range' | 'start' | 'dot'
  readonly text: string
  readonly xPx: number
  readonly yPx: number
}

const MARGIN_PX = 16
const NOTE_LINE_PX = 16
const NOTE_SIZE_PX = 11

/** Lays out what is drawn of an attribution. */
export function layoutAttribution(
  result: AttributeResult,
  picture: AttributionPicture,
  options: CommonFigureOptions
): AttributionFigureLayout {
  const {noPrompt, widthPx} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const rows = rowsOfResult(result)
  const row = rows[picture.view === 'bars' ? picture.row : 0]
  const words = layoutWords(
    {
      title: options.title,
      caption: options.caption,
      parts: captionOfPicture(result, picture, noPrompt),
      guard: attributionGuard(result, picture.view === 'bars' ? row?.target : undefined),
    },
    innerPx,
    MARGIN_PX
  )
  const part: AttributionPart =
    picture.view === 'heat-map'
      ? rows.length === 0
        ? {view: 'nothing'}
        : {
            view: 'heat-map',
            heat: layoutHeat(result, picture.scores, {widthPx: innerPx, noPrompt}),
            quantity: heatQuantity(result.method, picture.scores),
          }
      : row
        ? {view: 'bars', bars: layoutBars(result, row, picture, {widthPx: innerPx, noPrompt})}
        : {view: 'nothing'}
  const partPx =
    part.view === 'bars' ? part.bars.heightPx : part.view === 'heat-map' ? part.heat.heightPx : 20
  let yPx = words.endPx + partPx + 6
  const legend =
    options.legend === 'on' && part.view === 'bars' ? legendOf(part.bars, innerPx, yPx) : []
  if (legend.length > 0) yPx = legend.at(-1)!.yPx + NOTE_LINE_PX
  const notes = notesOf(result, picture).flatMap((text) =>
    flowText([{text, role: 'sans', weight: 400}], innerPx, NOTE_SIZE_PX).map((spans) => {
      const line = {yPx, text: spans.map((span) => span.text).join('')}
      yPx += NOTE_LINE_PX
      return line
    })
  )
  return {
    ...{widthPx, marginPx: MARGIN_PX, words: words.lines, part, partYPx: words.endPx},
    ...{legend, notes, heightPx: Math.ceil(yPx + MARGIN_PX)},
    missing: noPrompt ? [] : glyphsOfTokens(result.tokens).missing,
  }
}

function captionOfPicture(
  result: AttributeResult,
  picture: AttributionPicture,
  noPrompt: boolean
): CaptionPart[] {
  const rows = rowsOfResult(result)
  if (picture.view === 'heat-map') return heatCaption(result)
  const row = rows[picture.row]
  if (!row) return [{kind: 'words', text: 'Cancelled before anything came.'}]
  const {scores, beside} = picture
  return attributionCaption(result, row, {scores, noPrompt, beside: beside[0] ?? null})
}

/** What a heat map's colours are of. */
export function heatQuantity(method: AttributionMethod, scores: AttributionScores): string {
  const quantity = quantityOf(method, scores)
  return method === 'reagent' && scores === 'per-step'
    ? `${quantity} above the row’s median`
    : quantity
}

/** What the heat map shows. */
export function heatCaption(result: Pick<AttributeResult, 'method'>): CaptionPart[] {
  return [
    {
      kind: 'words',
      text: `${METHOD_NAMES[result.method]}: each row is a generated token, each column a token before it; ${isBlindToTarget(result.method) ? 'the darker the higher' : 'warm raises it, blue lowers it'}.`,
    },
  ]
}

/** What a bar says; attention and random numbers say nothing of the target. */
function raisedText(method: AttributionMethod | undefined): string {
  if (method === 'random') return 'random number'
  return method && isBlindToTarget(method) ? 'weight of attention' : 'raises the target'
}

function notesOf(result: AttributeResult, picture: AttributionPicture): string[] {
  const rows = rowsOfResult(result)
  if (picture.view === 'bars') {
    const first = rows[picture.row] && firstTokenText(rows[picture.row]!)
    if (first) return [first]
  }
  if (result.method !== 'reagent') return []
  if (picture.view === 'heat-map') {
    const converged = rows.filter(({probes}) => probes.some((probe) => probe.converged)).length
    return [`${converged} of ${rows.length} targets converged.`]
  }
  const row = rows[picture.row]
  if (!row) return []
  return [convergenceText(row, result.settings, row.target.contrastId !== null)]
}

/** What the signs mean, in as many lines as it takes. */
export function legendOf(
  bars: BarsLayout,
  widthPx: number,
  topPx: number
): AttributionLegendItem[] {
  const [main] = bars.columns
  const items: Pick<AttributionLegendItem, 'kind' | 'text'>[] = []
  const marks = bars.rows.flatMap(({marks: [mark]}) => mark ?? [])
  if (main?.isHollow) items.push({kind: 'hollow', text: 'not converged: no probe has stopped'})
  else items.push({kind: 'bar', text: raisedText(main?.method)})
  if (marks.some(({isBelow}) => isBelow)) items.push({kind: 'negative', text: 'lowers it'})
  if (main && main.levelPx !== null) {
    items.push({kind: 'level', text: 'median of the context: a token without influence'})
  }
  if (marks.some(({lowPx}) => lowPx !== null)) {
    items.push({
      kind: 'range',
      text:
        main?.method === 'reagent'
          ? '10th to 90th percentile of stopped probes; the bar is the mean of all'
          : '10th to 90th percentile of draws',
    })
  }
  if (main && main.startPx !== null) items.push({kind: 'start', text: 'random start alone'})
  const [beside] = bars.columns.filter(({look}) => look === 'dots')
  if (beside)
    items.push({
      kind: 'dot',
      text: `${beside.title.toLowerCase()}, ${quantityOf(beside.method, 'per-step')}`,
    })
  let xPx = 0
  let yPx = topPx
  return items.map((item) => {
    const itemPx = LEGEND_SIGN_PX + item.text.length * 5.8
    if (xPx > 0 && xPx + itemPx > widthPx) {
      xPx = 0
      yPx += NOTE_LINE_PX
    }
    const placed = {...item, xPx, yPx}
    xPx += itemPx + 18
    return placed
  })
}
export const LEGEND_SIGN_PX = 22
