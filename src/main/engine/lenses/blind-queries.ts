import type {Intervention} from '../../../shared/domain/intervention.ts'
import type {ModelRef} from '../../../shared/domain/model.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {blindQuery} from '../onnx/check-intervention.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {type AttentionContext, attentionRows} from './attention.ts'
import {sizesOf} from './intervention-run.ts'

interface Row {
  readonly layer: number
  readonly head: number
  readonly query: number
}

/**
 * Throws a Problem where cut edges leave a query without any key in a layer whose window the graph's structure
 * does not say: unfused attention forbids keys by a mask that only a run makes. There the model is run as it
 * is, and each such row is asked which keys it sees. Positions are those of the text that runs.
 */
export async function requireKeys(
  context: AttentionContext,
  {model: ref, file}: ModelRef,
  {
    text: {model, ids},
    intervention,
    signal,
  }: {
    text: {model: GraphedModel; ids: Int32Array}
    intervention: Intervention
    signal: AbortSignal | undefined
  }
): Promise<void> {
  for (const [row, hidden] of suspects(model, intervention)) {
    signal?.throwIfAborted()
    const {layer, head, query} = row
    const {weights} = await attentionRows(
      context,
      {model: ref, file, ids, capture: 'qk', layer, head, queries: [query, query + 1]},
      signal
    )
    // What a mask forbids has a weight of exactly 0.
    if (weights.some((weight, key) => weight > 0 && !hidden.has(key))) continue
    throw new ProblemError(blindQuery(`L${layer}.H${head}, query ${query}, within its window`))
  }
}

/**
 * Rows that may be blind with the keys that they lose. A window holds the query and at least the token before
 * it: only where both are gone there is something to ask.
 */
function suspects(
  model: GraphedModel,
  {cutEdges = [], maskKeys = []}: Intervention
): Iterable<readonly [Row, ReadonlySet<number>]> {
  const {layers} = sizesOf(model)
  const rows = new Map<string, readonly [Row, Set<number>]>()
  for (const {layer, head, query, key} of cutEdges) {
    const found = model.structure.layers[layer]
    if (!found || found.problem || found.sites.length === 0 || layers[layer]!.window !== null) {
      continue
    }
    const heads = head === 'all' ? Array(layers[layer]!.queryHeadCount).keys() : [head]
    for (const one of heads) {
      const name = `${layer} ${one} ${query}`
      // A masked token still sees itself.
      const masked = maskKeys.filter((position) => position !== query)
      const row = rows.get(name) ?? ([{layer, head: one, query}, new Set(masked)] as const)
      row[1].add(key)
      rows.set(name, row)
    }
  }
  return [...rows.values()].filter(
    ([{query}, hidden]) => hidden.has(query) && (query === 0 || hidden.has(query - 1))
  )
}
