import type {SpanNode} from '../../lenses/tree-spans.ts'
import type {Palette} from '../palette.ts'
import {fitText, textWidthPx} from '../text-width.ts'
import {TREE} from './tree-geometry.ts'
import {lookOf} from './tree-looks.ts'
import {pathSet, type SceneMarks, type SceneWindow, type TreeScene} from './tree-scene.ts'
import {lineShape, type TreeShape, textShape} from './tree-shape.ts'

/** What the painters of both views share: shapes are gathered in pixels of the window. */
export class TreePainter {
  protected readonly shapes: TreeShape[] = []
  /** Places from the root to what is pointed at or selected. */
  protected readonly path: ReadonlySet<number>

  constructor(
    protected readonly scene: TreeScene,
    protected readonly window: SceneWindow,
    protected readonly marks: SceneMarks,
    protected readonly palette: Palette
  ) {
    this.path = pathSet(scene.spans, marks.hovered ?? marks.selected)
  }

  /** Where several nodes fall on one line of pixels, the likeliest stands for them. */
  protected smallNodes(nodes: readonly SpanNode[]): void {
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

  protected isMarked(place: number): boolean {
    return place === this.marks.selected || place === this.marks.hovered
  }

  /** A name in a box, and its probability, where they fit. */
  protected label(
    x: number,
    y: number,
    height: number,
    width: number,
    name: string,
    prob: string,
    ink: string,
    bytesAt: readonly number[] = []
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
    this.byteCells(x + TREE.paddingPx, baseline, fitted, bytesAt, 12)
    const namePx = textWidthPx(fitted, 12, 'mono')
    if (prob === '' || namePx + 8 * prob.length > room) return
    this.push(textShape(x + width - TREE.paddingPx, baseline, prob, ink, {anchor: 'end'}))
  }

  /** A cell around each byte of a partial character in a name that begins at x. */
  protected byteCells(
    x: number,
    baseline: number,
    name: string,
    bytesAt: readonly number[],
    sizePx: number
  ): void {
    for (const at of bytesAt) {
      // What was cut away has no cell.
      if (at + 2 > name.length || name.slice(at, at + 2).includes('…')) return
      const left = x + textWidthPx(name.slice(0, at), sizePx, 'mono')
      const width = textWidthPx(name.slice(at, at + 2), sizePx, 'mono')
      this.box(left - 2, baseline - sizePx + 1, width + 4, sizePx + 2, {
        ...{stroke: this.palette.lineStrong, radius: 2},
      })
    }
  }

  /** The frame of what is selected or pointed at. */
  protected frame(place: number, x: number, y: number, width: number, height: number): void {
    const {marks, palette} = this
    if (!this.isMarked(place)) return
    const stroke = place === marks.selected ? palette.accent : palette.ink3
    for (const grow of place === marks.selected ? [0, 1] : [1]) {
      this.box(x - grow, y - grow, width + 2 * grow, height + 2 * grow, {stroke})
    }
  }

  protected text(x: number, y: number, text: string, fill: string, sizePx: number): void {
    this.push(textShape(x, y, text, fill, {sizePx}))
  }

  protected line(...[x1, y1, x2, y2, width, stroke, isDashed]: Parameters<typeof lineShape>): void {
    this.push(lineShape(x1, y1, x2, y2, width, stroke, isDashed))
  }

  protected box(
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

  protected push(shape: TreeShape): void {
    this.shapes.push(shape)
  }
}
