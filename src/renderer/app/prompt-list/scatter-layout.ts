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

/** Marks that can be told apart on this area; more would be a stain that costs a frame to draw. */
export const MOST_MARKS = 1500
const MARGIN = {left: 28, right: 14, top: 8, bottom: 34}

/** Places rows by mean surprisal and answer probability; of too many rows an even selection. */
export function scatterOf(
  entries: readonly ListEntry[],
  widthPx: number,
  heightPx: number
): ScatterLayout {
  const done = entries.filter(({status}) => ['right', 'wrong', 'done'].includes(status))
  const known = done.filter(({result}) => result?.answer && result.meanSurprisalBits !== null)
  const most = known.reduce((top, {result}) => Math.max(top, result!.meanSurprisalBits!), 0)
  const top = Math.max(1, Math.ceil(most))
  const left = MARGIN.left
  const right = widthPx - MARGIN.right
  const bottom = heightPx - MARGIN.bottom
  const x = (bits: number) => left + ((right - left) * bits) / top
  const y = (prob: number) => bottom + (MARGIN.top - bottom) * prob
  const step = Math.max(1, known.length / MOST_MARKS)
  const shown = known.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
  return {
    marks: shown.map((entry) => ({
      entry,
      x: x(entry.result!.meanSurprisalBits!),
      y: y(entry.result!.answer!.prob),
    })),
    ticks: wholeTicks(top, 8),
    unmarkedCount: done.length - shown.length,
    plot: {left, right, bottom, x, y},
  }
}
