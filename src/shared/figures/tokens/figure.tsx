import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import type {TokensFigureLayout} from './layout.ts'
import {LegendFigure} from './legend-figure.tsx'
import {LensFigure} from './lens-figure.tsx'
import {NextFigure} from './next-figure.tsx'
import {PinsFigure} from './pins-figure.tsx'
import {TokenTextFigure} from './text-figure.tsx'
import {TrackedFigure} from './tracked-figure.tsx'

export interface TokensFigureProps {
  readonly layout: TokensFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

const at = (place: {readonly xPx: number; readonly yPx: number}) =>
  `translate(${roundPx(place.xPx)} ${roundPx(place.yPx)})`

/** The whole tokens figure as one SVG: no hooks, no style rules, presentation attributes only. */
export function TokensFigure({layout, palette, title, description, metadata}: TokensFigureProps) {
  const {widthPx, heightPx} = layout
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={roundPx(widthPx)}
      height={roundPx(heightPx)}
      viewBox={`0 0 ${roundPx(widthPx)} ${roundPx(heightPx)}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(title)}</title>
      <desc>{xmlText(description)}</desc>
      <metadata>{metadata}</metadata>
      <rect width={roundPx(widthPx)} height={roundPx(heightPx)} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={layout.marginPx} palette={palette} />
      {layout.text && (
        <g transform={at(layout.text)}>
          <TokenTextFigure layout={layout.text} palette={palette} selected={layout.selected} />
        </g>
      )}
      {layout.lens && (
        <g transform={at(layout.lens)}>
          <LensFigure layout={layout.lens} palette={palette} />
        </g>
      )}
      {layout.legend && (
        <g transform={at(layout.legend)}>
          <LegendFigure layout={layout.legend} palette={palette} />
        </g>
      )}
      {layout.pins && (
        <g transform={at(layout.pins)}>
          <PinsFigure layout={layout.pins} palette={palette} />
        </g>
      )}
      {layout.tracked && (
        <g transform={at(layout.tracked)}>
          <TrackedFigure layout={layout.tracked} palette={palette} />
        </g>
      )}
      {layout.next && (
        <g transform={at(layout.next)}>
          <NextFigure layout={layout.next} palette={palette} />
        </g>
      )}
    </svg>
  )
}
