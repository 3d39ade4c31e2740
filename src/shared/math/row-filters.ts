import type {AttentionFilters, MapSummary} from '../lenses/attention-maps.ts'

/** A row is nothing but the sink where no more than this share of what is shown lies elsewhere. */
const SINK_ONLY_REST = 1e-6
/** Rows of half precision sum to 1 ± 4e-4; a sink that takes less than this of every row is not told apart. */
const SUM_TOLERANCE = 2e-3

/** Which numbers a row's summary may speak of. */
export interface RowFilterOptions {
  /** Rows are weights of one head or a mean of some, so that what is missing to 1 went nowhere. */
  readonly sumsToOne: boolean
}

/**
 * Applies filters to the rows of a matrix, in the order that {@link AttentionFilters} names them, and
 * counts what they hide. Weights are compared by size, so that a difference of two heads is filtered alike.
 */
export class RowFilters {
  private readonly isHidden: Uint8Array | null
  private rowCount = 0
  private hiddenShareSum = 0
  private sinkOnlyRowCount = 0
  private nowhereSum = 0
  private largestNowhere = 0
  private nonFiniteCount = 0
  /** Whether rows may lose anything at all. */
  private readonly isHiding: boolean

  constructor(
    private readonly filters: AttentionFilters,
    tokenCount: number,
    private readonly options: RowFilterOptions
  ) {
    const {hiddenPositions, groups, threshold, topK, mass} = filters
    this.isHidden = hiddenPositions?.length ? new Uint8Array(tokenCount) : null
    for (const position of hiddenPositions ?? []) {
      if (this.isHidden && position < tokenCount) this.isHidden[position] = 1
    }
    this.isHiding = Boolean(this.isHidden ?? groups) || threshold > 0 || Boolean(topK ?? mass)
  }

  /** Filters the row of a query in place: what is hidden becomes 0. NaN and infinite weights become NaN. */
  apply(query: number, row: Float32Array): void {
    if (this.filters.dropSink) dropSink(row)
    let sum = 0
    let size = 0
    let nonFiniteCount = 0
    for (let key = 0; key < row.length; key++) {
      const weight = row[key]!
      if (weight === 0) continue
      if (Number.isFinite(weight)) {
        sum += weight
        size += Math.abs(weight)
      } else {
        nonFiniteCount++
        row[key] = Number.NaN
      }
    }
    this.nonFiniteCount += nonFiniteCount
    if (this.isHiding) this.hide(query, row)
    // Shares of a row that is no number would be none either.
    if (nonFiniteCount > 0 || size === 0) return
    const shown = this.isHiding ? sizeOf(row) : size
    this.hiddenShareSum += this.isHiding ? Math.max(0, size - shown) / size : 0
    this.count(sum, shown, Math.abs(row[0]!))
  }

  /** Counts a row with weight of which nothing is hidden, by its sum and its weight on key 0. */
  countWhole(sum: number, first: number): void {
    this.count(sum, sum, first)
  }

  /** Whether rows stay as they are. */
  get isIdle(): boolean {
    return !this.isHiding && !this.filters.dropSink
  }

  private count(sum: number, shown: number, first: number): void {
    this.rowCount++
    if (shown > 0 && shown - first <= SINK_ONLY_REST * shown) this.sinkOnlyRowCount++
    const nowhere = Math.max(0, 1 - sum)
    this.nowhereSum += nowhere
    if (nowhere > this.largestNowhere) this.largestNowhere = nowhere
  }

  get summary(): MapSummary {
    const {rowCount} = this
    const hasNowhere = this.options.sumsToOne && this.largestNowhere > SUM_TOLERANCE
    return {
      rowCount,
      hiddenShare: rowCount === 0 ? 0 : this.hiddenShareSum / rowCount,
      sinkOnlyRowCount: this.sinkOnlyRowCount,
      nowhereShare: hasNowhere ? this.nowhereSum / rowCount : null,
      nonFiniteCount: this.nonFiniteCount,
    }
  }

  private hide(query: number, row: Float32Array): void {
    const {isHidden} = this
    const {groups, threshold, topK, mass} = this.filters
    if (isHidden) {
      if (isHidden[query]) row.fill(0)
      else for (let key = 0; key < row.length; key++) if (isHidden[key]) row[key] = 0
    }
    if (groups) {
      const own = groups[query]
      for (let key = 0; key < row.length; key++) if (groups[key] !== own) row[key] = 0
    }
    if (threshold > 0) {
      // A NaN is not smaller than anything, so it stays.
      for (let key = 0; key < row.length; key++) if (Math.abs(row[key]!) < threshold) row[key] = 0
    }
    if (topK !== undefined) keepHeaviest(row, topK)
    if (mass !== undefined) keepMass(row, mass)
  }
}

/** Takes column 0 out; the others share what the row had, in proportion. What is left of a row on key 0 alone is 0. */
export function dropSink(row: Float32Array): void {
  const sink = row[0]!
  if (sink === 0) return
  row[0] = 0
  let rest = 0
  for (const weight of row) if (Number.isFinite(weight)) rest += weight
  if (rest === 0 || !Number.isFinite(sink)) return
  const factor = (rest + sink) / rest
  for (let key = 1; key < row.length; key++) row[key] = row[key]! * factor
}

function sizeOf(row: Float32Array): number {
  let size = 0
  for (const weight of row) size += Math.abs(weight)
  return size
}

/** Sizes of the weights that are there and finite, ascending. */
function sortedSizes(row: Float32Array): Float32Array {
  const sizes = new Float32Array(row.length)
  let count = 0
  for (const weight of row)
    if (weight !== 0 && Number.isFinite(weight)) sizes[count++] = Math.abs(weight)
  return sizes.subarray(0, count).sort()
}

/** Keeps the `count` heaviest keys; of equal ones the earlier. */
function keepHeaviest(row: Float32Array, count: number): void {
  const sizes = sortedSizes(row)
  if (sizes.length > count) cutTo(row, sizes, count)
}

/** Keeps the smallest set of keys that holds a share of the row as it is; of equal ones the earlier. */
function keepMass(row: Float32Array, share: number): void {
  const sizes = sortedSizes(row)
  let total = 0
  for (const size of sizes) total += size
  let held = 0
  let count = 0
  while (count < sizes.length && held < share * total) {
    count++
    held += sizes[sizes.length - count]!
  }
  if (count < sizes.length) cutTo(row, sizes, count)
}

/** Hides all but the `count` heaviest of a row whose sizes are given ascending. */
function cutTo(row: Float32Array, sizes: Float32Array, count: number): void {
  const least = count === 0 ? Number.POSITIVE_INFINITY : sizes[sizes.length - count]!
  let equalCount = 0
  for (let i = sizes.length - count; i < sizes.length && sizes[i] === least; i++) equalCount++
  for (let key = 0; key < row.length; key++) {
    const size = Math.abs(row[key]!)
    if (size > least || Number.isNaN(size)) continue
    if (size === least && equalCount > 0) equalCount--
    else row[key] = 0
  }
}
