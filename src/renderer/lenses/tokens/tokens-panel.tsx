import {useMemo} from 'react'
import {captionOf, guardOf} from '../../../shared/figures/tokens/caption.ts'
import type {TrackName} from '../../../shared/figures/tokens/tracks.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {sampleCaptionOf} from '../../../shared/samples/caption.ts'
import {LOGIT_LENS_VIEW} from '../../store/logit-lens.ts'
import {selectResult} from '../../store/selectors.ts'
import type {RunUnits} from '../../store/unit.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {KeptViews} from '../../ui/kept-views.tsx'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex, usePanePlace} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useUnits} from '../use-units.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {TokensControls} from './controls.tsx'
import {DataTable, tableHeightPx} from './data-table.tsx'
import {TABLE_VIEW, useIsLensShown, useIsTableShown} from './is-table-shown.ts'
import {LogitLensPanel} from './logit-lens-panel.tsx'
import {NextBytes} from './next-bytes.tsx'
import {NextTable} from './next-table.tsx'
import {ScalesLegend} from './scales-legend.tsx'
import {LEAST_NUMBERS_PX, MOST_PLOT_PX, shareHeight} from './share-height.ts'
import {useShownTracks} from './shown-tracks.ts'
import {TokenText, useTextLayout} from './token-text.tsx'
import {chartFramePx, TrackedChart} from './tracked-chart.tsx'
import '../lens-panel.css'
import './tokens-panel.css'

/** The side column is a part of a wide pane, within these ends. */
const LEAST_SIDE_PX = 300
const MOST_SIDE_PX = 460
const SIDE_SHARE = 0.16
const GAP_PX = 32
/** Longer lines are hard to come back from; the table then stands near them. */
const MOST_LEFT_PX = 2400
/** Narrower than this the table stands under the text. */
const LEAST_TWO_COLUMNS_PX = 680
/** Lower than this the figure scrolls as a whole, and its text has a part of what is seen. */
const LEAST_FIXED_PX = 300
const SCROLLED_TEXT_SHARE = 0.62
const LEAST_TEXT_PX = 150
/** As the style sheet has them. */
const SCROLLED_TABLE_PX = 260
const MOST_NUMBERS_PX = 1200

/** The tokens lens, in the view that is chosen. */
export function TokensPanel() {
  const data = useRunData()
  const pane = usePaneIndex()
  const result = useWorkbenchState((state, {captures}) => selectResult(state, captures, pane))
  const cut = useUnits()
  const isLens = useIsLensShown()
  if (!data || !result || !cut) return null
  return (
    <div className="tokens-panel">
      <KeptViews
        shown={isLens ? LOGIT_LENS_VIEW : 'figure'}
        subject={data}
        render={(view) =>
          view === LOGIT_LENS_VIEW ? (
            <LogitLensPanel result={result} />
          ) : (
            <FigurePanel data={data} result={result} cut={cut} />
          )
        }
      />
      <TokensControls />
    </div>
  )
}

interface FigurePanelProps {
  readonly data: TokensRun
  readonly result: TokensResult
  readonly cut: RunUnits
}

/** Text with its tracks, followed tokens, and what may come next. It measures what it mounts. */
function FigurePanel({data, result, cut}: FigurePanelProps) {
  const isTableShown = useIsTableShown()
  const {shown: shownTracks, isLow} = useShownTracks()
  const [figureRef, {widthPx, heightPx}] = useSize<HTMLDivElement>({place: usePanePlace('tokens')})
  const units = cut.unit.kind === 'token' ? null : cut
  const table = units?.table ?? null
  const isWide = widthPx >= LEAST_TWO_COLUMNS_PX
  const sidePx = isWide
    ? Math.round(Math.min(MOST_SIDE_PX, Math.max(LEAST_SIDE_PX, widthPx * SIDE_SHARE)))
    : widthPx
  const isScrolled = !isWide || heightPx < LEAST_FIXED_PX
  const leftPx = isWide ? Math.min(MOST_LEFT_PX, widthPx - sidePx - GAP_PX) : widthPx
  return (
    <div className="panel-body">
      <div className="figure-words">
        <div className="caption" data-testid="caption">
          <CaptionText parts={sampleCaptionOf(result) ?? captionOf(result, false, table)} />
          {result.next.length > 0 && (
            <span className="caption-aside"> Click a candidate to continue with it.</span>
          )}
        </div>
        {/* That a run is not complete is said above it and in the job line. */}
        <div className="guard">{guardOf({...result, status: 'completed'})}</div>
      </div>
      <div
        ref={figureRef}
        className={`figure ${isWide ? '' : 'stacked'} ${isScrolled ? 'scrolled' : ''}`}
        style={isWide ? {gridTemplateColumns: `${leftPx}px ${sidePx}px`} : undefined}
      >
        {widthPx > 0 && (
          <>
            <FigureLeft
              data={data}
              result={result}
              widthPx={leftPx}
              tracks={shownTracks}
              units={cut}
              isLow={isLow}
              scrolledTextPx={
                isScrolled ? Math.max(LEAST_TEXT_PX, heightPx * SCROLLED_TEXT_SHARE) : null
              }
            />
            <div className="figure-right">
              <NextTable result={result} widthPx={sidePx} />
              <NextBytes />
              {!isTableShown && (
                <ScalesLegend
                  tokens={data.tokens}
                  units={units}
                  tracks={shownTracks}
                  widthPx={sidePx}
                />
              )}
            </div>
          </>
        )}
      </div>
    </div>
  )
}

interface FigureLeftProps {
  readonly data: TokensRun
  readonly result: TokensResult
  readonly widthPx: number
  readonly tracks: readonly TrackName[]
  readonly units: RunUnits
  readonly isLow: boolean
  /** Height of the text where the figure scrolls as a whole; null where it stands still. */
  readonly scrolledTextPx: number | null
}

/** The text or its table, the followed tokens, and the numbers where the height is for all three. */
function FigureLeft(props: FigureLeftProps) {
  const {data, result, widthPx, tracks, units, isLow, scrolledTextPx} = props
  const isTableShown = useIsTableShown()
  const place = usePanePlace(`text of tokens ${isTableShown ? 'as a table' : ''}`)
  const [leftRef, {heightPx}] = useSize<HTMLDivElement>({place})
  const table = units.unit.kind === 'token' ? null : units.table
  const layout = useTextLayout(data, {widthPx, tracks, units: table, isLow})
  const chartPx = useMemo(() => chartFramePx(result, widthPx), [result, widthPx])
  const plotPx = isLow ? LOW_PLOT_PX : PLOT_PX
  const canGrow = scrolledTextPx === null && !isTableShown
  const shared = shareHeight(scrolledTextPx ?? heightPx, layout, {
    chartPx: canGrow ? chartPx : null,
    plotPx,
  })
  // A short table leaves room, which the chart under it takes.
  const tablePx = tableHeightPx(units.units.length)
  const tableSparePx = heightPx - (chartPx ?? 0) - plotPx - tablePx
  const tablePlotPx =
    scrolledTextPx === null
      ? plotPx + Math.max(0, Math.min(tableSparePx, MOST_PLOT_PX - plotPx))
      : plotPx
  return (
    <div ref={leftRef} className="figure-left">
      {(heightPx > 0 || scrolledTextPx !== null) && (
        <>
          <HintArea>
            <KeptViews
              shown={isTableShown ? TABLE_VIEW : 'text'}
              subject={data}
              render={(view) =>
                view === TABLE_VIEW ? (
                  <div
                    className="table-place"
                    style={scrolledTextPx === null ? {maxHeight: tablePx} : undefined}
                  >
                    <DataTable
                      tokens={data.tokens}
                      units={units}
                      widthPx={widthPx}
                      roomPx={
                        scrolledTextPx === null
                          ? heightPx - (chartPx === null ? 0 : chartPx + plotPx)
                          : SCROLLED_TABLE_PX
                      }
                    />
                  </div>
                ) : (
                  <TokenText result={result} layout={layout} units={table} boxPx={shared.textPx} />
                )
              }
            />
          </HintArea>
          <div className="tracked-place">
            <TrackedChart
              result={result}
              widthPx={widthPx}
              plotPx={isTableShown ? tablePlotPx : canGrow ? shared.plotPx : plotPx}
            />
          </div>
          {canGrow && shared.hasNumbers && (
            <HintArea>
              <div className="figure-numbers">
                <DataTable
                  tokens={data.tokens}
                  units={units}
                  widthPx={Math.min(MOST_NUMBERS_PX, widthPx)}
                  roomPx={LEAST_NUMBERS_PX}
                />
              </div>
            </HintArea>
          )}
        </>
      )}
    </div>
  )
}

/** Height of the chart's plot before it grows. */
const PLOT_PX = 80
const LOW_PLOT_PX = 48
