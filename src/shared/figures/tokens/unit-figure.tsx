import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {LineUnits, TrackPlace} from './text-geometry.ts'
import type {UnitPart} from './unit-parts.ts'

export interface UnitRowProps {
  readonly units: LineUnits
  /** Top of the line's chips. */
  readonly top: number
  readonly palette: Palette
}

const TICK_PX = 2.5

/** Under the chips: what holds the tokens of a unit together, and the unit's value, once. */
export function UnitRowFigure({units, top, palette}: UnitRowProps) {
  const {row, parts} = units
  const y = Math.round(top + row.bracketPx) + 0.5
  return (
    <g>
      {parts
        .filter((part) => part.isJoined)
        .map((part) => (
          <path
            key={part.xPx}
            data-unit={part.unit}
            d={bracketPath(part, y)}
            stroke={palette.ink3}
            fill="none"
          />
        ))}
      {row.valuePx !== null && (
        <g fill={palette.ink1} textAnchor="middle">
          {row.label && parts.some((part) => part.valueText !== null) && (
            <text x={0} y={roundPx(top + row.valuePx)} fill={palette.ink3} textAnchor="start">
              {row.label}
            </text>
          )}
          {parts
            .filter((part) => part.valueText !== null)
            .map((part) => (
              <text
                key={part.xPx}
                data-unit={part.unit}
                x={roundPx(part.xPx + part.widthPx / 2)}
                y={roundPx(top + row.valuePx!)}
              >
                {part.valueText}
              </text>
            ))}
        </g>
      )}
    </g>
  )
}

/** A line with an end where the unit has one; it is open where the unit goes on. */
function bracketPath(part: UnitPart, y: number): string {
  const from = roundPx(part.xPx + 0.5)
  const to = roundPx(part.xPx + part.widthPx - 0.5)
  const start = part.isContinued ? `M${from} ${y}` : `M${from} ${y - TICK_PX}V${y}`
  return `${start}H${to}${part.continues ? '' : `V${y - TICK_PX}`}`
}

export interface UnitMarksProps extends UnitRowProps {
  readonly track: TrackPlace
  /** Of the track among the layout's. */
  readonly index: number
}

/** A track by units: one bar across each, or its number. */
export function UnitMarksFigure({units, top, palette, track, index}: UnitMarksProps) {
  const isQuantity = track.heightPx > 20
  const fill = track.isNumber ? palette.ink1 : isQuantity ? palette.sequential[5] : palette.mark
  return (
    <g fill={fill} textAnchor="middle">
      {units.parts.map((part) => {
        const mark = part.marks[index]!
        if (mark.barPx !== null) {
          return (
            <rect
              key={part.xPx}
              data-unit={part.unit}
              x={roundPx(part.xPx + 1)}
              y={roundPx(top + track.basePx - mark.barPx)}
              width={roundPx(Math.max(1, part.widthPx - 2))}
              height={roundPx(mark.barPx)}
            />
          )
        }
        if (mark.text === null) return null
        return (
          <text
            key={part.xPx}
            data-unit={part.unit}
            x={roundPx(part.xPx + part.widthPx / 2)}
            y={roundPx(top + track.basePx - (track.isNumber ? 0 : 1))}
            fill={mark.isStrong ? palette.ink1 : palette.ink3}
          >
            {mark.text}
          </text>
        )
      })}
    </g>
  )
}
