import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {
  columnsWindow,
  tokensPerColumnOf,
} from '../../shared/figures/attention/graph-columns-layout.ts'
import {GRAPH_LABEL_PX} from '../../shared/figures/attention/graph-layout.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import type {GraphPicture} from '../../shared/lenses/attention-graph-picture.ts'
import type {CapturedText, Importance} from '../../shared/lenses/attention-maps.ts'
import type {AttentionFigureCall} from './attention-figure.ts'

/** Beside the columns of a figure: its margins and what stands at their right. */
const BESIDE_PX = 42

/** The attention graph of a result, asked of the engine as the page does: what one token reads, and importances. */
export async function graphPictureOf(
  result: AttentionResult,
  {position, edgesPerLayer, options}: AttentionFigureCall,
  client: EngineClient,
  signal: AbortSignal
): Promise<GraphPicture> {
  const {request, tokens} = result
  const {model, file, capture, dropSink = false, threshold = 0, topK, mass} = request
  const count = tokens.length
  const text: CapturedText = {
    ...{model, capture},
    ...(file === undefined ? {} : {file}),
    ids: Int32Array.from(tokens, ({id}) => id),
  }
  const filters = {
    ...{dropSink, threshold},
    ...(topK === undefined ? {} : {topK}),
    ...(mass === undefined ? {} : {mass}),
  }
  const [start, end] = request.queries ?? [0, count]
  const window = {start, span: end - start}
  const tokensPerColumn = tokensPerColumnOf(
    window.span,
    Math.max(40, options.widthPx - GRAPH_LABEL_PX - BESIDE_PX)
  )
  const into = position ?? Math.max(0, result.promptTokenCount - 1)
  const graph = await client.attention.graph(
    {
      ...{...text, filters, into, tokensPerColumn},
      layers: result.layers.map(({layer}) => layer),
      window: columnsWindow(window, count, tokensPerColumn),
      maxEdgesPerLayer: edgesPerLayer + MORE_EDGES,
    },
    {signal}
  )
  const {importance: method = 'wpr', variant, query} = request
  const wanted = [
    {method, ...(method === 'wpr' ? {variant} : {query: query ?? into})},
    ...(method === 'attention-rollout'
      ? []
      : [{method: 'attention-rollout' as const, query: into}]),
  ]
  const importances: Importance[] = []
  for (const form of count > 1 ? wanted : []) {
    for await (const event of await client.attention.importance({...text, ...form}, {signal})) {
      if (event.kind === 'importance') importances.push(event.importance)
    }
  }
  return {view: 'graph', graph, into, filters, window, edgesPerLayer, importances}
}
/** Among what stands beside the window, which is not drawn. */
const MORE_EDGES = 4
