import {roundPx} from './number-format.ts'
import {xmlText} from './svg-text.ts'
import {type FontRole, type FontWeight, familiesOf, fontRuns, textWidthPx} from './text-width.ts'

export interface MixedTextProps {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly sizePx: number
  readonly typeface: FontRole
  readonly weight?: FontWeight
  readonly fill?: string
  readonly anchor?: 'start' | 'middle'
}

const leadOf = (text: string) => text.slice(0, text.length - text.trimStart().length)

/** A text that may need more than one font: one element a font, each where the widths put it. */
export function MixedText(props: MixedTextProps) {
  const {x, y, text, sizePx, typeface, weight = 400, fill, anchor = 'start'} = props
  const runs = fontRuns(text, sizePx, typeface, weight)
  const widthPx = runs.reduce((sum, run) => sum + run.widthPx, 0)
  const starts = runs.map((_, i) => runs.slice(0, i).reduce((sum, run) => sum + run.widthPx, 0))
  const isCentered = anchor === 'middle' && runs.length === 1
  const left = anchor === 'middle' && !isCentered ? x - widthPx / 2 : x
  return (
    <>
      {runs.map((run, i) => (
        <text
          key={i}
          // XML readers drop white space at the ends of a text.
          x={roundPx(left + starts[i]! + textWidthPx(leadOf(run.text), sizePx, typeface, weight))}
          y={roundPx(y)}
          // Every figure's words stand in the sans of its root.
          fontFamily={
            run.family === null && typeface === 'sans' ? undefined : familiesOf(run, typeface)
          }
          fontSize={sizePx}
          fontWeight={weight === 400 || run.family !== null ? undefined : weight}
          fill={fill}
          textAnchor={anchor === 'start' ? undefined : isCentered ? 'middle' : 'start'}
        >
          {xmlText(run.text.trim())}
        </text>
      ))}
    </>
  )
}
