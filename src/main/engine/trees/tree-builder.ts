import type {Distribution} from '../../../shared/lenses/next-tokens.ts'
import type {TreeRestNode, TreeTokenNode} from '../../../shared/lenses/tree.ts'
import type {BareTreeNode} from '../../../shared/lenses/tree-columns.ts'
import type {LawSource, ShapedLaw} from './law.ts'

type Changing<Facts> = {-readonly [Name in keyof Facts]: Facts[Name]}
export type BuiltToken = Changing<Omit<TreeTokenNode, 'bytesHex' | 'text'>>

/** What a tree of continuations is grown from. */
export interface GrowContext {
  readonly source: LawSource
  readonly shape: (logprobs: Float64Array) => ShapedLaw
  /** Which law decides: joint probabilities, scores and draws are under it. */
  readonly distribution: Distribution
  readonly isEnd: (tokenId: number) => boolean
  /** Nodes of this depth fill the context. */
  readonly maxDepth: number
  readonly seed: number
}

/** A token with its probabilities at one node, before it is part of a tree. */
export interface Candidate {
  readonly tokenId: number
  readonly rawLogprob: number
  readonly temperatureLogprob: number
  readonly truncatedLogprob: number
  readonly logprob: number
  readonly cut: boolean
}

export interface Rest {
  readonly raw: number
  readonly temperature: number
  readonly truncated: number
  readonly count: number
}

/** A tree of continuations as it grows: ids in order of coming, parents before children. */
export class TreeBuilder {
  readonly tokens = new Map<number, BuiltToken>()
  /** Nodes whose continuations were computed; those that the tree then did not need. */
  expandedCount = 0
  surplusCount = 0
  private nextId = 0
  private readonly changed = new Map<number, BareTreeNode>()

  constructor(readonly context: GrowContext) {}

  /** What is new or different since this was called last. */
  takeChanges(): BareTreeNode[] {
    const nodes = [...this.changed.values()].map((node) => ({...node}))
    this.changed.clear()
    return nodes
  }

  add(
    parent: number | null,
    order: number,
    candidate: Candidate,
    facts: Partial<Pick<BuiltToken, 'value' | 'perturbed' | 'visits' | 'status'>> = {}
  ): BuiltToken {
    const above = parent === null ? null : this.tokens.get(parent)!
    const depth = (above?.depth ?? 0) + 1
    const before = above ? (above.pathLogprob ?? Number.NEGATIVE_INFINITY) : 0
    const {tokenId, cut} = candidate
    // Written out, so that all nodes have one shape: there are many.
    const node: BuiltToken = {
      id: this.nextId++,
      step: 0,
      parent,
      depth,
      order,
      tokenId,
      cut,
      logprob: finite(candidate.logprob),
      pathLogprob: finite(before + candidate.logprob),
      rawLogprob: finite(candidate.rawLogprob),
      temperatureLogprob: finite(candidate.temperatureLogprob),
      truncatedLogprob: finite(candidate.truncatedLogprob),
      draftProb: null,
      usedProb: null,
      jointDraftProb: null,
      value: facts.value ?? null,
      perturbed: facts.perturbed ?? null,
      multiplicity: null,
      visits: facts.visits ?? null,
      targetProb: null,
      residualProb: null,
      acceptProb: null,
      uniform: null,
      reachProb: null,
      origin: 'model',
      status: facts.status ?? (this.endsAt(tokenId, depth) ? 'finished' : 'open'),
    }
    this.tokens.set(node.id, node)
    this.changed.set(node.id, node)
    return node
  }

  addRest(parent: number | null, rest: Rest): void {
    const {distribution} = this.context
    const node: TreeRestNode = {
      ...{id: this.nextId++, parent, tokenId: null, restProb: rest[distribution]},
      ...{rawRestProb: rest.raw, temperatureRestProb: rest.temperature},
      ...{truncatedRestProb: rest.truncated, restCount: rest.count},
    }
    this.changed.set(node.id, node)
  }

  change(node: BuiltToken, facts: Partial<Pick<BuiltToken, 'status' | 'visits' | 'value'>>): void {
    Object.assign(node, facts)
    this.changed.set(node.id, node)
  }

  expanded(parent: number | null): void {
    this.expandedCount++
    const node = parent === null ? null : this.tokens.get(parent)!
    if (node?.status === 'open') this.change(node, {status: 'expanded'})
  }

  /** Token ids from the root to a node. */
  pathTo(id: number | null): number[] {
    const path: number[] = []
    for (let at = id; at !== null; ) {
      const node = this.tokens.get(at)!
      path.push(node.tokenId)
      at = node.parent
    }
    return path.reverse()
  }

  /** Whether a token ends its text at this depth, or fills the context. */
  endsAt(tokenId: number, depth: number): boolean {
    const {isEnd, maxDepth} = this.context
    return isEnd(tokenId) || depth >= maxDepth
  }

  /** The shaped laws after some nodes, computed together. */
  lawsAfter(ids: readonly (number | null)[]): Promise<ShapedLaw[]> {
    return this.lawsAfterPaths(ids.map((id) => this.pathTo(id)))
  }

  /** The same after paths of token ids from the root, which need not be part of the tree. */
  async lawsAfterPaths(paths: readonly (readonly number[])[]): Promise<ShapedLaw[]> {
    const rows = await this.context.source.logprobsAfter(paths)
    return rows.map(this.context.shape)
  }
}

/** A token's probabilities in every distribution. */
export function candidateOf(
  law: ShapedLaw,
  tokenId: number,
  distribution: Distribution
): Candidate {
  return {
    tokenId,
    rawLogprob: law.logprob(tokenId, 'raw'),
    temperatureLogprob: law.logprob(tokenId, 'temperature'),
    truncatedLogprob: law.logprob(tokenId, 'truncated'),
    logprob: law.logprob(tokenId, distribution),
    cut: !law.isKept(tokenId),
  }
}

/** Everything else at a node: sums over the other tokens, so that a small rest keeps its digits. */
export function restOf(law: ShapedLaw, tokenIds: readonly number[]): Rest {
  const listed = new Set(tokenIds)
  return {...law.without(listed), count: law.vocabularySize - listed.size}
}

function finite(logprob: number): number | null {
  return Number.isFinite(logprob) ? logprob : null
}
