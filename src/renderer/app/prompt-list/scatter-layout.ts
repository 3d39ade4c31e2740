import {wholeTicks} from '../../../shared/figures/scale.ts'
import type {ListEntry} from '../../store/list-entries.ts'

/** Where a row stands in the scatter, in pixels. */
export interface ScatterMark {
  readonly entry: ListEntry
  readonly x: number
  readonly y: number
}

export interface ScatterLayout {
  readonly marks: readonly ScatterMark[]
  /** Bits at which the axis is labelled. */
  readonly ticks: readonly number[]
  /** Rows with numbers that lack an answer or a surprisal. */
  readonly unmarkedCount: number
  readonly plot: {
    readonly left: number
    readonly right: number
    readonly bottom: number
    readonly x: (bits: number) => number
    readonly y: (prob: number) => number
  }
}

const MARGIN = {left: 28, right: 30, top: 10, bottom: 34}

const isDone = ({status}: ListEntry) =>
  status === 'right' || status === 'wrong' || status === 'done'

/** Whole bits that hold the mean surprisal of every done row, at least one. */
export function topBitsOf(entries: readonly ListEntry[]): number {
  const most = entries
    .filter(isDone)
    .reduce((top, {result}) => Math.max(top, result?.meanSurprisalBits ?? 0), 0)
  return Math.max(1, Math.ceil(most))
}

/** Places done rows by mean surprisal, from 0 to `topBits`, and answer probability. */
export function scatterOf(
  entries: readonly ListEntry[],
  topBits: number,
  widthPx: number,
  heightPx: number
): ScatterLayout {
  const done = entries.filter(isDone)
  const known = done.filter(({result}) => result?.answer && result.meanSurprisalBits !== null)
  const left = MARGIN.left
  const right = Math.max(left + 1, widthPx - MARGIN.right)
  const bottom = heightPx - MARGIN.bottom
  const x = (bits: number) => left + ((right - left) * bits) / topBits
  const y = (prob: number) => bottom + (MARGIN.top - bottom) * prob
  return {
    marks: known.map((entry) => ({
      entry,
      x: x(entry.result!.meanSurprisalBits!),
      y: y(entry.result!.answer!.prob),
    })),
    ticks: wholeTicks(topBits, 8),
    unmarkedCount: done.length - known.length,
    plot: {left, right, bottom, x, y},
  }
}

/** The mark that is nearest to a point and at most `reachPx` from it. */
export function nearestMark(
  marks: readonly ScatterMark[],
  x: number,
  y: number,
  reachPx: number
): ScatterMark | null {
  let nearest: ScatterMark | null = null
  let least = reachPx * reachPx
  for (const mark of marks) {
    const distance = (mark.x - x) ** 2 + (mark.y - y) ** 2
    if (distance > least || (nearest && distance === least)) continue
    least = distance
    nearest = mark
  }
  return nearest
}

/** Which number the arrows go along. */
export type ScatterAxis = 'surprisal' | 'probability'

/** Marks in ascending order of a number, where it is the same by the other one, then in the list's order. */
export function marksAlong(marks: readonly ScatterMark[], axis: ScatterAxis): ScatterMark[] {
  const bits = ({entry}: ScatterMark) => entry.result!.meanSurprisalBits!
  const logprob = ({entry}: ScatterMark) => entry.result!.answer!.logprob
  const [first, second] = axis === 'surprisal' ? [bits, logprob] : [logprob, bits]
  return [...marks].sort(
    (a, b) => first(a) - first(b) || second(a) - second(b) || a.entry.number - b.entry.number
  )
}

/** Marks that are drawn one by one; of more, a cell of the raster says how many stand in it. */
export const MOST_SINGLE_MARKS = 400
const RADIUS_PX = 3.5
const CELL_PX = 3

/** Everything of one look, as one path: thousands of elements would cost every frame. */
export interface MarkPath {
  readonly status: 'right' | 'wrong' | 'done'
  /** Of a raster: 0 for a row a cell, 1 for a few, 2 for ten and more; null for single marks. */
  readonly level: 0 | 1 | 2 | null
  readonly d: string
}

/** Right rows as rings, wrong ones as crosses; a dense list as a raster with a look for how dense it is. */
export function markPaths(marks: readonly ScatterMark[]): MarkPath[] {
  return marks.length > MOST_SINGLE_MARKS ? rasterPaths(marks) : singlePaths(marks)
}

function singlePaths(marks: readonly ScatterMark[]): MarkPath[] {
  return STATUSES.map((status) => ({
    status,
    level: null,
    d: marks
      .filter(({entry}) => entry.status === status)
      .map(({x, y}) => (status === 'wrong' ? cross(x, y) : ring(x, y)))
      .join(''),
  })).filter(({d}) => d !== '')
}

// Wrong ones are few among right ones, and stand over them.
const STATUSES = ['done', 'right', 'wrong'] as const

const px = (value: number) => value.toFixed(1)
const ring = (x: number, y: number) =>
  `M${px(x - RADIUS_PX)} ${px(y)}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z`
const cross = (x: number, y: number) => `M${px(x - RADIUS_PX)} ${px(y - RADIUS_PX)}l7 7m0 -7l-7 7`

function rasterPaths(marks: readonly ScatterMark[]): MarkPath[] {
  return STATUSES.flatMap((status) => {
    const counts = new Map<string, number>()
    for (const {entry, x, y} of marks) {
      if (entry.status !== status) continue
      const cell = `M${Math.floor(x / CELL_PX) * CELL_PX} ${Math.floor(y / CELL_PX) * CELL_PX}h3v3h-3z`
      counts.set(cell, (counts.get(cell) ?? 0) + 1)
    }
    const levels: [string[], string[], string[]] = [[], [], []]
    for (const [cell, count] of counts) levels[count === 1 ? 0 : count < 10 ? 1 : 2].push(cell)
    return levels
      .map((cells, level) => ({status, level: level as 0 | 1 | 2, d: cells.join('')}))
      .filter(({d}) => d !== '')
  })
}

/** Rows whose numbers are written beside their marks; more would be written over one another. */
export const MOST_LABELS = 12
const LABEL_HEIGHT_PX = 11
const DIGIT_PX = 6.5

export interface MarkLabel {
  readonly id: string
  readonly text: string
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'end'
}

/** The numbers of few rows, at the right of their marks or at the left; none where there is no room. */
export function markLabels(marks: readonly ScatterMark[]): MarkLabel[] {
  if (marks.length > MOST_LABELS) return []
  const taken: {left: number; right: number; y: number}[] = marks.map(({x, y}) => ({
    left: x - RADIUS_PX,
    right: x + RADIUS_PX,
    y,
  }))
  const labels: MarkLabel[] = []
  for (const {entry, x, y} of marks) {
    const text = String(entry.number)
    const widthPx = DIGIT_PX * text.length
    const places = [
      {left: x + 7, right: x + 7 + widthPx, x: x + 7, anchor: 'start' as const},
      {left: x - 7 - widthPx, right: x - 7, x: x - 7, anchor: 'end' as const},
    ]
    const free = places.find(({left, right}) =>
      taken.every(
        (box) => right < box.left || left > box.right || Math.abs(y - box.y) > LABEL_HEIGHT_PX
      )
    )
    if (!free) continue
    taken.push({left: free.left, right: free.right, y})
    labels.push({id: entry.row.id, text, x: free.x, y: y + 4, anchor: free.anchor})
  }
  return labels
}
