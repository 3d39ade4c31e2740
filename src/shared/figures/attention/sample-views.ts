import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionEdges, HeadRef} from '../../lenses/attention-maps.ts'
import type {Importance} from '../../lenses/attention-statistics.ts'
import type {AttentionViewPicture} from '../../lenses/attention-view-pictures.ts'
import {inductionWeights, sampleMatrix} from './sample-result.ts'

const EVERYTHING = {dropSink: false, threshold: 0}
const summaryOf = (rowCount: number) => ({
  ...{rowCount, hiddenShare: 0, sinkOnlyRowCount: 0},
  ...{nowhereShare: null, nonFiniteCount: 0},
})

function sampleEdges(weights: Float32Array, count: number): AttentionEdges {
  const [query, key, weight]: number[][] = [[], [], []]
  for (const [at, value] of weights.entries()) {
    if (value === 0) continue
    query!.push(Math.floor(at / count))
    key!.push(at % count)
    weight!.push(value)
  }
  return {
    query: Int32Array.from(query!),
    key: Int32Array.from(key!),
    weight: Float32Array.from(weight!),
    summary: summaryOf(count),
    ...{omittedCount: 0, omittedWeight: 0},
  }
}

/** Importances that grow and fall over a text; the last two rest on too little. */
export function sampleImportances(count: number): Importance[] {
  const values = Float64Array.from({length: count}, (_, at) => 0.5 + ((at * 7) % 11) / 5)
  const shares = Float64Array.from({length: count}, (_, at) => (at === 0 ? 0.6 : 0.4 / (count - 1)))
  return [
    {
      ...{method: 'wpr', variant: 'position-corrected', query: null, firstTokenShare: 0.1},
      ...{values, hollowPositions: [count - 2, count - 1], warnings: []},
    },
    {
      ...{method: 'attention-rollout', variant: null, query: count - 1, firstTokenShare: 0.6},
      ...{values: shares, hollowPositions: [], warnings: []},
    },
  ]
}

/** Each view of attention over the tokens of a result, invented, for tests and the gallery. */
export function sampleViews(result: AttentionResult): readonly AttentionViewPicture[] {
  const ids = result.tokens.map(({id}) => id)
  const count = ids.length
  const weightsOf = ({layer, head}: HeadRef) => inductionWeights(ids, 1 + 31 * layer + head)
  const heads: HeadRef[] = [
    {layer: 3, head: 5},
    {layer: 3, head: 1},
  ]
  const matrix = (head: HeadRef) => {
    const values = weightsOf(head)
    const tile = {...sampleMatrix(result).tile, values}
    return sampleMatrix(result, {tile}, {kind: 'head', ...head})
  }
  const [a, b] = [matrix(heads[0]!), matrix({layer: 1, head: 2})]
  const values = b.tile.values.map((value, at) => value - a.tile.values[at]!)
  const difference = sampleMatrix(
    result,
    {
      tile: {...a.tile, values, minimum: Math.min(...values), maximum: Math.max(...values)},
      range: {maximum: 0.5, isLocked: false},
      probeName: null,
    },
    {kind: 'difference', a: {layer: 1, head: 2}, b: heads[0]!}
  )
  const range = {maximum: null, steps: 'square-root'} as const
  return [
    {
      view: 'lines',
      sources: heads.map((head) => ({
        map: {kind: 'head', ...head},
        edges: sampleEdges(weightsOf(head), count),
      })),
      ...{filters: EVERYTHING, window: {start: 0, span: count}, range},
      row: a.row,
      pairs: [{from: 5, to: 2}],
    },
    {
      view: 'overview',
      thumbnails: result.layers.flatMap(({layer, queryHeadCount}) =>
        Array.from({length: queryHeadCount}, (_, head) => ({
          ...{layer, head, size: count, values: weightsOf({layer, head}), maximum: 1},
          summary: summaryOf(count),
        }))
      ),
      ...{filters: EVERYTHING, range, selected: heads[0]!},
      names: [{layer: 3, head: 5, name: 'induction', score: 0.91}],
      labels: [{layer: 0, head: 0, label: '★ looks back'}],
      ...{pins: [2, 5], pairs: [{from: 5, to: 2}]},
    },
    {view: 'two-heads', a, b, difference},
    {
      view: 'pruning',
      ...{keepCount: count - 4, variant: 'position-corrected', selected: count - 1, pins: [5, 2]},
      kept: Int32Array.from({length: count - 4}, (_, i) => (i < 3 ? i : i + 4)),
      droppedByImportance: Int32Array.of(3, 4),
      droppedBySimilarity: Int32Array.of(5, 6),
      outcome: {
        rows: [
          {id: 7, name: '·lamp', before: 0.8, after: 0.1},
          {id: 9, name: '·coin', before: null, after: 0.7},
        ],
        ...{othersBefore: 0.2, othersAfter: 0.2, klBits: 1.5, totalVariation: 0.7},
      },
    },
    {view: 'importance', importances: sampleImportances(count), selected: 3},
  ]
}
