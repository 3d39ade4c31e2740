import type {HTMLAttributes, RefObject} from 'react'
import {byteAtX} from '../../../shared/figures/tokenize/aligned-line.ts'
import {commonBlock} from '../../../shared/figures/tokenize/columns.ts'
import {rowsTopPx} from '../../../shared/figures/tokenize/line-figure.tsx'
import {lineOfByte} from '../../../shared/figures/tokenize/lines.ts'
import {zoomOf} from '../../ui/zoom.ts'
import {useActions, useWorkbench} from '../use-workbench.ts'
import {type LinesLayout, lineAt, lineXPx} from './aligned-view.tsx'

interface Place {
  readonly byte: number
  /** The row under the pointer; null over text and ticks. */
  readonly row: number | null
}

/** Pointing, holding and walking through an aligned text; a stretch is the smallest that every row cuts out. */
export function useBytePointer(
  ref: RefObject<HTMLElement | null>,
  layout: LinesLayout,
  reveal: (line: number) => void
): HTMLAttributes<HTMLElement> {
  const {store} = useWorkbench()
  const {pointAtBytes, holdBytes, holdRow} = useActions()
  const {columns, lines, linePx, heights} = layout

  const placeOf = (event: {clientX: number; clientY: number}): Place | null => {
    const element = ref.current
    if (!element || lines.length === 0) return null
    const box = element.getBoundingClientRect()
    const zoom = zoomOf(element)
    const y = (event.clientY - box.top) / zoom + element.scrollTop
    const index = Math.floor(y / linePx)
    if (index < 0 || index >= lines.length) return null
    const byte = byteAtX(lineAt(layout, index), (event.clientX - box.left) / zoom - lineXPx(layout))
    if (byte === null) return null
    const row = Math.floor((y - index * linePx - rowsTopPx(heights)) / heights.rowPx)
    return {byte, row: row >= 0 && row < columns.rows.length ? row : null}
  }
  const hold = (bytes: readonly [number, number], row: number | null) => {
    holdBytes(bytes)
    pointAtBytes(null)
    if (row !== null) holdRow(columns.rows[row]!.tokenizer)
  }
  const walk = (by: number) => {
    const {heldBytes} = store.getState()
    const next = heldBytes === null ? 0 : by > 0 ? heldBytes[1] : heldBytes[0] - 1
    if (next < 0 || next >= columns.byteLength) return
    hold(commonBlock(columns, next), null)
    reveal(lineOfByte(lines, next))
  }
  const walkRow = (by: number) => {
    const {heldRow} = store.getState()
    const at = columns.rows.findIndex(({tokenizer}) => tokenizer === heldRow)
    const next = columns.rows[Math.max(0, Math.min(columns.rows.length - 1, at + by))]
    if (next) holdRow(next.tokenizer)
  }
  const end = (byte: number) => {
    hold(commonBlock(columns, byte), null)
    reveal(lineOfByte(lines, byte))
  }
  return {
    onPointerMove: (event) => {
      const place = placeOf(event)
      pointAtBytes(place && commonBlock(columns, place.byte))
    },
    onPointerLeave: () => pointAtBytes(null),
    onClick: (event) => {
      const place = placeOf(event)
      if (!place) return
      const bytes = commonBlock(columns, place.byte)
      const {heldBytes, heldRow} = store.getState()
      const row = place.row === null ? heldRow : columns.rows[place.row]!.tokenizer
      if (heldBytes?.[0] === bytes[0] && row === heldRow) holdBytes(null)
      else hold(bytes, place.row)
    },
    onKeyDown: (event) => {
      const keys: Readonly<Record<string, () => void>> = {
        ArrowRight: () => walk(1),
        ArrowLeft: () => walk(-1),
        ArrowDown: () => walkRow(1),
        ArrowUp: () => walkRow(-1),
        Home: () => end(0),
        End: () => end(Math.max(0, columns.byteLength - 1)),
        Escape: () => holdBytes(null),
      }
      const act = keys[event.key]
      if (!act || event.metaKey || event.ctrlKey || event.altKey || columns.byteLength === 0) return
      event.preventDefault()
      event.stopPropagation()
      act()
    },
  }
}
