import {type PointerEvent, useRef} from 'react'
import {pageZoom} from './page-zoom.ts'
import './pane-separator.css'

const STEP_PX = 16
/** Dragged below this share of the least, a pane collapses. */
const COLLAPSE_SHARE = 0.6

export interface PaneSeparatorProps {
  readonly label: string
  /** `x`: between panes that stand side by side. */
  readonly axis: 'x' | 'y'
  /** Size of the pane that it resizes. */
  readonly valuePx: number
  readonly leastPx: number
  readonly mostPx: number
  /** The pane stands after the separator. */
  readonly isAfter?: boolean
  readonly onChange: (px: number) => void
  /** Double click and Enter. */
  readonly onReset: () => void
  /** Dragged to almost nothing. */
  readonly onCollapse?: () => void
  readonly testId?: string
}

/** The line between two panes: drag, arrows, Home and End; double click and Enter; Escape while dragging. */
export function PaneSeparator(props: PaneSeparatorProps) {
  const {axis, valuePx, leastPx, mostPx, isAfter = false, onChange} = props
  const drag = useRef<{startPx: number; valuePx: number} | null>(null)
  const placeOf = (event: PointerEvent) =>
    (axis === 'x' ? event.clientX : event.clientY) / pageZoom()
  const end = () => {
    drag.current = null
    delete document.documentElement.dataset.dragging
  }
  const move = (event: PointerEvent) => {
    if (!drag.current) return
    const movedPx = (placeOf(event) - drag.current.startPx) * (isAfter ? -1 : 1)
    const px = drag.current.valuePx + movedPx
    if (props.onCollapse && px < leastPx * COLLAPSE_SHARE) {
      end()
      props.onCollapse()
    } else onChange(Math.max(leastPx, Math.min(mostPx, px)))
  }
  const [less, more] = axis === 'x' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
  const press = (key: string): boolean => {
    const sign = isAfter ? -1 : 1
    if (key === less) onChange(valuePx - sign * STEP_PX)
    else if (key === more) onChange(valuePx + sign * STEP_PX)
    else if (key === 'Home') onChange(leastPx)
    else if (key === 'End') onChange(mostPx)
    else if (key === 'Enter') props.onReset()
    else if (key === 'Escape' && drag.current) {
      onChange(drag.current.valuePx)
      end()
    } else return false
    return true
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule that is dragged is no <hr>.
    <div
      className={`pane-separator ${axis}`}
      role="separator"
      aria-label={props.label}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuenow={Math.round(valuePx)}
      aria-valuemin={Math.round(leastPx)}
      aria-valuemax={Math.round(Math.max(leastPx, mostPx))}
      aria-valuetext={`${Math.round(valuePx)} px`}
      tabIndex={0}
      data-testid={props.testId}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        drag.current = {startPx: placeOf(event), valuePx}
        document.documentElement.dataset.dragging = axis
      }}
      onPointerMove={move}
      onPointerUp={end}
      onLostPointerCapture={end}
      onDoubleClick={props.onReset}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !press(event.key)) return
        event.preventDefault()
        event.stopPropagation()
      }}
    />
  )
}
