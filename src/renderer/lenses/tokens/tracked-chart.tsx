import {useMemo, useRef} from 'react'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {TrackedFigure} from '../../../shared/figures/tokens/tracked-figure.tsx'
import {layoutTracked, type TrackedLayout} from '../../../shared/figures/tokens/tracked-layout.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {pointIn} from '../../ui/zoom.ts'
import {useLocked, useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'

/** More positions than this are a solid band at this width: a part of them is drawn, and said so. */
const MOST_POSITIONS = 240

/** The part of the tracked tokens around a position, where there are too many to be told apart. */
function nearSelected(result: TokensResult, selected: number | null): TokensResult {
  const count = result.tracked?.[0]?.positions.length ?? 0
  if (count <= MOST_POSITIONS) return result
  const middle = selected ?? count - 1
  const from = Math.max(0, Math.min(count - MOST_POSITIONS, middle - MOST_POSITIONS / 2))
  return {
    ...result,
    tracked: result.tracked?.map((entry) => ({
      ...entry,
      positions: entry.positions.slice(from, from + MOST_POSITIONS),
    })),
  }
}

export interface TrackedChartProps {
  readonly result: TokensResult
  readonly widthPx: number
  /** Height of the plot. */
  readonly plotPx: number
}

/** Where the plot begins: beside the track names of the text above. */
const PLOT_X_PX = 56
/** Above the chart, and the line that says which positions are drawn. */
const TOP_PX = 12
const EXTENT_LINE_PX = 16

/** Height of the chart without its plot, in pixels; null where no token is followed. */
export function chartFramePx(result: TokensResult, widthPx: number): number | null {
  const layout = layoutTracked(nearSelected(result, null), {widthPx, plotXPx: PLOT_X_PX})
  if (!layout) return null
  const isPart = (result.tracked?.[0]?.positions.length ?? 0) > MOST_POSITIONS
  return layout.heightPx - layout.plot.heightPx + TOP_PX + (isPart ? EXTENT_LINE_PX : 0)
}

/** The followed tokens at every position; pointing at it points at the token there. */
export function TrackedChart({result, widthPx, plotPx}: TrackedChartProps) {
  const palette = usePalette()
  const selected = useLocked()
  const shown = useMemo(() => nearSelected(result, selected), [result, selected])
  const layout = useMemo(
    () =>
      layoutTracked(shown, {
        widthPx,
        plotXPx: PLOT_X_PX,
        heightPx: plotPx,
        selected,
      }),
    [shown, widthPx, selected, plotPx]
  )
  const ref = useRef<SVGSVGElement>(null)
  const rows = shown.tracked?.[0]?.positions ?? []
  const positionAt: PositionAt = (point) => {
    if (!ref.current || !layout) return null
    const share = (pointIn(ref.current, point).xPx - layout.plot.xPx) / layout.plot.widthPx
    if (share < -0.02 || share > 1.02) return null
    const index = Math.round(Math.min(1, Math.max(0, share)) * (rows.length - 1))
    return rows[index]?.position ?? null
  }
  const pointer = useTokenPointer(positionAt)
  if (!layout) return null
  const hiddenCount = (result.tracked?.[0]?.positions.length ?? 0) - rows.length
  return (
    <div className="tracked-chart" data-testid="tracked-chart">
      <svg
        ref={ref}
        width={widthPx}
        height={layout.heightPx}
        role="img"
        aria-label={`Probability of ${layout.series.map((series) => series.name).join(', ')} as the next token, at every position`}
        {...pointer}
      >
        <rect width={widthPx} height={layout.heightPx} fill="none" pointerEvents="all" />
        <TrackedFigure layout={layout} palette={palette} />
        <HoverLine layout={layout} firstPosition={rows[0]?.position ?? 0} count={rows.length} />
      </svg>
      {hiddenCount > 0 && (
        <div className="small ink-3">
          positions {formatCount(rows[0]!.position)} to {formatCount(rows.at(-1)!.position)}, around
          the locked token; {formatCount(hiddenCount)} others are not drawn
        </div>
      )}
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
  const {hovered} = useSelection()
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
