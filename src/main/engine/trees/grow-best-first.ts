import {log} from '../../../shared/math/log.ts'
import type {ShapedLaw} from './law.ts'
import {MaxHeap} from './max-heap.ts'
import {type Candidate, candidateOf, type Rest, restOf, type TreeBuilder} from './tree-builder.ts'

export interface BestFirstOptions {
  /** Most nodes, without root and rests; most nodes whose continuations are computed. */
  readonly maxNodes: number
  readonly maxExpanded?: number
  readonly maxDepth: number
  /** Nodes whose continuations are computed together. */
  readonly width: number
  readonly maxChildren: number
  /** Children are what truncation keeps, and no more. */
  readonly keptOnly: boolean
  /** Paths of a smaller probability are left out. */
  readonly jointThreshold: number
}

/** What a node's continuations come to, kept in place of the law. */
interface Expansion {
  readonly children: readonly Candidate[]
  /** Of each child, what grows from it; null where nothing can. */
  readonly growing: readonly (Growing | null)[]
  readonly rest: (listedCount: number) => Rest
}

/** A node that may be expanded. It may be known before its turn, and its children before theirs. */
interface Growing {
  readonly parent: Growing | null
  readonly tokenId: number
  readonly depth: number
  readonly pathLogprob: number
  /** Its id in the tree; null for the root, and as long as it is not part of the tree. */
  id: number | null
  expansion: Expansion | null
}

/**
 * Expands the node of the largest joint probability again and again; its children come in falling
 * probability, and what is left of the vocabulary is a rest. The `width` best of which nothing is known are
 * computed together, ahead of their turn, children of such nodes among them: the tree is that of one at a
 * time, whatever the width. Yields after each run of the model.
 */
export async function* growBestFirst(
  builder: TreeBuilder,
  options: BestFirstOptions
): AsyncGenerator<number, void, undefined> {
  const {maxNodes, maxExpanded = Number.POSITIVE_INFINITY} = options
  const root: Growing = {
    ...{parent: null, tokenId: -1, depth: 0, pathLogprob: 0, id: null, expansion: null},
  }
  const frontier = new MaxHeap<Growing>()
  // Every node whose continuations are not known yet, below nodes that are no part of the tree as well.
  const unknown = new MaxHeap<Growing>()
  // Those that are known before their turn.
  const ahead = new Set<Growing>()
  frontier.push(root, 0)
  unknown.push(root, 0)
  let nodeCount = 0
  while (frontier.size > 0 && nodeCount < maxNodes && builder.expandedCount < maxExpanded) {
    const next = frontier.first!.entry
    if (!next.expansion) {
      const left = {nodes: maxNodes - nodeCount, expanded: maxExpanded - builder.expandedCount}
      const wanted = takeWanted(next, unknown, ahead, left, options)
      const laws = await builder.lawsAfterPaths(wanted.map(pathTo))
      for (const [i, node] of wanted.entries()) {
        node.expansion = expansionOf(builder, node, laws[i]!, options)
        ahead.add(node)
        for (const child of node.expansion.growing) {
          if (child) unknown.push(child, child.pathLogprob)
        }
      }
      yield builder.expandedCount
    }
    frontier.pop()
    ahead.delete(next)
    const {children, growing, rest} = next.expansion!
    builder.expanded(next.id)
    const least = leastOf(options)
    let listed = 0
    for (const candidate of children) {
      const pathLogprob = next.pathLogprob + candidate.logprob
      if (nodeCount >= maxNodes || pathLogprob < least) break
      const child = growing[listed]!
      const node = builder.add(next.id, listed++, candidate, {value: probOf(pathLogprob)})
      nodeCount++
      if (!child) continue
      child.id = node.id
      frontier.push(child, pathLogprob)
    }
    builder.addRest(next.id, rest(listed))
    // Its children hold on to what they continue, and to no more.
    next.expansion = null
  }
  builder.surplusCount += ahead.size
}

/** What the tree may still take. */
interface Left {
  readonly nodes: number
  readonly expanded: number
}

/**
 * The node whose turn it is, then the best of which nothing is known. One is left out where those that are
 * better already fill the tree: then its turn never comes.
 */
function takeWanted(
  next: Growing,
  unknown: MaxHeap<Growing>,
  ahead: ReadonlySet<Growing>,
  left: Left,
  {width, keptOnly, maxChildren}: BestFirstOptions
): Growing[] {
  const wanted = [next]
  const known = [...ahead].sort((a, b) => b.pathLogprob - a.pathLogprob)
  // How many children truncation keeps is not known before.
  const nodesOfOne = keptOnly ? 1 : maxChildren
  let {nodes, expanded} = left
  let passed = 0
  nodes -= nodesOfOne
  expanded--
  while (wanted.length < width && unknown.size > 0) {
    const {entry, priority} = unknown.first!
    if (entry !== next) {
      for (; passed < known.length && known[passed]!.pathLogprob >= priority; passed++) {
        nodes -= known[passed]!.expansion!.children.length
        expanded--
      }
      if (nodes <= 0 || expanded <= 0) break
      wanted.push(entry)
      nodes -= nodesOfOne
      expanded--
    }
    unknown.pop()
  }
  return wanted
}

/** Token ids from the root to a node. */
function pathTo(node: Growing): number[] {
  const path: number[] = []
  for (let at = node; at.parent; at = at.parent) path.push(at.tokenId)
  return path.reverse()
}

function leastOf({jointThreshold}: BestFirstOptions): number {
  return jointThreshold > 0 ? log(jointThreshold) - 1e-12 : Number.NEGATIVE_INFINITY
}

function expansionOf(
  builder: TreeBuilder,
  node: Growing,
  law: ShapedLaw,
  options: BestFirstOptions
): Expansion {
  const {maxChildren, keptOnly} = options
  const {distribution} = builder.context
  const most = Math.min(maxChildren, keptOnly ? law.keptCount : law.vocabularySize)
  const children = law.top(most).map((id) => candidateOf(law, id, distribution))
  const whole = restOf(
    law,
    children.map(({tokenId}) => tokenId)
  )
  return {
    children,
    growing: children.map((candidate) => growingOf(builder, node, candidate, options)),
    // What is not listed after all goes to the rest.
    rest(listedCount) {
      const left = children.slice(listedCount)
      const sum = (of: (candidate: Candidate) => number) =>
        left.reduce((total, candidate) => total + probOf(of(candidate)), 0)
      return {
        raw: whole.raw + sum(({rawLogprob}) => rawLogprob),
        temperature: whole.temperature + sum(({temperatureLogprob}) => temperatureLogprob),
        truncated: whole.truncated + sum(({truncatedLogprob}) => truncatedLogprob),
        count: whole.count + left.length,
      }
    },
  }
}

/** Null for a token that is cut or impossible, an end, below the threshold, or as deep as the tree may be. */
function growingOf(
  builder: TreeBuilder,
  parent: Growing,
  {tokenId, logprob, cut}: Candidate,
  options: BestFirstOptions
): Growing | null {
  const depth = parent.depth + 1
  const pathLogprob = parent.pathLogprob + logprob
  const isOpen =
    !cut &&
    Number.isFinite(pathLogprob) &&
    depth < options.maxDepth &&
    !builder.endsAt(tokenId, depth)
  if (!isOpen || pathLogprob < leastOf(options)) return null
  return {parent, tokenId, depth, pathLogprob, id: null, expansion: null}
}

function probOf(logprob: number): number {
  return Math.exp(logprob)
}
