import type {RowFilters} from '../../../shared/math/row-filters.ts'
import {cellStart, type TileCells} from '../../../shared/math/tile-cells.ts'
import type {ComputedBlock, HeadBlocks} from './head-blocks.ts'

/**
 * Pools a head by the graph that computes it: a block's rows come back as the largest weight of each key over
 * the rows of one cell, so that no more than those numbers leave the runtime. False, and nothing is added,
 * where some row is not the graph's to compute. `check` is called between blocks, and may throw.
 */
export async function addPooledHead(
  blocks: HeadBlocks,
  cells: TileCells,
  filters: RowFilters,
  check: () => void
): Promise<boolean> {
  const {queries, rowCount} = cells.shape
  if (!blocks.isPlain(queries[0], queries[1])) return false
  const height = Math.ceil((queries[1] - queries[0]) / rowCount)
  const computed: {segments: readonly Segment[]; block: ComputedBlock; queries: Int32Array}[] = []
  for (const segments of groupsOf(blocks, segmentsOf(blocks, cells), height)) {
    check()
    const wanted = queriesOf(segments, height)
    const block = await blocks.pooled(wanted, height)
    if (!block) return false
    computed.push({segments, block, queries: wanted})
  }
  for (const {segments, block, queries: wanted} of computed) {
    const width = block.keyEnd - block.keyStart
    for (const [row, {cellRow}] of segments.entries()) {
      const weights = block.weights.subarray(row * width, (row + 1) * width)
      cells.addPlain(cellRow, weights, block.keyStart)
    }
    countRows(filters, block, wanted)
  }
  return true
}

/** Queries [start, end) of one row of cells and one run. */
interface Segment {
  readonly cellRow: number
  readonly start: number
  readonly end: number
}

/** Rows of cells, cut where a run ends. */
function segmentsOf(blocks: HeadBlocks, {shape}: TileCells): Segment[] {
  const {queries, rowCount} = shape
  const [from, to] = queries
  const startOf = (cellRow: number) => from + cellStart(cellRow, rowCount, to - from)
  const segments: Segment[] = []
  for (let cellRow = 0; cellRow < rowCount; cellRow++) {
    const cellEnd = startOf(cellRow + 1)
    for (let start = startOf(cellRow); start < cellEnd; ) {
      const end = Math.min(cellEnd, start + blocks.runLeft(start).count)
      segments.push({cellRow, start, end})
      start = end
    }
  }
  return segments
}

/** As many segments of one run at a time as make a block. */
function groupsOf(
  blocks: HeadBlocks,
  segments: readonly Segment[],
  height: number
): (readonly Segment[])[] {
  const groups: Segment[][] = []
  let runEnd = 0
  let most = 0
  for (const segment of segments) {
    const group = groups.at(-1)
    if (group && segment.start < runEnd && group.length < most) {
      group.push(segment)
      continue
    }
    const {count, keyCount} = blocks.runLeft(segment.start)
    runEnd = segment.start + count
    most = Math.max(1, Math.floor(blocks.blockRows({keyCount}, segment.start) / height))
    groups.push([segment])
  }
  return groups
}

/** Segments lower than `height` are filled up by their last query once more, which pools to the same. */
function queriesOf(segments: readonly Segment[], height: number): Int32Array {
  const queries = new Int32Array(segments.length * height)
  for (const [i, {start, end}] of segments.entries()) {
    for (let at = 0; at < height; at++) queries[i * height + at] = Math.min(start + at, end - 1)
  }
  return queries
}

/** Counts each query once; only the first key's weight tells whether it is all that a row has. */
function countRows(filters: RowFilters, block: ComputedBlock, queries: Int32Array): void {
  const {first, sums, weights, keyStart, keyEnd} = block
  const width = keyEnd - keyStart
  for (let row = 0; row < queries.length; row++) {
    if (row > 0 && queries[row] === queries[row - 1]) continue
    const sink = keyStart > 0 ? 0 : first ? first[row]! : weights[row * width]!
    filters.countWhole(sums ? sums[row]! : rowSum(block, row, width), sink)
  }
}

/** Of a softmax over keys alone the sum is 1; with a sink, of rows that are not pooled, it is counted. */
function rowSum({first, weights, hasSink}: ComputedBlock, row: number, width: number): number {
  if (first || !hasSink) return 1
  let sum = 0
  for (let i = row * width; i < (row + 1) * width; i++) sum += weights[i]!
  return sum
}
