import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {
  type CriticalFigureLayout,
  type CriticalLegendItem,
  LEGEND_SIGN_PX,
  PASS_COLUMNS_PX,
} from './layout.ts'
import {ResponseFigure} from './response-figure.tsx'

export interface CriticalFigureProps {
  readonly layout: CriticalFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** A critical result as one SVG: no hooks, no style rules, presentation attributes only. */
export function CriticalFigure(props: CriticalFigureProps) {
  const {layout, palette} = props
  const {marginPx, pass, legend} = layout
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
      <g transform={`translate(${marginPx} ${roundPx(layout.responseYPx)})`}>
        <ResponseFigure layout={layout.response} palette={palette} />
      </g>
      <g transform={`translate(${marginPx} 0)`} fontSize={11} fill={palette.ink3}>
        <CriticalLegend items={legend} palette={palette} />
        {pass.map(({yPx, cells}, row) => (
          <g key={yPx} fill={row === 0 ? palette.ink3 : palette.ink1}>
            {cells.map((cell, i) => (
              <text
                key={PASS_COLUMNS_PX[i]}
                x={PASS_COLUMNS_PX[i]}
                y={roundPx(yPx + 11)}
                textAnchor="end"
              >
                {cell}
              </text>
            ))}
          </g>
        ))}
      </g>
    </svg>
  )
}

export interface CriticalLegendProps {
  readonly items: readonly CriticalLegendItem[]
  readonly palette: Palette
}

/** Signs with their words. */
export function CriticalLegend({items, palette}: CriticalLegendProps) {
  return (
    <>
      {items.map(({kind, text, xPx, yPx}) => (
        <g key={kind} transform={`translate(${roundPx(xPx)} ${roundPx(yPx)})`}>
          <Sign kind={kind} palette={palette} />
          <text x={LEGEND_SIGN_PX - 4} y={11}>
            {text}
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
  readonly kind: CriticalLegendItem['kind']
  readonly palette: Palette
}) {
  switch (kind) {
    case 'released':
    case 'ours':
      return (
        <path
          d="M2 3h10l-5 8z"
          fill={kind === 'released' ? palette.rejected : palette.paper}
          stroke={palette.rejected}
          strokeWidth={1.5}
          strokeLinejoin="round"
        />
      )
    case 'point':
      return (
        <>
          <path d="M7 0v14" stroke={palette.accepted} strokeOpacity={0.55} />
          <circle
            cx={7}
            cy={7}
            r={3}
            fill={palette.paper}
            stroke={palette.accepted}
            strokeWidth={1.5}
          />
        </>
      )
    case 'dashed':
      return <path d="M0 7h15" stroke={palette.accepted} strokeWidth={1.5} strokeDasharray="3 3" />
    case 'bar':
      return <rect x={0} y={3} width={14} height={8} fill={palette.sequential[4]} />
    case 'top':
      return <rect x={0} y={3} width={14} height={8} fill={palette.sequential[6]} />
    case 'negative':
      return <rect x={0} y={3} width={14} height={8} fill={palette.diverging[2]} />
  }
}
