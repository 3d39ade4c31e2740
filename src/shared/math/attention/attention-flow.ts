import {MaxFlow} from './max-flow.ts'

/** Edges × targets that one attention flow may have; above it is refused with its cost. */
export const MOST_FLOW_WORK = 150e6
/** Seconds for each of these, measured on two cores of a small machine; an estimate. */
const SECONDS_PER_WORK = 1e-7

/** Edges of the graph below a query, times the tokens that a flow is computed for. */
export function flowWork(layerCount: number, query: number): number {
  const tokenCount = query + 1
  return layerCount * ((tokenCount * (tokenCount + 1)) / 2) * tokenCount
}

export function flowSeconds(work: number): number {
  return work * SECONDS_PER_WORK
}

/**
 * Attention flow of one query (Abnar & Zuidema 2020): the largest flow from its node after the last layer to
 * each token's node before the first, one problem a token, edges with the capacities that rollout multiplies.
 */
export class AttentionFlow {
  private readonly flow: MaxFlow
  private readonly source: number

  /**
   * @param layers First layer first: ½ · mean over heads of A + ½ · I, rows divided by their sums, [query, key].
   * @param tokenCount Positions of a row, of which only those that the query reaches matter.
   */
  constructor(
    layers: readonly Float64Array[],
    private readonly tokenCount: number,
    query: number
  ) {
    const from: number[] = []
    const to: number[] = []
    const capacity: number[] = []
    let reached = new Uint8Array(tokenCount)
    reached[query] = 1
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const below = new Uint8Array(tokenCount)
      for (let token = 0; token < tokenCount; token++) {
        if (reached[token] !== 1) continue
        for (let key = 0; key < tokenCount; key++) {
          const weight = layers[layer]![token * tokenCount + key]!
          if (!(weight > 0)) continue
          below[key] = 1
          from.push((layer + 1) * tokenCount + token)
          to.push(layer * tokenCount + key)
          capacity.push(weight)
        }
      }
      reached = below
    }
    this.flow = new MaxFlow((layers.length + 1) * tokenCount, {from, to, capacity})
    this.source = layers.length * tokenCount + query
  }

  /** The largest flow to one token before the first layer. */
  to(position: number): number {
    return this.flow.between(this.source, position)
  }

  /** Of all tokens, not normalised. */
  toAll(): Float64Array<ArrayBuffer> {
    return Float64Array.from({length: this.tokenCount}, (_, position) => this.to(position))
  }
}

/** Divided by their sum, which is how flows of a query are shown; unchanged where the sum is 0. */
export function dividedBySum(values: Float64Array): Float64Array<ArrayBuffer> {
  const sum = values.reduce((total, value) => total + value, 0)
  return sum > 0 ? values.map((value) => value / sum) : values.slice()
}
