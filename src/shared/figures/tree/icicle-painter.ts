import type {SpanNode} from '../../lenses/tree-spans.ts'
import {nodeProbText} from './tree-geometry.ts'
import {lookOf} from './tree-looks.ts'
import {TreePainter} from './tree-painter.ts'
import {firstFrom} from './tree-scene.ts'
import type {TreeShape} from './tree-shape.ts'

/** Boxes whose heights are the probabilities of their paths. */
export class IciclePainter extends TreePainter {
  paint(): TreeShape[] {
    const {scene, window, palette} = this
    const {from, pxPerUnit, heightPx, leftPx} = window
    const to = from + heightPx / pxPerUnit
    const small: SpanNode[] = []
    const top = -from * pxPerUnit
    this.box(-leftPx, top, scene.rootWidthPx, pxPerUnit, {fill: palette.sunken})
    this.label(-leftPx, top, pxPerUnit, scene.rootWidthPx, scene.rootName, '', palette.ink2)
    const {nodes} = scene.spans
    for (let place = 0; place < nodes.length; ) {
      const node = nodes[place]!
      const box = scene.placed[place]!
      if (box.to < from || box.from > to) {
        // So is everything under it.
        place = Math.max(place + 1, firstFrom(nodes, node.row + node.rowCount))
        continue
      }
      place++
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
      const bytesAt = scene.bytesAt[node.place]
      this.label(x, y, height, box.widthPx, name, nodeProbText(node), look.ink, bytesAt)
    }
    this.smallNodes(small)
    return this.shapes
  }
}
