import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {MatrixLegendLayout} from './matrix-legend.ts'

export interface LegendWordsProps {
  readonly legend: MatrixLegendLayout
  readonly xPx: number
  readonly yPx: number
  readonly palette: Palette
}

/** A legend of words alone, without a scale of colours. */
export function LegendWords({legend, xPx, yPx, palette}: LegendWordsProps) {
  return (
    <g transform={`translate(${xPx} ${roundPx(yPx)})`} fontSize={11} fill={palette.ink2}>
      {legend.items.map((item) => (
        <text key={item.text} x={roundPx(item.xPx)} y={roundPx(item.yPx + 12)}>
          {item.text}
        </text>
      ))}
    </g>
  )
}
