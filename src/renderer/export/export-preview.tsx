import {useMemo} from 'react'
import {paletteOf} from '../../shared/figures/palette.ts'
import type {FigureFormat, FigureOptions} from '../../shared/figures/request.ts'
import {describeFigure} from '../../shared/figures/tokens/caption.ts'
import {TokensFigure} from '../../shared/figures/tokens/figure.tsx'
import {layoutTokens} from '../../shared/figures/tokens/layout.ts'
import {unitTableOf} from '../../shared/figures/tokens/units.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'

export interface ExportPreviewProps {
  readonly result: TokensResult
  readonly options: FigureOptions
  readonly format: FigureFormat
}

/** Tokens above which a preview would hold up the page. */
const MOST_TOKENS = 4000

/** The figure itself, drawn by the component that the file is drawn by. */
export function ExportPreview({result, options, format}: ExportPreviewProps) {
  const isPicture = format === 'svg' || format === 'png'
  const isDrawn = isPicture && result.tokens.length <= MOST_TOKENS
  const layout = useMemo(
    () => (isDrawn ? layoutTokens(result, options, format === 'svg') : null),
    [isDrawn, result, options, format]
  )
  const description = useMemo(
    () =>
      isDrawn ? describeFigure(result, options.noPrompt, unitTableOf(result, options.unit)) : '',
    [isDrawn, result, options.noPrompt, options.unit]
  )
  if (!layout) {
    return (
      <div className="export-preview note">
        {isPicture
          ? 'Too long to be shown here; it is written in full.'
          : format === 'json'
            ? 'The whole result: request, model, tokens with their statistics, next tokens. It opens again.'
            : options.unit.kind === 'token'
              ? 'One row a token with its statistics, for spreadsheets.'
              : 'One row a unit with its statistics, for spreadsheets.'}
      </div>
    )
  }
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">
        <TokensFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={options.title ?? `Tokens of ${result.model.id}`}
          description={description}
          metadata=""
        />
      </div>
    </section>
  )
}
