import type {TokensResult} from '../../lenses/tokens.ts'
import {scoreUnits} from '../../units/unit-scores.ts'
import type {UnitTable} from '../../units/units.ts'
import type {FigureOptions} from '../request.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {captionOf, guardOf} from './caption.ts'
import {type LegendLayout, layoutLegend} from './legend.ts'
import {lensCaptionOf, lensGuardOf} from './lens-caption.ts'
import {type LensLayout, layoutLens} from './lens-layout.ts'
import {layoutNext, type NextLayout} from './next-layout.ts'
import {layoutPins, type PinsLayout} from './pins.ts'
import {layoutTokenText, type TokenTextLayout} from './text-layout.ts'
import {layoutTracked, type TrackedLayout} from './tracked-layout.ts'
import {outsideText, unitTableOf} from './units.ts'

/** Where a part of the figure stands. */
interface Place {
  readonly xPx: number
  readonly yPx: number
}

/** The whole figure as it is exported: plain geometry in CSS pixels. */
export interface TokensFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  /** Null where another view is drawn. */
  readonly text: (TokenTextLayout & Place) | null
  readonly lens: (LensLayout & Place) | null
  readonly legend: (LegendLayout & Place) | null
  /** What is pinned; part of the legend. */
  readonly pins: (PinsLayout & Place) | null
  readonly tracked: (TrackedLayout & Place) | null
  readonly next: (NextLayout & Place) | null
  /** The position after which the next tokens stand. */
  readonly selected: number | null
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
const COLUMN_GAP_PX = 32
const SIDE_PX = 300
/** Narrower figures put the table under the text. */
const LEAST_TWO_COLUMNS_PX = 800
/** Under the text the table is no wider than it can be read across. */
const WIDEST_TABLE_PX = 460

/** Lays out the figure of a tokens result. `drawsUncovered`: see {@link layoutTokenText}. */
export function layoutTokens(
  result: TokensResult,
  options: FigureOptions,
  drawsUncovered = false
): TokensFigureLayout {
  if (options.view === 'logit-lens') return layoutLensView(result, options, drawsUncovered)
  const {noPrompt} = options
  const innerPx = options.widthPx - 2 * MARGIN_PX
  const table = unitTableOf(result, options.unit)
  const words = wordsOf(result, options, table, innerPx)
  let yPx = words.endPx
  const hasNext = options.next === 'on' && result.next.length > 0 && result.position !== null
  const isWide = hasNext && options.widthPx >= LEAST_TWO_COLUMNS_PX
  const leftPx = isWide ? innerPx - SIDE_PX - COLUMN_GAP_PX : innerPx
  const topPx = yPx
  const textLayout = layoutTokenText(result, {
    widthPx: leftPx,
    tracks: options.tracks,
    noPrompt,
    drawsUncovered,
    units: table,
    pins: options.pins,
  })
  const text = {...textLayout, xPx: MARGIN_PX, yPx}
  yPx += textLayout.heightPx
  let legend: TokensFigureLayout['legend'] = null
  if (options.legend === 'on') {
    const hasSpecials = result.tokens.some((token) => token.isSpecial)
    legend = {
      ...layoutLegend(
        textLayout.tracks,
        leftPx,
        hasSpecials,
        outsideText(table, result.tokens, options.tracks[0]!)
      ),
      xPx: MARGIN_PX,
      yPx: yPx + 12,
    }
    yPx = legend.yPx + legend.heightPx
  }
  const pinsLayout =
    options.legend === 'on'
      ? layoutPins(result, options, {
          widthPx: leftPx,
          track: options.tracks[0]!,
          noPrompt,
          units: table && {table, scored: scoreUnits(table, result.tokens)},
        })
      : null
  const pins = pinsLayout && {...pinsLayout, xPx: MARGIN_PX, yPx: yPx + 4}
  if (pins) yPx = pins.yPx + pins.heightPx
  const selected = hasNext || result.tracked ? result.position : null
  const trackedLayout =
    options.next === 'on'
      ? layoutTracked(result, {
          widthPx: leftPx,
          plotXPx: textLayout.labelWidthPx,
          noPrompt,
          selected,
        })
      : null
  const tracked = trackedLayout && {...trackedLayout, xPx: MARGIN_PX, yPx: yPx + 20}
  if (tracked) yPx = tracked.yPx + tracked.heightPx
  const nextLayout = hasNext
    ? layoutNext(result, {
        widthPx: isWide ? SIDE_PX : Math.min(innerPx, WIDEST_TABLE_PX),
        noPrompt,
        drawsUncovered,
      })
    : null
  let next: TokensFigureLayout['next'] = null
  if (nextLayout) {
    next = isWide
      ? {...nextLayout, xPx: MARGIN_PX + leftPx + COLUMN_GAP_PX, yPx: topPx}
      : {...nextLayout, xPx: MARGIN_PX, yPx: yPx + 20}
    yPx = Math.max(yPx, next.yPx + next.heightPx)
  }
  return {
    widthPx: options.widthPx,
    heightPx: Math.ceil(yPx + MARGIN_PX),
    marginPx: MARGIN_PX,
    words: words.lines,
    text,
    lens: null,
    legend,
    pins,
    tracked,
    next,
    selected,
    missing: [...new Set([...textLayout.missing, ...(nextLayout?.missing ?? [])])].sort(
      (a, b) => a - b
    ),
  }
}

/** The logit lens in place of the text; its words alone where the result has none. */
function layoutLensView(
  result: TokensResult,
  options: FigureOptions,
  drawsUncovered: boolean
): TokensFigureLayout {
  const innerPx = options.widthPx - 2 * MARGIN_PX
  const words = wordsOf(result, options, null, innerPx)
  const lens = layoutLens(result, {widthPx: innerPx, noPrompt: options.noPrompt, drawsUncovered})
  return {
    widthPx: options.widthPx,
    heightPx: Math.ceil(words.endPx + (lens?.heightPx ?? 0) + MARGIN_PX),
    marginPx: MARGIN_PX,
    words: words.lines,
    lens: lens && {...lens, xPx: MARGIN_PX, yPx: words.endPx},
    ...{text: null, legend: null, pins: null, tracked: null, next: null},
    selected: null,
    missing: lens?.missing ?? [],
  }
}

function wordsOf(
  result: TokensResult,
  options: FigureOptions,
  table: UnitTable | null,
  innerPx: number
) {
  const isLens = options.view === 'logit-lens'
  const words = {
    title: options.title,
    caption: options.caption,
    parts: captionOfView(result, options, table),
    guard: isLens ? lensGuardOf(result) : guardOf(result),
  }
  return layoutWords(words, innerPx, MARGIN_PX)
}

function captionOfView(result: TokensResult, options: FigureOptions, table: UnitTable | null) {
  return options.view === 'logit-lens'
    ? lensCaptionOf(result, options.noPrompt)
    : captionOf(result, options.noPrompt, table)
}
