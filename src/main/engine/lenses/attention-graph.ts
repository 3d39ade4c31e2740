import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type AttentionGraph,
  type GraphRequest,
  type GraphTotals,
  MOST_GRAPH_COLUMNS,
} from '../../../shared/lenses/attention-graph.ts'
import type {HeadRef, MapSummary} from '../../../shared/lenses/attention-maps.ts'
import {rolloutStart} from '../../../shared/math/attention/attention-rollout.ts'
import {columnStarts, type LayerFound} from '../../../shared/math/attention/graph-columns.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import type {AttentionContext} from './attention.ts'
import {beyond} from './attention-selection.ts'
import {checkHeads, openText} from './captured-text.ts'

/**
 * The attention graph between columns of tokens, a layer at a time from the last one down, so that memory is
 * that of one layer. Throws a Problem for a window or a token that the text does not have.
 */
export async function attentionGraph(
  context: AttentionContext,
  request: GraphRequest,
  signal?: AbortSignal
): Promise<AttentionGraph> {
  const asked = request.layers && [...new Set(request.layers)].sort((a, b) => a - b)
  const {matrices} = await openText(context, request, {layers: asked})
  try {
    const {tokenCount} = matrices
    const {into, filters, heads, maxEdgesPerLayer: maxEdgeCount} = request
    const [start, end] = request.window ?? [0, tokenCount]
    if (end > tokenCount) {
      throw beyond('window', `${start}:${end}`, `an end of at most ${tokenCount}`)
    }
    if (into !== undefined && into >= tokenCount) {
      throw beyond('into', String(into), `0 to ${tokenCount - 1}`)
    }
    if (heads) await checkHeads(matrices, heads, signal)
    const layers = await layersWithHeads(matrices, heads, signal)
    const starts = columnStarts(tokenCount, [start, end], request.tokensPerColumn)
    if (starts.length > MOST_GRAPH_COLUMNS) throw tooManyColumns(starts.length)
    const first = into === undefined ? null : rolloutStart(tokenCount, into)
    let reach = first
    const found: Found[] = []
    for (const {layer, heads: chosen} of layers.toReversed()) {
      const text = (await matrices.text([layer], signal))!
      const job = {text, heads: chosen, filters, starts, reach, maxEdgeCount}
      const edges = await context.thread.run('graph', job, {signal})
      reach = edges.reach
      found.unshift({layer, edges})
    }
    return graphOf(found, {tokenCount, starts, into})
  } finally {
    matrices.close()
  }
}

function tooManyColumns(count: number): ProblemError {
  return new ProblemError({
    code: 'too-many-columns',
    message: 'A graph of so many columns cannot be read.',
    field: 'tokensPerColumn',
    found: `${count} columns`,
    expected: `at most ${MOST_GRAPH_COLUMNS}`,
    advice: 'Put more tokens into one column, or look at a part of the text.',
  })
}

interface Found {
  readonly layer: number
  readonly edges: LayerFound & {readonly summary: MapSummary}
}

/** Layers with the heads that are averaged: all of them, or those of the chosen ones that a layer has. */
async function layersWithHeads(
  matrices: HeadMatrices,
  heads: readonly HeadRef[] | undefined,
  signal: AbortSignal | undefined
): Promise<{layer: number; heads: readonly HeadRef[]}[]> {
  const layers: {layer: number; heads: readonly HeadRef[]}[] = []
  for (const layer of matrices.layers) {
    const headCount = await matrices.headCount(layer, signal)
    const own = heads
      ? heads.filter((head) => head.layer === layer)
      : Array.from({length: headCount}, (_, head) => ({layer, head}))
    if (own.length > 0) layers.push({layer, heads: own})
  }
  return layers
}

interface GraphFrame {
  readonly tokenCount: number
  readonly starts: Int32Array<ArrayBuffer>
  readonly into: number | undefined
}

function graphOf(found: readonly Found[], {tokenCount, starts, into}: GraphFrame): AttentionGraph {
  const columnCount = starts.length
  const nodes = new Float32Array((found.length + 1) * columnCount)
  const broken = new Uint8Array(found.length * columnCount)
  for (const [at, {edges}] of found.entries()) {
    nodes.set(edges.nodes, at * columnCount)
    broken.set(edges.broken, at * columnCount)
  }
  if (into !== undefined) {
    const column = starts.findLastIndex((start) => start <= into)
    nodes[found.length * columnCount + column] = 1
  }
  const ints = (of: (edges: LayerFound) => Int32Array): Int32Array<ArrayBuffer> =>
    Int32Array.from(found.flatMap(({edges}) => [...of(edges)]))
  const floats = (of: (edges: LayerFound) => Float32Array): Float32Array<ArrayBuffer> =>
    Float32Array.from(found.flatMap(({edges}) => [...of(edges)]))
  return {
    layers: found.map(({layer}) => layer),
    starts,
    tokenCount,
    layer: Int32Array.from(found.flatMap(({layer, edges}) => Array.from(edges.key, () => layer))),
    query: ints(({query}) => query),
    key: ints(({key}) => key),
    weight: floats(({weight}) => weight),
    count: ints(({count}) => count),
    topQuery: ints(({topQuery}) => topQuery),
    topKey: ints(({topKey}) => topKey),
    topWeight: floats(({topWeight}) => topWeight),
    topAttention: floats(({topAttention}) => topAttention),
    nodes,
    broken,
    totals: found.map(({layer, edges}): GraphTotals => ({layer, ...edges.totals})),
    summary: summaryOf(found.map(({edges}) => edges.summary)),
  }
}

/** Rows of all layers in one summary: means weighted by rows, counts added up. */
function summaryOf(layers: readonly MapSummary[]): MapSummary {
  const rowCount = layers.reduce((sum, one) => sum + one.rowCount, 0)
  const sum = (of: (summary: MapSummary) => number) =>
    layers.reduce((total, one) => total + of(one), 0)
  const mean = (of: (summary: MapSummary) => number) =>
    rowCount === 0 ? 0 : sum((one) => of(one) * one.rowCount) / rowCount
  return {
    rowCount,
    hiddenShare: mean(({hiddenShare}) => hiddenShare),
    sinkOnlyRowCount: sum(({sinkOnlyRowCount}) => sinkOnlyRowCount),
    nowhereShare: layers.some(({nowhereShare}) => nowhereShare !== null)
      ? mean(({nowhereShare}) => nowhereShare ?? 0)
      : null,
    nonFiniteCount: sum(({nonFiniteCount}) => nonFiniteCount),
  }
}
