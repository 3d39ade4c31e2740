import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {PIN_TEXT_PX, type PinsLayout} from './pins.ts'
import type {PinMark} from './text-geometry.ts'

export interface PinsFigureProps {
  readonly layout: PinsLayout
  readonly palette: Palette
}

/** What each pinned token is, by its number. */
export function PinsFigure({layout, palette}: PinsFigureProps) {
  return (
    <g fontSize={PIN_TEXT_PX}>
      {layout.entries.map((entry) => (
        <g key={entry.key}>
          {entry.spans.map((span, i) => (
            <MixedText
              key={i}
              x={span.xPx}
              y={entry.yPx + 12}
              text={span.text}
              sizePx={PIN_TEXT_PX}
              typeface={span.role}
              weight={span.weight}
              fill={span.weight === 600 || span.role === 'mono' ? palette.ink1 : palette.ink2}
            />
          ))}
        </g>
      ))}
    </g>
  )
}

export interface PinMarksProps {
  readonly pins: readonly PinMark[]
  /** Top of the line's chips. */
  readonly top: number
  readonly palette: Palette
}

/** A small flag above each pinned chip: a staff at its left edge, and its number. */
export function PinMarksFigure({pins, top, palette}: PinMarksProps) {
  return (
    <>
      {pins.map(({number, position, xPx, yPx}) => (
        <g key={position} data-pin={number}>
          <path
            d={`M${Math.round(xPx) + 0.5} ${roundPx(top + yPx - 8)}V${roundPx(top)}`}
            stroke={palette.ink1}
            fill="none"
          />
          <text
            x={roundPx(Math.round(xPx) + 3)}
            y={roundPx(top + yPx)}
            fontSize={PIN_TEXT_PX}
            fontWeight={600}
            fill={palette.ink1}
          >
            {number}
          </text>
        </g>
      ))}
    </>
  )
}
