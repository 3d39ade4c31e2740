import {type MouseEvent, type PointerEvent, type RefObject, useEffect, useRef} from 'react'
import type {TokenWindow} from '../../../shared/figures/attention/graph-columns-layout.ts'
import {type GraphPart, graphPartAt} from '../../../shared/figures/attention/graph-hit.ts'
import type {GraphLayout} from '../../../shared/figures/attention/graph-layout.ts'
import {columnValue} from '../../../shared/figures/attention/graph-tracks.ts'
import {clampTokens} from '../../store/attention-graph.ts'
import {pointIn} from '../../ui/zoom.ts'
import {useWorkbench} from '../use-workbench.ts'
import type {ShownGraph} from './use-graph.ts'

export interface GraphPointer {
  onPointerDown(event: PointerEvent): void
  onPointerMove(event: PointerEvent): void
  onPointerLeave(): void
  onClick(event: MouseEvent): void
  onDoubleClick(event: MouseEvent): void
}

interface Input {
  readonly shown: ShownGraph
  readonly layout: GraphLayout
}

/** A press that moves further is a drag. */
const DRAG_PX = 4
const WHEEL_BASE = 1.0022
const PINCH_BASE = 1.012

/**
 * What the pointer does in a graph: pointing tells a node, an edge or a column and hovers its token, a click
 * selects it; the wheel zooms around the pointer, dragging moves, a double click fits.
 */
export function useGraphPointer(ref: RefObject<HTMLElement | null>, input: Input): GraphPointer {
  const {actions} = useWorkbench()
  const latest = useRef(input)
  latest.current = input
  const press = useRef<{
    readonly xPx: number
    readonly from: TokenWindow
    hasMoved: boolean
  } | null>(null)
  /** The click that follows a drag is a part of it. */
  const isClickSpent = useRef(false)
  const wished = useRef<TokenWindow | null>(null)
  const frame = useRef(0)

  // Several events between two frames are one step.
  const show = (window: TokenWindow) => {
    wished.current = clampTokens(window, latest.current.shown.data.tokens.length)
    if (frame.current !== 0) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      const next = wished.current
      wished.current = null
      if (next) actions.showGraphWindow(latest.current.shown.runId, next)
    })
  }
  const showLatest = useRef(show)
  showLatest.current = show
  useEffect(() => () => cancelAnimationFrame(frame.current), [])

  useEffect(() => {
    const element = ref.current
    if (!element) return
    const zoom = (event: WheelEvent) => {
      event.preventDefault()
      const {layout, shown} = latest.current
      const window = wished.current ?? shown.window
      const base = event.ctrlKey ? PINCH_BASE : WHEEL_BASE
      const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 * event.deltaY : event.deltaY
      const across = shareAcross(layout, pointIn(element, event).xPx)
      const count = shown.data.tokens.length
      const span = Math.max(Math.min(4, count), Math.min(count, window.span * base ** step))
      showLatest.current({start: window.start + across * (window.span - span), span})
    }
    // React listens passively, and the page would scroll.
    element.addEventListener('wheel', zoom, {passive: false})
    return () => element.removeEventListener('wheel', zoom)
  }, [ref])

  useEffect(() => {
    const move = (event: globalThis.PointerEvent) => {
      const own = press.current
      const element = ref.current
      if (!own || !element) return
      const {xPx} = pointIn(element, event)
      if (!own.hasMoved && Math.abs(xPx - own.xPx) < DRAG_PX) return
      own.hasMoved = true
      const tokensPerPx = own.from.span / latest.current.layout.widthPx
      showLatest.current({...own.from, start: own.from.start - (xPx - own.xPx) * tokensPerPx})
    }
    const end = () => {
      const own = press.current
      press.current = null
      if (!own?.hasMoved) return
      isClickSpent.current = true
      setTimeout(() => {
        isClickSpent.current = false
      })
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', end)
    window.addEventListener('pointercancel', end)
    return () => {
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', end)
      window.removeEventListener('pointercancel', end)
    }
  }, [ref])

  const partOf = (event: PointerEvent | MouseEvent): GraphPart | null => {
    const element = ref.current
    if (!element) return null
    const {xPx, yPx} = pointIn(element, event)
    return graphPartAt(latest.current.layout, xPx, yPx)
  }
  return {
    onPointerDown(event) {
      if (event.button !== 0 || event.ctrlKey || event.metaKey) return
      const {xPx} = pointIn(event.currentTarget, event)
      press.current = {xPx, from: latest.current.shown.window, hasMoved: false}
    },
    onPointerMove(event) {
      if (press.current?.hasMoved) return
      const {shown} = latest.current
      const part = partOf(event)
      actions.pointAtGraph(part && {part, runId: shown.runId}, part && tokenOf(shown, part))
    },
    onPointerLeave: () => actions.pointAtGraph(null, null),
    onClick(event) {
      if (isClickSpent.current) return
      const part = partOf(event)
      const {shown} = latest.current
      if (!part) return
      if (part.kind === 'edge') {
        const {graph} = shown
        if (!graph) return
        const query = graph.topQuery[part.edge]!
        const key = graph.topKey[part.edge]!
        actions.lockNode(shown.runId, {
          position: query,
          level: graph.layers.indexOf(graph.layer[part.edge]!) + 1,
        })
        actions.lightCell(shown.runId, {query, key})
        return
      }
      const level = part.kind === 'node' ? part.level : shown.level
      actions.lockNode(shown.runId, {position: tokenOf(shown, part), level})
    },
    onDoubleClick() {
      actions.showGraphWindow(latest.current.shown.runId, null)
    },
  }
}

/** How far across the columns a point is, from 0 to 1. */
function shareAcross({xPx, widthPx}: GraphLayout, pointPx: number): number {
  return Math.max(0, Math.min(1, (pointPx - xPx) / widthPx))
}

/** The token that a part stands for: of several in a column the most important one. */
export function tokenOf({graph, importance}: ShownGraph, part: GraphPart): number {
  if (part.kind === 'edge') return graph?.topQuery[part.edge] ?? 0
  const range =
    part.kind === 'column'
      ? part
      : {
          first: graph?.starts[part.column] ?? 0,
          end: graph?.starts[part.column + 1] ?? graph?.tokenCount ?? 1,
        }
  return importance ? columnValue(importance.values, range).position : range.first
}
