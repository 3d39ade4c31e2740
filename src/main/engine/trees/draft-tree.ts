import type {TreeOrigin} from '../../../shared/lenses/tree.ts'
import {keyUnder, type RandomKey} from './keyed-random.ts'
import type {Law} from './law.ts'

/** A token that a draft proposes. */
export interface DraftNode {
  /** Place of its parent in `nodes`; −1 is the root, the last committed token. */
  readonly parent: number
  /** 1 follows the root. */
  readonly depth: number
  readonly tokenId: number
  /** Among siblings, in the order in which they were drawn and will be tested. */
  readonly order: number
  readonly key: RandomKey
  /** Of the draft's law at the parent; of that law with earlier siblings removed; along the path. */
  readonly draftProb: number | null
  readonly usedProb: number | null
  readonly jointDraftProb: number | null
  /** What it was chosen by. */
  readonly value: number | null
  readonly perturbed: number | null
  /** Of drafted paths: which of them go through it. */
  readonly paths: readonly number[] | null
}

/** A draft of one step. Parents come before their children, siblings in the order of their tests. */
export interface DraftTree {
  readonly nodes: readonly DraftNode[]
  /** The law that a node's children were drawn from, by the node's place; −1 is the root. */
  readonly laws: ReadonlyMap<number, Law>
  readonly origin: TreeOrigin
  /** Runs of the draft model. */
  readonly callCount: number
}

/** What a draft is made from. */
export interface DraftContext {
  /** The draft's law after each path, which starts at the root, after temperature and truncation. */
  readonly lawsAfter: (paths: readonly (readonly number[])[]) => Promise<readonly Law[]>
  readonly isEnd: (tokenId: number) => boolean
  /** Nodes below are not drafted: nothing fits behind them. */
  readonly maxDepth: number
  /** Of the root in this step. */
  readonly key: RandomKey
}

/** Collects the nodes of a draft. */
export class DraftBuilder {
  readonly nodes: DraftNode[] = []
  readonly laws = new Map<number, Law>()
  callCount = 0
  private readonly childCounts = new Map<number, number>()

  constructor(private readonly context: DraftContext) {}

  keyOf(place: number): RandomKey {
    return place < 0 ? this.context.key : this.nodes[place]!.key
  }

  pathTo(place: number): readonly number[] {
    const path: number[] = []
    for (let at = place; at >= 0; at = this.nodes[at]!.parent) path.push(this.nodes[at]!.tokenId)
    return path.reverse()
  }

  depthOf(place: number): number {
    return place < 0 ? 0 : this.nodes[place]!.depth
  }

  jointOf(place: number): number {
    return place < 0 ? 1 : (this.nodes[place]!.jointDraftProb ?? 0)
  }

  /** Whether anything may be drafted after a node. */
  canExtend(place: number): boolean {
    if (this.depthOf(place) >= this.context.maxDepth) return false
    return place < 0 || !this.context.isEnd(this.nodes[place]!.tokenId)
  }

  /** Of nodes whose law is not known yet, in one call of the draft. */
  async computeLaws(places: readonly number[]): Promise<void> {
    const unknown = places.filter((place) => !this.laws.has(place))
    if (unknown.length === 0) return
    const laws = await this.context.lawsAfter(unknown.map((place) => this.pathTo(place)))
    this.callCount++
    for (const [i, place] of unknown.entries()) this.laws.set(place, laws[i]!)
  }

  /** Adds the next child of a node; returns its place. */
  add(
    parent: number,
    tokenId: number,
    facts: Partial<Pick<DraftNode, 'usedProb' | 'value' | 'perturbed' | 'paths'>> = {}
  ): number {
    const order = this.childCounts.get(parent) ?? 0
    this.childCounts.set(parent, order + 1)
    const draftProb = this.laws.get(parent)?.[tokenId] ?? null
    // Written out: this is called for every node of every step.
    const node: DraftNode = {
      parent,
      depth: this.depthOf(parent) + 1,
      tokenId,
      order,
      key: keyUnder(this.keyOf(parent), order),
      draftProb,
      usedProb: facts.usedProb ?? draftProb,
      jointDraftProb: draftProb === null ? null : this.jointOf(parent) * draftProb,
      value: facts.value ?? null,
      perturbed: facts.perturbed ?? null,
      paths: facts.paths ?? null,
    }
    return this.nodes.push(node) - 1
  }

  finish(origin: TreeOrigin): DraftTree {
    return {nodes: this.nodes, laws: this.laws, callCount: this.callCount, origin}
  }
}

/** The token ids from the root to each node of a draft. */
export function draftPaths(nodes: readonly DraftNode[]): number[][] {
  const paths: number[][] = []
  for (const {parent, tokenId} of nodes) {
    paths.push(parent < 0 ? [tokenId] : [...paths[parent]!, tokenId])
  }
  return paths
}
