import type {SpanNode} from '../../lenses/tree-spans.ts'
import {log} from '../../math/log.ts'
import {formatBits, formatCount, formatPathProb, formatProb} from '../number-format.ts'
import {CHIP_STEP_COUNT} from '../palette.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {nodeProbText, pathTo, TREE} from './tree-geometry.ts'
import {linkPx, lookOf} from './tree-looks.ts'
import {TreePainter} from './tree-painter.ts'
import {firstFrom, TABLE_PX} from './tree-scene.ts'
import {type TreeShape, textShape} from './tree-shape.ts'

/** Rows lower than this have no words, lower than the next no shape of their own. */
const LEAST_WORDS_PX = 14
const LEAST_SHAPE_PX = 4
const {LN2} = Math
const MARK_PX = 14

/** Tokens as chips with lines to their children, and a table of branches beside them. */
export class LinkedPainter extends TreePainter {
  paint(): TreeShape[] {
    const {scene, window} = this
    const {nodes} = scene.spans
    const {pxPerUnit, from, heightPx} = window
    const lastRow = from + heightPx / pxPerUnit
    const first = firstFrom(nodes, Math.floor(from))
    const seen: SpanNode[] = []
    for (let place = first; place < nodes.length && nodes[place]!.row < lastRow; place++) {
      seen.push(nodes[place]!)
    }
    if (pxPerUnit < LEAST_SHAPE_PX) {
      this.smallNodes(seen)
      return this.shapes
    }
    this.links(seen)
    if (from < 1) this.root()
    for (const node of seen) this.chip(node)
    if (scene.table) for (const node of seen) if (node.isLeaf) this.branch(node)
    return this.shapes
  }

  private yOf(row: number): number {
    return (row + 0.5 - this.window.from) * this.window.pxPerUnit
  }

  private xOf(column: number): number {
    return this.scene.columns.columns[column]!.xPx - this.window.leftPx
  }

  private root(): void {
    const {scene, palette, window} = this
    const height = Math.min(TREE.chipPx, window.pxPerUnit - 2)
    const y = this.yOf(0)
    this.box(-window.leftPx, y - height / 2, scene.rootWidthPx, height, {fill: palette.sunken})
    this.label(
      ...([-window.leftPx, y - height / 2, height, scene.rootWidthPx] as const),
      ...([scene.rootName, '', palette.ink2] as const)
    )
  }

  /** Lines from each parent down to its children; of a parent out of sight those that pass by. */
  private links(seen: readonly SpanNode[]): void {
    const {scene, palette, window, path} = this
    const {nodes} = scene.spans
    const parents = new Set<number>()
    for (const {parent} of seen) {
      for (let at = parent; !parents.has(at); at = nodes[at]!.parent) {
        parents.add(at)
        if (at < 0) break
      }
    }
    const lastChild = new Map<number, SpanNode>()
    for (const {parent} of seen) {
      if (!lastChild.has(parent)) lastChild.set(parent, lastChildOf(nodes, parent))
    }
    for (const parent of parents) {
      const last = lastChild.get(parent) ?? lastChildOf(nodes, parent)
      const x = this.xOf(last.column) - TREE.trunkPx
      const row = parent < 0 ? 0 : nodes[parent]!.row
      const y1 = Math.max(-2, this.yOf(row))
      const y2 = Math.min(window.heightPx + 2, this.yOf(last.row))
      if (y2 > y1) this.line(x, y1, x, y2, 1, palette.ink4)
    }
    for (const node of seen) {
      const {place, parent, column, row, share} = node
      const parentNode = parent < 0 ? null : nodes[parent]!
      const isOn = path.has(place)
      const stroke = isOn ? palette.accent : this.linkColor(node)
      const isRest = node.node.tokenId === null
      const trunk = this.xOf(column) - TREE.trunkPx
      const y = this.yOf(row)
      const isFirst = row === (parentNode?.row ?? 0)
      const x1 = isFirst ? this.endOf(parentNode) : trunk
      const width = isRest || scene.isDraft ? (isOn ? 2 : 1) : linkPx(share)
      const isDashed = isRest || node.node.status === 'untested'
      this.line(x1, y, this.xOf(column) - 3, y, width, stroke, isDashed)
      if (isOn && !isFirst) {
        const top = Math.max(-2, this.yOf(parentNode?.row ?? 0))
        this.line(trunk, top, trunk, y, 2, palette.accent)
        this.line(this.endOf(parentNode), top, trunk, top, 2, palette.accent)
      }
    }
  }

  private linkColor({node}: SpanNode): string {
    const {palette} = this
    if (node.tokenId === null) return palette.ink4
    if (node.status === 'accepted') return palette.accepted
    if (node.status === 'rejected') return palette.rejected
    return palette.ink4
  }

  /** Where the words of a node end. */
  private endOf(node: SpanNode | null): number {
    const {scene, window} = this
    if (node === null) return scene.rootWidthPx - window.leftPx + 3
    const {xPx, widthPx} = scene.placed[node.place]!
    const hasProb = this.hasWords() && scene.columns.hasProbs
    const markPx = scene.isDraft ? MARK_PX : 0
    const probPx = hasProb
      ? markPx + 4 + textWidthPx(this.probText(node), TREE.smallTextPx, 'sans')
      : 0
    return xPx + widthPx - window.leftPx + TREE.gapPx + probPx
  }

  private hasWords(): boolean {
    return this.window.pxPerUnit >= LEAST_WORDS_PX
  }

  private chip(node: SpanNode): void {
    const {scene, palette, window} = this
    const {place} = node
    const box = scene.placed[place]!
    const look = lookOf(node, palette)
    const x = box.xPx - window.leftPx
    const height = this.hasWords()
      ? Math.min(TREE.chipPx, window.pxPerUnit - 2)
      : window.pxPerUnit - 1
    const y = this.yOf(node.row) - height / 2
    const baseline = this.yOf(node.row) + 4
    if (node.node.tokenId === null) {
      if (!this.hasWords()) return
      const pruned = node.prunedCount > 0 ? `, ${node.prunedCount} pruned` : ''
      this.frame(place, x - 3, y, box.widthPx + 30, height)
      this.text(x, baseline, `rest ${nodeProbText(node)}${pruned}`, look.ink, TREE.smallTextPx)
      return
    }
    const {fill, stroke, isDashed, fillOpacity: opacity} = look
    this.box(x, y, box.widthPx, height, {fill, stroke, isDashed, opacity})
    this.frame(place, x, y, box.widthPx, height)
    if (!this.hasWords()) return
    const room = box.widthPx - 2 * TREE.paddingPx
    const name = fitText(scene.names[place]!, room, TREE.textPx, 'mono')
    this.push({
      ...{kind: 'text', x: x + box.widthPx / 2, y: baseline + 0.5, text: name, typeface: 'mono'},
      ...{sizePx: TREE.textPx, weight: 400, fill: look.ink, anchor: 'middle'},
    })
    const namePx = textWidthPx(name, TREE.textPx, 'mono')
    const nameX = x + (box.widthPx - namePx) / 2
    this.byteCells(nameX, baseline + 0.5, name, scene.bytesAt[place]!, TREE.textPx)
    if (!scene.columns.hasProbs) return
    let at = x + box.widthPx + TREE.gapPx
    if (look.mark) {
      this.text(at, baseline, look.mark, look.markInk, TREE.smallTextPx)
      at += MARK_PX
    }
    this.text(at, baseline, this.probText(node), palette.ink2, TREE.smallTextPx)
  }

  /** The probability beside a chip, how many tokens are hidden under it, and whether it is pinned. */
  private probText(node: SpanNode): string {
    const {node: token, hiddenCount, place} = node
    if (token.tokenId === null) return ''
    const prob = this.scene.isDraft
      ? formatProb(token.draftProb ?? token.targetProb)
      : nodeProbText(node)
    const hidden = hiddenCount > 0 ? ` +${formatCount(hiddenCount)}` : ''
    return `${prob}${hidden}${this.marks.pinned.has(place) ? ' ●' : ''}`
  }

  /** What one branch comes to, at the right of its leaf. */
  private branch(node: SpanNode): void {
    const {scene, palette, window, marks} = this
    if (!this.hasWords()) return
    const table = scene.table!
    const baseline = this.yOf(node.row) + 4
    const isRest = node.node.tokenId === null
    const ink = isRest ? palette.ink3 : palette.ink1
    const places = pathTo(scene.spans, node.place)
    if (node.place === marks.selected || this.path.has(node.place)) {
      const left = (table.wordsPx ?? table.barPx) - window.leftPx - 4
      this.box(left, this.yOf(node.row) - 10, table.bitsPx - window.leftPx - left, 20, {
        ...{fill: palette.accentSoft, radius: 0},
      })
    }
    if (table.wordsPx !== null) {
      const words = places
        .map((place) =>
          scene.spans.nodes[place]!.node.tokenId === null ? '…' : scene.names[place]!
        )
        .join('')
      this.push({
        ...{kind: 'text', x: table.wordsPx - window.leftPx, y: baseline, typeface: 'mono'},
        text: fitText(words, table.wordsWidthPx, 12, 'mono'),
        ...{sizePx: 12, weight: 400, fill: ink, anchor: 'start'},
      })
    }
    const barPx = Math.max(node.share > 0 ? 1 : 0, node.share * TABLE_PX.bar)
    const fill = isRest ? palette.mark : palette.sequential[CHIP_STEP_COUNT]!
    this.box(table.barPx - window.leftPx, baseline - 8, barPx, 8, {fill, radius: 0})
    const bits = node.share > 0 ? -log(node.share) / LN2 : null
    const right = (x: number, text: string) =>
      this.push(textShape(x - window.leftPx, baseline, text, ink, {anchor: 'end'}))
    right(table.probPx, formatPathProb(node.share))
    right(table.bitsPx, formatBits(bits))
  }
}

/** The last child of a node: what follows the prompt for −1. */
function lastChildOf(nodes: readonly SpanNode[], parent: number): SpanNode {
  const end = parent < 0 ? nodes.length : parent + 1
  let found = nodes[parent + 1]!
  if (parent < 0) {
    for (let at = end - 1; at >= 0; at--) if (nodes[at]!.parent === -1) return nodes[at]!
    return found
  }
  const {row, rowCount} = nodes[parent]!
  // The last child begins the last of the rows that its own subtree has.
  let next: SpanNode | undefined = found
  while (next && next.parent === parent) {
    found = next
    const after: number = next.row + next.rowCount
    if (after >= row + rowCount) break
    next = nodes[firstFrom(nodes, after)]
  }
  return found
}
