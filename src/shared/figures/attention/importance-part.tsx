import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {
  CHIP_PAD_PX,
  CHIP_PX,
  type ImportanceChip,
  type ImportancePart,
} from './importance-layout.ts'
import {LegendWords} from './legend-words.tsx'

const SWATCH_PX = 14
const STEPS = [0, 1, 2, 3, 4]

interface ImportancePartFigureProps {
  readonly part: ImportancePart
  readonly palette: Palette
  readonly marginPx: number
}

/** A text tinted by importance, its key, and its heaviest tokens as bars with their numbers. */
export function ImportancePartFigure({part, palette, marginPx}: ImportancePartFigureProps) {
  const {chips, rows, heads, leftPx, namePx, barPx, tableYPx, selected, legend} = part
  const barX = leftPx + namePx
  return (
    <>
      {chips.map((chip) => (
        <Chip
          key={chip.position}
          chip={chip}
          isSelected={chip.position === selected}
          palette={palette}
        />
      ))}
      <Key part={part} palette={palette} />
      {rows.length > 0 && (
        <g fontSize={11} fill={palette.ink3}>
          <text x={roundPx(leftPx)} y={roundPx(tableYPx + 12)}>
            heaviest
          </text>
          {heads.map(({text, rightPx}) => (
            <text key={rightPx} x={roundPx(rightPx)} y={roundPx(tableYPx + 12)} textAnchor="end">
              {text}
            </text>
          ))}
        </g>
      )}
      {rows.map(({position, name, share, values, yPx}) => (
        <g key={position} fontSize={11} fill={palette.ink1} data-heaviest={position}>
          <MixedText
            {...{x: leftPx, y: yPx + 13, text: name, sizePx: 13}}
            typeface="mono"
            fill={palette.ink1}
          />
          <rect
            x={roundPx(barX)}
            y={roundPx(yPx + 4)}
            width={roundPx(barPx * share)}
            height={10}
            fill={palette.sequential[5]}
          />
          {values.map((value, i) => (
            <text
              key={heads[i]!.rightPx}
              x={roundPx(heads[i]!.rightPx)}
              y={roundPx(yPx + 13)}
              textAnchor="end"
            >
              {value}
            </text>
          ))}
        </g>
      ))}
      {legend && (
        <LegendWords legend={legend} xPx={marginPx} yPx={part.legendYPx} palette={palette} />
      )}
    </>
  )
}

interface ChipProps {
  readonly chip: ImportanceChip
  readonly isSelected: boolean
  readonly palette: Palette
}

function Chip({chip, isSelected, palette}: ChipProps) {
  const {position, text, step, isHollow, valueText, xPx, yPx, widthPx} = chip
  return (
    <g data-position={position} data-step={step}>
      {(step >= 0 || isHollow) && (
        <rect
          x={roundPx(xPx + (isHollow ? 0.5 : 0))}
          y={roundPx(yPx + (isHollow ? 0.5 : 0))}
          width={roundPx(widthPx - (isHollow ? 1 : 0))}
          height={CHIP_PX - (isHollow ? 1 : 0)}
          rx={3}
          fill={isHollow ? 'none' : palette.sequential[step]!}
          stroke={isHollow ? palette.lineStrong : 'none'}
        />
      )}
      <MixedText
        {...{x: xPx + CHIP_PAD_PX, y: yPx + CHIP_PX - 5.5, text, sizePx: 13}}
        typeface="mono"
        fill={step >= 0 ? palette.seqInkLow : palette.ink3}
      />
      {valueText !== null && (
        <text
          x={roundPx(xPx + CHIP_PAD_PX)}
          y={roundPx(yPx + CHIP_PX + 11)}
          fontSize={11}
          fill={isHollow ? palette.ink3 : palette.ink2}
        >
          {valueText}
        </text>
      )}
      {isSelected && (
        <path
          d={`M${roundPx(xPx)} ${CHIP_PX + roundPx(yPx) - 1}h${roundPx(widthPx)}`}
          stroke={palette.accent}
          strokeWidth={2}
        />
      )}
    </g>
  )
}

/** The steps of the tint with their range, and what an outline says. */
function Key({part, palette}: {readonly part: ImportancePart; readonly palette: Palette}) {
  const {leftPx, keyYPx, keyText, hollowText} = part
  const wordsX = leftPx + STEPS.length * SWATCH_PX + 8
  return (
    <g fontSize={11} fill={palette.ink2}>
      {STEPS.map((step) => (
        <rect
          key={step}
          x={roundPx(leftPx + step * SWATCH_PX)}
          y={roundPx(keyYPx + 2)}
          width={SWATCH_PX}
          height={12}
          fill={palette.sequential[step]!}
        />
      ))}
      <text x={roundPx(wordsX)} y={roundPx(keyYPx + 12)}>
        {keyText}
      </text>
      {hollowText && (
        <>
          <rect
            x={roundPx(wordsX + 70.5)}
            y={roundPx(keyYPx + 2.5)}
            width={SWATCH_PX}
            height={11}
            rx={3}
            fill="none"
            stroke={palette.lineStrong}
          />
          <text x={roundPx(wordsX + 92)} y={roundPx(keyYPx + 12)}>
            {hollowText}
          </text>
        </>
      )}
    </g>
  )
}
