import {exp} from '../math/exp.ts'
import type {Distribution} from './next-tokens.ts'
import type {TreeNode, TreeRestNode, TreeTokenNode} from './tree.ts'

/**
 * A node where it stands: both views are drawn from these. A row is a leaf or a rest, so that a node spans
 * the rows of everything under it; its share is the probability of its path, from `start` of the whole.
 */
export interface SpanNode {
  readonly node: TreeNode
  /** Places in the list, parents first and siblings in order; −1 for what follows the prompt. */
  readonly place: number
  readonly parent: number
  /** 0 follows the prompt. */
  readonly column: number
  readonly row: number
  readonly rowCount: number
  readonly start: number
  readonly share: number
  /** Given its path. */
  readonly prob: number
  /** Nothing of it is drawn further on. */
  readonly isLeaf: boolean
  /** Tokens under it that are not drawn. */
  readonly hiddenCount: number
  /** Of a rest: the siblings that were pruned, which are part of it. */
  readonly prunedCount: number
}

export interface TreeSpans {
  readonly nodes: readonly SpanNode[]
  readonly rowCount: number
  readonly columnCount: number
}

export interface SpanOptions {
  readonly distribution: Distribution
  readonly collapsed?: ReadonlySet<number>
  readonly pruned?: ReadonlySet<number>
}

/** Probability of a token given its path, or of all others there; 0 where it is cut. */
export function nodeProb(node: TreeNode, distribution: Distribution): number {
  if (node.tokenId === null) return restProb(node, distribution)
  const logprob = tokenLogprob(node, distribution)
  return logprob === null ? 0 : exp(logprob)
}

export function tokenLogprob(node: TreeTokenNode, distribution: Distribution): number | null {
  switch (distribution) {
    case 'raw':
      return node.rawLogprob
    case 'temperature':
      return node.temperatureLogprob
    case 'truncated':
      return node.truncatedLogprob
  }
}

function restProb(node: TreeRestNode, distribution: Distribution): number {
  switch (distribution) {
    case 'raw':
      return node.rawRestProb
    case 'temperature':
      return node.temperatureRestProb
    case 'truncated':
      return node.truncatedRestProb
  }
}

/** Children of each node, in order: tokens first, then the rest. What follows the prompt is under null. */
export function childrenOf(nodes: readonly TreeNode[]): Map<number | null, TreeNode[]> {
  const ids = new Set(nodes.map(({id}) => id))
  const children = new Map<number | null, TreeNode[]>()
  for (const node of nodes) {
    const parent = node.parent !== null && ids.has(node.parent) ? node.parent : null
    const siblings = children.get(parent)
    if (siblings) siblings.push(node)
    else children.set(parent, [node])
  }
  const orderOf = (node: TreeNode) => (node.tokenId === null ? Number.MAX_VALUE : node.order)
  for (const siblings of children.values()) {
    siblings.sort((a, b) => orderOf(a) - orderOf(b) || a.id - b.id)
  }
  return children
}

/** The nodes of a tree in the order in which they are drawn. A parent that is not among them is the root. */
export function layoutTreeSpans(nodes: readonly TreeNode[], options: SpanOptions): TreeSpans {
  const {distribution, collapsed, pruned} = options
  const children = childrenOf(nodes)
  const placed: Changing[] = []
  const isPruned = (node: TreeNode) => pruned?.has(node.id) === true && node.tokenId !== null
  let rowCount = 0
  let columnCount = 0
  const entriesUnder = (parent: Changing | null, id: number | null) => {
    const all = children.get(id) ?? []
    const shown = all.filter((node) => !isPruned(node))
    const gone = all.filter(isPruned)
    let from = parent?.start ?? 0
    const entries = shown.map((node) => {
      const isRest = node.tokenId === null
      // What is pruned is said by the rest, so that siblings go on to sum to 1.
      const prob =
        nodeProb(node, distribution) +
        (isRest ? gone.reduce((sum, one) => sum + nodeProb(one, distribution), 0) : 0)
      const share = (parent?.share ?? 1) * prob
      const entry: Entry = {
        node,
        parent,
        prob,
        share,
        start: from,
        pruned: isRest ? gone.length : 0,
      }
      from += share
      return entry
    })
    return entries.reverse()
  }
  const waiting = entriesUnder(null, null)
  const open: Changing[] = []
  for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
    const {node, parent} = entry
    while (open.length > 0 && open.at(-1) !== parent) open.pop()!.rowCount += rowCount
    const column = parent === null ? 0 : parent.column + 1
    const isOpen = node.tokenId !== null && !collapsed?.has(node.id)
    const isLeaf = !isOpen || !(children.get(node.id) ?? []).some((child) => !isPruned(child))
    const own: Changing = {
      node,
      place: placed.length,
      parent: parent?.place ?? -1,
      column,
      row: rowCount,
      // Until it is known which row comes after.
      rowCount: -rowCount,
      start: entry.start,
      share: entry.share,
      prob: entry.prob,
      isLeaf,
      prunedCount: entry.pruned,
      hiddenCount: node.tokenId !== null && !isOpen ? countBelow(children, node.id) : 0,
    }
    placed.push(own)
    columnCount = Math.max(columnCount, column + 1)
    if (own.isLeaf) {
      own.rowCount = 1
      rowCount++
    } else {
      open.push(own)
      waiting.push(...entriesUnder(own, node.id))
    }
  }
  for (const own of open) own.rowCount += rowCount
  return {nodes: placed, rowCount, columnCount}
}

type Changing = {-readonly [Name in keyof SpanNode]: SpanNode[Name]}

interface Entry {
  readonly node: TreeNode
  readonly parent: Changing | null
  readonly prob: number
  readonly share: number
  readonly start: number
  readonly pruned: number
}

function countBelow(children: ReadonlyMap<number | null, TreeNode[]>, id: number): number {
  let count = 0
  const waiting = [id]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const child of children.get(at) ?? []) {
      if (child.tokenId === null) continue
      count++
      waiting.push(child.id)
    }
  }
  return count
}
