import type {HeadRef} from '../../lenses/attention-maps.ts'

/** Where a head's picture stands in the grid of all. */
export interface OverviewCell extends HeadRef {
  /** Row of the grid, from 0. */
  readonly row: number
  readonly xPx: number
  readonly yPx: number
}

/** A grid of layers down and heads across; places are from its own corner. */
export interface OverviewLayout {
  readonly widthPx: number
  readonly heightPx: number
  /** Of each picture. */
  readonly sidePx: number
  /** Pictures have a line of words under them. */
  readonly hasNames: boolean
  readonly rows: readonly {readonly layer: number; readonly yPx: number}[]
  readonly columns: readonly {readonly head: number; readonly xPx: number}[]
  readonly cells: readonly OverviewCell[]
}

export interface OverviewInput {
  readonly layers: readonly {readonly layer: number; readonly queryHeadCount: number}[]
  readonly widthPx: number
  /** What all is to fit into, down to the least size; null where it may grow. */
  readonly heightPx: number | null
  /** Pixels a side of each picture; null takes what fits. */
  readonly cellPx?: number | null
}

/** Beside the grid: `L12`. */
export const LAYER_LABEL_PX = 30
/** Above the grid: `H3`. */
export const HEAD_LABEL_PX = 18
const NAME_PX = 16
/** Smaller pictures have no words under them, and stand closer. */
const LEAST_NAMED_PX = 64
const GAP_PX = 12
const CLOSE_GAP_PX = 4
export const LEAST_CELL_PX = 14
export const MOST_CELL_PX = 220
/** Pictures stand apart by at most so many times their size. */
const MOST_PITCH = 1.4

/** Places the pictures of all heads: as large as fits, in rows of one layer each. */
export function layoutOverview({
  layers,
  widthPx,
  heightPx,
  cellPx = null,
}: OverviewInput): OverviewLayout {
  const columnCount = Math.max(1, ...layers.map(({queryHeadCount}) => queryHeadCount))
  const rowCount = Math.max(1, layers.length)
  const roomPx = widthPx - LAYER_LABEL_PX
  const fitting = (isNamed: boolean) => {
    const gapPx = isNamed ? GAP_PX : CLOSE_GAP_PX
    const downPx = gapPx + (isNamed ? NAME_PX : 0)
    const byWidth = Math.floor(roomPx / columnCount) - gapPx
    const byHeight =
      heightPx === null ? byWidth : Math.floor((heightPx - HEAD_LABEL_PX) / rowCount) - downPx
    return Math.max(LEAST_CELL_PX, Math.min(MOST_CELL_PX, byWidth, byHeight))
  }
  const namedPx = cellPx ?? fitting(true)
  const hasNames = namedPx >= LEAST_NAMED_PX
  const sidePx = hasNames ? namedPx : (cellPx ?? fitting(false))
  const gapPx = hasNames ? GAP_PX : CLOSE_GAP_PX
  const pitchPx = Math.floor(
    Math.max(sidePx + gapPx, Math.min(roomPx / columnCount, sidePx * MOST_PITCH + gapPx))
  )
  const rowPx = sidePx + gapPx + (hasNames ? NAME_PX : 0)
  const columns = Array.from({length: columnCount}, (_, head) => ({
    head,
    xPx: LAYER_LABEL_PX + head * pitchPx,
  }))
  const rows = layers.map(({layer}, row) => ({layer, yPx: HEAD_LABEL_PX + row * rowPx}))
  const cells = layers.flatMap(({layer, queryHeadCount}, row) =>
    Array.from({length: queryHeadCount}, (_, head) => ({
      ...{layer, head, row},
      xPx: columns[head]!.xPx,
      yPx: rows[row]!.yPx,
    }))
  )
  return {
    widthPx: LAYER_LABEL_PX + columnCount * pitchPx,
    heightPx: HEAD_LABEL_PX + rowCount * rowPx,
    ...{sidePx, hasNames, rows, columns, cells},
  }
}
