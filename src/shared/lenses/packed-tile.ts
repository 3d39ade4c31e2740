import {type PackedCells, packCells, unpackCells} from '../math/packed-cells.ts'
import {typicalMaximum} from '../math/typical-maximum.ts'
import type {AttentionTile, PackedTile, TileRequest} from './attention-maps.ts'

/** A tile as it travels to where it is drawn; rounded where a cell stands for several tokens. */
export function packTile(
  tile: AttentionTile,
  {queries, keys}: Pick<TileRequest, 'queries' | 'keys'>
): PackedTile {
  const {rowCount, columnCount, values} = tile
  const isExact = rowCount === queries[1] - queries[0] && columnCount === keys[1] - keys[0]
  return {
    ...tile,
    typicalMaximum: tile.typicalMaximum ?? typicalMaximum(values, tile, queries[0]),
    ...packCells(values, tile, !isExact),
  }
}

/**
 * The tile that was packed. Its cells are unpacked when they are first read: a picture is drawn from what came,
 * see {@link packedCellsOf}, and most pictures are only looked at.
 */
export function unpackTile({ends, values, ...tile}: PackedTile): AttentionTile {
  const cells: PackedCells = {ends, values}
  let unpacked: AttentionTile['values'] | null = null
  const lazy = {
    ...tile,
    get values() {
      unpacked ??= unpackCells(cells, tile)
      return unpacked
    },
  }
  packed.set(lazy, cells)
  return lazy
}

const packed = new WeakMap<AttentionTile, PackedCells>()

/** The cells of a tile as they came; null of one that never was packed. */
export function packedCellsOf(tile: AttentionTile): PackedCells | null {
  return packed.get(tile) ?? null
}
