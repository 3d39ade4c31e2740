import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import type {AttentionFigureLayout, MatrixPart} from './layout.ts'
import {CellsFigure, MarksFigure, MatrixLegend, NamesFigure} from './matrix-figure.tsx'

export interface AttentionFigureProps {
  readonly layout: AttentionFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** What is drawn of an attention result as one SVG: no hooks, no style rules, presentation attributes only. */
export function AttentionFigure({
  layout,
  palette,
  title,
  description,
  metadata,
}: AttentionFigureProps) {
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(title)}</title>
      <desc>{xmlText(description)}</desc>
      <metadata>{metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={layout.marginPx} palette={palette} />
      <MatrixFigure part={layout.part} marginPx={layout.marginPx} palette={palette} />
    </svg>
  )
}

interface MatrixFigureProps {
  readonly part: MatrixPart
  readonly marginPx: number
  readonly palette: Palette
}

function MatrixFigure({part, marginPx, palette}: MatrixFigureProps) {
  const {picture, layout, scale, legend, selected} = part
  return (
    <>
      <CellsFigure cells={picture} geometry={layout.geometry} scale={scale} palette={palette} />
      <NamesFigure layout={layout} scale={scale} palette={palette} selected={selected} />
      <MarksFigure
        geometry={layout.geometry}
        palette={palette}
        selected={selected}
        cell={picture.cell}
        pairs={picture.pairs}
      />
      {legend && (
        <g transform={`translate(${marginPx} ${roundPx(part.legendYPx)})`}>
          <MatrixLegend layout={legend} scale={scale} palette={palette} />
        </g>
      )}
    </>
  )
}
