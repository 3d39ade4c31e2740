import {type PointerEvent, useMemo} from 'react'
import {TrackedFigure} from '../../../shared/figures/tokens/tracked-figure.tsx'
import {layoutTracked, type TrackedLayout} from '../../../shared/figures/tokens/tracked-layout.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

export interface TrackedChartProps {
  readonly result: TokensResult
  readonly widthPx: number
  readonly isLow: boolean
}

/** Where the plot begins: beside the track names of the text above. */
const PLOT_X_PX = 56

/** The followed tokens at every position; pointing at it points at the token there. */
export function TrackedChart({result, widthPx, isLow}: TrackedChartProps) {
  const {hover, toggleLock} = useActions()
  const palette = usePalette()
  const selected = useWorkbenchState((state) => state.locked)
  const layout = useMemo(
    () =>
      layoutTracked(result, {
        widthPx,
        plotXPx: PLOT_X_PX,
        heightPx: isLow ? 48 : 80,
        selected,
      }),
    [result, widthPx, selected, isLow]
  )
  if (!layout) return null
  const rows = result.tracked?.[0]?.positions ?? []
  const positionAt = (event: PointerEvent | React.MouseEvent) => {
    const {left} = event.currentTarget.getBoundingClientRect()
    const share = (event.clientX - left - layout.plot.xPx) / layout.plot.widthPx
    if (share < -0.02 || share > 1.02) return null
    const index = Math.round(Math.min(1, Math.max(0, share)) * (rows.length - 1))
    return rows[index]?.position ?? null
  }
  return (
    <div className="tracked-chart" data-testid="tracked-chart">
      <svg
        width={widthPx}
        height={layout.heightPx}
        role="img"
        aria-label={`Probability of ${layout.series.map((series) => series.name).join(', ')} as the next token, at every position`}
        onPointerMove={(event) => hover(positionAt(event))}
        onPointerLeave={() => hover(null)}
        onClick={(event) => {
          const position = positionAt(event)
          if (position !== null) toggleLock(position)
        }}
      >
        <rect width={widthPx} height={layout.heightPx} fill="none" pointerEvents="all" />
        <TrackedFigure layout={layout} palette={palette} />
        <HoverLine layout={layout} firstPosition={rows[0]?.position ?? 0} count={rows.length} />
      </svg>
    </div>
  )
}

interface HoverLineProps {
  readonly layout: TrackedLayout
  readonly firstPosition: number
  readonly count: number
}

/** Where the token under the pointer is; drawn over the chart, so that hovering redraws nothing. */
function HoverLine({layout, firstPosition, count}: HoverLineProps) {
  const palette = usePalette()
  const hovered = useWorkbenchState((state) => state.hovered)
  const index = hovered === null ? -1 : hovered - firstPosition
  if (index < 0 || index >= count) return null
  const {plot} = layout
  const x = plot.xPx + (index / Math.max(1, count - 1)) * plot.widthPx
  return (
    <path
      d={`M${x.toFixed(1)} ${plot.yPx}v${plot.heightPx}`}
      stroke={palette.accent}
      strokeOpacity={0.55}
      pointerEvents="none"
    />
  )
}
