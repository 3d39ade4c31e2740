import {
  blockStart,
  indexOfWeight,
  isTriangle,
  NOTHING,
  type WeightScale,
} from '../../../shared/figures/attention/matrix-scale.ts'
import type {AttentionTile} from '../../../shared/lenses/attention-maps.ts'
import {packedCellsOf} from '../../../shared/lenses/packed-tile.ts'
import type {PlacedTile} from '../../store/attention-pictures.ts'

/** Values of the upper half of a float32's bits. */
const WORD_COUNT = 0x10000
const triangles = new WeakMap<AttentionTile, boolean>()

/** Whether a tile's queries read only what stands before them. */
export function isCausalTile(placed: PlacedTile): boolean {
  const known = triangles.get(placed.tile)
  if (known !== undefined) return known
  const ends = packedCellsOf(placed.tile)?.ends
  const found = ends ? areTriangular(placed, ends) : isTriangle(placed)
  triangles.set(placed.tile, found)
  return found
}

/** The same by where the rows of a packed tile end: nothing behind that is anything. */
function areTriangular({queries, keys, tile}: PlacedTile, ends: Int32Array): boolean {
  const {rowCount, columnCount} = tile
  return ends.every((end, row) => {
    const lastQuery = blockStart(queries, rowCount, row + 1) - 1
    return end === 0 || blockStart(keys, columnCount, end - 1) <= lastQuery
  })
}

/**
 * Colours a tile's cells [row, column]: `colors` by index, see `indexOfWeight`. Cells that a causal query
 * cannot see are nothing.
 */
export function fillPixels(
  pixels: Uint32Array,
  placed: PlacedTile,
  scale: WeightScale,
  colors: Uint32Array
): void {
  const {tile} = placed
  const {rowCount, columnCount} = tile
  pixels.fill(colors[NOTHING]!)
  const seen = seenCounts(placed)
  const packed = packedCellsOf(tile)
  const zero = colors[indexOfWeight(0, scale)]!
  const words = packed?.values instanceof Uint16Array ? packed.values : null
  const byWord = words && colorsByWord(scale, colors)
  const values = words ? null : (packed?.values ?? tile.values)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const start = row * columnCount
    const end = Math.min(seen[row]!, packed ? packed.ends[row]! : columnCount)
    if (words && byWord) {
      for (let column = 0; column < end; column++) {
        pixels[start + column] = byWord[words[at + column]!]!
      }
    } else if (values) {
      for (let column = 0; column < end; column++) {
        pixels[start + column] = colors[indexOfWeight(values[at + column]!, scale)]!
      }
    }
    pixels.fill(zero, start + end, start + seen[row]!)
    at += packed ? packed.ends[row]! : columnCount
  }
}

/** Of each row how many of its cells are something. */
function seenCounts(placed: PlacedTile): Int32Array {
  const {queries, keys, tile} = placed
  const {rowCount, columnCount} = tile
  const seen = new Int32Array(rowCount).fill(columnCount)
  if (!isCausalTile(placed)) return seen
  let column = 0
  for (let row = 0; row < rowCount; row++) {
    const lastQuery = blockStart(queries, rowCount, row + 1) - 1
    while (column < columnCount && blockStart(keys, columnCount, column) <= lastQuery) column++
    seen[row] = column
  }
  return seen
}

/** The colour of every rounded weight by its bits: a picture has many times more cells than there are of these. */
function colorsByWord(scale: WeightScale, colors: Uint32Array): Uint32Array {
  const {maximum, isSigned, steps} = scale
  const key = `${maximum} ${isSigned} ${steps} ${colors.join()}`
  const known = wordColors.get(key)
  if (known) return known
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  const found = new Uint32Array(WORD_COUNT)
  for (let word = 0; word < WORD_COUNT; word++) {
    bits[0] = word << 16
    found[word] = colors[indexOfWeight(float[0]!, scale)]!
  }
  // Ends of ranges are round numbers, and heads of a layer have the same few.
  if (wordColors.size >= MOST_WORD_COLORS) wordColors.clear()
  wordColors.set(key, found)
  return found
}
const wordColors = new Map<string, Uint32Array>()
const MOST_WORD_COLORS = 16
