import {formatShare} from '../../../shared/figures/attention/graph-words.ts'
import {formatWeight} from '../../../shared/figures/attention/matrix-caption.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {AttentionGraph} from '../../../shared/lenses/attention-graph.ts'
import type {ShownGraph} from './use-graph.ts'

const MOST_ROWS = 12

/** The tokens of a column, as they are read out. */
export function columnName(
  {starts, tokenCount}: AttentionGraph,
  column: number,
  tokens: TokensRun['tokens']
): string {
  const first = starts[column]!
  const end = starts[column + 1] ?? tokenCount
  const token = tokens[first]
  return end - first === 1 && token
    ? `${plainGlyphs(token) || `#${token.id}`} ${formatCount(first)}`
    : `tokens ${formatCount(first)} to ${formatCount(end - 1)}`
}

/** Edges of the graph's last layer that leave the selected node: what it reads there, heaviest first. */
export function edgesOfNode({graph, into}: Pick<ShownGraph, 'graph' | 'into'>): number[] {
  if (!graph) return []
  const last = graph.layers.at(-1)
  const column = into === null ? -1 : graph.starts.findLastIndex((start) => start <= into)
  return [...graph.weight.keys()].filter(
    (edge) => graph.layer[edge] === last && (column < 0 || graph.query[edge] === column)
  )
}

/** The selected node's edges, or the heaviest of the last layer, for a screen reader. */
export function GraphTable({shown}: {readonly shown: ShownGraph}) {
  const {graph, into, data} = shown
  if (!graph) return null
  const edges = edgesOfNode(shown)
  const listed = edges.slice(0, MOST_ROWS)
  const totals = graph.totals.at(-1)
  const weight = listed.reduce((sum, edge) => sum + graph.weight[edge]!, 0)
  const numberOf = (value: number) => (into === null ? formatWeight(value) : formatShare(value))
  const title =
    into === null
      ? `Heaviest edges of layer ${graph.layers.at(-1)}`
      : `What ${columnName(
          graph,
          graph.starts.findLastIndex((start) => start <= into),
          data.tokens
        )} reads in layer ${graph.layers.at(-1)}`
  return (
    <table className="visually-hidden" data-testid="graph-table">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">reads</th>
          {into === null && <th scope="col">read by</th>}
          <th scope="col">{into === null ? 'weight' : 'share of what it reads'}</th>
          <th scope="col">attention weight</th>
        </tr>
      </thead>
      <tbody>
        {listed.map((edge) => (
          <tr key={edge} data-key={graph.key[edge]} data-weight={graph.weight[edge]}>
            <th scope="row">{columnName(graph, graph.key[edge]!, data.tokens)}</th>
            {into === null && <td>{columnName(graph, graph.query[edge]!, data.tokens)}</td>}
            <td>{numberOf(graph.weight[edge]!)}</td>
            <td>{formatWeight(graph.topAttention[edge]!)}</td>
          </tr>
        ))}
        {totals && (
          <tr>
            <th scope="row">others</th>
            {into === null && <td />}
            <td>{numberOf(Math.max(0, totals.weight - weight))}</td>
            <td />
          </tr>
        )}
      </tbody>
    </table>
  )
}
