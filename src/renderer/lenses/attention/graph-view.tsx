import {useEffect, useLayoutEffect, useMemo, useRef} from 'react'
import {
  ColumnNames,
  crossPath,
  edgePath,
  LevelsFigure,
  TracksFigure,
} from '../../../shared/figures/attention/graph-figure.tsx'
import type {GraphPart} from '../../../shared/figures/attention/graph-hit.ts'
import {type GraphLayout, layoutGraph} from '../../../shared/figures/attention/graph-layout.ts'
import {GraphLegend, layoutGraphLegend} from '../../../shared/figures/attention/graph-legend.tsx'
import {roundPx} from '../../../shared/figures/number-format.ts'
import type {Palette} from '../../../shared/figures/palette.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import {pageZoom} from '../../ui/page-zoom.ts'
import {targetProps} from '../target.ts'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {drawGraph} from './graph-canvas.ts'
import {GraphEmpty} from './graph-empty.tsx'
import {GraphTable} from './graph-table.tsx'
import {TrackActions} from './track-actions.tsx'
import type {ShownGraph} from './use-graph.ts'
import {useGraphPointer} from './use-graph-pointer.ts'

export interface GraphViewProps {
  readonly shown: ShownGraph
  readonly widthPx: number
  readonly heightPx: number
}

const LEGEND_GAP_PX = 4
const LEAST_HEIGHT_PX = 340

/** The attention graph: edges and nodes on a canvas, names, bars and marks over it. */
export function GraphView({shown, widthPx, heightPx}: GraphViewProps) {
  const pane = usePaneIndex()
  const palette = usePalette()
  const {measureGraph, showGraphWindow} = useActions()
  const {data, graph, into, window, tracks, layers, locked, runId, level} = shown
  const {edgesPerLayer, pointed} = useWorkbenchState((state) => ({
    edgesPerLayer: state.graphEdgesPerLayer,
    pointed: state.graphPointed?.runId === runId ? state.graphPointed.part : null,
  }))
  const hasOne = shown.importance?.variant === 'position-corrected'
  const legend = useMemo(
    () => layoutGraphLegend({graph, into, tokens: data.tokens, maximum: null, hasOne}, widthPx),
    [graph, into, data.tokens, hasOne, widthPx]
  )
  const figurePx = Math.max(LEAST_HEIGHT_PX, heightPx) - legend.heightPx - LEGEND_GAP_PX
  const layout = useMemo(
    () =>
      layoutGraph(
        {tokens: data.tokens, graph, layers, window, edgesPerLayer, tracks},
        {xPx: 0, yPx: 0, widthPx, heightPx: figurePx}
      ),
    [data.tokens, graph, layers, window, edgesPerLayer, tracks, widthPx, figurePx]
  )
  const shownLegend = useMemo(
    () =>
      layoutGraphLegend(
        {graph, into, tokens: data.tokens, maximum: layout.maximum, hasOne},
        widthPx
      ),
    [graph, into, data.tokens, layout.maximum, hasOne, widthPx]
  )
  const totalPx = Math.ceil(layout.endPx)

  const canvasRef = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const canvas = canvasRef.current
    if (!canvas) return
    measureGraph(pane, Math.floor(layout.widthPx))
    const ratio = devicePixelRatio * pageZoom()
    drawGraph(canvas, layout, {palette, widthPx, heightPx: totalPx, ratio})
  }, [layout, palette, widthPx, totalPx, pane, measureGraph])

  // A token that is walked to comes into sight.
  const windowRef = useRef(window)
  windowRef.current = window
  const tokenCount = data.tokens.length
  useEffect(() => {
    const {start, span} = windowRef.current
    if (locked === null || span >= tokenCount) return
    if (locked >= start && locked + 1 <= start + span) return
    showGraphWindow(runId, {start: locked + 0.5 - span / 2, span})
  }, [locked, tokenCount, runId, showGraphWindow])

  const ref = useRef<HTMLDivElement>(null)
  const pointer = useGraphPointer(ref, {shown, layout})
  const target = useWorkbenchState((state) =>
    state.hovered?.runId === runId ? state.hovered.position : locked
  )
  return (
    <div
      className="graph-view"
      data-testid="attention-graph"
      data-current={shown.isCurrent && shown.slot.phase.kind !== 'running'}
      data-into={into ?? ''}
      data-level={level}
      data-lines={layout.share.lineCount}
      data-edges={layout.share.edgeCount}
      data-hidden={layout.share.hiddenShare}
      data-columns={layout.columns.columns.length}
      style={{height: totalPx + LEGEND_GAP_PX + shownLegend.heightPx}}
    >
      <div
        ref={ref}
        className="graph-hit"
        style={{width: widthPx, height: totalPx}}
        {...pointer}
        {...(target === null ? {} : targetProps({kind: 'token', runId, position: target}))}
      >
        <canvas
          ref={canvasRef}
          style={{width: widthPx, height: totalPx}}
          role="img"
          aria-label={`Attention graph, tokens across and layers from the input up; ${shareWords(layout)}. A table of the selected token’s edges follows.`}
        />
        <svg
          className="graph-marks"
          width={widthPx}
          height={totalPx}
          aria-hidden="true"
          fontFamily={FONT_FAMILIES.sans}
        >
          <LevelsFigure layout={layout} palette={palette} leftPx={0} />
          <ColumnNames layout={layout} palette={palette} selected={locked} />
          <TracksFigure layout={layout} palette={palette} leftPx={0} />
          <GraphMarks shown={shown} layout={layout} palette={palette} pointed={pointed} />
        </svg>
      </div>
      <svg
        className="graph-legend"
        style={{top: totalPx + LEGEND_GAP_PX}}
        width={widthPx}
        height={shownLegend.heightPx}
        role="img"
        aria-label={shownLegend.items.map(({text}) => text).join('; ')}
      >
        <GraphLegend layout={shownLegend} palette={palette} />
      </svg>
      <TrackActions shown={shown} layout={layout} />
      <GraphEmpty shown={shown} layout={layout} />
      <GraphTable shown={shown} />
    </div>
  )
}

function shareWords({share}: GraphLayout): string {
  return `${share.drawnCount} of ${share.edgeCount} edges are drawn`
}

interface GraphMarksProps {
  readonly shown: ShownGraph
  readonly layout: GraphLayout
  readonly palette: Palette
  readonly pointed: GraphPart | null
}

/** The selected node, and what is pointed at with its edges. They recolour no data. */
function GraphMarks({shown, layout, palette, pointed}: GraphMarksProps) {
  const {graph, into, level} = shown
  const column = graph && into !== null ? graph.starts.findLastIndex((start) => start <= into) : -1
  const selected = layout.nodes.find((node) => node.column === column && node.level === level)
  const node =
    pointed?.kind === 'node'
      ? layout.nodes.find((own) => own.column === pointed.column && own.level === pointed.level)
      : undefined
  const lit = layout.edges.filter((edge) =>
    pointed?.kind === 'edge'
      ? edge.edge === pointed.edge
      : pointed?.kind === 'node' && graph
        ? (edge.row === pointed.level && graph.key[edge.edge] === pointed.column) ||
          (edge.row + 1 === pointed.level && graph.query[edge.edge] === pointed.column)
        : false
  )
  return (
    <g fill="none">
      {lit.map((edge) => (
        <path
          key={edge.edge}
          d={edgePath(edge)}
          stroke={palette.ink1}
          strokeWidth={roundPx(Math.max(1.25, edge.widthPx))}
          strokeLinecap="round"
        />
      ))}
      {node && (
        <circle
          cx={roundPx(node.xPx)}
          cy={roundPx(node.yPx)}
          r={roundPx(node.radiusPx + 3)}
          stroke={palette.ink1}
        />
      )}
      {node?.isBroken && (
        <path d={crossPath(node.xPx, node.yPx)} stroke={palette.rejected} strokeWidth={2} />
      )}
      {selected && (
        <circle
          cx={roundPx(selected.xPx)}
          cy={roundPx(selected.yPx)}
          r={roundPx(selected.radiusPx + 4)}
          stroke={palette.accent}
          strokeWidth={2}
          data-selected-node={`${selected.level} ${selected.column}`}
        />
      )}
    </g>
  )
}
