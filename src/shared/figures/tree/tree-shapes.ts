import type {SpanNode} from '../../lenses/tree-spans.ts'
import {log} from '../../math/log.ts'
import {formatBits, formatCount, formatProb} from '../number-format.ts'
import {CHIP_STEP_COUNT, type Palette} from '../palette.ts'
import {type FontRole, type FontWeight, fitText, textWidthPx} from '../text-width.ts'
import {nodeProbText, pathTo, TREE} from './tree-geometry.ts'
import {linkPx, lookOf} from './tree-looks.ts'
import {
  firstFrom,
  HEADER_PX,
  pathSet,
  type SceneMarks,
  type SceneWindow,
  TABLE_PX,
  type TreeScene,
} from './tree-scene.ts'

/** What both painters draw, the canvas of the page and the writer of files; pixels of the window. */
export type TreeShape =
  | {
      readonly kind: 'rect'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly radius: number
      readonly fill: string | null
      readonly opacity: number
      readonly stroke: string | null
      readonly isDashed: boolean
    }
  | {
      readonly kind: 'line'
      readonly x1: number
      readonly y1: number
      readonly x2: number
      readonly y2: number
      readonly width: number
      readonly stroke: string
      readonly isDashed: boolean
    }
  | {
      readonly kind: 'text'
      readonly x: number
      /** Baseline. */
      readonly y: number
      readonly text: string
      readonly typeface: FontRole
      readonly sizePx: number
      readonly weight: FontWeight
      readonly fill: string
      readonly anchor: 'start' | 'middle' | 'end'
    }

/** Rows lower than this have no words, lower than the next no shape of their own. */
const LEAST_WORDS_PX = 14
const LEAST_SHAPE_PX = 4
const {LN2} = Math
const MARK_PX = 14
/** Room that the words about an icicle's heights take. */
const HEIGHT_WORDS_PX = 180

/** What is seen of a scene through a window. */
export function treeShapes(
  scene: TreeScene,
  window: SceneWindow,
  marks: SceneMarks,
  palette: Palette
): TreeShape[] {
  const painter = new Painter(scene, window, marks, palette)
  return scene.view === 'icicle' ? painter.icicle() : painter.tree()
}

/** Names of the levels and of the table's columns; they stay while the tree moves under them. */
export function headerShapes(scene: TreeScene, leftPx: number, palette: Palette): TreeShape[] {
  const {columns, table, isDraft} = scene
  const baseline = HEADER_PX - 9
  const title = (x: number, text: string, anchor: 'start' | 'end' = 'start'): TreeShape =>
    textShape(x, baseline, text, palette.ink3, {sizePx: TREE.smallTextPx, anchor})
  const shapes = [title(-leftPx, isDraft ? 'root' : 'prompt')]
  let freePx = scene.rootWidthPx
  for (const [column, {xPx}] of columns.columns.entries()) {
    const text = isDraft ? `depth ${column + 1}` : `+${column + 1}`
    if (xPx < freePx) continue
    shapes.push(title(xPx - leftPx, text))
    freePx = xPx + 8 * text.length
  }
  if (table) {
    if (table.wordsPx !== null) shapes.push(title(table.wordsPx - leftPx, 'branch'))
    shapes.push(
      title(table.barPx - leftPx, 'share'),
      title(table.probPx - leftPx, 'path p', 'end'),
      title(table.bitsPx - leftPx, 'bits', 'end')
    )
  } else if (scene.view === 'icicle' && columns.widthPx + HEIGHT_WORDS_PX < scene.widthPx) {
    shapes.push(title(scene.widthPx - leftPx, 'height: probability of the path', 'end'))
  }
  shapes.push(
    lineShape(0, HEADER_PX - 0.5, scene.widthPx - leftPx, HEADER_PX - 0.5, 1, palette.lineStrong)
  )
  return shapes
}

class Painter {
  private readonly shapes: TreeShape[] = []
  private readonly path: ReadonlySet<number>

  constructor(
    private readonly scene: TreeScene,
    private readonly window: SceneWindow,
    private readonly marks: SceneMarks,
    private readonly palette: Palette
  ) {
    this.path = pathSet(scene.spans, marks.hovered ?? marks.selected)
  }

  tree(): TreeShape[] {
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

  icicle(): TreeShape[] {
    const {scene, window, palette} = this
    const {from, pxPerUnit, heightPx, leftPx} = window
    const to = from + heightPx / pxPerUnit
    const small: SpanNode[] = []
    const top = -from * pxPerUnit
    this.box(-leftPx, top, scene.rootWidthPx, pxPerUnit, {fill: palette.sunken})
    this.label(-leftPx, top, pxPerUnit, scene.rootWidthPx, scene.rootName, '', palette.ink2)
    for (const node of scene.spans.nodes) {
      const box = scene.placed[node.place]!
      if (box.to < from || box.from > to) continue
      const height = (box.to - box.from) * pxPerUnit
      if (height < 1.5) {
        small.push(node)
        continue
      }
      const x = box.xPx - leftPx
      const y = (box.from - from) * pxPerUnit
      const look = lookOf(node, palette)
      const isRest = node.node.tokenId === null
      this.box(x, y, box.widthPx, height - 1, {
        ...{fill: look.fill ?? (isRest ? palette.sunken : null), opacity: look.fillOpacity},
        ...{stroke: isRest ? null : look.stroke, isDashed: look.isDashed},
      })
      this.frame(node.place, x, y, box.widthPx, height - 1)
      const name = scene.names[node.place]!
      this.label(x, y, height, box.widthPx, name, nodeProbText(node), look.ink)
    }
    this.smallNodes(small)
    return this.shapes
  }

  /** Where several nodes fall on one line of pixels, the likeliest stands for them. */
  private smallNodes(nodes: readonly SpanNode[]): void {
    const {scene, window, palette} = this
    const {from, pxPerUnit, heightPx, leftPx} = window
    const best = new Map<number, SpanNode>()
    for (const node of nodes) {
      const y = Math.floor((scene.placed[node.place]!.from - from) * pxPerUnit)
      if (y < 0 || y >= heightPx) continue
      const key = node.column * 100_000 + y
      const known = best.get(key)
      if (!known || node.share > known.share || this.isMarked(node.place)) best.set(key, node)
    }
    const height = Math.max(1, pxPerUnit < 1 || scene.view === 'icicle' ? 1 : pxPerUnit - 1)
    for (const [key, node] of best) {
      const box = scene.placed[node.place]!
      const look = lookOf(node, palette)
      const isRest = node.node.tokenId === null
      const fill = this.path.has(node.place)
        ? palette.accent
        : (look.fill ?? (isRest ? palette.line : palette.lineStrong))
      const width = isRest ? 6 : box.widthPx
      this.box(box.xPx - leftPx, key % 100_000, width, height, {fill, radius: 0})
    }
  }

  private isMarked(place: number): boolean {
    return place === this.marks.selected || place === this.marks.hovered
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
    right(table.probPx, formatProb(node.share))
    right(table.bitsPx, formatBits(bits))
  }

  /** Names in a box of an icicle, where they fit. */
  private label(
    x: number,
    y: number,
    height: number,
    width: number,
    name: string,
    prob: string,
    ink: string
  ): void {
    if (height < 13) return
    // A tall box says its name where it is seen.
    const top = Math.max(0, y)
    const bottom = Math.min(this.window.heightPx, y + height)
    const baseline = Math.max(top + 12, (top + bottom) / 2 + 4)
    if (baseline > y + height) return
    const room = width - 2 * TREE.paddingPx
    const fitted = fitText(name, room, 12, 'mono')
    if (fitted === '' || (fitted === '…' && name !== '…')) return
    this.push({
      ...{kind: 'text', x: x + TREE.paddingPx, y: baseline, text: fitted, typeface: 'mono'},
      ...{sizePx: 12, weight: 400, fill: ink, anchor: 'start'},
    })
    const namePx = 7.2 * [...fitted].length
    if (prob === '' || namePx + 8 * prob.length > room) return
    this.push(textShape(x + width - TREE.paddingPx, baseline, prob, ink, {anchor: 'end'}))
  }

  /** The frame of what is selected or pointed at. */
  private frame(place: number, x: number, y: number, width: number, height: number): void {
    const {marks, palette} = this
    if (!this.isMarked(place)) return
    const stroke = place === marks.selected ? palette.accent : palette.ink3
    for (const grow of place === marks.selected ? [0, 1] : [1]) {
      this.box(x - grow, y - grow, width + 2 * grow, height + 2 * grow, {stroke})
    }
  }

  private text(x: number, y: number, text: string, fill: string, sizePx: number): void {
    this.push(textShape(x, y, text, fill, {sizePx}))
  }

  private line(...[x1, y1, x2, y2, width, stroke, isDashed]: Parameters<typeof lineShape>): void {
    this.push(lineShape(x1, y1, x2, y2, width, stroke, isDashed))
  }

  private box(
    x: number,
    y: number,
    width: number,
    height: number,
    look: {
      fill?: string | null
      opacity?: number
      stroke?: string | null
      isDashed?: boolean
      radius?: number
    }
  ): void {
    const {fill = null, opacity = 1, stroke = null, isDashed = false, radius = 3} = look
    const shape = {kind: 'rect', x, y, width, height: Math.max(0.5, height)} as const
    this.push({...shape, radius: height < 8 ? 0 : radius, fill, opacity, stroke, isDashed})
  }

  private push(shape: TreeShape): void {
    this.shapes.push(shape)
  }
}

function textShape(
  x: number,
  y: number,
  text: string,
  fill: string,
  {sizePx = 12, anchor = 'start'}: {sizePx?: number; anchor?: 'start' | 'end'} = {}
): TreeShape {
  return {kind: 'text', x, y, text, typeface: 'sans', sizePx, weight: 400, fill, anchor}
}

function lineShape(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  width: number,
  stroke: string,
  isDashed = false
): TreeShape {
  return {kind: 'line', x1, y1, x2, y2, width, stroke, isDashed}
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
