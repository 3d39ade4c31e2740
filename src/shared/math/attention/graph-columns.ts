/**
 * Columns of tokens that an attention graph is drawn in, and the edges of one layer added up between them.
 */

/**
 * First position of each column: so many tokens of a window in each, and all before it and all after it in one
 * more each.
 */
export function columnStarts(
  tokenCount: number,
  [start, end]: readonly [number, number],
  tokensPerColumn: number
): Int32Array<ArrayBuffer> {
  const starts: number[] = start > 0 ? [0] : []
  for (let at = start; at < end; at += tokensPerColumn) starts.push(at)
  if (end < tokenCount) starts.push(end)
  return Int32Array.from(starts)
}

/** The column of each position. */
export function columnsOfTokens(starts: Int32Array, tokenCount: number): Int32Array<ArrayBuffer> {
  const columns = new Int32Array(tokenCount)
  for (let position = 0, column = 0; position < tokenCount; position++) {
    while (column + 1 < starts.length && starts[column + 1]! <= position) column++
    columns[position] = column
  }
  return columns
}

/** The heaviest edges of a layer between columns, heaviest first. */
export interface LayerEdges {
  readonly query: Int32Array<ArrayBuffer>
  readonly key: Int32Array<ArrayBuffer>
  readonly weight: Float32Array<ArrayBuffer>
  readonly count: Int32Array<ArrayBuffer>
  readonly topQuery: Int32Array<ArrayBuffer>
  readonly topKey: Int32Array<ArrayBuffer>
  readonly topWeight: Float32Array<ArrayBuffer>
  /** The attention weight that the heaviest of its edges goes by. */
  readonly topAttention: Float32Array<ArrayBuffer>
}

export interface LayerFound extends LayerEdges {
  /** By column: what reaches it before the layer, or is read of it. */
  readonly nodes: Float64Array<ArrayBuffer>
  /** By token: what reaches it before the layer; null where no reading is followed. */
  readonly reach: Float64Array<ArrayBuffer> | null
  readonly broken: Uint8Array<ArrayBuffer>
  readonly totals: {
    readonly edgeCount: number
    readonly weight: number
    readonly leftCount: number
    readonly leftWeight: number
    readonly stayWeight: number
    readonly brokenCount: number
  }
}

export interface GraphColumns {
  readonly tokenCount: number
  readonly starts: Int32Array
}

/**
 * The edges of one layer, row by row. With `reach`, what reaches each token after the layer is followed: a query
 * passes ½·A + ½·I of it on, divided by that row's sum (Abnar & Zuidema 2020); weights that are no numbers pass
 * nothing. Without, an edge's weight is its attention weight.
 */
export class GraphLayer {
  private readonly columns: Int32Array
  private readonly columnCount: number
  private readonly sums: Float64Array
  private readonly counts: Int32Array
  private readonly tops: Float32Array
  private readonly attentions: Float32Array
  private readonly topQueries: Int32Array
  private readonly topKeys: Int32Array
  private readonly below: Float64Array<ArrayBuffer> | null
  private readonly nodes: Float64Array<ArrayBuffer>
  private readonly broken: Uint8Array<ArrayBuffer>
  private edgeCount = 0
  private weight = 0
  private leftCount = 0
  private leftWeight = 0
  private stayWeight = 0
  private brokenCount = 0

  constructor(
    {tokenCount, starts}: GraphColumns,
    private readonly reach: Float64Array | null
  ) {
    this.columns = columnsOfTokens(starts, tokenCount)
    const count = starts.length
    this.columnCount = count
    this.sums = new Float64Array(count * count)
    this.counts = new Int32Array(count * count)
    this.tops = new Float32Array(count * count)
    this.attentions = new Float32Array(count * count)
    this.topQueries = new Int32Array(count * count)
    this.topKeys = new Int32Array(count * count)
    this.below = reach && new Float64Array(tokenCount)
    this.nodes = new Float64Array(count)
    this.broken = new Uint8Array(count)
  }

  /** Whether a query's row says anything. */
  needs(query: number): boolean {
    return this.reach === null || this.reach[query]! > 0
  }

  /**
   * Takes a query's weights on all keys.
   * @param whole The row before anything is hidden.
   * @param left The same with 0 where filters hide; it may be the same array.
   */
  addRow(query: number, whole: Float32Array, left: Float32Array): void {
    if (!this.needs(query)) return
    const row = this.columns[query]! * this.columnCount
    let sum = 0
    let isBroken = false
    for (const weight of whole) {
      if (Number.isFinite(weight)) sum += weight
      else isBroken = true
    }
    if (isBroken) {
      this.broken[this.columns[query]!] = 1
      this.brokenCount++
    }
    const {reach, below} = this
    const factor = reach ? reach[query]! / (sum + 1) : 1
    for (let key = 0; key < whole.length; key++) {
      const own = whole[key]!
      if (own === 0 || !Number.isFinite(own)) continue
      const weight = own * factor
      if (below) below[key]! += weight
      if (key === query) {
        this.stayWeight += weight
        continue
      }
      const column = this.columns[key]!
      if (!below) this.nodes[column]! += weight
      this.edgeCount++
      this.weight += weight
      // What is hidden is 0, and only that.
      if (left[key]! === 0) continue
      this.leftCount++
      this.leftWeight += weight
      const at = row + column
      this.sums[at]! += weight
      this.counts[at]!++
      if (weight > this.tops[at]!) {
        this.tops[at] = weight
        this.attentions[at] = own
        this.topQueries[at] = query
        this.topKeys[at] = key
      }
    }
    if (below) {
      below[query]! += factor
      this.stayWeight += factor
    }
  }

  /** The heaviest edges and what all come to; call once. Of equal ones the earlier query, then key, comes first. */
  finish(maxEdgeCount: number): LayerFound {
    const {sums, counts, tops, topQueries, topKeys, columnCount, below, nodes} = this
    const order: number[] = []
    for (let at = 0; at < counts.length; at++) if (counts[at]! > 0) order.push(at)
    order.sort((a, b) => sums[b]! - sums[a]! || a - b)
    const kept = order.slice(0, maxEdgeCount)
    if (below) for (const [at, value] of below.entries()) nodes[this.columns[at]!]! += value
    return {
      query: Int32Array.from(kept, (at) => Math.floor(at / columnCount)),
      key: Int32Array.from(kept, (at) => at % columnCount),
      weight: Float32Array.from(kept, (at) => sums[at]!),
      count: Int32Array.from(kept, (at) => counts[at]!),
      topQuery: Int32Array.from(kept, (at) => topQueries[at]!),
      topKey: Int32Array.from(kept, (at) => topKeys[at]!),
      topWeight: Float32Array.from(kept, (at) => tops[at]!),
      topAttention: Float32Array.from(kept, (at) => this.attentions[at]!),
      nodes,
      reach: below,
      broken: this.broken,
      totals: {
        edgeCount: this.edgeCount,
        weight: this.weight,
        leftCount: this.leftCount,
        leftWeight: this.leftWeight,
        stayWeight: this.stayWeight,
        brokenCount: this.brokenCount,
      },
    }
  }
}
