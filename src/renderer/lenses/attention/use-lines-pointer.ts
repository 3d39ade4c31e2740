import {type MouseEvent, type PointerEvent, type RefObject, useEffect, useRef} from 'react'
import {
  type LinesGeometry,
  lineAt,
  tokenAt,
  type WeightLine,
} from '../../../shared/figures/attention/lines-layout.ts'
import {headOfMap} from '../../store/attention-lines.ts'
import {clampWindow} from '../../store/attention-pictures.ts'
import type {MatrixWindow} from '../../store/attention-state.ts'
import {pointIn} from '../../ui/zoom.ts'
import {useWorkbench} from '../use-workbench.ts'
import type {ShownLines} from './use-lines.ts'

interface Input {
  readonly shown: ShownLines
  readonly geometry: LinesGeometry
  readonly lines: readonly WeightLine[]
  /** Tells which column the pointer is on; null between them. */
  readonly onSide: (side: 'query' | 'key' | null) => void
}

export interface LinesPointer {
  onPointerDown(event: PointerEvent): void
  onPointerMove(event: PointerEvent): void
  onPointerLeave(): void
  onClick(event: MouseEvent): void
  onDoubleClick(): void
}

const DRAG_PX = 4
const WHEEL_BASE = 1.0022
const PINCH_BASE = 1.012

/**
 * What the pointer does among lines: a token shows its own, a line its weight, in every lens; a click holds
 * them, with Ctrl or ⌘ it pins the pair; the wheel zooms around the pointer, dragging moves, a double click fits.
 */
export function useLinesPointer(ref: RefObject<HTMLElement | null>, input: Input): LinesPointer {
  const {actions, store} = useWorkbench()
  const latest = useRef(input)
  latest.current = input
  const press = useRef<{
    readonly yPx: number
    readonly from: MatrixWindow
    hasMoved: boolean
  } | null>(null)
  const isClickSpent = useRef(false)

  const show = (window: Pick<MatrixWindow, 'query' | 'span'>) => {
    const {shown} = latest.current
    const {tokenCount} = shown.specs[0]!
    // Both columns are the same text: keys stand beside queries.
    const clamped = clampWindow({...window, key: window.query}, tokenCount)
    actions.showMatrixWindow(shown.runId, clamped)
  }
  const showLatest = useRef(show)
  showLatest.current = show

  useEffect(() => {
    const element = ref.current
    if (!element) return
    const zoom = (event: WheelEvent) => {
      event.preventDefault()
      const {geometry} = latest.current
      const {yPx} = pointIn(element, event)
      const share = Math.max(0, Math.min(1, (yPx - geometry.topPx) / geometry.heightPx))
      const span = geometry.end - geometry.start
      const base = event.ctrlKey ? PINCH_BASE : WHEEL_BASE
      const wanted = span * base ** event.deltaY
      const {tokenCount} = latest.current.shown.specs[0]!
      const next = Math.max(4, Math.min(tokenCount, wanted))
      showLatest.current({query: geometry.start + share * (span - next), span: next})
    }
    element.addEventListener('wheel', zoom, {passive: false})
    return () => element.removeEventListener('wheel', zoom)
  }, [ref])

  useEffect(() => {
    const move = (event: globalThis.PointerEvent) => {
      const own = press.current
      const element = ref.current
      if (!own || !element) return
      const {yPx} = pointIn(element, event)
      if (!own.hasMoved && Math.abs(yPx - own.yPx) < DRAG_PX) return
      own.hasMoved = true
      const {geometry} = latest.current
      const tokensPerPx = own.from.span / geometry.heightPx
      showLatest.current({...own.from, query: own.from.query - (yPx - own.yPx) * tokensPerPx})
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

  const lineUnder = (event: PointerEvent | MouseEvent) => {
    const {geometry, lines} = latest.current
    const element = ref.current
    if (!element) return null
    const {xPx, yPx} = pointIn(element, event)
    return lineAt(lines, geometry, xPx, yPx)
  }
  const tokenUnder = (event: PointerEvent | MouseEvent) => {
    const {geometry, shown} = latest.current
    const element = ref.current
    if (!element) return null
    const {xPx, yPx} = pointIn(element, event)
    const side = xPx < geometry.leftPx ? 'query' : xPx > geometry.rightPx ? 'key' : null
    const position = tokenAt(geometry, yPx, shown.specs[0]!.tokenCount)
    return side === null || position === null ? null : ({side, position} as const)
  }
  return {
    onPointerDown(event) {
      if (event.button !== 0 || event.ctrlKey || event.metaKey) return
      const {geometry} = latest.current
      const {yPx} = pointIn(event.currentTarget, event)
      const span = geometry.end - geometry.start
      press.current = {
        yPx,
        from: {query: geometry.start, key: geometry.start, span},
        hasMoved: false,
      }
    },
    onPointerMove(event) {
      if (press.current?.hasMoved) return
      const {shown, onSide} = latest.current
      const {runId} = shown
      const token = tokenUnder(event)
      const line = token ? null : lineUnder(event)
      onSide(token?.side ?? null)
      const spec = line && shown.specs[line.group]
      actions.pointAtLine(
        line && spec
          ? {
              runId,
              head: headOfMap(spec.map),
              query: line.query,
              key: line.key,
              weight: line.weight,
            }
          : null
      )
      if (token) actions.hover(token.position, runId)
      else if (!line && store.getState().hovered !== null) actions.hover(null)
    },
    onPointerLeave() {
      latest.current.onSide(null)
      actions.pointAtLine(null)
      actions.hover(null)
    },
    onClick(event) {
      if (isClickSpent.current) return
      const {runId} = latest.current.shown
      const token = tokenUnder(event)
      const line = token ? null : lineUnder(event)
      if (line && (event.ctrlKey || event.metaKey)) {
        actions.togglePin({kind: 'pair', from: line.query, to: line.key}, runId)
      } else if (line) actions.lightCell(runId, {query: line.query, key: line.key})
      else if (token && (event.ctrlKey || event.metaKey)) {
        actions.togglePin({kind: 'token', position: token.position}, runId)
      } else if (token) actions.lock(token.position, runId)
    },
    onDoubleClick() {
      actions.showMatrixWindow(latest.current.shown.runId, null)
    },
  }
}
