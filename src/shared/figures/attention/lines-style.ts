import type {Palette} from '../palette.ts'
import {niceCeiling} from '../scale.ts'
import type {LineSource, WeightLine} from './lines-layout.ts'
import {colorsOf, indexOfWeight, type WeightScale} from './matrix-scale.ts'

/** Share of the queries whose heaviest weight is within a picture's own range. */
const RANGE_SHARE = 0.9

/**
 * The end of the lines' own range: a round number that the heaviest weights of nine in ten queries stay below.
 * The first query, which of a causal model reads itself alone, is left out.
 */
export function linesRange(sources: readonly LineSource[]): number {
  const maxima: number[] = []
  for (const {edges} of sources) {
    const byQuery = new Map<number, number>()
    for (let edge = 0; edge < edges.query.length; edge++) {
      const query = edges.query[edge]!
      const size = Math.abs(edges.weight[edge]!)
      if (query > 0 && size > (byQuery.get(query) ?? 0)) byQuery.set(query, size)
    }
    maxima.push(...byQuery.values())
  }
  maxima.sort((a, b) => a - b)
  const index = Math.min(maxima.length - 1, Math.floor(RANGE_SHARE * maxima.length))
  return niceCeiling(maxima[index] ?? 0)
}

/** Lines that look alike, to be drawn at once. */
export interface LineBucket {
  readonly color: string
  readonly opacity: number
  readonly widthPx: number
  readonly lines: readonly WeightLine[]
}

const STEPS = 9
const LEAST_WIDTH_PX = 0.6
const STEP_WIDTH_PX = 0.3

/** Colour of a head among several: its place in the list of those that are drawn. */
export function headColor(palette: Palette, group: number): string {
  return palette.categories[group % palette.categories.length]!
}

/** How heavy a line is, from 1 to 9. */
function stepOfLine(weight: number, {maximum, steps}: WeightScale): number {
  const size = Math.abs(weight) / maximum
  const step = Math.ceil((steps === 'linear' ? size : Math.sqrt(size)) * STEPS)
  return Math.max(1, Math.min(STEPS, step))
}

/**
 * Lines by how they look, the lightest first: of one matrix in the colours of its scale, of several in a colour
 * each, with the weight as opacity. The width tells the weight in both.
 */
export function lineBuckets(
  lines: readonly WeightLine[],
  scale: WeightScale,
  groupCount: number,
  palette: Palette
): LineBucket[] {
  const colors = colorsOf(scale, palette)
  const buckets = new Map<
    number,
    {group: number; step: number; index: number; lines: WeightLine[]}
  >()
  for (const line of lines) {
    const step = stepOfLine(line.weight, scale)
    const group = groupCount > 1 ? line.group : 0
    const index = groupCount > 1 ? 0 : indexOfWeight(line.weight, scale)
    const id = (step * 16 + index) * 256 + group
    const bucket = buckets.get(id) ?? {group, step, index, lines: []}
    buckets.set(id, bucket)
    bucket.lines.push(line)
  }
  return [...buckets.values()]
    .sort((a, b) => a.step - b.step || a.index - b.index || a.group - b.group)
    .map(({group, step, index, lines: own}) => ({
      color: groupCount > 1 ? headColor(palette, group) : lineColor(colors, index, scale),
      opacity: groupCount > 1 ? 0.2 + (0.8 * step) / STEPS : 1,
      widthPx: LEAST_WIDTH_PX + STEP_WIDTH_PX * (step - 1),
      lines: own,
    }))
}

/** The palest colours are those of empty cells, and would not be seen as lines. */
function lineColor(colors: readonly (string | null)[], index: number, {isSigned}: WeightScale) {
  if (isSigned) return colors[index === 6 ? 5 : index]!
  return colors[Math.max(2, index)]!
}
