import type {TreeView} from '../../lenses/tree-picture.ts'
import type {SpanNode, TreeSpans} from '../../lenses/tree-spans.ts'
import {formatProb} from '../number-format.ts'
import {textWidthPx} from '../text-width.ts'
import {type SpacedGlyphs, spacedGlyphs} from '../token-glyphs.ts'

/** Sizes of a tree whose tokens can be read, in pixels. */
export const TREE = {
  rowPx: 22,
  chipPx: 18,
  textPx: 13,
  smallTextPx: 11,
  paddingPx: 4,
  /** Between a chip and its probability, and from there to the next column. */
  gapPx: 4,
  edgePx: 22,
  /** From the left edge of a column back to where lines to siblings run. */
  trunkPx: 14,
} as const

const WIDEST_CHIP_PX = 132
const NARROWEST_CHIP_PX = 22
const PROB_PX = 36
const MARK_PX = 14

/** One level of the tree, from left to right. */
export interface TreeColumn {
  readonly xPx: number
  /** The widest chip; longer names are cut. */
  readonly chipPx: number
  /** Up to the next column. */
  readonly widthPx: number
}

/** The levels of a tree, and how wide they are together. */
export interface TreeColumns {
  readonly columns: readonly TreeColumn[]
  readonly widthPx: number
  readonly hasProbs: boolean
}

/**
 * Where a node is: pixels across, and down in units of the view, which are rows of a tree and shares of an
 * icicle. What draws it says how many pixels a unit has.
 */
export interface PlacedNode {
  readonly xPx: number
  readonly widthPx: number
  readonly from: number
  readonly to: number
}

/** What a node is called: its token, or with `noPrompt` its number; and where its bytes stand. */
export function nodeGlyphs({node}: SpanNode, noPrompt = false): SpacedGlyphs {
  const word = (text: string): SpacedGlyphs => ({text, bytesAt: []})
  if (node.tokenId === null) return word('rest')
  if (noPrompt) return word(`node ${node.id}`)
  const glyphs = spacedGlyphs({bytesHex: node.bytesHex, isSpecial: false})
  return glyphs.text ? glyphs : word('∅')
}

export function nodeProbText({prob}: SpanNode): string {
  return formatProb(prob)
}

export interface ColumnOptions {
  readonly names: readonly string[]
  /** Room that all columns have together; as wide as they like where it is null. */
  readonly availablePx: number | null
  /** Drafts have a mark beside each probability. */
  readonly hasMarks: boolean
  /** Where the first column begins: the root stands before it. */
  readonly startPx: number
}

/** Widths of the levels: as the names ask for, or narrower where there is not so much room. */
export function layoutColumns(spans: TreeSpans, options: ColumnOptions): TreeColumns {
  const {names, availablePx, startPx} = options
  const widest = new Array<number>(spans.columnCount).fill(NARROWEST_CHIP_PX)
  for (const {node, place, column} of spans.nodes) {
    if (node.tokenId === null) continue
    widest[column] = Math.max(widest[column]!, chipWidthPx(names[place]!))
  }
  const probPx = PROB_PX + (options.hasMarks ? MARK_PX : 0)
  const sideOf = (hasProbs: boolean) => (hasProbs ? TREE.gapPx + probPx : 0) + TREE.edgePx
  const sumOf = (cap: number, hasProbs: boolean) =>
    widest.reduce((sum, px) => sum + Math.min(px, cap) + sideOf(hasProbs), startPx)
  let cap = WIDEST_CHIP_PX
  let hasProbs = true
  if (availablePx !== null) {
    while (sumOf(cap, hasProbs) > availablePx && (cap > NARROWEST_CHIP_PX || hasProbs)) {
      if (cap > NARROWEST_CHIP_PX) cap -= 2
      else hasProbs = false
    }
  }
  const needed = sumOf(cap, hasProbs)
  const shrink =
    availablePx !== null && needed > availablePx
      ? Math.max(0.05, (availablePx - startPx) / (needed - startPx))
      : 1
  const columns: TreeColumn[] = []
  let xPx = startPx
  for (const px of widest) {
    const widthPx = (Math.min(px, cap) + sideOf(hasProbs)) * shrink
    columns.push({xPx, chipPx: Math.min(px, cap) * shrink, widthPx})
    xPx += widthPx
  }
  return {columns, widthPx: xPx, hasProbs}
}

export function chipWidthPx(name: string): number {
  return Math.max(NARROWEST_CHIP_PX, textWidthPx(name, TREE.textPx, 'mono') + 2 * TREE.paddingPx)
}

/** Where each node stands in a view, by its place. */
export function placeNodes(
  spans: TreeSpans,
  view: TreeView,
  {columns}: TreeColumns,
  names: readonly string[]
): PlacedNode[] {
  return spans.nodes.map(({place, column, row, start, share}): PlacedNode => {
    const {xPx, chipPx, widthPx} = columns[column]!
    if (view === 'icicle') return {xPx, widthPx: widthPx - 1, from: start, to: start + share}
    return {xPx, widthPx: Math.min(chipPx, chipWidthPx(names[place]!)), from: row, to: row + 1}
  })
}

/** Units that a view is high. */
export function unitCount(spans: TreeSpans, view: TreeView): number {
  return view === 'icicle' ? 1 : Math.max(1, spans.rowCount)
}

/** Places of the nodes from the root to one, the root's child first. */
export function pathTo(spans: TreeSpans, place: number): number[] {
  const path: number[] = []
  for (let at = place; at >= 0; at = spans.nodes[at]!.parent) path.push(at)
  return path.reverse()
}
