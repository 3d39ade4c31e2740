import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import type {TreeFigureLayout} from './layout.ts'
import type {TreeShape} from './tree-shape.ts'

export interface TreeFigureProps {
  readonly layout: TreeFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** A tree as one SVG: no hooks, no style rules, presentation attributes only. */
export function TreeFigure({layout, palette, title, description, metadata}: TreeFigureProps) {
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  const {marginPx, header, body} = layout
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(title)}</title>
      <desc>{xmlText(description)}</desc>
      <metadata>{metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={marginPx} palette={palette} />
      {[header, body].map(({yPx, shapes}) => (
        <g key={yPx} transform={`translate(${marginPx} ${roundPx(yPx)})`}>
          {shapes.map((shape, i) => (
            <Shape key={i} shape={shape} />
          ))}
        </g>
      ))}
    </svg>
  )
}

function Shape({shape}: {readonly shape: TreeShape}) {
  switch (shape.kind) {
    case 'rect': {
      const {x, y, width, height, radius, fill, opacity, stroke, isDashed} = shape
      // A line of one pixel lies inside of its box.
      const inset = stroke === null ? 0 : 0.5
      return (
        <rect
          x={roundPx(x + inset)}
          y={roundPx(y + inset)}
          width={roundPx(Math.max(0, width - 2 * inset))}
          height={roundPx(Math.max(0, height - 2 * inset))}
          rx={radius === 0 ? undefined : radius}
          fill={fill ?? 'none'}
          fillOpacity={opacity === 1 ? undefined : opacity}
          stroke={stroke ?? undefined}
          strokeDasharray={isDashed ? '2 2' : undefined}
        />
      )
    }
    case 'line': {
      const {x1, y1, x2, y2, width, stroke, isDashed} = shape
      return (
        <path
          d={`M${roundPx(x1)} ${roundPx(y1)}L${roundPx(x2)} ${roundPx(y2)}`}
          stroke={stroke}
          strokeWidth={width === 1 ? undefined : roundPx(width)}
          strokeDasharray={isDashed ? '2 2' : undefined}
        />
      )
    }
    case 'text': {
      const {x, y, text, typeface, sizePx, weight, fill, anchor} = shape
      const left = anchor === 'end' ? x - textWidthPx(text, sizePx, typeface, weight) : x
      return (
        <MixedText
          {...{x: left, y, text, sizePx, typeface, weight, fill}}
          anchor={anchor === 'middle' ? 'middle' : 'start'}
        />
      )
    }
  }
}
