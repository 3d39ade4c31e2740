import {
  type MouseEvent,
  memo,
  type PointerEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {MatrixLegend} from '../../../shared/figures/attention/matrix-figure.tsx'
import {flowLegend} from '../../../shared/figures/attention/matrix-legend.ts'
import {
  LEAST_CELL_PX,
  layoutOverview,
  MOST_CELL_PX,
  type OverviewCell,
  type OverviewLayout,
} from '../../../shared/figures/attention/overview-layout.ts'
import {
  headCellName,
  overviewLegendWords,
  SHORT_HEAD_NAMES,
} from '../../../shared/figures/attention/overview-words.ts'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import type {HeadRef} from '../../../shared/lenses/attention-maps.ts'
import {thumbnailOf} from '../../store/attention-overview.ts'
import {requestFilters} from '../../store/attention-pictures.ts'
import {pinnedPairs, pinnedPositions, selectPins} from '../../store/selection.ts'
import {Button} from '../../ui/button.tsx'
import {pageZoom} from '../../ui/page-zoom.ts'
import {useSize} from '../../ui/use-size.ts'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {HiddenNotice} from './hidden-notice.tsx'
import {drawOverview} from './overview-canvas.ts'
import './overview.css'
import {type KnownHeads, knownHeads, type ShownOverview} from './use-overview.ts'

const LEGEND_GAP_PX = 16
const SCROLLBAR_PX = 12
const SEQUENTIAL_STEPS = 9

export interface OverviewViewProps {
  readonly overview: ShownOverview
}

/** Layers down and heads across, each head in small; a click opens it. */
export function OverviewView({overview}: OverviewViewProps) {
  const {layers, all, range, data, shown} = overview
  const {store, captures} = useWorkbench()
  const pane = usePaneIndex()
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const palette = usePalette()
  const {cellPx, filterChoice} = useWorkbenchState((state) => ({
    cellPx: state.overviewCellPx,
    filterChoice: state.attentionFilters,
    heads: state.headsRevision,
    labels: state.headLabels,
  }))
  const known = knownHeads(store.getState(), captures, pane)
  const filters = useMemo(() => requestFilters(filterChoice, data), [filterChoice, data])
  const legend = useMemo(
    () =>
      flowLegend(
        overviewLegendWords({range, filters, layers, thumbnails: all}).map((text, i) => ({
          kind: i === 0 ? 'ramp' : text.startsWith('NaN') ? 'broken' : 'words',
          text,
        })),
        SEQUENTIAL_STEPS,
        Math.max(120, widthPx)
      ),
    [range, filters, layers, all, widthPx]
  )
  const roomPx = heightPx - legend.heightPx - LEGEND_GAP_PX
  const layout = useMemo(
    () =>
      layoutOverview({
        ...{layers, cellPx, heightPx: roomPx},
        widthPx: widthPx - SCROLLBAR_PX,
      }),
    [layers, cellPx, roomPx, widthPx]
  )
  const scale = {maximum: range.maximum, isSigned: false, steps: range.steps}
  return (
    <div
      ref={ref}
      className="overview"
      data-testid="attention-overview"
      data-whole={overview.thumbnails?.isWhole ?? false}
      data-count={all.length}
    >
      {widthPx > 0 && (
        <>
          <OverviewGrid
            overview={overview}
            layout={layout}
            known={known}
            shown={shown}
            widthPx={widthPx}
            heightPx={Math.max(60, Math.min(roomPx, layout.heightPx + SCROLLBAR_PX))}
          />
          <svg
            className="overview-legend"
            width={widthPx}
            height={legend.heightPx}
            role="img"
            fontFamily={FONT_FAMILIES.sans}
            aria-label={legend.items.map(({text}) => text).join('; ')}
            data-testid="overview-legend"
          >
            <MatrixLegend layout={legend} scale={scale} palette={palette} />
          </svg>
        </>
      )}
      <OverviewPhase />
      <HiddenNotice summaries={all.map(({summary}) => summary)} />
    </div>
  )
}

interface GridProps {
  readonly overview: ShownOverview
  readonly layout: OverviewLayout
  readonly known: KnownHeads
  readonly shown: HeadRef
  readonly widthPx: number
  readonly heightPx: number
}

/** Scrolls where not all heads fit; only what is seen is painted. */
function OverviewGrid({overview, layout, known, shown, widthPx, heightPx}: GridProps) {
  const {thumbnails, range, data} = overview
  const pane = usePaneIndex()
  const palette = usePalette()
  const pins = useWorkbenchState((state) => selectPins(state, overview.runId))
  const {openHead, compareHead, pointAtHead, sizeOverview} = useActions()
  const id = useId()
  const scrollRef = useRef<HTMLDivElement>(null)
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const draw = useRef<() => void>(() => undefined)
  draw.current = () => {
    const [scroll, canvas] = [scrollRef.current, canvasRef.current]
    if (!scroll || !canvas) return
    drawOverview(canvas, {
      layout,
      tokenCount: data.tokens.length,
      thumbnailOf: (cell) => thumbnailOf(thumbnails, cell),
      scale: {maximum: range.maximum, isSigned: false, steps: range.steps},
      palette,
      pinned: pinnedPositions(pins),
      pairs: pinnedPairs(pins),
      seen: {xPx: scroll.scrollLeft, yPx: scroll.scrollTop, widthPx, heightPx},
      ratio: devicePixelRatio * pageZoom(),
    })
  }
  useLayoutEffect(() => draw.current())
  const shownId = cellId(id, shown)
  useLayoutEffect(() => {
    document.getElementById(shownId)?.scrollIntoView({block: 'nearest', inline: 'nearest'})
  }, [shownId])
  const sidePx = useRef(layout.sidePx)
  sidePx.current = layout.sidePx
  useEffect(() => {
    const scroll = scrollRef.current
    if (!scroll) return
    const resize = (event: WheelEvent) => {
      // A pinch comes as a wheel with Ctrl.
      if (!event.ctrlKey) return
      event.preventDefault()
      const wanted = Math.round(sidePx.current * (event.deltaY < 0 ? 1.12 : 1 / 1.12))
      sizeOverview(Math.max(LEAST_CELL_PX, Math.min(MOST_CELL_PX, wanted)))
    }
    scroll.addEventListener('wheel', resize, {passive: false})
    return () => scroll.removeEventListener('wheel', resize)
  }, [sizeOverview])
  const headUnder = (event: MouseEvent | PointerEvent): HeadRef | null => {
    const element = event.target instanceof Element ? event.target.closest('[data-head]') : null
    const [layer, head] = (element?.getAttribute('data-head') ?? '').split('.').map(Number)
    return layer === undefined || head === undefined ? null : {layer, head}
  }
  const rows = useMemo(() => rowsOf(layout), [layout])
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useKeyWithClickEvents: a table would lay the cells out itself; Enter is a command of the lens.
    <div
      ref={scrollRef}
      className="overview-scroll"
      role="grid"
      aria-label="Heads in small, layers down and heads across; Enter opens one"
      aria-rowcount={layout.rows.length}
      aria-colcount={layout.columns.length}
      aria-activedescendant={shownId}
      tabIndex={0}
      data-pins={pins.length}
      style={{height: heightPx}}
      onScroll={() => draw.current()}
      onPointerMove={(event) => pointAtHead(headUnder(event))}
      onPointerLeave={() => pointAtHead(null)}
      onDoubleClick={() => sizeOverview(null)}
      onClick={(event) => {
        const head = headUnder(event)
        if (!head) return
        if (event.shiftKey) compareHead(head, pane)
        else openHead(head, pane)
      }}
    >
      <canvas
        ref={canvasRef}
        className="overview-canvas"
        style={{width: widthPx, height: heightPx}}
      />
      <div
        className="overview-cells"
        role="presentation"
        style={{width: layout.widthPx, height: layout.heightPx, marginTop: -heightPx}}
      >
        <Labels layout={layout} />
        {rows.map(({layer, cells}) => (
          <OverviewRow
            key={layer}
            id={id}
            cells={cells}
            layout={layout}
            known={known}
            shownHead={shown.layer === layer ? shown.head : null}
          />
        ))}
      </div>
    </div>
  )
}

const cellId = (id: string, {layer, head}: HeadRef) => `${id}-${layer}-${head}`

function rowsOf({rows, cells}: OverviewLayout) {
  return rows.map(({layer}, row) => ({
    layer,
    cells: cells.filter((cell) => cell.row === row),
  }))
}

interface RowProps {
  readonly id: string
  readonly cells: readonly OverviewCell[]
  readonly layout: OverviewLayout
  readonly known: KnownHeads
  readonly shownHead: number | null
}

const OverviewRow = memo(function OverviewRow({id, cells, layout, known, shownHead}: RowProps) {
  const {sidePx, hasNames} = layout
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the grid has the focus and says which cell is meant.
    <div role="row" className="overview-row">
      {cells.map((cell) => {
        const name = headName(cell)
        const named = known.names.get(name) ?? null
        const label = known.labels.get(name) ?? ''
        return (
          // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above.
          <div
            key={cell.head}
            id={cellId(id, cell)}
            role="gridcell"
            className={`overview-cell ${cell.head === shownHead ? 'on' : ''}`}
            aria-selected={cell.head === shownHead}
            aria-label={headCellName({
              head: cell,
              statistics: known.statistics.get(name) ?? null,
              named,
              label,
            })}
            data-head={`${cell.layer}.${cell.head}`}
            style={{left: cell.xPx, top: cell.yPx, width: sidePx, height: sidePx}}
          >
            {hasNames && (named || label !== '') && (
              <span className="overview-name" style={{top: sidePx}} aria-hidden="true">
                <span className={`clip ${label === '' ? '' : 'own'}`}>
                  {label || (named && SHORT_HEAD_NAMES[named.name])}
                </span>
                {named && <span>{formatFixed(named.score, 2)}</span>}
              </span>
            )}
            {!hasNames && label !== '' && <i className="overview-mark" aria-hidden="true" />}
          </div>
        )
      })}
    </div>
  )
})

/** Every so many columns have a name where all would run into each other. */
const LEAST_LABEL_PX = 26

function Labels({layout}: {readonly layout: OverviewLayout}) {
  const {columns, rows, sidePx} = layout
  const pitchPx = (columns[1]?.xPx ?? 1e9) - columns[0]!.xPx
  const rowPx = (rows[1]?.yPx ?? 1e9) - rows[0]!.yPx
  const step = Math.max(1, Math.ceil(LEAST_LABEL_PX / pitchPx))
  const rowStep = Math.max(1, Math.ceil(13 / rowPx))
  return (
    <div aria-hidden="true">
      {columns
        .filter(({head}) => head % step === 0)
        .map(({head, xPx}) => (
          <span key={head} className="overview-label" style={{left: xPx, top: 0}}>
            H{head}
          </span>
        ))}
      {rows
        .filter((_, i) => i % rowStep === 0)
        .map(({layer, yPx}) => (
          <span key={layer} className="overview-label" style={{left: 0, top: yPx + sidePx / 2 - 7}}>
            L{layer}
          </span>
        ))}
    </div>
  )
}

/** What became of the pictures that are missing. */
function OverviewPhase() {
  const {askOverviewAgain} = useActions()
  const phase = useWorkbenchState((state) => state.overviewPhase)
  if (phase.kind === 'cancelled') {
    return (
      <div className="overview-phase" data-testid="overview-cancelled">
        Cancelled; what is there stays.
        <Button look="edge" onPress={askOverviewAgain} testId="overview-again">
          Draw the rest
        </Button>
      </div>
    )
  }
  if (phase.kind === 'failed') {
    return (
      <div className="overview-phase" role="alert">
        <span>
          <span className="failed">✕</span> {phase.problem.message} {phase.problem.advice}
        </span>
        <Button look="edge" onPress={askOverviewAgain} testId="overview-again">
          Try again
        </Button>
      </div>
    )
  }
  if (phase.kind !== 'running') return null
  return (
    <div className="visually-hidden" role="status">
      Drawing heads: {formatCount(phase.done)} of {formatCount(phase.total)} layers.
    </div>
  )
}
