import type {Thumbnail} from '../../lenses/attention-maps.ts'
import {niceCeiling} from '../scale.ts'
import {isTriangle, type MatrixCells, matrixIndices, type WeightScale} from './matrix-scale.ts'

/** Share of the rows of all heads whose heaviest weight is within the range of colours. */
const RANGE_SHARE = 0.9

/**
 * The end of one range of colours for all pictures: a round number that the heaviest weights of nine in ten
 * rows of all heads stay below; the first row, which reads itself alone, is left out.
 */
export function sharedRange(thumbnails: readonly Thumbnail[]): number {
  const maxima: number[] = []
  for (const {size, values} of thumbnails) {
    for (let row = size > 1 ? 1 : 0; row < size; row++) {
      let most = 0
      for (let i = row * size; i < (row + 1) * size; i++) {
        const weight = values[i]!
        if (weight > most && weight < Number.POSITIVE_INFINITY) most = weight
      }
      if (most > 0) maxima.push(most)
    }
  }
  maxima.sort((a, b) => a - b)
  const index = Math.min(maxima.length - 1, Math.floor(RANGE_SHARE * maxima.length))
  return niceCeiling(maxima[index] ?? 0)
}

/** A head's picture as cells of a matrix over so many tokens. */
export function cellsOfThumbnail(
  {size, values, maximum, summary}: Thumbnail,
  tokenCount: number
): MatrixCells {
  return {
    queries: [0, tokenCount],
    keys: [0, tokenCount],
    tile: {rowCount: size, columnCount: size, values, minimum: 0, maximum, summary},
  }
}

/** Colours of a head's picture as indices, row-major, `size` a side. */
export function thumbnailIndices(
  thumbnail: Thumbnail,
  tokenCount: number,
  scale: WeightScale
): Uint8Array {
  const cells = cellsOfThumbnail(thumbnail, tokenCount)
  return matrixIndices(cells, scale, isTriangle(cells))
}

/**
 * A picture of indices in another number of pixels a side: each pixel has the highest index that it covers, so
 * that a single bright cell never disappears.
 */
export function pooledIndices(indices: Uint8Array, size: number, sidePx: number): Uint8Array {
  const pooled = new Uint8Array(sidePx * sidePx)
  const starts = new Int32Array(sidePx + 1)
  for (let px = 0; px <= sidePx; px++) starts[px] = Math.floor((px * size) / sidePx)
  for (let y = 0; y < sidePx; y++) {
    const top = starts[y]!
    const bottom = Math.max(top + 1, starts[y + 1]!)
    for (let x = 0; x < sidePx; x++) {
      const left = starts[x]!
      const right = Math.max(left + 1, starts[x + 1]!)
      let most = 0
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const index = indices[row * size + column]!
          if (index > most) most = index
        }
      }
      pooled[y * sidePx + x] = most
    }
  }
  return pooled
}
