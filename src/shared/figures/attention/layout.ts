import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionPicture, MatrixPicture} from '../../lenses/attention-picture.ts'
import type {CommonFigureOptions} from '../request.ts'
import {glyphsOfTokens} from '../token-glyphs.ts'
import {guardOf} from '../tokens/caption.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {ATTENTION_GUARD, matrixCaptionOf} from './matrix-caption.ts'
import {layoutMatrix, type MatrixLayout, matrixRoom, squareGeometry} from './matrix-layout.ts'
import {layoutMatrixLegend, type MatrixLegendLayout} from './matrix-legend.ts'
import {scaleOf, type WeightScale} from './matrix-scale.ts'

/** The matrix with its legend, each where it stands. */
export interface MatrixPart {
  readonly view: 'matrix'
  readonly picture: MatrixPicture
  readonly layout: MatrixLayout
  readonly scale: WeightScale
  readonly legend: MatrixLegendLayout | null
  readonly legendYPx: number
  readonly selected: number | null
}

/** The whole figure of an attention result as it is exported: plain geometry in CSS pixels. */
export interface AttentionFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly part: MatrixPart
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
const LEGEND_GAP_PX = 10

/** Lays out what is drawn of an attention result. */
export function layoutAttention(
  result: AttentionResult,
  picture: AttentionPicture,
  options: CommonFigureOptions
): AttentionFigureLayout {
  const {noPrompt, widthPx} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const words = layoutWords(
    {
      title: options.title,
      caption: options.caption,
      parts: matrixCaptionOf(
        {...picture, tokens: result.tokens, valueNorms: picture.tile.summary.valueNorms},
        noPrompt
      ),
      guard: attentionGuardOf(result),
    },
    innerPx,
    MARGIN_PX
  )
  const part = layoutMatrixPart(result, picture, options, words.endPx)
  return {
    widthPx,
    heightPx: Math.ceil(part.endPx + MARGIN_PX),
    marginPx: MARGIN_PX,
    words: words.lines,
    part: part.part,
    missing: noPrompt ? [] : glyphsOfTokens(result.tokens).missing,
  }
}

/** What must stand beside a picture of attention. */
export function attentionGuardOf(result: Parameters<typeof guardOf>[0]): string {
  return guardOf(result, ATTENTION_GUARD)
}

function layoutMatrixPart(
  result: AttentionResult,
  picture: MatrixPicture,
  options: CommonFigureOptions,
  topPx: number
): {part: MatrixPart; endPx: number} {
  const innerPx = options.widthPx - 2 * MARGIN_PX
  const {queries, keys} = picture
  const first = Math.min(queries[0], keys[0])
  const shown = result.tokens.slice(first, Math.max(queries[1], keys[1]))
  const room = matrixRoom(shown, innerPx, innerPx, {noPrompt: options.noPrompt})
  const geometry = squareGeometry(picture, {xPx: MARGIN_PX, yPx: topPx, sidePx: room.sidePx})
  const selected = picture.cell?.query ?? picture.row?.query ?? null
  // Columns that the diagonal does not carry need names under them wherever the window is.
  const hasFoot = !geometry.isCausal || keys[0] < queries[0]
  const footPx = hasFoot ? FOOT_PX : 0
  const layout = layoutMatrix(result.tokens, picture, geometry, {
    noPrompt: options.noPrompt,
    named: selected === null ? [] : [selected],
    footPx,
  })
  const bottomPx = topPx + geometry.heightPx + (layout.columnLabels.length > 0 ? footPx : 0)
  const legend = options.legend === 'on' ? layoutMatrixLegend(picture, innerPx) : null
  const legendYPx = bottomPx + LEGEND_GAP_PX
  return {
    part: {
      view: 'matrix',
      picture,
      layout,
      scale: scaleOf(picture.range, picture.map),
      legend,
      legendYPx,
      selected,
    },
    endPx: legend ? legendYPx + legend.heightPx : bottomPx,
  }
}
const FOOT_PX = 64
