import {useLayoutEffect, useMemo, useRef} from 'react'
import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {
  MarksFigure,
  MatrixLegend,
  NamesFigure,
} from '../../../shared/figures/attention/matrix-figure.tsx'
import {
  layoutMatrix,
  type MatrixGeometry,
  matrixRoom,
} from '../../../shared/figures/attention/matrix-layout.ts'
import {
  filterWords,
  hiddenText,
  isFiltering,
  layoutMatrixLegend,
} from '../../../shared/figures/attention/matrix-legend.ts'
import {scaleOf} from '../../../shared/figures/attention/matrix-scale.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import type {ColorRange} from '../../../shared/lenses/attention-picture.ts'
import {
  covers,
  isWhole,
  pictureKey,
  requestFilters,
  unhidden,
} from '../../store/attention-pictures.ts'
import {pinnedPairs, selectPins} from '../../store/selection.ts'
import {zoomOf} from '../../ui/zoom.ts'
import {targetProps} from '../target.ts'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {drawMatrix, isCausalTile} from './matrix-canvas.ts'
import {useMatrixPointer} from './use-matrix-pointer.ts'
import {rangeOf, type ShownMatrix, selectCell, selectMarked, tileOfWindow} from './use-picture.ts'

export interface MatrixViewProps {
  readonly matrix: ShownMatrix
  readonly widthPx: number
  readonly heightPx: number
  /** Of several that share it; then the legend stands elsewhere. */
  readonly shared?: ColorRange
}

const LEGEND_LINE_PX = 16
const LEGEND_GAP_PX = 16

/** One matrix: its weights on a canvas, names and marks over it, its scale under it. */
export function MatrixView({matrix, widthPx, heightPx, shared}: MatrixViewProps) {
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
  const cell = query === null || key === null ? null : {query, key}
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
  const plain = captures.attentionTiles.peek(
    pictureKey({...spec, filters: unhidden(spec.filters)})
  )?.whole
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
    () => matrixRoom(tokens, widthPx, Math.max(120, heightPx - legendPx), {isPart: true}),
    [tokens, widthPx, heightPx, legendPx]
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
  const layout = useMemo(() => {
    const isThere = placed !== null && covers(placed, window, 0)
    const cells = isThere ? placed : NOTHING_PLACED
    const isPlain = plain && placed === tiles.whole
    return layoutMatrix(
      tokens,
      {map: spec.map, ...cells, ...(isPlain ? {unfiltered: plain.tile.values} : {})},
      geometry,
      {noPrompt: false, named: marked === null ? [] : [marked], footPx: room.footPx}
    )
  }, [tokens, placed, plain, tiles, window, spec.map, geometry, marked, room.footPx])

  const canvasRef = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const canvas = canvasRef.current
    if (!canvas) return
    const ratio = devicePixelRatio * zoomOf(canvas)
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
        <NamesFigure layout={layout} scale={scale} palette={palette} selected={marked} />
        <MarksFigure
          geometry={geometry}
          palette={palette}
          selected={marked}
          cell={cell}
          pairs={pinnedPairs(pins)}
        />
      </svg>
      {legend && (
        <svg
          className="matrix-legend"
          style={{top: sidePx + (layout.columnLabels.length > 0 ? room.footPx : 0)}}
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
          <MatrixLegend layout={legend} scale={scale} palette={palette} />
        </svg>
      )}
    </div>
  )
}

const NOTHING_PLACED = {
  queries: [0, 1] as [number, number],
  keys: [0, 1] as [number, number],
  tile: {
    ...{rowCount: 0, columnCount: 0, values: new Float32Array(0), minimum: 0, maximum: 0},
    summary: {
      ...{rowCount: 0, hiddenShare: 0, sinkOnlyRowCount: 0},
      ...{nowhereShare: null, nonFiniteCount: 0},
    },
  },
}
