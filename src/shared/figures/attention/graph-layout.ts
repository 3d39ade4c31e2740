import type {AttentionGraph} from '../../lenses/attention-graph.ts'
import {niceCeiling} from '../scale.ts'
import type {GlyphSource} from '../token-glyphs.ts'
import {
  type GraphColumnsLayout,
  layoutGraphColumns,
  type TokenWindow,
} from './graph-columns-layout.ts'
import {type GraphTrack, type GraphTrackLayout, layoutTracks, tracksRoom} from './graph-tracks.ts'

/** A drawn edge, from a column before a layer up to one after it. */
export interface GraphEdgeLayout {
  /** Index in the graph's arrays. */
  readonly edge: number
  /** Which of the graph's layers, from the first. */
  readonly row: number
  /** The query's end, above, and the key's, below. */
  readonly fromXPx: number
  readonly fromYPx: number
  readonly toXPx: number
  readonly toYPx: number
  readonly widthPx: number
  /** Step of the sequential scale, from 0. */
  readonly step: number
}

export interface GraphNodeLayout {
  /** 0 is the input, n what stands after n of the graph's layers. */
  readonly level: number
  /** Column of the graph. */
  readonly column: number
  readonly xPx: number
  readonly yPx: number
  readonly radiusPx: number
  readonly isStrong: boolean
  /** Its weights are NaN or infinite. */
  readonly isBroken: boolean
  /** It stands for tokens beside the window. */
  readonly isBeside: boolean
}

export interface GraphLevelLayout {
  readonly level: number
  readonly yPx: number
  /** Empty where levels are too close for names. */
  readonly text: string
}

/** What is drawn of all edges. */
export interface GraphShare {
  /** Lines, each of which may hold several edges of tokens. */
  readonly lineCount: number
  readonly drawnCount: number
  readonly edgeCount: number
  /** Share of the weight of all edges that is not drawn. */
  readonly hiddenShare: number
}

export interface GraphLayout {
  readonly xPx: number
  readonly widthPx: number
  readonly topPx: number
  readonly bottomPx: number
  readonly columns: GraphColumnsLayout
  readonly namesYPx: number
  readonly levels: readonly GraphLevelLayout[]
  /** Lightest first. */
  readonly edges: readonly GraphEdgeLayout[]
  readonly nodes: readonly GraphNodeLayout[]
  /** Weight of the widest line that there may be. */
  readonly maximum: number
  readonly share: GraphShare
  readonly tracks: readonly GraphTrackLayout[]
  readonly endPx: number
}

export interface GraphInput {
  readonly tokens: readonly GlyphSource[]
  /** Null while it is being asked for. */
  readonly graph: AttentionGraph | null
  /** Layers whose states stand over each other, where no graph is there yet. */
  readonly layers: readonly number[]
  readonly window: TokenWindow
  readonly edgesPerLayer: number
  readonly tracks: readonly GraphTrack[]
  readonly noPrompt?: boolean
}

export interface GraphRoom {
  readonly xPx: number
  readonly yPx: number
  readonly widthPx: number
  readonly heightPx: number
}

/** At the left: names of levels and tracks. */
export const GRAPH_LABEL_PX = 112
export const NARROW_LABEL_PX = 76
const NARROW_PX = 560
const TOP_PX = 14
const NAMES_GAP_PX = 14
const TRACKS_GAP_PX = 10
const LOW_PX = 430
/** Turned names take height that a lower figure has not. */
const LOW_NAMES_PX = 350
const LEAST_LEVEL_TEXT_PX = 15
const LEAST_GRAPH_PX = 96
/** Steps of the scale that lines take: paler ones are not seen as lines. */
const FIRST_STEP = 2
const STEP_COUNT = 5

/** Width of what stands at the left of the columns. */
export function graphLabelPx(widthPx: number): number {
  return widthPx < NARROW_PX ? NARROW_LABEL_PX : GRAPH_LABEL_PX
}

/** The attention graph with its names and tracks: tokens across, layers from the input up. */
export function layoutGraph(input: GraphInput, room: GraphRoom): GraphLayout {
  const {tokens, graph, window, tracks, noPrompt = false} = input
  const labelPx = graphLabelPx(room.widthPx)
  const isPart = window.span < tokens.length - 1e-6
  // Room for what stands beside the window.
  const besidePx = isPart ? BESIDE_PX : 0
  const xPx = room.xPx + labelPx + besidePx
  const widthPx = Math.max(40, room.widthPx - labelPx - 2 * besidePx - END_PX)
  const isLow = room.heightPx < LOW_PX
  const areNamesLow = room.heightPx < LOW_NAMES_PX
  const columns = layoutGraphColumns(tokens, window, {
    ...{xPx, widthPx, isLow: areNamesLow, noPrompt},
  })
  const tracksPx = tracksRoom(tracks, isLow)
  const topPx = room.yPx + TOP_PX
  const belowPx = NAMES_GAP_PX + columns.footPx + TRACKS_GAP_PX + tracksPx
  const graphPx = Math.max(LEAST_GRAPH_PX, room.heightPx - TOP_PX - belowPx)
  const bottomPx = topPx + graphPx
  const layers = graph?.layers ?? input.layers
  const levelPx = graphPx / Math.max(1, layers.length)
  const yOf = (level: number) => bottomPx - level * levelPx
  const levels = layoutLevels(layers, yOf, levelPx)
  const places = graph ? columnPlaces(graph, columns, window, {xPx, widthPx, besidePx}) : null
  const chosen = graph ? chooseEdges(graph, window, input.edgesPerLayer) : []
  const maximum = niceCeiling(
    chosen.reduce((most, edge) => Math.max(most, graph!.weight[edge]!), 0)
  )
  const rowOfLayer = new Map(layers.map((layer, row) => [layer, row]))
  const edges = chosen
    .map((edge) => layoutEdge(graph!, edge, {rowOfLayer, places: places!, yOf, maximum}))
    .reverse()
  const namesYPx = bottomPx + NAMES_GAP_PX
  const tracksYPx = namesYPx + columns.footPx + TRACKS_GAP_PX
  return {
    xPx,
    widthPx,
    topPx,
    bottomPx,
    columns,
    namesYPx,
    levels,
    edges,
    nodes: graph && places ? layoutNodes(graph, places, yOf) : [],
    maximum,
    share: shareOf(graph, chosen),
    tracks: layoutTracks(tracks, columns, {yPx: tracksYPx, isLow}),
    endPx: tracksYPx + tracksPx,
  }
}
const BESIDE_PX = 22
const END_PX = 10

function layoutLevels(
  layers: readonly number[],
  yOf: (level: number) => number,
  levelPx: number
): GraphLevelLayout[] {
  let step = 1
  while (step * levelPx < LEAST_LEVEL_TEXT_PX) step++
  return Array.from({length: layers.length + 1}, (_, level) => ({
    level,
    yPx: yOf(level),
    text:
      level % step > 0 && level !== layers.length
        ? ''
        : level === 0
          ? 'input'
          : `after L${layers[level - 1]}`,
  }))
}

/** Where a graph's column stands; out of sight at the ends. */
interface ColumnPlace {
  readonly xPx: number
  readonly isBeside: boolean
}

function columnPlaces(
  {starts, tokenCount}: AttentionGraph,
  {xOf}: GraphColumnsLayout,
  window: TokenWindow,
  {xPx, widthPx, besidePx}: {xPx: number; widthPx: number; besidePx: number}
): ColumnPlace[] {
  return Array.from(starts, (start, column) => {
    const end = starts[column + 1] ?? tokenCount
    const side = sideOf(start, end, window)
    if (side < 0) return {xPx: xPx - besidePx + 6, isBeside: true}
    if (side > 0) return {xPx: xPx + widthPx + besidePx - 6, isBeside: true}
    return {xPx: (xOf(start) + xOf(end)) / 2, isBeside: false}
  })
}

/** −1 for a column before the window, 1 for one after it, 0 for one whose middle is in it. */
function sideOf(start: number, end: number, window: TokenWindow): number {
  const middle = (start + end) / 2
  if (middle < window.start) return -1
  return middle > window.start + window.span ? 1 : 0
}

/** Of each layer the heaviest edges that touch a column in sight; heaviest of all first. */
function chooseEdges(graph: AttentionGraph, window: TokenWindow, edgesPerLayer: number): number[] {
  const isBeside = Array.from(
    graph.starts,
    (start, at) => sideOf(start, graph.starts[at + 1] ?? graph.tokenCount, window) !== 0
  )
  const chosen: number[] = []
  let layer = -1
  let count = 0
  for (let edge = 0; edge < graph.weight.length; edge++) {
    if (graph.layer[edge] !== layer) {
      layer = graph.layer[edge]!
      count = 0
    }
    if (count >= edgesPerLayer) continue
    if (isBeside[graph.query[edge]!] && isBeside[graph.key[edge]!]) continue
    chosen.push(edge)
    count++
  }
  return chosen.sort((a, b) => graph.weight[b]! - graph.weight[a]! || a - b)
}

interface EdgeFrame {
  readonly rowOfLayer: ReadonlyMap<number, number>
  readonly places: readonly ColumnPlace[]
  readonly yOf: (level: number) => number
  readonly maximum: number
}

function layoutEdge(
  graph: AttentionGraph,
  edge: number,
  {rowOfLayer, places, yOf, maximum}: EdgeFrame
): GraphEdgeLayout {
  const row = rowOfLayer.get(graph.layer[edge]!)!
  const strength = Math.sqrt(Math.max(0, graph.weight[edge]! / maximum))
  return {
    edge,
    row,
    fromXPx: places[graph.query[edge]!]!.xPx,
    fromYPx: yOf(row + 1),
    toXPx: places[graph.key[edge]!]!.xPx,
    toYPx: yOf(row),
    widthPx: 0.7 + strength * 3.3,
    step: FIRST_STEP + Math.min(STEP_COUNT - 1, Math.floor(strength * STEP_COUNT)),
  }
}

function layoutNodes(
  {nodes, broken, starts, layers}: AttentionGraph,
  places: readonly ColumnPlace[],
  yOf: (level: number) => number
): GraphNodeLayout[] {
  const most = nodes.reduce((largest, value) => Math.max(largest, value), 0)
  return Array.from(nodes, (value, at) => {
    const level = Math.floor(at / starts.length)
    const column = at % starts.length
    const share = most > 0 ? value / Math.max(1, most) : 0
    return {
      level,
      column,
      xPx: places[column]!.xPx,
      yPx: yOf(level),
      radiusPx: share > 0 ? 1.5 + Math.sqrt(share) * 5 : 1.2,
      isStrong: share > STRONG_SHARE,
      isBroken: level > 0 && broken[(level - 1) * starts.length + column] === 1,
      isBeside: places[column]!.isBeside,
    }
  }).filter(({level}) => level <= layers.length)
}
const STRONG_SHARE = 0.03

/** What is drawn of a graph with so many lines a layer. */
export function graphShareOf(
  graph: AttentionGraph,
  window: TokenWindow,
  edgesPerLayer: number
): GraphShare {
  return shareOf(graph, chooseEdges(graph, window, edgesPerLayer))
}

function shareOf(graph: AttentionGraph | null, chosen: readonly number[]): GraphShare {
  if (!graph) return {lineCount: 0, drawnCount: 0, edgeCount: 0, hiddenShare: 0}
  const edgeCount = graph.totals.reduce((sum, totals) => sum + totals.edgeCount, 0)
  const weight = graph.totals.reduce((sum, totals) => sum + totals.weight, 0)
  const drawn = chosen.reduce((sum, edge) => sum + graph.weight[edge]!, 0)
  return {
    lineCount: chosen.length,
    drawnCount: chosen.reduce((sum, edge) => sum + graph.count[edge]!, 0),
    edgeCount,
    hiddenShare: weight > 0 ? Math.max(0, 1 - drawn / weight) : 0,
  }
}
