import type {AttentionGraph, GraphRequest} from '../lenses/attention-graph.ts'
import {rolloutStart} from '../math/attention/attention-rollout.ts'
import {columnStarts, GraphLayer, type LayerFound} from '../math/attention/graph-columns.ts'
import {dropSink, RowFilters} from '../math/row-filters.ts'
import {fakeLayers, uniformRow} from './fake-attention-maps.ts'

/** The graph of a model whose every query looks at all keys before it alike. */
export function fakeGraph(request: GraphRequest): AttentionGraph {
  const {ids, into, filters, maxEdgesPerLayer} = request
  const tokenCount = ids.length
  const starts = columnStarts(
    tokenCount,
    request.window ?? [0, tokenCount],
    request.tokensPerColumn
  )
  const rows = new RowFilters(filters, tokenCount, {sumsToOne: true})
  const layers = fakeLayers(request.layers)
  let reach = into === undefined ? null : rolloutStart(tokenCount, into)
  const found: LayerFound[] = []
  for (let i = layers.length - 1; i >= 0; i--) {
    const graph = new GraphLayer({tokenCount, starts}, reach)
    for (let query = 0; query < tokenCount; query++) {
      const whole = uniformRow(tokenCount, query)
      const left = whole.slice()
      if (filters.dropSink) dropSink(whole)
      rows.apply(query, left)
      graph.addRow(query, whole, left)
    }
    const edges = graph.finish(maxEdgesPerLayer)
    reach = edges.reach
    found.unshift(edges)
  }
  const top = new Float64Array(starts.length)
  if (into !== undefined) top[starts.findLastIndex((start) => start <= into)] = 1
  return {
    layers: [...layers],
    starts,
    tokenCount,
    layer: Int32Array.from(found.flatMap(({key}, i) => Array.from(key, () => layers[i]!))),
    query: Int32Array.from(found.flatMap(({query}) => [...query])),
    key: Int32Array.from(found.flatMap(({key}) => [...key])),
    weight: Float32Array.from(found.flatMap(({weight}) => [...weight])),
    count: Int32Array.from(found.flatMap(({count}) => [...count])),
    topQuery: Int32Array.from(found.flatMap(({topQuery}) => [...topQuery])),
    topKey: Int32Array.from(found.flatMap(({topKey}) => [...topKey])),
    topWeight: Float32Array.from(found.flatMap(({topWeight}) => [...topWeight])),
    topAttention: Float32Array.from(found.flatMap(({topAttention}) => [...topAttention])),
    nodes: Float32Array.from([...found.flatMap(({nodes}) => [...nodes]), ...top]),
    broken: Uint8Array.from(found.flatMap(({broken}) => [...broken])),
    totals: found.map(({totals}, i) => ({layer: layers[i]!, ...totals})),
    summary: rows.summary,
  }
}
