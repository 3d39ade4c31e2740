import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {ImportancePartFigure} from './importance-part.tsx'
import {LinesPartFigure} from './lines-part.tsx'
import {OverviewPartFigure} from './overview-part.tsx'
import {PruningPartFigure} from './pruning-part.tsx'
import {TwoHeadsPartFigure} from './two-heads-part.tsx'
import type {ViewFigureLayout, ViewPart} from './view-layout.ts'

export interface ViewFigureProps {
  readonly layout: ViewFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** A view of attention as one SVG: no hooks, no style rules, presentation attributes only. */
export function ViewFigure({layout, palette, title, description, metadata}: ViewFigureProps) {
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  const {marginPx, part} = layout
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
      <Part part={part} palette={palette} marginPx={marginPx} />
    </svg>
  )
}

interface PartProps {
  readonly part: ViewPart
  readonly palette: Palette
  readonly marginPx: number
}

function Part({part, ...looks}: PartProps) {
  switch (part.view) {
    case 'lines':
      return <LinesPartFigure part={part} {...looks} />
    case 'overview':
      return <OverviewPartFigure part={part} {...looks} />
    case 'two-heads':
      return <TwoHeadsPartFigure part={part} {...looks} />
    case 'pruning':
      return <PruningPartFigure part={part} {...looks} />
    case 'importance':
      return <ImportancePartFigure part={part} {...looks} />
  }
}
