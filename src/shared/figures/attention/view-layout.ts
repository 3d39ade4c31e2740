import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionViewPicture} from '../../lenses/attention-view-pictures.ts'
import type {CommonFigureOptions} from '../request.ts'
import {glyphsOfTokens} from '../token-glyphs.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {type ImportancePart, layoutImportancePart} from './importance-layout.ts'
import {attentionGuardOf} from './layout.ts'
import {type LinesPart, layoutLinesPart} from './lines-part.tsx'
import {layoutOverviewPart, type OverviewPart} from './overview-part.tsx'
import {layoutPruningPart, type PruningPart} from './pruning-part.tsx'
import {layoutTwoHeadsPart, type TwoHeadsPart} from './two-heads-part.tsx'
import {viewCaptionOf} from './view-words.ts'

export type ViewPart = LinesPart | OverviewPart | TwoHeadsPart | PruningPart | ImportancePart

/** The figure of a view of attention as it is exported: plain geometry in CSS pixels. */
export interface ViewFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly part: ViewPart
  /** Code points that no shipped font has, ascending. */
  readonly missing: readonly number[]
}

const MARGIN_PX = 16

/** Lays out lines, all heads in small, two heads, a pruning or importances with the words above it. */
export function layoutView(
  result: AttentionResult,
  picture: AttentionViewPicture,
  options: CommonFigureOptions
): ViewFigureLayout {
  const {noPrompt, widthPx, title, caption} = options
  const innerPx = widthPx - 2 * MARGIN_PX
  const parts = viewCaptionOf(result, picture, noPrompt)
  const guard = attentionGuardOf(result)
  const words = layoutWords({title, caption, parts, guard}, innerPx, MARGIN_PX)
  const place = {leftPx: MARGIN_PX, topPx: words.endPx, innerPx}
  const {part, endPx} = partOf(result, picture, options, place)
  return {
    widthPx,
    heightPx: Math.ceil(endPx + MARGIN_PX),
    marginPx: MARGIN_PX,
    words: words.lines,
    part,
    missing: noPrompt || picture.view === 'overview' ? [] : glyphsOfTokens(result.tokens).missing,
  }
}

function partOf(
  result: AttentionResult,
  picture: AttentionViewPicture,
  options: CommonFigureOptions,
  place: {leftPx: number; topPx: number; innerPx: number}
): {part: ViewPart; endPx: number} {
  switch (picture.view) {
    case 'lines':
      return layoutLinesPart(result, picture, options, place)
    case 'overview':
      return layoutOverviewPart(result, picture, options, place)
    case 'two-heads':
      return layoutTwoHeadsPart(result, picture, options, place)
    case 'pruning':
      return layoutPruningPart(result, picture, options, place)
    case 'importance':
      return layoutImportancePart(result, picture, options, place)
  }
}
