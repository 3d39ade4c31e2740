import type {GraphEdgeLayout, GraphLayout} from './graph-layout.ts'

/** What is under a point of the graph. */
export type GraphPart =
  | {readonly kind: 'node'; readonly level: number; readonly column: number}
  | {readonly kind: 'edge'; readonly edge: number}
  /** A column of names and bars: its tokens from `first` up to `end`. */
  | {readonly kind: 'column'; readonly first: number; readonly end: number}

const NODE_REACH_PX = 7
const EDGE_REACH_PX = 5
const CURVE_STEPS = 24

/** The node, else the edge, else the column of names and bars under a point; null where there is nothing. */
export function graphPartAt(layout: GraphLayout, xPx: number, yPx: number): GraphPart | null {
  if (yPx > layout.bottomPx + 8) {
    const column = layout.columns.columns.find(
      (own) => xPx >= own.xPx && xPx < own.xPx + own.widthPx
    )
    const isInside = xPx >= layout.xPx - 1 && xPx <= layout.xPx + layout.widthPx + 1
    return column && isInside ? {kind: 'column', first: column.first, end: column.end} : null
  }
  let nearest: GraphPart | null = null
  let least = NODE_REACH_PX
  for (const node of layout.nodes) {
    if (node.isBeside) continue
    const away = Math.hypot(node.xPx - xPx, node.yPx - yPx) - node.radiusPx / 2
    if (away >= least) continue
    least = away
    nearest = {kind: 'node', level: node.level, column: node.column}
  }
  if (nearest) return nearest
  least = EDGE_REACH_PX
  // The heaviest are drawn last, and are found first.
  for (const edge of layout.edges.toReversed()) {
    if (yPx < edge.fromYPx - EDGE_REACH_PX || yPx > edge.toYPx + EDGE_REACH_PX) continue
    const away = distanceTo(edge, xPx, yPx)
    if (away >= least) continue
    least = away
    nearest = {kind: 'edge', edge: edge.edge}
  }
  return nearest
}

/** From a point to the line of an edge, to within a fraction of a pixel of its straight pieces. */
export function distanceTo(edge: GraphEdgeLayout, xPx: number, yPx: number): number {
  const {fromXPx, fromYPx, toXPx, toYPx} = edge
  const step = toYPx - fromYPx
  const [y1, y2] = [fromYPx + step * 0.62, toYPx - step * 0.72]
  let least = Number.POSITIVE_INFINITY
  let [oldX, oldY] = [fromXPx, fromYPx]
  for (let i = 1; i <= CURVE_STEPS; i++) {
    const t = i / CURVE_STEPS
    const u = 1 - t
    const x = (u * u * u + 3 * u * u * t) * fromXPx + (3 * u * t * t + t * t * t) * toXPx
    const y = u * u * u * fromYPx + 3 * u * u * t * y1 + 3 * u * t * t * y2 + t * t * t * toYPx
    least = Math.min(least, segmentDistance(xPx, yPx, oldX, oldY, x, y))
    ;[oldX, oldY] = [x, y]
  }
  return least
}

function segmentDistance(
  xPx: number,
  yPx: number,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number
): number {
  const [dx, dy] = [toX - fromX, toY - fromY]
  const square = dx * dx + dy * dy
  const along = square === 0 ? 0 : ((xPx - fromX) * dx + (yPx - fromY) * dy) / square
  const t = Math.max(0, Math.min(1, along))
  return Math.hypot(xPx - fromX - t * dx, yPx - fromY - t * dy)
}
