import type {
  AttentionFilters,
  AttentionMap,
  MapSummary,
} from '../../../shared/lenses/attention-maps.ts'
import {poolCells} from '../../../shared/math/tile-cells.ts'

/** A whole matrix, pooled by the largest into square cells. */
export interface KeptTile {
  /** Cells a side. */
  readonly size: number
  /** [row, column] */
  readonly values: Float32Array<ArrayBuffer>
  readonly minimum: number
  readonly maximum: number
  readonly summary: MapSummary
}

/** Levels of one matrix that are kept. */
const MOST_LEVELS = 4

/**
 * Pooled levels of whole matrices of one text. A level whose size divides a finer one's is made of it, which
 * gives the same cells: they begin where every so many of the finer ones do.
 */
export class KeptTiles {
  byteLength = 0
  /** By matrix, least recently used first. */
  private readonly byMap = new Map<string, KeptTile[]>()

  /** The level of a matrix at a size, or null. */
  get(key: string, size: number): KeptTile | null {
    const levels = this.byMap.get(key)
    if (!levels) return null
    this.byMap.delete(key)
    this.byMap.set(key, levels)
    const found = levels.find((level) => level.size % size === 0)
    if (!found || found.size === size) return found ?? null
    return {...found, size, ...poolCells(found.values, found.size, size)}
  }

  /** Keeps a level; what is over `maxBytes` gives way, the matrix that was not asked for longest first. */
  add(key: string, tile: KeptTile, maxBytes: number): void {
    const levels = this.byMap.get(key) ?? []
    this.byMap.delete(key)
    this.byMap.set(key, levels)
    levels.push(tile)
    this.byteLength += tile.values.byteLength
    if (levels.length > MOST_LEVELS) this.byteLength -= levels.shift()!.values.byteLength
    for (const [oldest, gone] of this.byMap) {
      if (this.byteLength <= maxBytes) break
      this.byMap.delete(oldest)
      for (const {values} of gone) this.byteLength -= values.byteLength
    }
  }

  clear(): void {
    this.byMap.clear()
    this.byteLength = 0
  }
}

/** What tells a matrix from the others of its text; null of one whose filters name positions, which is not kept. */
export function tileKey(map: AttentionMap, filters: AttentionFilters): string | null {
  const {hiddenPositions, groups, ...plain} = filters
  return hiddenPositions || groups ? null : JSON.stringify([map, plain])
}
