import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {ChipText} from '../tokens/chip-figure.tsx'
import {BARS, type BarColumn, type BarMark, type BarRow, type BarsLayout} from './bars-layout.ts'

export interface BarsFigureProps {
  readonly layout: BarsLayout
  readonly palette: Palette
}

/** Ground of a chip: warm where the token raises the target, blue where it lowers it. */
export function tintColor(tint: number | null, palette: Palette): string {
  if (tint === null) return 'none'
  return tint < 0 ? palette.diverging[5 + tint]! : palette.sequential[tint]!
}

/** A target's context as bars, with its scale; presentation attributes only. */
export function BarsFigure({layout, palette}: BarsFigureProps) {
  const {columns, rows, foot} = layout
  const bottom = layout.topPx + rows.length * layout.rowPx
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={13} fill={palette.ink1}>
      {columns.map((column) => (
        <ColumnGrid
          key={column.xPx}
          column={column}
          palette={palette}
          topPx={layout.topPx}
          bottom={bottom}
        />
      ))}
      {rows.map((row) => (
        <Row key={row.first} row={row} layout={layout} palette={palette} />
      ))}
      {foot.map(({yPx, text}) => (
        <text key={yPx} x={layout.chipXPx} y={roundPx(yPx + 11)} fontSize={11} fill={palette.ink3}>
          {text}
        </text>
      ))}
    </g>
  )
}

interface ColumnGridProps {
  readonly column: BarColumn
  readonly palette: Palette
  readonly topPx: number
  readonly bottom: number
}

function ColumnGrid({column, palette, topPx, bottom}: ColumnGridProps) {
  const {xPx, zeroPx, ticks, title, subtitle, startPx, levelPx} = column
  const isStacked = topPx > BARS.headPx
  const top = topPx - 4
  return (
    <g data-method={column.method}>
      <text x={roundPx(xPx)} y={13} fontSize={11} fontWeight={600}>
        {title}
        {!isStacked && (
          <tspan fill={palette.ink3} fontWeight={400}>
            {'  '}
            {subtitle}
          </tspan>
        )}
      </text>
      {isStacked && (
        <text x={roundPx(xPx)} y={13 + BARS.subtitlePx} fontSize={11} fill={palette.ink3}>
          {subtitle}
        </text>
      )}
      {ticks.map((tick) => (
        <g key={tick.xPx}>
          <path
            d={`M${roundPx(xPx + tick.xPx)} ${top}V${roundPx(bottom)}`}
            stroke={tick.xPx === zeroPx ? palette.mark : palette.line}
          />
          {tick.text && (
            <text
              x={roundPx(xPx + tick.xPx)}
              y={roundPx(topPx - 10)}
              fontSize={11}
              fill={palette.ink3}
              textAnchor={tick.anchor}
            >
              {tick.text}
            </text>
          )}
        </g>
      ))}
      {levelPx !== null && (
        <path
          d={`M${roundPx(xPx + levelPx)} ${top}V${roundPx(bottom)}`}
          stroke={palette.ink3}
          strokeDasharray="1 2"
          data-level=""
        />
      )}
      {startPx !== null && (
        <path
          d={`M${roundPx(xPx + startPx)} ${top}V${roundPx(bottom)}`}
          stroke={palette.ink2}
          strokeDasharray="3 3"
          data-start=""
        />
      )}
    </g>
  )
}

interface RowProps {
  readonly row: BarRow
  readonly layout: BarsLayout
  readonly palette: Palette
}

function Row({row, layout, palette}: RowProps) {
  const {chipXPx, rowPx, columns, selected} = layout
  const middle = row.yPx + rowPx / 2
  const isSelected = selected !== null && selected >= row.first && selected <= row.last
  const chipY = middle - BARS.chipPx / 2
  return (
    <g data-position={row.first} data-last={row.last}>
      <text
        x={chipXPx - 8}
        y={roundPx(middle + 4)}
        fontSize={11}
        fill={palette.ink3}
        textAnchor="end"
      >
        {row.positionText}
      </text>
      <rect
        x={chipXPx}
        y={roundPx(chipY)}
        width={roundPx(row.chipPx)}
        height={BARS.chipPx}
        rx={3}
        fill={row.isSpecial ? 'none' : tintColor(row.tint, palette)}
        stroke={row.isSpecial ? palette.lineStrong : 'none'}
      />
      {isSelected && (
        <rect
          x={chipXPx - 1}
          y={roundPx(chipY - 1)}
          width={roundPx(row.chipPx + 2)}
          height={BARS.chipPx + 2}
          rx={4}
          fill="none"
          stroke={palette.accent}
          strokeWidth={2}
          data-selected={selected}
        />
      )}
      <g fontFamily={FONT_FAMILIES.mono} textAnchor="middle">
        <ChipText runs={row.runs} x={chipXPx} baseline={middle + 4.5} ink={palette.seqInkLow} />
      </g>
      {row.note && columns[0] && (
        <text
          x={roundPx(columns[0].xPx + columns[0].zeroPx + 8)}
          y={roundPx(middle + 4)}
          fontSize={11}
          fill={palette.ink3}
        >
          {row.note}
        </text>
      )}
      {row.marks.map((mark, i) =>
        mark ? (
          <Mark key={i} mark={mark} column={columns[i]!} middle={middle} palette={palette} />
        ) : null
      )}
    </g>
  )
}

interface MarkProps {
  readonly mark: BarMark
  readonly column: BarColumn
  readonly middle: number
  readonly palette: Palette
}

const BAR_PX = 10

function Mark({mark, column, middle, palette}: MarkProps) {
  const {xPx, zeroPx, isHollow, look, numbersPx} = column
  const color = mark.isBelow ? palette.diverging[2]! : palette.sequential[5]!
  const left = xPx + Math.min(mark.levelPx, mark.valuePx)
  const width = Math.abs(mark.valuePx - mark.levelPx)
  const {lowPx, highPx} = mark
  return (
    <>
      {look === 'bars' ? (
        <rect
          x={roundPx(isHollow ? left + 0.5 : left)}
          y={roundPx(middle - BAR_PX / 2 + (isHollow ? 0.5 : 0))}
          width={roundPx(Math.max(1, isHollow ? width - 1 : width))}
          height={isHollow ? BAR_PX - 1 : BAR_PX}
          fill={isHollow ? 'none' : color}
          stroke={isHollow ? color : 'none'}
          data-bar={column.method}
          data-value={mark.value}
        />
      ) : (
        <>
          <path
            d={`M${roundPx(xPx + zeroPx)} ${roundPx(middle)}H${roundPx(xPx + mark.valuePx)}`}
            stroke={palette.mark}
          />
          <circle
            cx={roundPx(xPx + mark.valuePx)}
            cy={roundPx(middle)}
            r={3}
            fill={palette.paper}
            stroke={palette.ink1}
            strokeWidth={1.5}
            data-dot={column.method}
            data-value={mark.value}
          />
        </>
      )}
      {look === 'bars' && lowPx !== null && highPx !== null && (
        <path
          d={`M${roundPx(xPx + lowPx)} ${roundPx(middle - 3)}v6m0 -3H${roundPx(xPx + highPx)}m0 -3v6`}
          stroke={palette.ink1}
          fill="none"
          data-range=""
        />
      )}
      {numbersPx !== null && (
        <text x={roundPx(numbersPx)} y={roundPx(middle + 4.5)} textAnchor="end">
          {mark.text}
        </text>
      )}
    </>
  )
}
