import type {TreeView} from '../../lenses/tree-picture.ts'
import type {TreeSpans} from '../../lenses/tree-spans.ts'
import {textWidthPx} from '../text-width.ts'
import {
  layoutColumns,
  nodeGlyphs,
  type PlacedNode,
  pathTo,
  placeNodes,
  TREE,
  type TreeColumns,
  unitCount,
} from './tree-geometry.ts'

/** Pixels that the row of the levels' names takes, above the tree. */
export const HEADER_PX = 24
const ROOT_GAP_PX = 30
const WIDEST_ROOT_PX = 72
/** The head “prompt” stands over it. */
const LEAST_ROOT_PX = 48
/** Names are cut to fit a width, but not to less. */
const LEAST_CHIP_PX = 56
/** The columns at the right: a bar of the path's share, its probability, its bits. */
export const TABLE_PX = {bar: 44, prob: 46, bits: 34, gap: 12} as const
const TABLE_WIDTH_PX = TABLE_PX.bar + TABLE_PX.prob + TABLE_PX.bits + 3 * TABLE_PX.gap
/** Room for the words of a branch, from so many pixels on. */
const LEAST_WORDS_PX = 120
const MOST_WORDS_PX = 260

/** Columns that say of each branch what it comes to, at the right of a tree. */
export interface BranchTable {
  /** Left edges; words are left out where there is no room. */
  readonly wordsPx: number | null
  readonly wordsWidthPx: number
  readonly barPx: number
  readonly probPx: number
  readonly bitsPx: number
}

/** A tree that is laid out: what is drawn of it depends on which part is seen alone. */
export interface TreeScene {
  readonly spans: TreeSpans
  readonly view: TreeView
  readonly names: readonly string[]
  /** By place: where in its name each byte of a partial character begins. */
  readonly bytesAt: readonly (readonly number[])[]
  /** By level of an icicle: what its tokens come to of all that can follow. */
  readonly levelShares: readonly number[] | null
  readonly columns: TreeColumns
  readonly placed: readonly PlacedNode[]
  readonly unitCount: number
  readonly rootName: string
  readonly rootWidthPx: number
  readonly widthPx: number
  readonly table: BranchTable | null
  readonly isDraft: boolean
}

export interface SceneOptions {
  readonly view: TreeView
  readonly rootName: string
  readonly noPrompt: boolean
  readonly isDraft: boolean
  readonly widthPx: number
  /** Whether levels may stand beyond the width, to be moved into sight. */
  readonly mayOverflow: boolean
}

/** What is marked in a scene, by places. */
export interface SceneMarks {
  readonly selected: number | null
  readonly hovered: number | null
  readonly pinned: ReadonlySet<number>
}

/** The part of a scene that is seen: units from the top, pixels from the left. */
export interface SceneWindow {
  readonly from: number
  readonly pxPerUnit: number
  readonly leftPx: number
  readonly widthPx: number
  readonly heightPx: number
}

/** Lays a tree out, and gives what is left of the width to a table of its branches. */
export function layoutScene(spans: TreeSpans, options: SceneOptions): TreeScene {
  const {view, rootName, noPrompt, isDraft, widthPx, mayOverflow} = options
  const glyphs = spans.nodes.map((node) => nodeGlyphs(node, noPrompt))
  const names = glyphs.map(({text}) => text)
  const rootWidthPx = Math.min(
    WIDEST_ROOT_PX,
    Math.max(LEAST_ROOT_PX, textWidthPx(rootName, TREE.textPx, 'mono') + 2 * TREE.paddingPx)
  )
  const startPx = rootWidthPx + (view === 'icicle' ? 1 : ROOT_GAP_PX)
  const columnsIn = (availablePx: number | null) =>
    layoutColumns(spans, {names, availablePx, hasMarks: isDraft, startPx})
  const natural = columnsIn(null)
  const hasTable = view === 'tree' && !isDraft
  const withTable = hasTable && natural.widthPx + TABLE_WIDTH_PX <= widthPx
  const squeezed = natural.widthPx <= widthPx ? natural : columnsIn(widthPx)
  const canRead =
    squeezed.hasProbs &&
    squeezed.columns.every(
      ({chipPx}, i) => chipPx >= Math.min(LEAST_CHIP_PX, natural.columns[i]!.chipPx)
    )
  const fitting = mayOverflow && !canRead ? natural : squeezed
  // Boxes of an icicle have no table beside them: they take all the room.
  const columns = view === 'icicle' ? widened(fitting, startPx, widthPx) : fitting
  return {
    ...{spans, view, names, columns, rootName, rootWidthPx, isDraft},
    bytesAt: glyphs.map(({bytesAt}) => bytesAt),
    levelShares: view === 'icicle' ? levelShares(spans) : null,
    placed: placeNodes(spans, view, columns, names),
    unitCount: unitCount(spans, view),
    widthPx: Math.max(widthPx, columns.widthPx),
    table: withTable ? layoutTable(natural.widthPx, widthPx) : null,
  }
}

function levelShares({nodes, columnCount}: TreeSpans): number[] {
  const shares = new Array<number>(columnCount).fill(0)
  for (const {node, column, share} of nodes) if (node.tokenId !== null) shares[column]! += share
  return shares
}

/** Columns that are narrower together than the room, as much wider as it gives each. */
function widened(columns: TreeColumns, startPx: number, widthPx: number): TreeColumns {
  const freePx = widthPx - columns.widthPx
  if (freePx <= 0 || columns.columns.length === 0) return columns
  const by = (widthPx - startPx) / (columns.widthPx - startPx)
  return {
    ...{...columns, widthPx},
    columns: columns.columns.map(({xPx, chipPx, widthPx: ownPx}) => ({
      ...{xPx: startPx + (xPx - startPx) * by, chipPx: chipPx * by, widthPx: ownPx * by},
    })),
  }
}

function layoutTable(treePx: number, widthPx: number): BranchTable {
  const bitsPx = widthPx
  const probPx = bitsPx - TABLE_PX.bits - TABLE_PX.gap
  const barPx = probPx - TABLE_PX.prob - TABLE_PX.gap - TABLE_PX.bar
  const roomPx = barPx - TABLE_PX.gap - treePx
  const hasWords = roomPx >= LEAST_WORDS_PX
  const wordsWidthPx = hasWords ? Math.min(MOST_WORDS_PX, roomPx) : 0
  const wordsPx = hasWords ? barPx - TABLE_PX.gap - wordsWidthPx : null
  return {wordsPx, wordsWidthPx, barPx, probPx, bitsPx}
}

/** The node at a point of a scene's window; null where there is none. */
export function placeAt(
  scene: TreeScene,
  window: SceneWindow,
  xPx: number,
  yPx: number
): number | null {
  const unit = window.from + yPx / window.pxPerUnit
  const x = xPx + window.leftPx
  const {spans, placed, columns, view, table} = scene
  if (unit < 0 || unit >= scene.unitCount) return null
  const column = columns.columns.findLastIndex((one) => one.xPx - TREE.trunkPx <= x)
  if (column < 0) return null
  if (view === 'icicle') {
    const found = spans.nodes.find(
      (node) =>
        node.column === column && placed[node.place]!.from <= unit && unit < placed[node.place]!.to
    )
    return found?.place ?? null
  }
  const row = Math.floor(unit)
  const inRow = nodesInRow(spans, row)
  const isInTable = table !== null && x >= (table.wordsPx ?? table.barPx)
  if (isInTable) return inRow.at(-1)?.place ?? null
  return inRow.find((node) => node.column === column)?.place ?? null
}

/** Nodes that stand in a row: one, and those under it that come first. */
function nodesInRow({nodes}: TreeSpans, row: number) {
  const first = firstFrom(nodes, row)
  const found: (typeof nodes)[number][] = []
  for (let place = first; place < nodes.length && nodes[place]!.row === row; place++) {
    found.push(nodes[place]!)
  }
  return found
}

/** The first place whose row is not above one; nodes come in the order of their rows. */
export function firstFrom(nodes: TreeSpans['nodes'], row: number): number {
  let low = 0
  let high = nodes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (nodes[middle]!.row < row) low = middle + 1
    else high = middle
  }
  return low
}

/** Links that lead to a node, as places. */
export function pathSet(spans: TreeSpans, place: number | null): ReadonlySet<number> {
  return new Set(place === null ? [] : pathTo(spans, place))
}

/** The window that shows the whole of a scene. */
export function wholeWindow(scene: TreeScene, widthPx: number, heightPx: number): SceneWindow {
  const pxPerUnit = Math.min(
    scene.view === 'icicle' ? Number.POSITIVE_INFINITY : TREE.rowPx,
    heightPx / scene.unitCount
  )
  return {from: 0, pxPerUnit, leftPx: 0, widthPx, heightPx}
}
