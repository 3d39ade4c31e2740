/**
 * Cells [row, column] as they travel to a page that draws them: of each row nothing after its last cell that is
 * not 0, which halves what a causal matrix takes.
 */
export interface PackedCells {
  /** Of each row how many cells follow in `values`; the others are 0. */
  readonly ends: Int32Array<ArrayBuffer>
  /** The cells; where they are rounded the upper halves of the bits of float32, which is bfloat16. */
  readonly values: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
}

export interface CellShape {
  readonly rowCount: number
  readonly columnCount: number
}

/**
 * Packs cells without loss, or rounded to 8 significant bits (a share of 1/512 at most): enough for colours,
 * not for numbers. No cell becomes 0 that was not, none becomes infinite, and NaN stays NaN.
 */
export function packCells(
  values: Float32Array,
  {rowCount, columnCount}: CellShape,
  isRounded: boolean
): PackedCells {
  const ends = new Int32Array(rowCount)
  let count = 0
  for (let row = 0; row < rowCount; row++) {
    const start = row * columnCount
    let end = columnCount
    while (end > 0 && values[start + end - 1] === 0) end--
    ends[row] = end
    count += end
  }
  const packed = isRounded ? new Uint16Array(count) : new Float32Array(count)
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const start = row * columnCount
    const end = start + ends[row]!
    if (isRounded) for (let i = start; i < end; i++) packed[at++] = upperHalf(words[i]!)
    else {
      packed.set(values.subarray(start, end), at)
      at += end - start
    }
  }
  return {ends, values: packed}
}

const SIGN = 0x8000
const LARGEST = 0x7f7f
const NOT_A_NUMBER = 0x7fc0

/** The bits of a float32 rounded to the upper half of them, ties to even. */
function upperHalf(word: number): number {
  const magnitude = word & 0x7fffffff
  const sign = (word >>> 16) & SIGN
  if (magnitude >= 0x7f800000) return magnitude > 0x7f800000 ? sign | NOT_A_NUMBER : word >>> 16
  const rounded = (magnitude + 0x7fff + ((magnitude >>> 16) & 1)) >>> 16
  // What is almost too small or too large for a float32 stays what it is in kind.
  if (rounded === 0 && magnitude !== 0) return sign | 1
  return sign | Math.min(rounded, LARGEST)
}

/** The cells [row, column] that were packed. */
export function unpackCells(
  {ends, values}: PackedCells,
  {rowCount, columnCount}: CellShape
): Float32Array<ArrayBuffer> {
  const cells = new Float32Array(rowCount * columnCount)
  const words = new Uint32Array(cells.buffer)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const start = row * columnCount
    const end = start + ends[row]!
    if (values instanceof Float32Array) {
      cells.set(values.subarray(at, at + end - start), start)
      at += end - start
    } else for (let i = start; i < end; i++) words[i] = values[at++]! << 16
  }
  return cells
}
