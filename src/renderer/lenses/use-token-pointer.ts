import {type MouseEvent, type PointerEvent as ReactPointerEvent, useEffect, useRef} from 'react'
import {usePaneRunId, useTokenActions} from './use-pane.ts'
import {useWorkbench} from './use-workbench.ts'

export interface TokenPointer {
  onPointerDown(event: ReactPointerEvent): void
  onPointerMove(event: ReactPointerEvent): void
  onPointerLeave(): void
  onClick(event: MouseEvent): void
  onDoubleClick(event: MouseEvent): void
}

/** Where an event that React or the browser gives is. */
export type PositionAt = (event: {
  readonly clientX: number
  readonly clientY: number
}) => number | null

/**
 * What the pointer does with tokens, the same wherever they are drawn: pointing lights one up, a click locks
 * it, with Ctrl or ⌘ pins it, with Shift too pairs it with the last pin; a double click opens its card.
 * Dragging with Shift draws a span, and so does dragging alone while drawn spans are the unit.
 */
export function useTokenPointer(positionAt: PositionAt): TokenPointer {
  const {store, actions} = useWorkbench()
  const runId = usePaneRunId()
  const {hover, toggleLock} = useTokenActions()
  const press = useRef<{readonly from: number; hasMoved: boolean} | null>(null)
  /** The click that follows a drag is a part of it. */
  const isClickSpent = useRef(false)

  useEffect(() => {
    // Also where the pointer is let go outside.
    const end = () => {
      const own = press.current
      press.current = null
      if (!own?.hasMoved) return
      isClickSpent.current = true
      setTimeout(() => {
        isClickSpent.current = false
      })
      actions.keepDrawing()
    }
    const cancel = () => {
      if (press.current?.hasMoved) actions.dropDrawing()
      press.current = null
    }
    window.addEventListener('pointerup', end)
    window.addEventListener('pointercancel', cancel)
    return () => {
      window.removeEventListener('pointerup', end)
      window.removeEventListener('pointercancel', cancel)
    }
  }, [actions])

  return {
    onPointerDown(event) {
      const isDrawing = event.shiftKey || store.getState().unit.kind === 'spans'
      const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey
      // A finger that is dragged scrolls.
      if (!isDrawing || !isPlain || event.pointerType === 'touch') return
      const from = positionAt(event)
      press.current = from === null ? null : {from, hasMoved: false}
    },
    onPointerMove(event) {
      const position = positionAt(event)
      hover(position)
      const own = press.current
      if (!own || position === null || (position === own.from && !own.hasMoved)) return
      own.hasMoved = true
      actions.drawTo(own.from, position, runId)
    },
    onPointerLeave: () => hover(null),
    onClick(event) {
      if (isClickSpent.current) return
      const position = positionAt(event)
      if (position === null) return
      if (event.ctrlKey || event.metaKey) {
        if (event.shiftKey) actions.togglePair(position, runId)
        else actions.togglePin({kind: 'token', position}, runId)
      } else if (event.shiftKey) {
        actions.drawFromLock(position, runId)
      } else {
        toggleLock(position)
      }
    },
    onDoubleClick(event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      const position = positionAt(event)
      if (position !== null && runId !== null) actions.openCard({kind: 'place', runId, position})
    },
  }
}
