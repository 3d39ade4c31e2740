import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import type {AttributionCurves} from '../../../shared/lenses/attribute.ts'
import {usePalette} from '../use-theme.ts'
import type {PaneAttribution} from './use-attribution.ts'

const HEIGHT_PX = 104
const LEFT_PX = 28
const TOP_PX = 8
const BOTTOM_PX = 18

/** What the target loses as tokens go, the highest first, and gains as they come. */
export function CurvesPlot({
  shown,
  widthPx,
}: {
  readonly shown: PaneAttribution
  readonly widthPx: number
}) {
  const palette = usePalette()
  const curves = shown.row?.curves
  if (!curves) return null
  const end = Math.max(1, ...curves.deletion.map(({count}) => count))
  const plotPx = widthPx - LEFT_PX - 8
  const plotHeight = HEIGHT_PX - TOP_PX - BOTTOM_PX
  const path = (points: AttributionCurves['deletion']) =>
    points
      .map(
        ({count, prob}, i) =>
          `${i ? 'L' : 'M'}${LEFT_PX + (count / end) * plotPx} ${TOP_PX + (1 - prob) * plotHeight}`
      )
      .join('')
  const {deletionArea, insertionArea} = curves
  return (
    <section aria-label="Deletion and insertion" data-testid="curves">
      <h2>
        Deletion and insertion
        <span className="end ink-3">highest values first</span>
      </h2>
      <svg
        width={widthPx}
        height={HEIGHT_PX}
        role="img"
        aria-label={`Area under deletion ${formatFixed(deletionArea, 3)}, under insertion ${formatFixed(insertionArea, 3)}`}
      >
        {[0, 0.5, 1].map((prob) => {
          const yPx = TOP_PX + (1 - prob) * plotHeight
          return (
            <g key={prob}>
              <path d={`M${LEFT_PX} ${yPx}H${widthPx - 8}`} stroke={palette.line} />
              <text x={LEFT_PX - 6} y={yPx + 4} fontSize={11} textAnchor="end" fill={palette.ink3}>
                {prob}
              </text>
            </g>
          )
        })}
        <path d={path(curves.deletion)} fill="none" stroke={palette.ink1} strokeWidth={1.5} />
        <path
          d={path(curves.insertion)}
          fill="none"
          stroke={palette.ink1}
          strokeWidth={1.5}
          strokeDasharray="5 3"
        />
        <text x={LEFT_PX} y={HEIGHT_PX - 4} fontSize={11} fill={palette.ink3}>
          0
        </text>
        <text x={widthPx - 8} y={HEIGHT_PX - 4} fontSize={11} textAnchor="end" fill={palette.ink3}>
          {formatCount(end)} tokens
        </text>
      </svg>
      <p className="small ink-3">
        Solid: tokens taken away, area {formatFixed(deletionArea, 2)}, low is good. Dashed: put
        back, area {formatFixed(insertionArea, 2)}, high is good.
      </p>
    </section>
  )
}
