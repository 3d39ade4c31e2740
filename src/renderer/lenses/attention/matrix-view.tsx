import {memo, useLayoutEffect, useMemo, useRef} from 'react'
import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {
  CellMarks,
  MarksFigure,
  MatrixLegend,
  TokenNames,
} from '../../../shared/figures/attention/matrix-figure.tsx'
import {
  layoutMarks,
  layoutNames,
  type MatrixGeometry,
  type MatrixMarks,
  matrixRoom,
} from '../../../shared/figures/attention/matrix-layout.ts'
import {
  filterWords,
  hiddenText,
  isFiltering,
  layoutMatrixLegend,
} from '../../../shared/figures/attention/matrix-legend.ts'
import {scaleOf, type WeightScale} from '../../../shared/figures/attention/matrix-scale.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import type {ColorRange} from '../../../shared/lenses/attention-picture.ts'
import {
  covers,
  hidesAny,
  isWhole,
  pictureKey,
  requestFilters,
  unhidden,
} from '../../store/attention-pictures.ts'
import {pinnedPairs, selectPins} from '../../store/selection.ts'
import {pageZoom} from '../../ui/page-zoom.ts'
import {targetProps} from '../target.ts'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {drawMatrix} from './matrix-canvas.ts'
import {isCausalTile} from './matrix-pixels.ts'
import {useMatrixPointer} from './use-matrix-pointer.ts'
import {rangeOf, type ShownMatrix, selectCell, selectMarked, tileOfWindow} from './use-picture.ts'

export interface MatrixViewProps {
  readonly matrix: ShownMatrix
  readonly widthPx: number
  readonly heightPx: number
  /** Of several that share it; then the legend stands elsewhere. */
  readonly shared?: ColorRange
  /** Takes no room for names of columns while the diagonal has them: zooming makes it smaller. */
  readonly isTight?: boolean
}

// A switch of heads changes the picture and its scale, and none of what stands around it.
const KeptNames = memo(TokenNames)
const KeptMarks = memo(MarksFigure)
const KeptCellMarks = memo(CellMarks)
const KeptLegend = memo(MatrixLegend)

const LEGEND_LINE_PX = 16
const LEGEND_GAP_PX = 16

/** One matrix: its weights on a canvas, names and marks over it, its scale under it. */
export function MatrixView(props: MatrixViewProps) {
  const {matrix, widthPx, heightPx, shared, isTight = false} = props
  const pane = usePaneIndex()
  const {captures} = useWorkbench()
  const {measureMatrix} = useActions()
  const palette = usePalette()
  const {data, spec, window, tiles} = matrix
  const {attentionRange, attentionSteps} = useWorkbenchState((state) => ({
    attentionRange: state.attentionRange,
    attentionSteps: state.attentionSteps,
  }))
  const {marked, pins} = useWorkbenchState((state) => ({
    marked: selectMarked(state, captures, matrix.runId),
    pins: selectPins(state, matrix.runId),
  }))
  const {query, key} = useWorkbenchState((state) => ({
    query: selectCell(state, captures, matrix.runId)?.query ?? null,
    key: selectCell(state, captures, matrix.runId)?.key ?? null,
  }))
  const cell = useMemo(() => (query === null || key === null ? null : {query, key}), [query, key])
  const pairs = useMemo(() => pinnedPairs(pins), [pins])
  const range = useMemo(
    () => shared ?? rangeOf(tiles, {attentionRange, attentionSteps}),
    [shared, tiles, attentionRange, attentionSteps]
  )
  const {maximum, steps} = range
  const scale = useMemo(
    () => scaleOf({maximum, steps, isLocked: false}, spec.map),
    [maximum, steps, spec.map]
  )
  const isAll = isWhole(window, spec.tokenCount)
  const placed = tileOfWindow(tiles, isAll)
  const {tokens} = data
  const filters = useMemo(() => requestFilters(spec.filters, data), [spec.filters, data])
  const plain = hidesAny(spec.filters)
    ? captures.attentionTiles.peek(pictureKey({...spec, filters: unhidden(spec.filters)}))?.whole
    : undefined
  const legend = useMemo(
    () =>
      placed &&
      !shared &&
      layoutMatrixLegend(
        {
          ...{map: spec.map, filters, range, tile: placed.tile},
          ...(plain ? {unfiltered: plain.tile.values} : {}),
        },
        widthPx,
        true
      ),
    [placed, shared, spec.map, filters, range, plain, widthPx]
  )
  const isCausal = placed === null || isCausalTile(placed)
  const legendPx = shared ? 0 : ((legend || null)?.heightPx ?? LEGEND_LINE_PX) + LEGEND_GAP_PX
  const room = useMemo(
    // Room for the names of columns is kept while the diagonal has them, so that zooming moves nothing.
    () =>
      matrixRoom(tokens, widthPx, Math.max(120, heightPx - legendPx), {
        isPart: !(isTight && isAll),
      }),
    [tokens, widthPx, heightPx, legendPx, isTight, isAll]
  )
  const sidePx = Math.floor(room.sidePx)
  const geometry = useMemo(
    (): MatrixGeometry => ({
      ...{xPx: 0, yPx: 0, widthPx: sidePx, heightPx: sidePx},
      queries: [window.query, window.query + window.span],
      keys: [window.key, window.key + window.span],
      isCausal,
    }),
    [sidePx, window.query, window.key, window.span, isCausal]
  )
  const marks = useMemo((): MatrixMarks => {
    if (placed === null || !covers(placed, window, 0)) return NO_MARKS
    const isPlain = plain && placed === tiles.whole
    const found = layoutMarks(
      {...placed, ...(isPlain ? {unfiltered: plain.tile.values} : {})},
      geometry
    )
    return found.values.length + found.dots.length === 0 ? NO_MARKS : found
  }, [placed, plain, tiles, window, geometry])
  const names = useMemo(
    () =>
      layoutNames(tokens, geometry, {
        noPrompt: false,
        named: marked === null ? [] : [marked],
        footPx: room.footPx,
      }),
    [tokens, geometry, marked, room.footPx]
  )

  const canvasRef = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const canvas = canvasRef.current
    if (!canvas) return
    const ratio = devicePixelRatio * pageZoom()
    const devicePx = Math.max(1, Math.round(sidePx * ratio))
    measureMatrix(pane, devicePx)
    const drawn = [tiles.whole, isAll ? undefined : tiles.close].filter(
      (tile) => tile !== undefined
    )
    drawMatrix(canvas, {window, tiles: drawn, scale, palette, sidePx: devicePx, ratio})
  }, [tiles, isAll, window, scale, palette, sidePx, pane, measureMatrix])

  const ref = useRef<HTMLDivElement>(null)
  const pointer = useMatrixPointer(ref, {matrix, geometry})
  return (
    <div
      className="matrix-view"
      data-testid="attention-matrix"
      data-map={pictureKey(spec)}
      data-current={matrix.isCurrent && !matrix.slot.isBehind}
    >
      <div
        ref={ref}
        className="matrix-hit"
        style={{width: sidePx, height: sidePx}}
        {...pointer}
        {...(marked === null
          ? {}
          : targetProps({kind: 'token', runId: matrix.runId, position: marked}))}
      >
        <canvas
          ref={canvasRef}
          style={{width: sidePx, height: sidePx}}
          role="img"
          aria-label={`Attention weights, ${mapName(spec.map)}; the inspector lists what the selected token reads and what reads it`}
        />
      </div>
      <svg
        className="matrix-names"
        width={widthPx}
        height={sidePx + room.footPx}
        aria-hidden="true"
        fontFamily={FONT_FAMILIES.sans}
      >
        <KeptCellMarks
          marks={marks}
          scale={marks === NO_MARKS ? NO_SCALE : scale}
          palette={palette}
        />
        <KeptNames names={names} palette={palette} selected={marked} />
        <KeptMarks
          geometry={geometry}
          palette={palette}
          selected={marked}
          cell={cell}
          pairs={pairs}
        />
      </svg>
      {legend && (
        <svg
          className="matrix-legend"
          style={{top: sidePx + (names.columnLabels.length > 0 ? room.footPx : 0)}}
          width={widthPx}
          height={legend.heightPx}
          role="img"
          aria-label={[
            ...legend.items.map(({text}) => text),
            ...(isFiltering(filters)
              ? [...filterWords(filters), hiddenText(placed!.tile.summary)]
              : []),
          ].join('; ')}
        >
          <KeptLegend layout={legend} scale={scale} palette={palette} />
        </svg>
      )}
    </div>
  )
}

const NO_MARKS: MatrixMarks = {values: [], dots: []}
const NO_SCALE: WeightScale = {maximum: 1, isSigned: false}
