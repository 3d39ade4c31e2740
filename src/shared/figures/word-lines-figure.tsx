import {MixedText} from './mixed-text.tsx'
import type {Palette} from './palette.ts'
import {WORD_SIZE_PX, type WordLine} from './word-lines.ts'

export interface WordLinesFigureProps {
  readonly lines: readonly WordLine[]
  readonly marginPx: number
  readonly palette: Palette
}

/** The words above a figure. */
export function WordLinesFigure({lines, marginPx, palette}: WordLinesFigureProps) {
  return (
    <>
      {lines.map((line) => {
        const sizePx = WORD_SIZE_PX[line.role]
        return (
          <g
            key={line.yPx}
            fontSize={sizePx}
            fill={line.role === 'guard' ? palette.ink3 : palette.ink1}
          >
            {line.spans.map((span) => (
              <MixedText
                key={span.xPx}
                x={marginPx + span.xPx}
                y={line.yPx + sizePx}
                text={span.text}
                sizePx={sizePx}
                typeface={span.role}
                weight={span.weight}
              />
            ))}
          </g>
        )
      })}
    </>
  )
}
