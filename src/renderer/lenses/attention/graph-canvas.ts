import type {GraphEdgeLayout, GraphLayout} from '../../../shared/figures/attention/graph-layout.ts'
import type {Palette} from '../../../shared/figures/palette.ts'

/** Draws hair lines, edges and nodes as the exported figure has them. */
export function drawGraph(
  canvas: HTMLCanvasElement,
  layout: GraphLayout,
  {
    palette,
    widthPx,
    heightPx,
    ratio,
  }: {
    readonly palette: Palette
    readonly widthPx: number
    readonly heightPx: number
    /** Device pixels a pixel of the page. */
    readonly ratio: number
  }
): void {
  const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, widthPx, heightPx)
  const {columns, topPx, bottomPx} = layout
  context.strokeStyle = palette.line
  context.lineWidth = 1
  context.beginPath()
  for (const column of columns.columns) {
    const xPx = column.xPx + column.widthPx / 2
    if (xPx < layout.xPx - 1 || xPx > layout.xPx + layout.widthPx + 1) continue
    context.moveTo(xPx, topPx)
    context.lineTo(xPx, bottomPx)
  }
  context.stroke()
  context.lineCap = 'round'
  for (const edge of layout.edges) {
    context.strokeStyle = palette.sequential[edge.step]!
    context.lineWidth = edge.widthPx
    strokeEdge(context, edge)
  }
  drawNodes(context, layout, palette)
}

export function strokeEdge(context: CanvasRenderingContext2D, edge: GraphEdgeLayout): void {
  const {fromXPx, fromYPx, toXPx, toYPx} = edge
  const step = toYPx - fromYPx
  context.beginPath()
  context.moveTo(fromXPx, fromYPx)
  context.bezierCurveTo(fromXPx, fromYPx + step * 0.62, toXPx, toYPx - step * 0.72, toXPx, toYPx)
  context.stroke()
}

function drawNodes(
  context: CanvasRenderingContext2D,
  {nodes}: GraphLayout,
  palette: Palette
): void {
  const discs = (isStrong: boolean, color: string) => {
    context.fillStyle = color
    context.beginPath()
    for (const node of nodes) {
      if (node.isStrong !== isStrong || node.isBeside || node.isBroken) continue
      context.moveTo(node.xPx + node.radiusPx, node.yPx)
      context.arc(node.xPx, node.yPx, node.radiusPx, 0, 2 * Math.PI)
    }
    context.fill()
  }
  discs(false, palette.ink4)
  discs(true, palette.ink1)
  context.fillStyle = palette.paper
  context.strokeStyle = palette.mark
  context.lineWidth = 1
  for (const {isBeside, xPx, yPx, radiusPx} of nodes) {
    if (!isBeside) continue
    context.beginPath()
    context.arc(xPx, yPx, Math.max(2, radiusPx), 0, 2 * Math.PI)
    context.fill()
    context.stroke()
  }
  context.strokeStyle = palette.rejected
  context.lineWidth = 1.5
  context.beginPath()
  for (const {isBroken, xPx, yPx} of nodes) {
    if (!isBroken) continue
    context.moveTo(xPx - 3, yPx - 3)
    context.lineTo(xPx + 3, yPx + 3)
    context.moveTo(xPx + 3, yPx - 3)
    context.lineTo(xPx - 3, yPx + 3)
  }
  context.stroke()
}
