import type {ReactElement} from 'react'
import type {TokensResult} from '../lenses/tokens.ts'
import {UNIT_NAMES} from '../units/unit-words.ts'
import {paletteOf} from './palette.ts'
import {type FigureProvenance, provenanceOf} from './provenance.ts'
import type {FigureOptions, FigureRequest} from './request.ts'
import {xmlJson} from './svg-text.ts'
import {describeFigure} from './tokens/caption.ts'
import {TokensFigure} from './tokens/figure.tsx'
import {layoutTokens} from './tokens/layout.ts'
import {describeLens} from './tokens/lens-caption.ts'
import {tokensCsv, tokensJson} from './tokens/tokens-data.ts'
import {unitTableOf} from './tokens/units.ts'

/** A drawn figure, and the code points that no shipped font has. */
export interface DrawnFigure {
  readonly element: ReactElement
  readonly widthPx: number
  readonly heightPx: number
  readonly missing: readonly number[]
}

/** What a figure can do: be drawn, and be given as data. */
export interface FigureKind<Result> {
  /** `drawsUncovered`: characters without a shipped glyph stay text. */
  draw(result: Result, options: FigureOptions, drawsUncovered: boolean): DrawnFigure
  json(result: Result, options: FigureOptions): unknown
  csv(result: Result, options: FigureOptions): string
  provenance(result: Result, options: FigureOptions): FigureProvenance
}

const tokens: FigureKind<TokensResult> = {
  draw(result, options, drawsUncovered) {
    const layout = layoutTokens(result, options, drawsUncovered)
    const isLens = options.view === 'logit-lens'
    const units = isLens ? null : unitTableOf(result, options.unit)
    const byUnit = units ? ` by ${UNIT_NAMES[units.kind].one}` : ''
    const element = (
      <TokensFigure
        layout={layout}
        palette={paletteOf(options.theme, options.colors)}
        title={
          options.title ?? `${isLens ? 'Logit lens' : 'Tokens'} of ${result.model.id}${byUnit}`
        }
        description={
          isLens
            ? describeLens(result, options.noPrompt)
            : describeFigure(result, options.noPrompt, units)
        }
        metadata={xmlJson(provenanceOf('tokens', result, options))}
      />
    )
    const {widthPx, heightPx, missing} = layout
    return {element, widthPx, heightPx, missing}
  },
  json: (result, options) => tokensJson(result, options.noPrompt, options),
  csv: (result, options) => tokensCsv(result, options.noPrompt, options),
  provenance: (result, options) => provenanceOf('tokens', result, options),
}

/** Every figure by its name; a lens adds one line. */
export const FIGURES: {readonly [Name in FigureRequest['figure']]: FigureKind<TokensResult>} = {
  tokens,
}
