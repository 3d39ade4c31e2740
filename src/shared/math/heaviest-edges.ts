/** Edges kept of all that were given: the heaviest by size, of equal ones those given first. */
export interface KeptEdges {
  readonly layer: Int32Array<ArrayBuffer>
  readonly query: Int32Array<ArrayBuffer>
  readonly key: Int32Array<ArrayBuffer>
  readonly weight: Float32Array<ArrayBuffer>
  /** Edges that were given beyond those. */
  readonly omittedCount: number
  /** What the sizes of those come to. */
  readonly omittedWeight: number
}

/** Room for so many times the edges that are kept: the rest is sorted out when it is full. */
const ROOM = 2

/** The heaviest edges of matrices that are given row by row, in the order in which they were given. */
export class HeaviestEdges {
  private readonly layers: Int32Array
  private readonly queries: Int32Array
  private readonly keys: Int32Array
  private readonly weights: Float32Array
  private count = 0
  private givenCount = 0
  private givenWeight = 0
  /** Lighter ones, and equal ones that come now, have no place any more. */
  private least = 0

  constructor(private readonly maxCount: number) {
    const room = ROOM * maxCount
    this.layers = new Int32Array(room)
    this.queries = new Int32Array(room)
    this.keys = new Int32Array(room)
    this.weights = new Float32Array(room)
  }

  /** Takes the edges of a query, one for each key with a weight; NaN is none. */
  addRow(layer: number, query: number, row: Float32Array): void {
    for (let key = 0; key < row.length; key++) {
      const weight = row[key]!
      if (weight === 0 || !Number.isFinite(weight)) continue
      this.givenCount++
      this.givenWeight += Math.abs(weight)
      if (Math.abs(weight) <= this.least) continue
      if (this.count === this.weights.length) {
        this.sortOut()
        if (Math.abs(weight) <= this.least) continue
      }
      this.layers[this.count] = layer
      this.queries[this.count] = query
      this.keys[this.count] = key
      this.weights[this.count++] = weight
    }
  }

  /** What is left; call once, after the last row. */
  finish(): KeptEdges {
    if (this.count > this.maxCount) this.sortOut()
    const {count, layers, queries, keys, weights} = this
    let keptWeight = 0
    for (let edge = 0; edge < count; edge++) keptWeight += Math.abs(weights[edge]!)
    const omittedCount = this.givenCount - count
    return {
      layer: layers.slice(0, count) as Int32Array<ArrayBuffer>,
      query: queries.slice(0, count) as Int32Array<ArrayBuffer>,
      key: keys.slice(0, count) as Int32Array<ArrayBuffer>,
      weight: weights.slice(0, count) as Float32Array<ArrayBuffer>,
      omittedCount,
      omittedWeight: omittedCount === 0 ? 0 : Math.max(0, this.givenWeight - keptWeight),
    }
  }

  /** Keeps the heaviest `maxCount`, in order. */
  private sortOut(): void {
    const {count, maxCount, layers, queries, keys, weights} = this
    const sizes = Float32Array.from(weights.subarray(0, count), Math.abs).sort()
    const least = sizes[count - maxCount]!
    let equalCount = 0
    for (let i = count - maxCount; i < count && sizes[i] === least; i++) equalCount++
    let kept = 0
    for (let edge = 0; edge < count; edge++) {
      const size = Math.abs(weights[edge]!)
      if (size < least || (size === least && equalCount-- <= 0)) continue
      layers[kept] = layers[edge]!
      queries[kept] = queries[edge]!
      keys[kept] = keys[edge]!
      weights[kept++] = weights[edge]!
    }
    this.count = kept
    this.least = least
  }
}
