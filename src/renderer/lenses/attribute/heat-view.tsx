import {useMemo} from 'react'
import {HeatFigure} from '../../../shared/figures/attribution/heat-figure.tsx'
import {heatCellAt, layoutHeat} from '../../../shared/figures/attribution/heat-layout.ts'
import {heatQuantity} from '../../../shared/figures/attribution/layout.ts'
import {rowsOfResult} from '../../../shared/figures/attribution/value-rows.ts'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {useSize} from '../../ui/use-size.ts'
import {pointIn} from '../../ui/zoom.ts'
import {useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {phaseName} from './attribution-wait.tsx'
import type {PaneAttribution} from './use-attribution.ts'

const HEAD_PX = 24

/** Every generated token a row, its context across; rows come one after the other. */
export function HeatView({shown}: {readonly shown: PaneAttribution}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const palette = usePalette()
  const scores = useWorkbenchState((state) => state.attributionLooks.scores)
  const {hovered, locked} = useSelection()
  const {askAttribution} = useActions()
  const {result, main, data} = shown
  const layout = useMemo(
    () =>
      result && widthPx > 0
        ? layoutHeat(result, scores, {widthPx, heightPx: heightPx - HEAD_PX})
        : null,
    [result, scores, widthPx, heightPx]
  )
  const positionAt: PositionAt = (point) => {
    const svg = ref.current?.querySelector('svg')
    if (!layout || !svg) return null
    const {xPx, yPx} = pointIn(svg, point)
    return heatCellAt(layout, xPx, yPx)?.position ?? null
  }
  const pointer = useTokenPointer(positionAt)
  const phase = main?.job?.phase
  const total = data.tokens.length - data.promptTokenCount
  const rows = result ? rowsOfResult(result) : []
  const marked = hovered ?? locked
  return (
    <div
      ref={ref}
      className="heat-place"
      data-testid="heat-map"
      data-rows={rows.length}
      {...pointer}
    >
      <p className="small ink-3 heat-head">
        {phase?.kind === 'running'
          ? `Row ${formatCount(rows.length)} of ${formatCount(total)}, ${phaseName(phase.phase).toLowerCase()} ${formatCount(phase.done)} of ${formatCount(phase.total)}.`
          : phase?.kind === 'cancelled'
            ? `Cancelled after ${formatCount(rows.length)} of ${formatCount(total)} rows. `
            : markedText()}
        {phase?.kind === 'cancelled' && (
          <button
            type="button"
            className="text-button"
            onClick={() => main && askAttribution(main.wish.key)}
          >
            Run it again
          </button>
        )}
      </p>
      {layout && result && (
        <svg
          width={widthPx}
          height={layout.heightPx}
          role="img"
          aria-label="Generated tokens down, tokens before them across; the table view has the numbers of one row"
        >
          <HeatFigure
            layout={layout}
            palette={palette}
            quantity={heatQuantity(result.method, scores)}
            selected={marked}
          />
        </svg>
      )}
    </div>
  )

  function markedText(): string {
    if (marked === null || !layout || !result) return 'Point at a cell.'
    const token = data.tokens[marked]
    const largest = layout.cells
      .filter(({position}) => position === marked)
      .sort((a, b) => Math.abs(b.gain) - Math.abs(a.gain))[0]
    if (!token || !largest) return 'The marked token stands before none of the targets.'
    const target = rows[largest.target]?.target.positions[0] ?? 0
    const targetToken = data.tokens[target]
    return `${plainGlyphs(token)} at ${formatCount(marked)} matters most to ${targetToken ? plainGlyphs(targetToken) : ''} at ${formatCount(target)}: ${formatFixed(largest.gain, 3)} ${heatQuantity(result.method, scores)}.`
  }
}
