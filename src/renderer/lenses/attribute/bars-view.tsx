import {useCallback, useMemo} from 'react'
import {BarsFigure} from '../../../shared/figures/attribution/bars-figure.tsx'
import {BARS, type BarsLayout, layoutBars} from '../../../shared/figures/attribution/bars-layout.ts'
import {LegendFigure} from '../../../shared/figures/attribution/figure.tsx'
import {legendOf} from '../../../shared/figures/attribution/layout.ts'
import {valueRows} from '../../../shared/figures/attribution/value-rows.ts'
import type {BesideMethod} from '../../../shared/lenses/attribution-picture.ts'
import {selectResolvedUnit} from '../../store/unit.ts'
import {useSize} from '../../ui/use-size.ts'
import {hasGlyph} from '../has-glyph.ts'
import {usePaneRunId, useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {useLineWalk} from '../walk.ts'
import {ConvergencePlot} from './convergence-plot.tsx'
import {CurvesPlot} from './curves-plot.tsx'
import {ProbeNotes} from './probe-notes.tsx'
import {TrustTable} from './trust-table.tsx'
import {besideMethods, type PaneAttribution} from './use-attribution.ts'

const LEAST_TWO_COLUMNS_PX = 760
const SIDE_SHARE = 0.4
const MOST_SIDE_PX = 460
const LEGEND_PX = 52
const FOOT_PX = 50
const LEAST_ROWS = 12

/** One target's context as bars, and beside it how it converged and whether to trust it. */
export function BarsView({shown}: {readonly shown: PaneAttribution}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const hasSide = widthPx >= LEAST_TWO_COLUMNS_PX
  const sidePx = Math.round(Math.min(MOST_SIDE_PX, widthPx * SIDE_SHARE))
  const barsPx = hasSide ? widthPx - sidePx - 32 : widthPx
  const beside = besideMethods(shown.beside).slice(0, 1)
  return (
    <div
      ref={ref}
      className={`attribution-columns ${hasSide ? 'with-side' : ''}`}
      style={hasSide ? {gridTemplateColumns: `minmax(0, 1fr) ${sidePx}px`} : undefined}
    >
      {widthPx > 0 && (
        <>
          <ScrolledBars shown={shown} beside={beside} widthPx={barsPx} heightPx={heightPx} />
          <div className="attribution-side">
            <Side shown={shown} widthPx={hasSide ? sidePx : widthPx} />
          </div>
        </>
      )}
    </div>
  )
}

function Side({shown, widthPx}: {readonly shown: PaneAttribution; readonly widthPx: number}) {
  const isReagent = shown.main?.wish.request.method === 'reagent'
  return (
    <>
      {isReagent && <ConvergencePlot shown={shown} widthPx={widthPx} />}
      <ProbeNotes shown={shown} />
      <TrustTable shown={shown} isBrief />
      <CurvesPlot shown={shown} widthPx={widthPx} />
    </>
  )
}

export interface ScrolledBarsProps {
  readonly shown: PaneAttribution
  readonly beside: readonly BesideMethod[]
  readonly widthPx: number
  /** What may be seen at once; rows beyond are folded, or scroll where they are unfolded. */
  readonly heightPx: number
}

/** The figure itself with what the pointer does on it. */
export function ScrolledBars({shown, beside, widthPx, heightPx}: ScrolledBarsProps) {
  const runId = usePaneRunId()
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  const {looks, unit} = useWorkbenchState((state, {captures}) => ({
    looks: state.attributionLooks,
    unit: selectResolvedUnit(state, captures, runId),
  }))
  const {result, row} = shown
  const fitCount = Math.floor((heightPx - BARS.headPx - LEGEND_PX - FOOT_PX) / BARS.rowPx)
  const rowLimit = looks.isUnfolded ? 10_000 : Math.max(LEAST_ROWS, fitCount)
  const layout = useMemo(
    () =>
      result && row
        ? layoutBars(
            result,
            row,
            {unit, scores: looks.scores, rowLimit, beside: [...beside], selected: null},
            {widthPx, drawsUncovered: hasGlyph}
          )
        : null,
    [result, row, unit, looks.scores, rowLimit, beside, widthPx]
  )
  useRowWalk(layout)
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const element = document.elementFromPoint(clientX, clientY)?.closest('[data-row]')
    return element ? Number(element.getAttribute('data-row')) : null
  }
  const pointer = useTokenPointer(positionAt)
  if (!layout || !result || !row) return null
  const legend = legendOf(layout, widthPx, 0)
  const legendPx = (legend.at(-1)?.yPx ?? 0) + 16
  const marked = hovered ?? locked
  const all = valueRows(result, row, {unit, scores: looks.scores})
  return (
    <section
      className="bars-scroll"
      aria-label="Bars of the context"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="attribution-bars"
      data-rows={all.length}
      {...pointer}
    >
      <svg
        width={widthPx}
        height={layout.heightPx + legendPx}
        role="img"
        aria-label="Values of the context as bars; the table view has the same numbers"
        data-target-place="tokens"
      >
        <BarsFigure layout={{...layout, selected: marked}} palette={palette} />
        {layout.rows.map(({first, last, yPx}) => (
          <rect
            key={first}
            x={0}
            y={yPx}
            width={widthPx}
            height={layout.rowPx}
            fill="transparent"
            // A row of several tokens stays on the one that is selected in it.
            data-row={marked !== null && marked >= first && marked <= last ? marked : first}
          />
        ))}
        <g transform={`translate(0 ${layout.heightPx})`} fontSize={11} fill={palette.ink3}>
          <LegendFigure items={legend} palette={palette} />
        </g>
      </svg>
    </section>
  )
}

/** Up and Down go from row to row. */
function useRowWalk(layout: BarsLayout | null) {
  const rows = layout?.rows
  useLineWalk(
    useCallback(
      (position, lineCount) => {
        if (!rows || rows.length === 0) return null
        const at = rows.findIndex(({last}) => last >= position)
        const to = Math.max(0, Math.min(rows.length - 1, (at < 0 ? rows.length : at) + lineCount))
        return rows[to]!.first
      },
      [rows]
    )
  )
}
