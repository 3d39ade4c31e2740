import {type MouseEvent, type PointerEvent, type RefObject, useEffect, useRef} from 'react'
import {cellAt, type MatrixGeometry} from '../../../shared/figures/attention/matrix-layout.ts'
import {clampWindow} from '../../store/attention-pictures.ts'
import type {MatrixWindow} from '../../store/attention-state.ts'
import {pointIn} from '../../ui/zoom.ts'
import {useWorkbench} from '../use-workbench.ts'
import type {ShownMatrix} from './use-picture.ts'

export interface MatrixPointer {
  onPointerDown(event: PointerEvent): void
  onPointerMove(event: PointerEvent): void
  onPointerLeave(): void
  onClick(event: MouseEvent): void
  onDoubleClick(event: MouseEvent): void
}

interface Input {
  readonly matrix: ShownMatrix
  readonly geometry: MatrixGeometry
}

/** A press that moves further is a drag. */
const DRAG_PX = 4
/** What a wheel's step of 100 does to the tokens that are seen. */
const WHEEL_BASE = 1.0022
/** A pinch comes as a wheel with finer steps. */
const PINCH_BASE = 1.012

/**
 * What the pointer does in a matrix: pointing lights a weight and its query in every lens, a click holds them,
 * with Ctrl or ⌘ pins the pair; the wheel zooms around the pointer, dragging moves, a double click fits.
 */
export function useMatrixPointer(ref: RefObject<HTMLElement | null>, input: Input): MatrixPointer {
  const {actions} = useWorkbench()
  const latest = useRef(input)
  latest.current = input
  const press = useRef<{
    readonly xPx: number
    readonly yPx: number
    readonly from: MatrixWindow
    hasMoved: boolean
  } | null>(null)
  /** The click that follows a drag is a part of it. */
  const isClickSpent = useRef(false)
  const wished = useRef<MatrixWindow | null>(null)
  const frame = useRef(0)

  // Several events between two frames are one step.
  const show = (window: MatrixWindow) => {
    wished.current = clampWindow(window, latest.current.matrix.spec.tokenCount)
    if (frame.current !== 0) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      const next = wished.current
      wished.current = null
      if (next) actions.showMatrixWindow(latest.current.matrix.runId, next)
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
      const {geometry, matrix} = latest.current
      const window = wished.current ?? matrix.window
      const base = event.ctrlKey ? PINCH_BASE : WHEEL_BASE
      const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 * event.deltaY : event.deltaY
      const count = matrix.spec.tokenCount
      const span = Math.max(Math.min(4, count), Math.min(count, window.span * base ** step))
      const {xPx, yPx} = pointIn(element, event)
      const across = xPx / geometry.widthPx
      const down = yPx / geometry.heightPx
      showLatest.current({
        // What is under the pointer stays there.
        key: window.key + across * (window.span - span),
        query: window.query + down * (window.span - span),
        span,
      })
    }
    // React listens passively, and the page would scroll.
    element.addEventListener('wheel', zoom, {passive: false})
    return () => element.removeEventListener('wheel', zoom)
  }, [ref])

  useEffect(() => {
    const move = (event: globalThis.PointerEvent) => {
      const own = press.current
      if (!own) return
      const {clientX, clientY} = event
      const element = ref.current
      if (!element) return
      const {xPx, yPx} = pointIn(element, {clientX, clientY})
      const isFar = Math.hypot(xPx - own.xPx, yPx - own.yPx) >= DRAG_PX
      if (!own.hasMoved && !isFar) return
      own.hasMoved = true
      const {geometry} = latest.current
      const tokensPerPx = own.from.span / geometry.widthPx
      showLatest.current({
        ...own.from,
        key: own.from.key - (xPx - own.xPx) * tokensPerPx,
        query: own.from.query - (yPx - own.yPx) * tokensPerPx,
      })
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

  const placeOf = (event: PointerEvent | MouseEvent) => {
    const {geometry, matrix} = latest.current
    const element = ref.current
    if (!element) return null
    const {xPx, yPx} = pointIn(element, event)
    return cellAt(geometry, xPx, yPx, matrix.spec.tokenCount)
  }
  return {
    onPointerDown(event) {
      if (event.button !== 0 || event.ctrlKey || event.metaKey) return
      const {xPx, yPx} = pointIn(event.currentTarget, event)
      press.current = {xPx, yPx, from: latest.current.matrix.window, hasMoved: false}
    },
    onPointerMove(event) {
      if (press.current?.hasMoved) return
      const place = placeOf(event)
      actions.hoverCell(place && {...place, runId: latest.current.matrix.runId})
    },
    onPointerLeave: () => actions.hoverCell(null),
    onClick(event) {
      if (isClickSpent.current) return
      const place = placeOf(event)
      if (!place) return
      const {runId} = latest.current.matrix
      if (event.ctrlKey || event.metaKey) {
        actions.togglePin({kind: 'pair', from: place.query, to: place.key}, runId)
      } else actions.lightCell(runId, place)
    },
    onDoubleClick() {
      actions.showMatrixWindow(latest.current.matrix.runId, null)
    },
  }
}
