/** What has to be run so that the logits after some texts are known. */
export interface BranchPlan {
  /** Tokens to be appended to the cache, parents first. */
  readonly tokenIds: readonly number[]
  /** Rows of the cache that they continue, those of this plan included; −1 begins a text. */
  readonly parents: readonly number[]
  /** Of each text, the place of its last token in `tokenIds`. */
  readonly places: readonly number[]
}

/** Added to a score to forbid it: beside any other score its exponential is 0. */
const FORBIDDEN = -1e30

/**
 * Which token each row of a KV cache belongs to: a forest of texts, of which each row continues another.
 * Texts that begin alike share their rows, and a row sees its ancestors and itself only.
 */
export class BranchRows {
  private tokenIds: number[] = []
  private parents: number[] = []
  private depths: number[] = []
  /** By row, −1 for the beginning: the rows that continue it, by token. */
  private children = new Map<number, Map<number, number>>()

  get count(): number {
    return this.tokenIds.length
  }

  /** Rows that hold the beginning of a text, in order. */
  rowsOf(text: ArrayLike<number>): number[] {
    const rows: number[] = []
    let at = -1
    for (let i = 0; i < text.length; i++) {
      const row = this.children.get(at)?.get(text[i]!)
      if (row === undefined) break
      rows.push(row)
      at = row
    }
    return rows
  }

  /**
   * What is missing of some texts: a prefix and what follows it in each. The last token of each is run in any
   * case, since its logits are not kept.
   */
  plan(paths: readonly ArrayLike<number>[], prefix: ArrayLike<number> = []): BranchPlan {
    const tokenIds: number[] = []
    const parents: number[] = []
    const planned = new Map<number, Map<number, number>>()
    const first = this.count
    const step = (at: number, token: number, isLast: boolean): number => {
      const again = planned.get(at)?.get(token)
      // What goes on from a token that is run once more goes on from its earlier row, which has what follows.
      const known = isLast ? again : (this.children.get(at)?.get(token) ?? again)
      if (known !== undefined) return known
      const row = first + tokenIds.length
      tokenIds.push(token)
      parents.push(at)
      const siblings = planned.get(at) ?? new Map<number, number>()
      planned.set(at, siblings.set(token, row))
      return row
    }
    // The last token of the prefix is the last of a text that ends with it.
    let start = -1
    for (let i = 0; i < prefix.length - 1; i++) start = step(start, prefix[i]!, false)
    const places = paths.map((path) => {
      let at = start
      if (prefix.length > 0) at = step(at, prefix[prefix.length - 1]!, path.length === 0)
      for (let i = 0; i < path.length; i++) at = step(at, path[i]!, i === path.length - 1)
      return at - first
    })
    return {tokenIds, parents, places}
  }

  /** Rows were appended to the cache, in the order of a plan. */
  append(tokenIds: readonly number[], parents: readonly number[]): void {
    for (const [i, token] of tokenIds.entries()) {
      const parent = parents[i]!
      const row = this.count
      this.tokenIds.push(token)
      this.parents.push(parent)
      this.depths.push(parent < 0 ? 0 : this.depths[parent]! + 1)
      const siblings = this.children.get(parent) ?? new Map<number, number>()
      // A token that was run once more does not take its earlier row's children from it.
      if (!siblings.has(token)) this.children.set(parent, siblings.set(token, row))
    }
  }

  /** Keeps these rows only, which hold whole beginnings of texts; they are numbered anew. */
  keep(rows: readonly number[]): void {
    const kept = rows.map((row) => ({token: this.tokenIds[row]!, parent: this.parents[row]!}))
    const numbers = new Map([[-1, -1], ...rows.map((row, at) => [row, at] as const)])
    this.clear()
    this.append(
      kept.map(({token}) => token),
      kept.map(({parent}) => numbers.get(parent)!)
    )
  }

  clear(): void {
    this.tokenIds = []
    this.parents = []
    this.depths = []
    this.children = new Map()
  }

  /** Rows that some rows and what follows them look at: these and their ancestors, in order. */
  ancestorsOf(rows: readonly number[]): number[] {
    const seen = new Set<number>()
    for (const start of rows) {
      for (let row = start; row >= 0 && !seen.has(row); row = this.parents[row]!) seen.add(row)
    }
    return [...seen].sort((a, b) => a - b)
  }

  /**
   * What is added to the scores of the last `count` rows, [query, key]: 0 for ancestors and itself. Keys are the
   * rows in the places `before` them, all unless told, then the last ones; a place may hold none, which is −1.
   */
  bias(count: number, before: ArrayLike<number> = this.before(count)): Float32Array {
    const keyCount = before.length + count
    const first = this.count - count
    const places = new Int32Array(first)
    for (let place = 0; place < before.length; place++) {
      if (before[place]! >= 0) places[before[place]!] = place
    }
    const bias = new Float32Array(count * keyCount).fill(FORBIDDEN)
    // Siblings see the same but for themselves: where the first of them stands.
    const seen = new Map<number, number>()
    for (let query = 0; query < count; query++) {
      const start = query * keyCount
      const parent = this.parents[first + query]!
      const sibling = parent >= first ? parent - first : seen.get(parent)
      if (sibling !== undefined) {
        bias.copyWithin(start, sibling * keyCount, (sibling + 1) * keyCount)
        if (parent < first) bias[start + before.length + sibling] = FORBIDDEN
      } else {
        for (let row = parent; row >= 0; row = this.parents[row]!) bias[start + places[row]!] = 0
        seen.set(parent, query)
      }
      bias[start + before.length + query] = 0
    }
    return bias
  }

  /** What the positions of the last `count` rows differ by from their places behind the rows before them. */
  shifts(count: number, beforeCount = this.count - count): BigInt64Array {
    const first = this.count - count
    return BigInt64Array.from({length: count}, (_, i) =>
      BigInt(this.depths[first + i]! - (beforeCount + i))
    )
  }

  private before(count: number): number[] {
    return Array.from({length: this.count - count}, (_, row) => row)
  }
}
