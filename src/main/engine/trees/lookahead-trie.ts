/** Frequencies of a node: in the prompt at hand, and in what was generated. */
interface Node {
  readonly children: Map<number, Node>
  promptCount: number
  outputCount: number
}

/** Weight of the output's count beside the prompt's own, which dominates. */
const OUTPUT_WEIGHT = 1e-4
/** Of one trie, before its rare branches are cut. */
const MAX_NODE_COUNT = 65_536
const MAX_OUTPUT_COUNT = 512

export interface RetrievedNode {
  /** Place of its parent in the list; −1 is the root. */
  readonly parent: number
  readonly tokenId: number
  readonly frequency: number
}

export interface RetrieveOptions {
  /** Nodes, without the root. */
  readonly maxNodes: number
  readonly maxDepth: number
  /** Of the nodes that go in first, those of the largest prompt count and of the largest output count. */
  readonly minPrompt?: number
  readonly minOutput?: number
}

/**
 * Branches of earlier text, by first token a trie (Lookahead, Zhao et al. 2312.12728; not the Jacobi method
 * of that name). Modes `hier` and `mix` of the paper: one merged tree, prompt and output together.
 */
export class LookaheadTrie {
  private readonly tries = new Map<number, Node>()

  /** `branchLength` tokens after each position are kept. */
  constructor(private readonly branchLength: number) {}

  /** Adds every stretch of a text. Stop words never start one, and end it. */
  insert(
    ids: readonly number[],
    source: 'prompt' | 'output',
    {
      isStop = () => false,
      from = 0,
      to = ids.length,
    }: {isStop?: (tokenId: number) => boolean; from?: number; to?: number} = {}
  ): void {
    for (let start = from; start < to; start++) {
      if (isStop(ids[start]!)) continue
      let node = entryOf(this.tries, ids[start]!)
      count(node, source)
      for (let at = start + 1; at < ids.length && at <= start + this.branchLength + 1; at++) {
        node = entryOf(node.children, ids[at]!)
        count(node, source)
        if (isStop(ids[at]!)) break
      }
    }
  }

  /** Forgets how often a prompt said something, at its end: others have another prompt. */
  forgetPrompt(): void {
    for (const trie of this.tries.values()) visit(trie, (node) => (node.promptCount = 0))
  }

  /** Halves the counts of tries that have grown too large, and cuts what then counts 1 or less. */
  prune(limits = {nodes: MAX_NODE_COUNT, outputs: MAX_OUTPUT_COUNT}): void {
    for (const [first, trie] of this.tries) {
      let nodes = 0
      let outputs = 0
      visit(trie, (node) => {
        nodes++
        if (node.outputCount > 0) outputs++
      })
      if (nodes <= limits.nodes && outputs <= limits.outputs) continue
      visit(trie, (node) => (node.outputCount = Math.floor(node.outputCount / 2)))
      cutRare(trie)
      if (trie.children.size === 0 && isRare(trie)) this.tries.delete(first)
    }
  }

  /** How often a stretch was seen in each source; zero where it was not. */
  countsOf(ids: readonly number[]): {prompt: number; output: number} {
    const node = this.find(ids)
    return {prompt: node?.promptCount ?? 0, output: node?.outputCount ?? 0}
  }

  /**
   * What followed the end of a text, parents before children and the more frequent child first. The longest
   * of its last two tokens that gives at least `branchLength` tokens decides, else the shortest that gives any.
   */
  retrieve(ids: readonly number[], options: RetrieveOptions): RetrievedNode[] {
    let found: RetrievedNode[] = []
    for (const length of [2, 1]) {
      if (ids.length < length) continue
      const node = this.find(ids.slice(-length))
      const branch = node ? emit(node, options) : []
      if (branch.length > 0) found = branch
      if (branch.length >= this.branchLength) break
    }
    return found
  }

  private find(ids: readonly number[]): Node | undefined {
    let node = this.tries.get(ids[0]!)
    for (let at = 1; node && at < ids.length; at++) node = node.children.get(ids[at]!)
    return node
  }
}

function emptyNode(): Node {
  return {children: new Map(), promptCount: 0, outputCount: 0}
}

function entryOf(nodes: Map<number, Node>, tokenId: number): Node {
  const known = nodes.get(tokenId)
  if (known) return known
  const node = emptyNode()
  nodes.set(tokenId, node)
  return node
}

function count(node: Node, source: 'prompt' | 'output'): void {
  if (source === 'prompt') node.promptCount++
  else node.outputCount++
}

function visit(node: Node, look: (node: Node) => void): void {
  const waiting = [node]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    look(next)
    waiting.push(...next.children.values())
  }
}

const isRare = ({promptCount, outputCount}: Node) => promptCount === 0 && outputCount <= 1

function cutRare(node: Node): void {
  for (const [tokenId, child] of node.children) {
    cutRare(child)
    if (isRare(child) && child.children.size === 0) node.children.delete(tokenId)
  }
}

/** (1 − w) · prompt + w · output. */
function frequencyOf({promptCount, outputCount}: Node): number {
  return (1 - OUTPUT_WEIGHT) * promptCount + OUTPUT_WEIGHT * outputCount
}

/**
 * The nodes below one, within the budget. Where more would qualify, those of the largest prompt counts and
 * of the largest output counts go in first, the rest by mixed frequency. (The reference never lowers its cut
 * in this case, and emits nodes that count nothing: this is the rule that it means.)
 */
function emit(root: Node, {maxNodes, maxDepth, ...minimum}: RetrieveOptions): RetrievedNode[] {
  const below: {node: Node; depth: number; ancestors: readonly Node[]}[] = []
  const collect = (parent: Node, depth: number, ancestors: readonly Node[]) => {
    if (depth > maxDepth) return
    for (const node of parent.children.values()) {
      if (node.promptCount + node.outputCount === 0) continue
      below.push({node, depth, ancestors})
      collect(node, depth + 1, [...ancestors, node])
    }
  }
  collect(root, 1, [])
  const kept = new Set<Node>()
  const fill = (by: (node: Node) => number, most: number) => {
    // Of equal ones the shallower first, so that no node stands without its parent.
    const ranked = [...below].sort((a, b) => by(b.node) - by(a.node) || a.depth - b.depth)
    for (const {node, ancestors} of ranked) {
      if (by(node) === 0) break
      const missing = [...ancestors, node].filter((one) => !kept.has(one))
      if (kept.size + missing.length > Math.min(most, maxNodes)) continue
      for (const one of missing) kept.add(one)
    }
  }
  if (below.length > maxNodes) {
    fill(({promptCount}) => promptCount, minimum.minPrompt ?? 0)
    fill(({outputCount}) => outputCount, kept.size + (minimum.minOutput ?? maxNodes >> 1))
  }
  fill(frequencyOf, maxNodes)
  const emitted: RetrievedNode[] = []
  const walk = (node: Node, place: number) => {
    const children = [...node.children].filter(([, child]) => kept.has(child))
    children.sort(([, a], [, b]) => frequencyOf(b) - frequencyOf(a))
    for (const [tokenId, child] of children) {
      const at = emitted.push({parent: place, tokenId, frequency: frequencyOf(child)}) - 1
      walk(child, at)
    }
  }
  walk(root, -1)
  return emitted
}
