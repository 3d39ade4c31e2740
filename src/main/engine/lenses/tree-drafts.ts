import type {Distribution} from '../../../shared/lenses/next-tokens.ts'
import type {
  TreeLaw,
  TreeOrigin,
  TreeStatus,
  TreeTest,
  TreeTokenNode,
  TreeVerdict,
} from '../../../shared/lenses/tree.ts'
import type {BareTreeNode} from '../../../shared/lenses/tree-columns.ts'
import type {DraftRunEvent} from '../trees/draft-run.ts'
import type {DraftNode, DraftTree} from '../trees/draft-tree.ts'
import {type Law, type ShapedLaw, shapeLaw} from '../trees/law.ts'
import {topIds} from '../trees/top-ids.ts'

type BareToken = Omit<TreeTokenNode, 'bytesHex' | 'text'>
type Verified = Extract<DraftRunEvent, {kind: 'verified'}>

/** Rows of a residual that a verdict lists. */
const RESIDUAL_TOP = 8

/** Turns the steps of a draft run into nodes and verdicts of one tree: each step hangs on the last token of the one before. */
export class DraftRecorder {
  private nextId = 0
  private rootId: number | null = null
  private ids: readonly number[] = []

  constructor(
    private readonly law: TreeLaw,
    private readonly distribution: Distribution,
    private readonly origin: TreeOrigin | null
  ) {}

  /** The nodes of a step as they were drafted. */
  drafted(step: number, tree: DraftTree): BareTreeNode[] {
    this.ids = tree.nodes.map(() => this.nextId++)
    return tree.nodes.map((node, place) => this.nodeOf(step, tree, node, this.ids[place]!))
  }

  /** The same nodes with what became of them, and the token that follows the accepted ones. */
  verified({step, tree, verification, rows}: Verified): {
    nodes: BareTreeNode[]
    verdicts: TreeVerdict[]
  } {
    const laws = new Map<number, ShapedLaw>()
    const lawAt = (place: number) => {
      const known = laws.get(place) ?? shapeLaw(rows[place + 1]!, this.law)
      laws.set(place, known)
      return known
    }
    const paths: number[] = []
    const nodes = tree.nodes.map((node, place): BareToken => {
      const outcome = verification.outcomes[place]!
      const probs = this.probsOf(lawAt(node.parent), node.tokenId)
      const before = node.parent < 0 ? 0 : paths[node.parent]!
      paths.push(before + (probs.logprob ?? Number.NEGATIVE_INFINITY))
      return {
        ...this.nodeOf(step, tree, node, this.ids[place]!),
        ...{...probs, ...outcome, pathLogprob: finite(paths[place]!)},
      }
    })
    const {next, accepted} = verification
    const last = accepted.at(-1) ?? -1
    const parentId = last < 0 ? this.rootId : this.ids[last]!
    if (next) {
      const probs = this.probsOf(lawAt(last), next.tokenId)
      const before = last < 0 ? 0 : paths[last]!
      const siblings = tree.nodes.filter(({parent}) => parent === last)
      nodes.push({
        ...this.emptyNode(step, next.isBonus ? 'bonus' : 'correction'),
        ...{id: this.nextId++, parent: parentId, tokenId: next.tokenId, order: siblings.length},
        ...{depth: (last < 0 ? 0 : tree.nodes[last]!.depth) + 1, ...probs},
        pathLogprob: finite(before + (probs.logprob ?? Number.NEGATIVE_INFINITY)),
        ...{targetProb: lawAt(last).drawnProb(next.tokenId), uniform: next.uniform},
        residualProb: verification.verdicts.at(-1)?.residual?.[next.tokenId] ?? null,
      })
    }
    const verdicts = verification.verdicts.map((verdict): TreeVerdict => {
      const {place, tests, acceptedPlace, residual} = verdict
      const isLast = acceptedPlace === null
      return {
        step,
        node: place < 0 ? this.rootId : this.ids[place]!,
        tested: tests.map((test) => this.ids[test.place]!),
        tests: tests.map((test): TreeTest => {
          const {residualProb, acceptProb, uniform, isAccepted} = test
          return {
            ...{node: this.ids[test.place]!, residualProb, acceptProb, uniform},
            outcome: isAccepted ? 'accepted' : 'rejected',
            residualTop: test.residual ? topOf(test.residual) : [],
          }
        }),
        residualTop: residual ? topOf(residual) : [],
        correctionId: isLast ? (next?.tokenId ?? null) : null,
      }
    })
    this.rootId = nodes.at(-1)?.id ?? this.rootId
    if (!next && last >= 0) this.rootId = this.ids[last]!
    return {nodes, verdicts}
  }

  private probsOf(law: ShapedLaw, tokenId: number) {
    return {
      rawLogprob: finite(law.logprob(tokenId, 'raw')),
      temperatureLogprob: finite(law.logprob(tokenId, 'temperature')),
      truncatedLogprob: finite(law.logprob(tokenId, 'truncated')),
      logprob: finite(law.logprob(tokenId, this.distribution)),
      cut: !law.isKept(tokenId),
    }
  }

  private nodeOf(step: number, tree: DraftTree, node: DraftNode, id: number): BareToken {
    const {parent, depth, order, tokenId, draftProb, usedProb, jointDraftProb, value} = node
    return {
      ...this.emptyNode(step, 'open'),
      ...{id, depth, order, tokenId, draftProb, usedProb, jointDraftProb, value},
      parent: parent < 0 ? this.rootId : this.ids[parent]!,
      perturbed: node.perturbed,
      multiplicity: node.paths?.length ?? null,
      origin: this.origin ?? tree.origin,
    }
  }

  private emptyNode(step: number, status: TreeStatus): BareToken {
    return {
      ...{id: 0, step, parent: null, depth: 1, order: 0, tokenId: 0, cut: false},
      ...{logprob: null, pathLogprob: null, rawLogprob: null, temperatureLogprob: null},
      ...{truncatedLogprob: null, draftProb: null, usedProb: null, jointDraftProb: null},
      ...{value: null, perturbed: null, multiplicity: null, visits: null, targetProb: null},
      ...{residualProb: null, acceptProb: null, uniform: null, reachProb: null},
      ...{origin: 'model', status},
    }
  }
}

function topOf(law: Law): {id: number; prob: number}[] {
  return topIds(law, RESIDUAL_TOP).flatMap((id) => (law[id]! > 0 ? [{id, prob: law[id]!}] : []))
}

function finite(logprob: number): number | null {
  return Number.isFinite(logprob) ? logprob : null
}
