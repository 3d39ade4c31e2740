/** Which window of a matrix is pooled to how many cells. */
export interface TileShape {
  /** From the first up to the second, which is not among them. */
  readonly queries: readonly [start: number, end: number]
  readonly keys: readonly [start: number, end: number]
  /** Not more than there are queries or keys: see {@link cellCount}. */
  readonly rowCount: number
  readonly columnCount: number
  readonly pooling: 'max' | 'mean'
}

/** Cells along an axis: as many as wanted, but none smaller than one position. */
export function cellCount(wanted: number, [start, end]: readonly [number, number]): number {
  return Math.min(wanted, end - start)
}

/** Where cell `index` of `count` begins within `length` positions. */
export function cellStart(index: number, count: number, length: number): number {
  return Math.floor((index * length) / count)
}

/**
 * Square cells pooled once more by the largest, sign kept, into fewer whose number divides theirs: the same
 * as pooling the matrix itself into so many. A cell with a NaN is NaN.
 */
export function poolCells(
  values: Float32Array,
  size: number,
  newSize: number
): {values: Float32Array<ArrayBuffer>; minimum: number; maximum: number} {
  if (size % newSize !== 0) throw new RangeError(`${newSize} cells do not divide ${size}`)
  const all = [0, size] as const
  const cells = new TileCells({
    ...{queries: all, keys: all, rowCount: newSize, columnCount: newSize, pooling: 'max'},
  })
  for (let row = 0; row < size; row++) {
    cells.addRow(row, values.subarray(row * size, (row + 1) * size))
  }
  return cells.finish()
}

/**
 * Pools the rows of a matrix, given in order, into cells [row, column]: the largest by size, sign kept, or
 * the mean over all positions of a cell. A cell with a NaN is NaN.
 */
export class TileCells {
  readonly values: Float32Array<ArrayBuffer>
  /** Cell of each key. */
  private readonly columnOf: Int32Array
  private readonly sums: Float64Array | null

  constructor(readonly shape: TileShape) {
    const {rowCount, columnCount, keys} = shape
    this.values = new Float32Array(rowCount * columnCount)
    this.sums = shape.pooling === 'mean' ? new Float64Array(rowCount * columnCount) : null
    const keyCount = keys[1] - keys[0]
    this.columnOf = new Int32Array(keyCount)
    for (let column = 0; column < columnCount; column++) {
      const end = cellStart(column + 1, columnCount, keyCount)
      this.columnOf.fill(column, cellStart(column, columnCount, keyCount), end)
    }
  }

  /** Takes the row of a query of the window; of keys from `firstKey` on, where all others have no weight. */
  addRow(query: number, row: Float32Array, firstKey = 0): void {
    const {queries, rowCount} = this.shape
    const place = query - queries[0]
    const queryCount = queries[1] - queries[0]
    // The cell r with floor(r·n/R) <= place < floor((r+1)·n/R).
    this.addToCellRow(Math.floor(((place + 1) * rowCount - 1) / queryCount), row, firstKey)
  }

  /** Takes a row of weights, or the largest of several, into a row of cells. */
  addToCellRow(cellRow: number, row: Float32Array, firstKey: number): void {
    const {keys, columnCount} = this.shape
    const start = Math.max(keys[0], firstKey)
    const end = Math.min(keys[1], firstKey + row.length)
    if (start >= end) return
    const window = row.subarray(start - firstKey, end - firstKey)
    const base = cellRow * columnCount
    if (this.sums) this.addSums(this.sums, base, start - keys[0], window)
    else this.addLargest(base, start - keys[0], window)
  }

  /**
   * Takes what {@link addToCellRow} takes where cells are pooled by the largest and every weight is a number of
   * at least 0: then no sign and no NaN has to be looked for.
   */
  addPlain(cellRow: number, row: Float32Array, firstKey: number): void {
    const {keys, columnCount} = this.shape
    const keyCount = keys[1] - keys[0]
    const start = Math.max(keys[0], firstKey)
    const end = Math.min(keys[1], firstKey + row.length)
    if (start >= end) return
    const {values} = this
    let column = this.columnOf[start - keys[0]]!
    let cell = cellRow * columnCount + column
    for (let key = start; key < end; cell++) {
      const stop = Math.min(end, keys[0] + cellStart(++column, columnCount, keyCount))
      let largest = values[cell]!
      for (; key < stop; key++) {
        const weight = row[key - firstKey]!
        if (weight > largest) largest = weight
      }
      values[cell] = largest
    }
  }

  /** Cells and the range of their finite values; call once, after the last row. */
  finish(): {values: Float32Array<ArrayBuffer>; minimum: number; maximum: number} {
    const {values, sums} = this
    if (sums) this.divide(sums)
    let minimum = Number.POSITIVE_INFINITY
    let maximum = Number.NEGATIVE_INFINITY
    for (let cell = 0; cell < values.length; cell++) {
      const value = values[cell]!
      if (value < minimum) minimum = value
      if (value > maximum) maximum = value
    }
    return minimum <= maximum ? {values, minimum, maximum} : {values, minimum: 0, maximum: 0}
  }

  private addLargest(base: number, from: number, window: Float32Array): void {
    const {values, columnOf} = this
    for (let key = 0; key < window.length; key++) {
      const weight = window[key]!
      if (weight === 0) continue
      const cell = base + columnOf[from + key]!
      // Comparisons with NaN fail, so one that is there stays and one that comes is taken.
      if (!(Math.abs(weight) <= Math.abs(values[cell]!)) && !Number.isNaN(values[cell])) {
        values[cell] = weight
      }
    }
  }

  private addSums(sums: Float64Array, base: number, from: number, window: Float32Array): void {
    const {columnOf} = this
    for (let key = 0; key < window.length; key++) {
      const cell = base + columnOf[from + key]!
      sums[cell] = sums[cell]! + window[key]!
    }
  }

  private divide(sums: Float64Array): void {
    const {queries, keys, rowCount, columnCount} = this.shape
    const [queryCount, keyCount] = [queries[1] - queries[0], keys[1] - keys[0]]
    const length = (index: number, count: number, whole: number) =>
      cellStart(index + 1, count, whole) - cellStart(index, count, whole)
    for (let row = 0; row < rowCount; row++) {
      const height = length(row, rowCount, queryCount)
      for (let column = 0; column < columnCount; column++) {
        const cell = row * columnCount + column
        this.values[cell] = sums[cell]! / (height * length(column, columnCount, keyCount))
      }
    }
  }
}
