import {defaultRangeExtractor, useVirtualizer} from '@tanstack/react-virtual'
import {
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import {useActions} from '../../lenses/use-workbench.ts'
import type {RunRecord} from '../../store/state.ts'

interface ShownRow {
  readonly index: number
  readonly topPx: number
}

export interface HistoryList {
  readonly listRef: RefObject<HTMLUListElement | null>
  /** The rows in sight, and the one that has the focus. */
  readonly shown: readonly ShownRow[]
  readonly heightPx: number
  /** The row that Tab goes to. */
  readonly focusIndex: number
  onKeyDown(event: KeyboardEvent): void
  onFocus(event: FocusEvent): void
}

const ROWS_A_PAGE = 10
const scrollParentOf = (element: Element | null) =>
  element?.closest<HTMLElement>('.left-pane') ?? null

/**
 * The history as one stop of the Tab key: arrows, Page and Home and End walk its rows, F2 renames, Delete
 * removes. Only rows in sight are drawn.
 */
export function useHistoryList(
  runs: readonly RunRecord[],
  activeRunId: string | null
): HistoryList {
  const {startRenaming, removeRun, notify, undo} = useActions()
  const listRef = useRef<HTMLUListElement>(null)
  const [focusId, setFocusId] = useState<string | null>(null)
  const [marginPx, setMarginPx] = useState(0)
  const [rowPx, setRowPx] = useState(26)
  const wanted = useRef<string | null>(null)

  const indexOf = (id: string | null) => runs.findIndex((run) => run.id === id)
  const focusIndex = [indexOf(focusId), indexOf(activeRunId), 0].find((i) => i >= 0) ?? 0

  const virtualizer = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scrollParentOf(listRef.current),
    estimateSize: () => rowPx,
    scrollMargin: marginPx,
    overscan: 6,
    getItemKey: (index) => runs[index]?.id ?? index,
    // What has the focus stays drawn, or the focus would be lost.
    rangeExtractor: (range) => [
      ...new Set([...defaultRangeExtractor(range), Math.min(focusIndex, runs.length - 1)]),
    ],
  })

  // What stands above the list changes its height: models are loaded, the prompt is resized.
  useLayoutEffect(() => {
    const list = listRef.current
    const parent = scrollParentOf(list)
    if (!list || !parent) return
    const measure = () => {
      const top = list.getBoundingClientRect().top - parent.getBoundingClientRect().top
      setMarginPx(Math.round(top + parent.scrollTop))
      const row = list.querySelector('li')?.firstElementChild
      if (row) setRowPx(row.getBoundingClientRect().height)
    }
    measure()
    const observer = new ResizeObserver(measure)
    for (const section of parent.children) observer.observe(section)
    return () => observer.disconnect()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured again.
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowPx])

  const focusRow = (id: string | null) =>
    listRef.current?.querySelector<HTMLElement>(`[data-run="${id}"] .item-main`)?.focus()
  // A row that was walked to may only be drawn now.
  useEffect(() => {
    if (wanted.current === null) return
    focusRow(wanted.current)
    wanted.current = null
  })

  const goTo = (index: number) => {
    const at = Math.max(0, Math.min(runs.length - 1, index))
    const run = runs[at]
    if (!run) return
    wanted.current = run.id
    setFocusId(run.id)
    virtualizer.scrollToIndex(at)
    focusRow(run.id)
  }
  return {
    listRef,
    shown: virtualizer
      .getVirtualItems()
      .map(({index, start}) => ({index, topPx: start - marginPx}))
      .sort((a, b) => a.index - b.index),
    heightPx: virtualizer.getTotalSize(),
    focusIndex,
    onFocus(event) {
      const id = event.target.closest('[data-run]')?.getAttribute('data-run')
      if (id) setFocusId(id)
    },
    onKeyDown(event) {
      const isTyping = event.target instanceof HTMLInputElement
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      const moves: Readonly<Record<string, number>> = {
        ArrowDown: focusIndex + 1,
        ArrowUp: focusIndex - 1,
        PageDown: focusIndex + ROWS_A_PAGE,
        PageUp: focusIndex - ROWS_A_PAGE,
        Home: 0,
        End: runs.length - 1,
      }
      const move = moves[event.key]
      const run = runs[focusIndex]
      if (move !== undefined) goTo(move)
      else if (event.key === 'F2' && run) startRenaming(run.id)
      else if (event.key === 'Delete' && run) {
        removeRun(run.id)
        notify('removed from the history', {title: 'Undo', run: undo})
        const next = runs[focusIndex + 1] ?? runs[focusIndex - 1]
        wanted.current = next?.id ?? null
        setFocusId(next?.id ?? null)
      } else return
      event.preventDefault()
    },
  }
}
