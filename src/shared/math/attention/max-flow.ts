/** Below this what is left of a capacity is rounding. */
const NOTHING = 1e-12

/**
 * The largest flow between two nodes of a directed graph with real capacities (Dinic 1970): shortest paths
 * by layers, all of them filled before the next search.
 */
export class MaxFlow {
  /** Edge e and its reverse e ^ 1; capacities that are left. */
  private readonly targets: number[] = []
  private readonly capacities: number[] = []
  private readonly edgesOf: number[][]
  private left = new Float64Array(0)
  private readonly depths: Int32Array
  private readonly nextEdges: Int32Array

  constructor(private readonly nodeCount: number) {
    this.edgesOf = Array.from({length: nodeCount}, () => [])
    this.depths = new Int32Array(nodeCount)
    this.nextEdges = new Int32Array(nodeCount)
  }

  addEdge(from: number, to: number, capacity: number): void {
    this.edgesOf[from]!.push(this.targets.length)
    this.targets.push(to)
    this.capacities.push(capacity)
    this.edgesOf[to]!.push(this.targets.length)
    this.targets.push(from)
    this.capacities.push(0)
  }

  /** The largest flow; each call starts from the empty graph. */
  between(source: number, sink: number): number {
    this.left = Float64Array.from(this.capacities)
    let total = 0
    while (this.search(source, sink)) {
      this.nextEdges.fill(0)
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
    const {depths, targets, left, edgesOf} = this
    depths.fill(-1)
    depths[source] = 0
    const queue = new Int32Array(this.nodeCount)
    queue[0] = source
    let end = 1
    for (let at = 0; at < end && depths[sink] === -1; at++) {
      const node = queue[at]!
      for (const edge of edgesOf[node]!) {
        const target = targets[edge]!
        if (depths[target] !== -1 || left[edge]! <= NOTHING) continue
        depths[target] = depths[node]! + 1
        queue[end++] = target
      }
    }
    return depths[sink] !== -1
  }

  /** Sends what fits from a node to the sink along shortest paths; at most one path deep per layer. */
  private push(node: number, sink: number, limit: number): number {
    if (node === sink) return limit
    const {nextEdges, edgesOf, targets, left, depths} = this
    const edges = edgesOf[node]!
    let sent = 0
    for (; nextEdges[node]! < edges.length; nextEdges[node]!++) {
      const edge = edges[nextEdges[node]!]!
      const target = targets[edge]!
      if (left[edge]! <= NOTHING || depths[target] !== depths[node]! + 1) continue
      const more = this.push(target, sink, Math.min(limit - sent, left[edge]!))
      if (more <= 0) continue
      left[edge]! -= more
      left[edge ^ 1]! += more
      sent += more
      if (limit - sent <= NOTHING) return sent
    }
    return sent
  }
}
