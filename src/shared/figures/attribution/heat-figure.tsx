import {MixedText} from '../mixed-text.tsx'
import {formatFixed, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import type {HeatLayout} from './heat-layout.ts'

const SWATCH_PX = 13

export interface HeatFigureProps {
  readonly layout: HeatLayout
  readonly palette: Palette
  readonly quantity: string
  /** The context token whose column is marked. */
  readonly selected?: number | null
}

/** Every generated token a row, its context across. */
export function HeatFigure({layout, palette, quantity, selected = null}: HeatFigureProps) {
  const {cellWidthPx, cellHeightPx, cells, rowLabels, columnLabels} = layout
  const gap = Math.min(cellWidthPx, cellHeightPx) >= 4 ? 1 : 0
  const paths = palette.diverging.map((): string[] => [])
  for (const {xPx, yPx, step} of cells) {
    const [left, top] = [roundPx(xPx), roundPx(yPx)]
    const width = roundPx(xPx + cellWidthPx - gap - left)
    const height = roundPx(yPx + cellHeightPx - gap - top)
    paths[step]!.push(`M${left} ${top}h${width}v${height}h${roundPx(-width)}z`)
  }
  const bottom = layout.yPx + layout.rowCount * cellHeightPx
  const selectedX =
    selected === null ? null : layout.xPx + (selected - layout.firstPosition) * cellWidthPx
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} fill={palette.ink3}>
      {paths.map((path, step) =>
        path.length === 0 ? null : (
          <path key={step} d={path.join('')} fill={palette.diverging[step]!} data-step={step} />
        )
      )}
      {rowLabels.map((label) => (
        <g key={label.position} data-target-row={label.position}>
          <text x={POSITION_END_PX} y={roundPx(label.yPx + 4)} textAnchor="end">
            {label.positionText}
          </text>
          <MixedText
            x={label.xPx}
            y={label.yPx + 4.5}
            text={label.text}
            sizePx={13}
            typeface="mono"
            fill={label.isHollow ? palette.ink3 : palette.ink1}
          />
          {label.isHollow && (
            <circle
              cx={roundPx(layout.xPx - 7)}
              cy={roundPx(label.yPx)}
              r={3}
              fill="none"
              stroke={palette.ink3}
            />
          )}
        </g>
      ))}
      {columnLabels.map((label) => (
        <g
          key={label.position}
          transform={`translate(${roundPx(label.xPx - 4)} ${roundPx(label.yPx)}) rotate(90)`}
        >
          {label.positionText && (
            <text x={0} y={0}>
              {label.positionText}
            </text>
          )}
          <MixedText
            x={label.positionText ? textWidthPx(label.positionText, 11) + 6 : 0}
            y={0}
            text={label.text}
            sizePx={11}
            typeface="mono"
            fill={palette.ink1}
          />
        </g>
      ))}
      {selectedX !== null && selectedX >= layout.xPx - 0.5 && cells.length > 0 && (
        <rect
          x={roundPx(selectedX - 1.5)}
          y={roundPx(layout.yPx - 1.5)}
          width={roundPx(cellWidthPx + 2)}
          height={roundPx(Math.max(4, bottom - layout.yPx) + 2)}
          rx={2}
          fill="none"
          stroke={palette.accent}
          strokeWidth={2}
          data-selected-column={selected}
        />
      )}
      <HeatLegend layout={layout} palette={palette} quantity={quantity} />
    </g>
  )
}
const POSITION_END_PX = 24

function HeatLegend({layout, palette, quantity}: HeatFigureProps) {
  const {maximum, isSigned, legendYPx, rowLabels} = layout
  const steps = isSigned ? palette.diverging : palette.diverging.slice(5)
  const end = formatFixed(maximum, maximum < 0.1 ? 3 : 2)
  const hollow = rowLabels.some((label) => label.isHollow)
  const words = `${quantity}, ${isSigned ? `−${end}` : '0'} to ${end} and beyond`
  const wordsX = steps.length * SWATCH_PX + 8
  return (
    <g transform={`translate(${POSITION_END_PX + 6} ${roundPx(legendYPx)})`}>
      {steps.map((color, i) => (
        <rect key={color} x={i * SWATCH_PX} y={3} width={SWATCH_PX - 1} height={10} fill={color} />
      ))}
      <text x={wordsX} y={12}>
        {words}
      </text>
      {hollow && (
        <>
          <circle
            cx={roundPx(wordsX + textWidthPx(words, 11) + 20)}
            cy={8}
            r={3}
            fill="none"
            stroke={palette.ink3}
          />
          <text x={roundPx(wordsX + textWidthPx(words, 11) + 30)} y={12}>
            not converged
          </text>
        </>
      )}
    </g>
  )
}
