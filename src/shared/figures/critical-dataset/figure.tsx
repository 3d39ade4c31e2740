import {formatCount, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {BINS_HEAD_PX, type CriticalDatasetLayout, LABEL_PX, ROW_PX} from './layout.ts'

export interface CriticalDatasetFigureProps {
  readonly layout: CriticalDatasetLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

const TEXT_PX = 14

/** What came of a data set as one SVG: no hooks, no style rules, presentation attributes only. */
export function CriticalDatasetFigure(props: CriticalDatasetFigureProps) {
  const {layout, palette} = props
  const {marginPx} = layout
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(props.title)}</title>
      <desc>{xmlText(props.description)}</desc>
      <metadata>{props.metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={marginPx} palette={palette} />
      <g transform={`translate(${marginPx} 0)`} fontSize={11} fill={palette.ink2}>
        {layout.outcomes.map(({name, yPx, barPx, text, isCritical}) => (
          <g key={name} transform={`translate(0 ${roundPx(yPx)})`}>
            <text y={TEXT_PX}>{name}</text>
            <rect
              x={LABEL_PX}
              y={4}
              width={roundPx(barPx)}
              height={ROW_PX - 8}
              fill={isCritical ? palette.rejected : palette.ink4}
            />
            <text x={roundPx(LABEL_PX + barPx + 6)} y={TEXT_PX}>
              {text}
            </text>
          </g>
        ))}
        <Places layout={layout} palette={palette} />
        <Shares layout={layout} palette={palette} />
      </g>
    </svg>
  )
}

interface PartProps {
  readonly layout: CriticalDatasetLayout
  readonly palette: Palette
}

function Places({layout, palette}: PartProps) {
  const {bins, binsTopPx, binsEndPx, mostInBin, hasLegend} = layout
  const first = bins[0]!
  const last = bins.at(-1)!
  const endPx = last.xPx + last.widthPx
  return (
    <>
      <text y={roundPx(binsTopPx - BINS_HEAD_PX)} fill={palette.ink1} fontWeight={600}>
        Where in the response it went wrong
      </text>
      {hasLegend && (
        <g transform={`translate(${roundPx(endPx)} ${roundPx(binsTopPx - BINS_HEAD_PX)})`}>
          <rect x={-136} y={-9} width={8} height={10} fill={palette.rejected} />
          <text x={-124}>released rule</text>
          <rect x={-41.5} y={-8.5} width={8} height={9} fill="none" stroke={palette.ink1} />
          <text textAnchor="end">ours</text>
        </g>
      )}
      <text x={roundPx(first.xPx - 6)} y={roundPx(binsTopPx + 8)} textAnchor="end">
        {formatCount(mostInBin)}
      </text>
      <text x={roundPx(first.xPx - 6)} y={roundPx(binsEndPx)} textAnchor="end">
        0
      </text>
      {bins.map(({xPx, widthPx, releasedPx, oursPx, releasedCount}) => (
        <g key={xPx}>
          <rect
            x={roundPx(xPx)}
            y={roundPx(binsEndPx - releasedPx)}
            width={roundPx(widthPx)}
            height={roundPx(releasedPx)}
            fill={palette.rejected}
          />
          {oursPx > 0 && (
            <rect
              x={roundPx(xPx + 2.5)}
              y={roundPx(binsEndPx - oursPx)}
              width={roundPx(widthPx - 5)}
              height={roundPx(oursPx)}
              fill="none"
              stroke={palette.ink1}
            />
          )}
          {releasedCount > 0 && (
            <text
              x={roundPx(xPx + widthPx / 2)}
              y={roundPx(binsEndPx - Math.max(releasedPx, oursPx) - 4)}
              textAnchor="middle"
            >
              {formatCount(releasedCount)}
            </text>
          )}
        </g>
      ))}
      <path
        d={`M${roundPx(first.xPx)} ${roundPx(binsEndPx)}H${roundPx(endPx)}`}
        stroke={palette.lineStrong}
        fill="none"
      />
      <text x={roundPx(first.xPx)} y={roundPx(binsEndPx + 14)}>
        0 % of its tokens
      </text>
      <text x={roundPx(endPx)} y={roundPx(binsEndPx + 14)} textAnchor="end">
        100 %
      </text>
    </>
  )
}

function Shares({layout, palette}: PartProps) {
  const {shares} = layout
  const [first] = shares
  if (!first) return null
  const colorOf = {kept: palette.rejected, forbidden: palette.accepted} as const
  return (
    <>
      <text y={roundPx(first.yPx - 10)} fill={palette.ink1} fontWeight={600}>
        Right completions with the critical token
      </text>
      {shares.map(({name, yPx, xPx, lowPx, highPx, text}) => (
        <g key={name} transform={`translate(0 ${roundPx(yPx)})`}>
          <text y={TEXT_PX}>{name}</text>
          <path
            d={`M${roundPx(lowPx)} ${ROW_PX / 2}H${roundPx(highPx)}`}
            stroke={colorOf[name]}
            strokeWidth={2}
            fill="none"
          />
          <circle cx={roundPx(xPx)} cy={ROW_PX / 2} r={4} fill={colorOf[name]} />
          <text x={roundPx(highPx + 8)} y={TEXT_PX}>
            {text}
          </text>
        </g>
      ))}
    </>
  )
}
