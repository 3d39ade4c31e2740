import {log} from '../../../shared/math/log.ts'
import type {ShapedLaw} from './law.ts'
import {MaxHeap} from './max-heap.ts'
import {
  type BuiltToken,
  type Candidate,
  candidateOf,
  type Rest,
  restOf,
  type TreeBuilder,
} from './tree-builder.ts'

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

/** Nodes that are run together even where few more can be needed: a run of one costs nearly as much. */
const LEAST_AHEAD = 4

/** What a node's continuations come to, kept in place of the law. */
interface Expansion {
  readonly children: readonly Candidate[]
  readonly rest: (listedCount: number) => Rest
}

/**
 * Expands the node of the largest joint probability again and again; its children come in falling
 * probability, and what is left of the vocabulary is a rest. Of the frontier the `width` best are computed
 * together, ahead of their turn: the tree is that of one at a time, whatever the width. Yields after each
 * run of the model.
 */
export async function* growBestFirst(
  builder: TreeBuilder,
  options: BestFirstOptions
): AsyncGenerator<number, void, undefined> {
  const {maxNodes, maxExpanded = Number.POSITIVE_INFINITY, width} = options
  const least = options.jointThreshold > 0 ? log(options.jointThreshold) - 1e-12 : -Infinity
  const known = new Map<number | null, Expansion>()
  const frontier = new MaxHeap<number | null>()
  // Those of the frontier whose continuations are not known yet.
  const unknown = new MaxHeap<number | null>()
  frontier.push(null, 0)
  unknown.push(null, 0)
  let nodeCount = 0
  while (frontier.size > 0 && nodeCount < maxNodes && builder.expandedCount < maxExpanded) {
    const next = frontier.first!.entry
    if (!known.has(next)) {
      // Once as many are known as are wanted in the end, few of those that are not will be needed.
      const left = maxExpanded - builder.expandedCount - known.size
      const ahead = Math.min(width, Math.max(LEAST_AHEAD, left))
      const wanted: (number | null)[] = []
      while (wanted.length < ahead && unknown.size > 0) wanted.push(unknown.pop()!.entry)
      const laws = await builder.lawsAfter(wanted)
      for (const [i, id] of wanted.entries()) known.set(id, expansionOf(builder, laws[i]!, options))
      yield builder.expandedCount
    }
    frontier.pop()
    const {children, rest} = known.get(next)!
    known.delete(next)
    builder.expanded(next)
    let listed = 0
    for (const candidate of children) {
      if (nodeCount >= maxNodes) break
      const before = next === null ? 0 : builder.tokens.get(next)!.pathLogprob!
      if (before + candidate.logprob < least) break
      const node = builder.add(next, listed++, candidate, {
        value: probOf(before + candidate.logprob),
      })
      nodeCount++
      if (!canGrow(node, options)) continue
      frontier.push(node.id, node.pathLogprob!)
      unknown.push(node.id, node.pathLogprob!)
    }
    builder.addRest(next, rest(listed))
  }
  builder.surplusCount += known.size
}

function canGrow({status, cut, pathLogprob, depth}: BuiltToken, {maxDepth}: BestFirstOptions) {
  return status === 'open' && !cut && pathLogprob !== null && depth < maxDepth
}

function expansionOf(
  {context: {distribution}}: TreeBuilder,
  law: ShapedLaw,
  {maxChildren, keptOnly}: BestFirstOptions
): Expansion {
  const most = Math.min(maxChildren, keptOnly ? law.keptCount : law.vocabularySize)
  const children = law.top(most).map((id) => candidateOf(law, id, distribution))
  const whole = restOf(
    law,
    children.map(({tokenId}) => tokenId)
  )
  return {
    children,
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

function probOf(logprob: number): number {
  return Math.exp(logprob)
}
