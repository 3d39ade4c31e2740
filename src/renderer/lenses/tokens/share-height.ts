import {LINE_GAP_PX} from '../../../shared/figures/tokens/text-layout.ts'

/** Rings and the numbers of pins reach over their chips: the text's box begins above its lines. */
export const TEXT_ABOVE_PX = 12
export const TEXT_BELOW_PX = 4
/** The chart takes the room that a short text leaves, up to this; then the numbers come under it. */
export const MOST_PLOT_PX = 240
export const LEAST_NUMBERS_PX = 200
const LEAST_TEXT_PX = 96

/** Who gets what of a column's height. */
export interface SharedHeight {
  /** Height of the text's box, which reaches {@link TEXT_ABOVE_PX} over the column. */
  readonly textPx: number
  readonly plotPx: number
  /** The numbers fit under the chart. */
  readonly hasNumbers: boolean
}

/** The part of the text's layout that says where its lines end. */
export interface TextLines {
  readonly lines: readonly {readonly yPx: number; readonly heightPx: number}[]
  readonly heightPx: number
}

/**
 * Shares a column between the text, the chart below it and, where both leave room, their numbers. The
 * text comes first, in whole lines; the chart grows into what is left.
 * `chartPx` is the chart's height without its plot, null where there is none; `plotPx` the least plot.
 */
export function shareHeight(
  heightPx: number,
  text: TextLines,
  {chartPx, plotPx}: {readonly chartPx: number | null; readonly plotPx: number}
): SharedHeight {
  const chartTotalPx = chartPx === null ? 0 : chartPx + plotPx
  const textPx = wholeLinesPx(text, Math.max(LEAST_TEXT_PX, heightPx - chartTotalPx))
  const sparePx = Math.max(0, heightPx - chartTotalPx - (textPx - TEXT_ABOVE_PX))
  const growthPx = chartPx === null ? 0 : Math.min(sparePx, MOST_PLOT_PX - plotPx)
  return {
    textPx,
    plotPx: plotPx + growthPx,
    hasNumbers: sparePx - growthPx >= LEAST_NUMBERS_PX,
  }
}

/** The box of as many whole lines as there is room for; of the room itself if not one fits. */
function wholeLinesPx({lines, heightPx}: TextLines, roomPx: number): number {
  let boxPx = 0
  for (const [index] of lines.entries()) {
    const bottomPx = lineBottomPx({lines, heightPx}, index)
    if (bottomPx > roomPx) break
    boxPx = bottomPx + TEXT_ABOVE_PX
  }
  return boxPx || roomPx + TEXT_ABOVE_PX
}

/** Where a line ends; the space below it belongs to the next one. */
function lineBottomPx({lines, heightPx}: TextLines, index: number): number {
  const line = lines[index]!
  return Math.min(heightPx, line.yPx + line.heightPx - LINE_GAP_PX) + TEXT_BELOW_PX
}

/** The first line from which on all lines up to `index` stand in the room; the line itself if none does. */
function firstWith(text: TextLines, index: number, roomPx: number): number {
  let first = index
  while (first > 0 && lineBottomPx(text, index) - text.lines[first - 1]!.yPx <= roomPx) first--
  return first
}

/**
 * Where a text that is scrolled to `scrollPx` in a room of `heightPx` has to be scrolled to for a line to
 * be in sight: as little as that takes, and to the beginning of a line, so that no line is cut at the top.
 */
export function revealPx(
  text: TextLines,
  index: number,
  {scrollPx, heightPx}: {readonly scrollPx: number; readonly heightPx: number}
): number {
  const line = text.lines[index]
  if (!line) return scrollPx
  if (line.yPx < scrollPx) return line.yPx
  if (lineBottomPx(text, index) <= scrollPx + heightPx) return scrollPx
  return text.lines[firstWith(text, index, heightPx)]!.yPx
}

/** What is missing below a text for its end, too, to be seen with whole lines only. */
export function endSpacePx(text: TextLines, roomPx: number): number {
  const last = text.lines.length - 1
  if (last < 0) return 0
  const shownPx = lineBottomPx(text, last) - text.lines[firstWith(text, last, roomPx)]!.yPx
  return Math.max(0, lineBottomPx(text, last) > roomPx ? roomPx - shownPx : 0)
}
