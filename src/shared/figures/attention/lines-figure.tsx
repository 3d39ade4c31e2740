import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {
  type ColumnLabel,
  type LinesGeometry,
  NAME_GAP_PX,
  POSITION_PX,
  type WeightLine,
  yOfEnd,
} from './lines-layout.ts'
import type {LineBucket} from './lines-style.ts'

/** A line as a path: it leaves and arrives level. */
export function pathOfLine(
  {leftPx, rightPx}: Pick<LinesGeometry, 'leftPx' | 'rightPx'>,
  {fromPx, toPx}: Pick<WeightLine, 'fromPx' | 'toPx'>
): string {
  const middle = roundPx((leftPx + rightPx) / 2)
  const [from, to] = [roundPx(fromPx), roundPx(toPx)]
  return `M${roundPx(leftPx)} ${from}C${middle} ${from} ${middle} ${to} ${roundPx(rightPx)} ${to}`
}

export interface WeightLinesFigureProps {
  readonly geometry: LinesGeometry
  readonly buckets: readonly LineBucket[]
}

/** The lines, one path for all that look alike. */
export function WeightLinesFigure({geometry, buckets}: WeightLinesFigureProps) {
  return (
    <g fill="none">
      {buckets.map(({color, opacity, widthPx, lines}, i) => (
        <path
          key={i}
          d={lines.map((line) => pathOfLine(geometry, line)).join('')}
          stroke={color}
          strokeOpacity={roundPx(opacity)}
          strokeWidth={roundPx(widthPx)}
        />
      ))}
    </g>
  )
}

export interface ColumnNamesProps {
  readonly geometry: LinesGeometry
  readonly labels: readonly ColumnLabel[]
  readonly side: 'query' | 'key'
  readonly palette: Palette
  readonly selected: number | null
  /** Numbers behind some names, by position: what the selected token reads. */
  readonly weights?: ReadonlyMap<number, string>
}

/** The names of a column: queries before the lines, keys behind them. */
export function ColumnNames(props: ColumnNamesProps) {
  const {geometry, labels, side, palette, selected, weights} = props
  const isQuery = side === 'query'
  return (
    <g fontFamily={FONT_FAMILIES.sans}>
      {labels.map(({position, yPx, positionText, text, sizePx}) => {
        const isOn = position === selected
        const xPx = isQuery
          ? geometry.leftPx - NAME_GAP_PX - textWidthPx(text, sizePx, 'mono')
          : geometry.rightPx + NAME_GAP_PX
        const fill = isOn ? palette.accent : palette.ink1
        const number = weights?.get(position)
        return (
          <g key={position} data-side={side} data-position={position}>
            {isQuery && (
              <text
                x={roundPx(geometry.leftPx - 2 * NAME_GAP_PX - geometry.namePx - POSITION_PX)}
                y={roundPx(yPx)}
                fontSize={11}
                fill={palette.ink3}
              >
                {positionText}
              </text>
            )}
            {text && (
              <MixedText x={xPx} y={yPx} text={text} sizePx={sizePx} typeface="mono" fill={fill} />
            )}
            {!isQuery && number !== undefined && (
              <text
                x={roundPx(geometry.rightPx + NAME_GAP_PX + geometry.namePx + POSITION_PX)}
                y={roundPx(yPx)}
                fontSize={11}
                textAnchor="end"
                fill={palette.ink2}
              >
                {number}
              </text>
            )}
          </g>
        )
      })}
    </g>
  )
}

export interface LinesMarksProps {
  readonly geometry: LinesGeometry
  readonly palette: Palette
  readonly pairs: readonly {readonly from: number; readonly to: number}[]
  readonly cell: {readonly query: number; readonly key: number} | null
}

/** The two edges of the columns, pinned pairs and the lit weight. */
export function LinesMarks({geometry, palette, pairs, cell}: LinesMarksProps) {
  const {leftPx, rightPx, topPx, heightPx} = geometry
  const pathOf = (query: number, key: number) =>
    pathOfLine(geometry, {
      fromPx: yOfEnd(geometry, query),
      toPx: yOfEnd(geometry, key),
    })
  return (
    <g fill="none">
      <path
        d={`M${roundPx(leftPx - 3)} ${roundPx(topPx)}v${roundPx(heightPx)}M${roundPx(rightPx + 3)} ${roundPx(topPx)}v${roundPx(heightPx)}`}
        stroke={palette.line}
      />
      {pairs.map(({from, to}) => (
        <path
          key={`${from} ${to}`}
          d={pathOf(from, to)}
          stroke={palette.ink1}
          strokeDasharray="3 2"
          data-pair={`${from} ${to}`}
        />
      ))}
      {cell && (
        <path
          d={pathOf(cell.query, cell.key)}
          stroke={palette.ink1}
          strokeWidth={1.5}
          data-lit={`${cell.query} ${cell.key}`}
        />
      )}
    </g>
  )
}
