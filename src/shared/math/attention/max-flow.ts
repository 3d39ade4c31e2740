/** Below this what is left of a capacity is rounding. */
const NOTHING = 1e-12

/** A directed edge with a real capacity above 0. */
export interface FlowEdges {
  readonly from: ArrayLike<number>
  readonly to: ArrayLike<number>
  readonly capacity: ArrayLike<number>
}

/**
 * The largest flow between two nodes of a directed graph with real capacities (Dinic 1970): shortest paths
 * by layers, all of them filled before the next search. Edge e of those given has its reverse at e + count.
 */
export class MaxFlow {
  private readonly capacities: Float64Array
  /** Capacities that are left. */
  private readonly left: Float64Array
  /** Where edges and reverse edges lead. */
  private readonly targets: Int32Array
  /** Edges out of node n: `edges` from `starts[n]` up to `starts[n + 1]`. */
  private readonly edges: Int32Array
  private readonly starts: Int32Array
  private readonly depths: Int32Array
  private readonly next: Int32Array
  private readonly queue: Int32Array
  private readonly count: number

  constructor(nodeCount: number, {from, to, capacity}: FlowEdges) {
    const count = from.length
    this.count = count
    this.capacities = new Float64Array(2 * count)
    this.capacities.set(capacity)
    this.left = new Float64Array(2 * count)
    this.targets = new Int32Array(2 * count)
    this.targets.set(to)
    this.targets.set(from, count)
    this.starts = new Int32Array(nodeCount + 1)
    for (let edge = 0; edge < count; edge++) {
      this.starts[from[edge]! + 1]!++
      this.starts[to[edge]! + 1]!++
    }
    for (let node = 0; node < nodeCount; node++) this.starts[node + 1]! += this.starts[node]!
    this.edges = new Int32Array(2 * count)
    this.next = this.starts.slice()
    for (let edge = 0; edge < count; edge++) {
      this.edges[this.next[from[edge]!]!++] = edge
      this.edges[this.next[to[edge]!]!++] = edge + count
    }
    this.depths = new Int32Array(nodeCount)
    this.queue = new Int32Array(nodeCount)
  }

  /** The largest flow; each call starts from the empty graph. */
  between(source: number, sink: number): number {
    this.left.set(this.capacities)
    let total = 0
    while (this.search(source, sink)) {
      this.next.set(this.starts)
      for (;;) {
        const more = this.push(source, sink, Number.POSITIVE_INFINITY)
        if (more <= NOTHING) break
        total += more
      }
    }
    return total
  }

  /** Depths from the source over edges with something left; whether the sink is reached. */
  private search(source: number, sink: number): boolean {
    const {depths, targets, left, edges, starts, queue} = this
    depths.fill(-1)
    depths[source] = 0
    queue[0] = source
    let end = 1
    for (let at = 0; at < end && depths[sink] === -1; at++) {
      const node = queue[at]!
      for (let i = starts[node]!; i < starts[node + 1]!; i++) {
        const edge = edges[i]!
        const target = targets[edge]!
        if (depths[target] !== -1 || left[edge]! <= NOTHING) continue
        depths[target] = depths[node]! + 1
        queue[end++] = target
      }
    }
    return depths[sink] !== -1
  }

  /** Sends what fits from a node to the sink along shortest paths. */
  private push(node: number, sink: number, limit: number): number {
    if (node === sink) return limit
    const {next, edges, starts, targets, left, depths, count} = this
    let sent = 0
    for (; next[node]! < starts[node + 1]!; next[node]!++) {
      const edge = edges[next[node]!]!
      const target = targets[edge]!
      const capacity = left[edge]!
      if (capacity <= NOTHING || depths[target] !== depths[node]! + 1) continue
      const more = this.push(target, sink, Math.min(limit - sent, capacity))
      if (more <= 0) continue
      left[edge]! -= more
      left[edge < count ? edge + count : edge - count]! += more
      sent += more
      if (limit - sent <= NOTHING) return sent
    }
    return sent
  }
}
