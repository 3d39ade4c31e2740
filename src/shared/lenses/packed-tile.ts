import {packCells, unpackCells} from '../math/packed-cells.ts'
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

/** The tile that was packed. */
export function unpackTile({ends, values, ...tile}: PackedTile): AttentionTile {
  return {...tile, values: unpackCells({ends, values}, tile)}
}
