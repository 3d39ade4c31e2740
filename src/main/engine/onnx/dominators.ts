import {contentInputs} from './data-flow.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'

/**
 * Immediate dominators of the part of a graph that lies between roots and one target: the node through
 * which everything passes on its way from the roots to a node. Null is the common root above the roots.
 * Takes time n log n in the nodes.
 */
export class DominatorTree {
  private readonly parents = new Map<OnnxNode, OnnxNode | null>()
  private readonly depths = new Map<OnnxNode, number>()
  /** An ancestor further up, so that a walk of n steps takes log n (Myers 1983, skew-binary jumps). */
  private readonly jumps = new Map<OnnxNode, OnnxNode | null>()

  /** `roots` must make their content of nothing that flows from other roots. */
  constructor(index: GraphIndex, roots: readonly OnnxNode[], target: OnnxNode) {
    const isWanted = ancestorsOf(index, target)
    const isRoot = new Set(roots)
    for (const node of index.nodes) {
      if (!isWanted.has(node)) continue
      if (isRoot.has(node)) {
        this.add(node, null)
        continue
      }
      let parent: OnnxNode | null | undefined
      for (const input of contentInputs(index, node)) {
        const producer = index.producerOf(input)
        if (!producer || !this.parents.has(producer)) continue
        parent = parent === undefined ? producer : this.common(parent, producer)
      }
      if (parent !== undefined) this.add(node, parent)
    }
  }

  /** Whether content flows from a root through this node to the target. */
  has(node: OnnxNode): boolean {
    return this.parents.has(node)
  }

  /** The nodes that everything passes on its way to this one, itself included, from the roots on. */
  chainTo(node: OnnxNode): OnnxNode[] {
    const chain: OnnxNode[] = []
    let at: OnnxNode | null = this.parents.has(node) ? node : null
    for (; at; at = this.parents.get(at) ?? null) chain.push(at)
    return chain.reverse()
  }

  /** The last node that everything passes on its way to both; null where they meet only at the roots. */
  common(a: OnnxNode | null, b: OnnxNode | null): OnnxNode | null {
    if (a === null || b === null) return null
    let left: OnnxNode | null = this.raise(a, this.depth(b))
    let right: OnnxNode | null = this.raise(b, this.depth(a))
    while (left !== right) {
      const leftJump = this.jumpOf(left)
      const rightJump = this.jumpOf(right)
      if (leftJump !== rightJump) {
        left = leftJump
        right = rightJump
      } else {
        left = this.parentOf(left)
        right = this.parentOf(right)
      }
    }
    return left
  }

  private add(node: OnnxNode, parent: OnnxNode | null): void {
    this.parents.set(node, parent)
    this.depths.set(node, this.depth(parent) + 1)
    const jump = this.jumpOf(parent)
    const isEven =
      this.depth(parent) - this.depth(jump) === this.depth(jump) - this.depth(this.jumpOf(jump))
    this.jumps.set(node, parent !== null && isEven ? this.jumpOf(jump) : parent)
  }

  private raise(node: OnnxNode, depth: number): OnnxNode | null {
    let at: OnnxNode | null = node
    while (at !== null && this.depth(at) > depth) {
      const jump = this.jumpOf(at)
      at = this.depth(jump) >= depth ? jump : this.parentOf(at)
    }
    return at
  }

  private depth(node: OnnxNode | null): number {
    return node === null ? 0 : (this.depths.get(node) ?? 0)
  }

  private parentOf(node: OnnxNode | null): OnnxNode | null {
    return node === null ? null : (this.parents.get(node) ?? null)
  }

  private jumpOf(node: OnnxNode | null): OnnxNode | null {
    return node === null ? null : (this.jumps.get(node) ?? null)
  }
}

/** The nodes whose content flows into a node, itself included. */
export function ancestorsOf(index: GraphIndex, node: OnnxNode): Set<OnnxNode> {
  const found = new Set([node])
  const waiting = [node]
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    for (const input of contentInputs(index, at)) {
      const producer = index.producerOf(input)
      if (producer && !found.has(producer)) {
        found.add(producer)
        waiting.push(producer)
      }
    }
  }
  return found
}

/** The nodes that the content of some tensors flows into. */
export function descendantsOf(index: GraphIndex, tensors: readonly string[]): Set<OnnxNode> {
  const found = new Set<OnnxNode>()
  const waiting = [...tensors]
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    for (const node of index.consumersOf(tensor)) {
      if (found.has(node) || !contentInputs(index, node).includes(tensor)) continue
      found.add(node)
      waiting.push(...node.output)
    }
  }
  return found
}
