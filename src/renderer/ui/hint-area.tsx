import {type CSSProperties, type ReactNode, useEffect, useRef, useState} from 'react'
import './controls.css'

const DELAY_MS = 450
const GAP_PX = 8

interface ShownHint {
  readonly text: string
  readonly style: CSSProperties
}

/**
 * One tooltip for a whole list: whatever inside has `data-hint` shows it when it is pointed at or
 * focused: at its left, or under it where there is no room and under the heads of columns. A tooltip a row would cost more than the rows.
 */
export function HintArea({children}: {readonly children: ReactNode}) {
  const [hint, setHint] = useState<ShownHint | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const hide = () => {
    clearTimeout(timer.current)
    setHint(null)
  }
  const show = (target: EventTarget, delayMs: number) => {
    clearTimeout(timer.current)
    const element = target instanceof Element ? target.closest('[data-hint]') : null
    const text = element?.getAttribute('data-hint')
    if (!element || !text) {
      setHint(null)
      return
    }
    timer.current = setTimeout(() => {
      const box = (element.closest('[data-hint-place]') ?? element).getBoundingClientRect()
      setHint({text, style: placeBeside(box, element.tagName === 'TH')})
    }, delayMs)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens to what its children do.
    <div
      className="hint-area"
      onPointerOver={(event) => show(event.target, hint ? 0 : DELAY_MS)}
      onPointerLeave={hide}
      onPointerDown={hide}
      onFocus={(event) => {
        if (event.target.matches(':focus-visible')) show(event.target, 0)
      }}
      onBlur={hide}
      onKeyDown={(event) => {
        if (event.key === 'Escape') hide()
      }}
    >
      {children}
      {hint && (
        <div className="tooltip floating" role="tooltip" style={hint.style}>
          {hint.text}
        </div>
      )}
    </div>
  )
}

/** Widest a hint gets, in pixels; see the tooltip's style. */
const WIDEST_PX = 300

function placeBeside(box: DOMRect, isUnder: boolean): CSSProperties {
  const hasRoom = box.left > WIDEST_PX + 2 * GAP_PX
  if (hasRoom && !isUnder) {
    return {right: window.innerWidth - box.left + GAP_PX, top: box.top}
  }
  const left = Math.max(GAP_PX, Math.min(box.left, window.innerWidth - WIDEST_PX - GAP_PX))
  return {left, top: box.bottom + GAP_PX / 2}
}
