import {useLayoutEffect, useMemo, useRef, useState} from 'react'
import {ColumnNames, LinesMarks} from '../../../shared/figures/attention/lines-figure.tsx'
import {
  columnLabels,
  linesGeometry,
  linesInView,
  type WeightLine,
} from '../../../shared/figures/attention/lines-layout.ts'
import {lineBuckets} from '../../../shared/figures/attention/lines-style.ts'
import {linesLegendWords} from '../../../shared/figures/attention/lines-words.ts'
import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {formatWeight} from '../../../shared/figures/attention/matrix-caption.ts'
import {MatrixLegend} from '../../../shared/figures/attention/matrix-figure.tsx'
import {flowLegend} from '../../../shared/figures/attention/matrix-legend.ts'
import {scaleOf, stepCountOf} from '../../../shared/figures/attention/matrix-scale.ts'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import {requestFilters} from '../../store/attention-pictures.ts'
import {pinnedPairs, selectPins} from '../../store/selection.ts'
import {pageZoom} from '../../ui/page-zoom.ts'
import {targetProps} from '../target.ts'
import {usePalette} from '../use-theme.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {drawLines} from './lines-canvas.ts'
import type {ShownLines} from './use-lines.ts'
import {useLinesPointer} from './use-lines-pointer.ts'
import {selectCell, selectMarked} from './use-picture.ts'
import './lines.css'

const MOST_WIDTH_PX = 640
const HEAD_PX = 24
const LEGEND_GAP_PX = 16
/** What is not of the marked token, while it is pointed at and while it is held. */
const POINTED_OPACITY = 0.05
const HELD_OPACITY = 0.3
const LINE_OPACITY = 0.25
const MOST_NUMBERS = 8
/** Lighter ones are not worth a number. */
const LEAST_NUMBER = 0.01

export interface LinesViewProps {
  readonly shown: ShownLines
  readonly widthPx: number
  readonly heightPx: number
}

/** Tokens in two columns, weights as lines between them: on canvases, however many they are. */
export function LinesView({shown, widthPx, heightPx}: LinesViewProps) {
  const {runId, data, specs, window, sources, range} = shown
  const {captures} = useWorkbench()
  const palette = usePalette()
  const [side, setSide] = useState<'query' | 'key' | null>(null)
  const {marked, hovered, pins, pointed} = useWorkbenchState((state) => ({
    marked: selectMarked(state, captures, runId),
    hovered: state.hovered?.runId === runId,
    pins: selectPins(state, runId),
    pointed: state.pointedLine?.runId === runId ? state.pointedLine : null,
  }))
  const {query, key} = useWorkbenchState((state) => ({
    query: selectCell(state, captures, runId)?.query ?? null,
    key: selectCell(state, captures, runId)?.key ?? null,
  }))
  const cell = query === null || key === null ? null : {query, key}
  const filters = useMemo(() => requestFilters(specs[0]!.filters, data), [specs, data])
  const scale = useMemo(() => scaleOf(range, specs[0]!.map), [range, specs])
  const {tokens} = data
  const drawnPx = Math.min(MOST_WIDTH_PX, widthPx)
  // The legend's height decides how much is left, and is known before anything is drawn.
  const legendRoomPx = 3 * 16 + LEGEND_GAP_PX
  const plotPx = Math.max(120, heightPx - HEAD_PX - legendRoomPx)
  const geometry = useMemo(
    () =>
      linesGeometry(
        tokens,
        {xPx: 0, topPx: HEAD_PX, widthPx: drawnPx, heightPx: plotPx},
        {start: window.query, end: window.query + window.span}
      ),
    [tokens, drawnPx, plotPx, window.query, window.span]
  )
  const view = useMemo(() => linesInView(sources, geometry), [sources, geometry])
  const buckets = useMemo(
    () => lineBuckets(view.lines, scale, specs.length, palette),
    [view, scale, specs.length, palette]
  )
  const own = useMemo(() => {
    if (marked === null) return NO_LINES
    const isKey = hovered && side === 'key'
    const isOwn = (line: {query: number; key: number}) => (isKey ? line.key : line.query) === marked
    const mine = sources.map((source) => ({...source, edges: edgesOf(source.edges, isOwn)}))
    return linesInView(mine, {...geometry}).lines
  }, [sources, geometry, marked, hovered, side])
  const ownBuckets = useMemo(
    () => lineBuckets(own, scale, specs.length, palette),
    [own, scale, specs.length, palette]
  )
  const isSigned = scale.isSigned
  const weights = useMemo(() => {
    const heaviest = own
      .slice(-MOST_NUMBERS)
      .filter(({weight}) => !(Math.abs(weight) < LEAST_NUMBER))
    const isKey = hovered && side === 'key'
    return isKey || specs.length > 1
      ? undefined
      : new Map(heaviest.map((line) => [line.key, formatWeight(line.weight, isSigned)]))
  }, [own, hovered, side, specs.length, isSigned])
  const legend = useMemo(
    () =>
      flowLegend(
        linesLegendWords({
          ...{range, filters, summaries: shown.summaries},
          maps: specs.map(({map}) => map),
          ...{lineCount: view.lines.length, edgeCount: view.edgeCount},
          ...{omittedCount: shown.omittedCount, omittedShare: shown.omittedShare},
        }).map((text, i) => ({
          kind:
            i === 0 && specs.length === 1 ? 'ramp' : text.startsWith('NaN') ? 'broken' : 'words',
          text,
        })),
        stepCountOf(scale),
        Math.max(200, widthPx)
      ),
    [range, filters, shown, specs, view, scale, widthPx]
  )
  const labels = useMemo(
    () => columnLabels(tokens, geometry, {noPrompt: false, named: marked === null ? [] : [marked]}),
    [tokens, geometry, marked]
  )
  const keyLabels = useMemo(
    () =>
      columnLabels(tokens, geometry, {
        noPrompt: false,
        named: weights
          ? [...weights.keys()].slice(-MOST_NUMBERS).reverse().filter(isApart(geometry))
          : [],
      }),
    [tokens, geometry, weights]
  )

  const baseRef = useRef<HTMLCanvasElement>(null)
  const ownRef = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const canvas = baseRef.current
    if (canvas) drawLines(canvas, geometry, buckets, devicePixelRatio * pageZoom())
  }, [geometry, buckets])
  useLayoutEffect(() => {
    const canvas = ownRef.current
    if (canvas) drawLines(canvas, geometry, ownBuckets, devicePixelRatio * pageZoom())
  })

  const ref = useRef<HTMLDivElement>(null)
  const pointer = useLinesPointer(ref, {shown, geometry, lines: view.lines, onSide: setSide})
  const opacity =
    marked === null ? 1 : pointed ? LINE_OPACITY : hovered ? POINTED_OPACITY : HELD_OPACITY
  const place = {
    left: geometry.leftPx,
    top: HEAD_PX,
    width: geometry.rightPx - geometry.leftPx,
    height: plotPx,
  }
  return (
    <div
      className="lines-view"
      data-testid="attention-lines"
      data-current={shown.isCurrent}
      data-lines={view.lines.length}
      data-own={own.length}
    >
      <div
        ref={ref}
        className="lines-hit"
        style={{width: drawnPx, height: HEAD_PX + plotPx}}
        {...pointer}
        {...(marked === null ? {} : targetProps({kind: 'token', runId, position: marked}))}
      >
        <canvas
          ref={baseRef}
          style={{...place, opacity}}
          role="img"
          aria-label={`Attention weights as lines, ${specs.map(({map}) => mapName(map)).join(', ')}; the inspector lists what the selected token reads and what reads it`}
        />
        <canvas ref={ownRef} style={place} />
        <svg
          width={drawnPx}
          height={HEAD_PX + plotPx}
          aria-hidden="true"
          fontFamily={FONT_FAMILIES.sans}
        >
          <text x={geometry.leftPx - 8} y={12} fontSize={11} fill={palette.ink3} textAnchor="end">
            reads
          </text>
          <text x={geometry.rightPx + 8} y={12} fontSize={11} fill={palette.ink3}>
            is read
          </text>
          <ColumnNames
            geometry={geometry}
            labels={labels}
            side="query"
            palette={palette}
            selected={side === 'key' ? null : marked}
          />
          <ColumnNames
            geometry={geometry}
            labels={keyLabels}
            side="key"
            palette={palette}
            selected={side === 'key' ? marked : null}
            {...(weights ? {weights} : {})}
          />
          <LinesMarks geometry={geometry} palette={palette} pairs={pinnedPairs(pins)} cell={cell} />
        </svg>
      </div>
      <svg
        width={widthPx}
        height={legend.heightPx}
        role="img"
        fontFamily={FONT_FAMILIES.sans}
        aria-label={legend.items.map(({text}) => text).join('; ')}
        data-testid="lines-legend"
      >
        <MatrixLegend layout={legend} scale={scale} palette={palette} />
      </svg>
    </div>
  )
}

const NO_LINES: readonly WeightLine[] = []

function edgesOf(
  {query, key, weight}: ShownLines['sources'][number]['edges'],
  isOwn: (line: {query: number; key: number}) => boolean
) {
  const found: number[] = []
  for (let edge = 0; edge < query.length; edge++) {
    if (isOwn({query: query[edge]!, key: key[edge]!})) found.push(edge)
  }
  return {
    query: Int32Array.from(found, (edge) => query[edge]!),
    key: Int32Array.from(found, (edge) => key[edge]!),
    weight: Float32Array.from(found, (edge) => weight[edge]!),
  }
}

/** Names that stand clear of those before them. */
function isApart({heightPx, start, end}: {heightPx: number; start: number; end: number}) {
  return (position: number, index: number, all: readonly number[]) =>
    all
      .slice(0, index)
      .every((other) => (Math.abs(other - position) * heightPx) / (end - start) >= 13)
}
