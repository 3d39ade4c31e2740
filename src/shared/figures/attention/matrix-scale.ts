import type {ColorRange, ColorSteps, MatrixPicture} from '../../lenses/attention-picture.ts'
import {typicalMaximum} from '../../math/typical-maximum.ts'
import type {Palette} from '../palette.ts'
import {niceCeiling} from '../scale.ts'

/** A window of a matrix as cells; see `attentionTileSchema`. */
export type MatrixCells = Pick<MatrixPicture, 'queries' | 'keys' | 'tile'>

/** How weights become colours: nine steps from 0, or eleven around 0. */
export interface WeightScale {
  readonly maximum: number
  readonly isSigned: boolean
  /** Square-root where absent. */
  readonly steps?: ColorSteps | undefined
}

export function scaleOf({maximum, steps}: ColorRange, map: MatrixPicture['map']): WeightScale {
  return {maximum, isSigned: map.kind === 'difference', steps}
}

/** Index of what is not there: a key that a query cannot see. */
export const NOTHING = 0
const SEQUENTIAL_STEPS = 9
const DIVERGING_STEPS = 11

export const stepCountOf = ({isSigned}: WeightScale) =>
  isSigned ? DIVERGING_STEPS : SEQUENTIAL_STEPS

/** Index of a weight that is NaN or infinite. */
export const nonFiniteIndex = (scale: WeightScale) => stepCountOf(scale) + 1

/** Colour of a weight as an index: 0 is nothing, then the steps, then what is not finite. */
export function indexOfWeight(value: number, scale: WeightScale): number {
  const {maximum, isSigned} = scale
  if (!Number.isFinite(value)) return nonFiniteIndex(scale)
  const size = Math.abs(value) / maximum
  const share = scale.steps === 'linear' ? size : Math.sqrt(size)
  if (isSigned) {
    // Zero is the middle one of eleven.
    const signed = value < 0 ? -share : share
    const step = Math.floor((signed + 1) * (DIVERGING_STEPS / 2))
    return 1 + Math.max(0, Math.min(DIVERGING_STEPS - 1, step))
  }
  if (!(value > 0)) return 1
  return Math.max(1, Math.min(SEQUENTIAL_STEPS, Math.ceil(share * SEQUENTIAL_STEPS)))
}

/** Colours by index; null is transparent. */
export function colorsOf(scale: WeightScale, palette: Palette): (string | null)[] {
  const steps = scale.isSigned ? palette.diverging : palette.sequential
  return [null, ...steps, palette.rejected]
}

/** Ink that is legible on a colour. */
export function inkOn(index: number, scale: WeightScale, palette: Palette): string {
  if (index === nonFiniteIndex(scale)) return palette.paper
  if (scale.isSigned) {
    const away = Math.abs(index - 6)
    return away >= 3 ? palette.paper : palette.ink1
  }
  return index > 5 ? palette.seqInkHigh : palette.seqInkLow
}

/** The end of a picture's own range: a round number that the heaviest weights of three in four rows stay below. */
export function ownRange({queries, tile}: Pick<MatrixCells, 'queries' | 'tile'>): number {
  return niceCeiling(tile.typicalMaximum ?? typicalMaximum(tile.values, tile, queries[0]))
}

/** First position of block `index` of `count` over [start, end). */
export function blockStart(
  [start, end]: readonly [number, number],
  count: number,
  index: number
): number {
  return start + Math.floor((index * (end - start)) / count)
}

/**
 * Whether every query reads only what stands before it, as far as this window tells: then what lies beyond
 * the diagonal is no zero but nothing.
 */
export function isTriangle({queries, keys, tile}: MatrixCells): boolean {
  const {rowCount, columnCount, values} = tile
  for (let row = 0; row < rowCount; row++) {
    const lastQuery = blockStart(queries, rowCount, row + 1) - 1
    for (let column = columnCount - 1; column >= 0; column--) {
      if (blockStart(keys, columnCount, column) <= lastQuery) break
      if (values[row * columnCount + column] !== 0) return false
    }
  }
  return true
}

/** The colours of a window's cells as indices, row-major. */
export function matrixIndices(
  {queries, keys, tile}: MatrixCells,
  scale: WeightScale,
  isCausal: boolean
): Uint8Array {
  const {rowCount, columnCount} = tile
  const indices = new Uint8Array(rowCount * columnCount)
  forEachCell({queries, keys, tile}, isCausal, (at, value) => {
    indices[at] = indexOfWeight(value, scale)
  })
  return indices
}

/** Calls back for every cell of a window that is something, with its place in `tile.values` and its weight. */
export function forEachCell(
  {queries, keys, tile}: MatrixCells,
  isCausal: boolean,
  call: (at: number, value: number) => void
): void {
  const {rowCount, columnCount, values} = tile
  const firstKeys = Int32Array.from({length: columnCount}, (_, i) =>
    blockStart(keys, columnCount, i)
  )
  for (let row = 0; row < rowCount; row++) {
    const lastQuery = blockStart(queries, rowCount, row + 1) - 1
    const at = row * columnCount
    for (let column = 0; column < columnCount; column++) {
      if (isCausal && firstKeys[column]! > lastQuery) break
      call(at + column, values[at + column]!)
    }
  }
}
