import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {BarsFigure} from './bars-figure.tsx'
import {HeatFigure} from './heat-figure.tsx'
import {
  type AttributionFigureLayout,
  type AttributionLegendItem,
  type AttributionPart,
  LEGEND_SIGN_PX,
} from './layout.ts'

export interface AttributionFigureProps {
  readonly layout: AttributionFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** What is drawn of an attribution as one SVG: no hooks, no style rules, presentation attributes only. */
export function AttributionFigure(props: AttributionFigureProps) {
  const {layout, palette} = props
  const {marginPx, part, partYPx, notes, legend} = layout
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
      <title>{xmlText(props.title)}</title>
      <desc>{xmlText(props.description)}</desc>
      <metadata>{props.metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={marginPx} palette={palette} />
      <g transform={`translate(${marginPx} ${roundPx(partYPx)})`}>
        <PartFigure part={part} palette={palette} />
      </g>
      <g transform={`translate(${marginPx} 0)`} fontSize={11} fill={palette.ink3}>
        <LegendFigure items={legend} palette={palette} />
        {notes.map(({yPx, text}) => (
          <text key={yPx} x={0} y={roundPx(yPx + 11)}>
            {xmlText(text)}
          </text>
        ))}
      </g>
    </svg>
  )
}

function PartFigure({part, palette}: {readonly part: AttributionPart; readonly palette: Palette}) {
  switch (part.view) {
    case 'bars':
      return <BarsFigure layout={part.bars} palette={palette} />
    case 'heat-map':
      return <HeatFigure layout={part.heat} palette={palette} quantity={part.quantity} />
    case 'nothing':
      return null
  }
}

export interface LegendFigureProps {
  readonly items: readonly AttributionLegendItem[]
  readonly palette: Palette
}

/** Signs with their words. */
export function LegendFigure({items, palette}: LegendFigureProps) {
  return (
    <>
      {items.map((item) => (
        <g key={item.text} transform={`translate(${roundPx(item.xPx)} ${roundPx(item.yPx)})`}>
          <Sign kind={item.kind} palette={palette} />
          <text x={LEGEND_SIGN_PX - 4} y={11}>
            {item.text}
          </text>
        </g>
      ))}
    </>
  )
}

function Sign({
  kind,
  palette,
}: {
  readonly kind: AttributionLegendItem['kind']
  readonly palette: Palette
}) {
  switch (kind) {
    case 'bar':
      return <rect x={0} y={3} width={14} height={8} fill={palette.sequential[5]} />
    case 'negative':
      return <rect x={0} y={3} width={14} height={8} fill={palette.diverging[2]} />
    case 'hollow':
      return (
        <rect x={0.5} y={3.5} width={13} height={7} fill="none" stroke={palette.sequential[5]} />
      )
    case 'range':
      return <path d="M0 4v6m0 -3H14m0 -3v6" stroke={palette.ink1} fill="none" />
    case 'level':
      return <path d="M7 0V14" stroke={palette.ink3} strokeDasharray="1 2" />
    case 'start':
      return <path d="M7 0V14" stroke={palette.ink2} strokeDasharray="3 3" />
    case 'dot':
      return (
        <circle cx={7} cy={7} r={3} fill={palette.paper} stroke={palette.ink1} strokeWidth={1.5} />
      )
  }
}
