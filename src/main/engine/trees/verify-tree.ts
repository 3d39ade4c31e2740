import type {TreeStatus} from '../../../shared/lenses/tree.ts'
import type {DraftNode, DraftTree} from './draft-tree.ts'
import {keyUnder, PURPOSE, type RandomKey, uniformOf} from './keyed-random.ts'
import {drawFrom, type Law} from './law.ts'
import type {DrawTests, VerifyRule} from './verify-rules.ts'

/** What a node of a draft came to. The numbers are of its last test: a merged node is tested once a path. */
export interface NodeOutcome {
  readonly status: Extract<TreeStatus, 'accepted' | 'rejected' | 'untested'>
  readonly targetProb: number | null
  readonly residualProb: number | null
  readonly acceptProb: number | null
  readonly uniform: number | null
  /** Probability of being accepted, given the drawn tree. */
  readonly reachProb: number
}

/** One test of a draw against the number that was drawn for it. */
export interface NodeTest {
  readonly place: number
  readonly residualProb: number
  readonly acceptProb: number
  readonly uniform: number
  readonly isAccepted: boolean
  /** What is left after its rejection; null where it was accepted or the rule does not say. */
  readonly residual: Law | null
}

/** What happened at one node: its children's tests, and the correction or bonus where none passed. */
export interface NodeVerdict {
  /** −1 is the root. */
  readonly place: number
  /** In order. A merged child is tested once for each path through it, until it is accepted. */
  readonly tests: readonly NodeTest[]
  readonly acceptedPlace: number | null
  /** What the last token of the step was drawn from; null where a child was accepted. */
  readonly residual: Law | null
}

export interface Verification {
  readonly outcomes: readonly NodeOutcome[]
  readonly verdicts: readonly NodeVerdict[]
  /** Places of the accepted nodes, from the root on. */
  readonly accepted: readonly number[]
  /** The token that follows them; null after an end of text and where the context is full. */
  readonly next: {
    readonly tokenId: number
    readonly isBonus: boolean
    readonly uniform: number
  } | null
  readonly endedBy: 'rejection' | 'leaf' | 'end' | 'limit'
}

export interface VerifyContext {
  /** The target's law after a node; −1 is the root. */
  readonly targetLaw: (place: number) => Law
  readonly rule: VerifyRule
  readonly isEnd: (tokenId: number) => boolean
  /** Nodes of this depth are leaves because nothing fits behind them. */
  readonly maxDepth: number
  readonly key: RandomKey
  /**
   * Draws the step's last token: by default from the residual, of a leaf from the target's law. Tests put
   * wrong ones here.
   */
  readonly correct?: (residual: Law, target: Law, uniform: number) => number
}

/** The draws at a node in the order of their tests: children, or the drafted paths through them. */
interface Draws {
  readonly children: readonly number[]
  /** Of each draw, the child that it is. */
  readonly places: readonly number[]
}

/**
 * Verifies a drafted tree from the root down: tests the children of the node in turn, goes on below the one
 * that is accepted, and ends with a correction drawn from the residual, or at a leaf with a bonus drawn from
 * the target.
 */
export function verifyTree(tree: DraftTree, context: VerifyContext): Verification {
  const {nodes} = tree
  const drawsAt = drawsOf(nodes)
  const known = new Map<number, DrawTests>()
  const outcomes = reachOf(tree, drawsAt, context, known)
  const verdicts: NodeVerdict[] = []
  const accepted: number[] = []
  const keyOf = (place: number) => (place < 0 ? context.key : nodes[place]!.key)
  const correct = context.correct ?? ((residual, _, uniform) => drawFrom(residual, uniform))
  for (let at = -1; ; ) {
    const target = context.targetLaw(at)
    const here = drawsAt.get(at)
    if (!here) {
      const uniform = uniformOf(keyUnder(keyOf(at), -1 - PURPOSE.bonus))
      const tokenId = drawFrom(target, uniform)
      const depth = at < 0 ? 0 : nodes[at]!.depth
      verdicts.push({
        ...{place: at, tests: [], acceptedPlace: null},
        residual: target,
      })
      const endedBy = depth >= context.maxDepth ? 'limit' : 'leaf'
      return {outcomes, verdicts, accepted, next: {tokenId, isBonus: true, uniform}, endedBy}
    }
    const {tests: draws, residual} = known.get(at)!
    const tests: NodeTest[] = []
    let found: number | null = null
    for (const [i, {residualProb, acceptProb, residual: left}] of draws.entries()) {
      const place = here.places[i]!
      const uniform = uniformOf(keyUnder(testKey(nodes[place]!), i))
      const isAccepted = uniform < acceptProb
      const facts = {residualProb, acceptProb, uniform}
      Object.assign(outcomes[place]!, facts, {status: isAccepted ? 'accepted' : 'rejected'})
      tests.push({place, ...facts, isAccepted, residual: isAccepted ? null : left})
      if (isAccepted) {
        found = place
        break
      }
    }
    verdicts.push({
      ...{place: at, tests, acceptedPlace: found},
      residual: found === null ? residual : null,
    })
    if (found === null) {
      const uniform = uniformOf(keyUnder(keyOf(at), -1 - PURPOSE.correct))
      const tokenId = correct(residual, target, uniform)
      const next = {tokenId, isBonus: false, uniform}
      return {outcomes, verdicts, accepted, next, endedBy: 'rejection'}
    }
    accepted.push(found)
    at = found
    if (context.isEnd(nodes[at]!.tokenId)) {
      return {outcomes, verdicts, accepted, next: null, endedBy: 'end'}
    }
  }
}

type Changing<Facts> = {-readonly [Name in keyof Facts]: Facts[Name]}

function testKey({key}: DraftNode): RandomKey {
  return keyUnder(key, -1 - PURPOSE.accept)
}

function testsAt(
  {nodes, laws}: DraftTree,
  {places}: Draws,
  at: number,
  {targetLaw, rule}: VerifyContext
) {
  const tokens = places.map((place) => nodes[place]!.tokenId)
  return rule(targetLaw(at), laws.get(at) ?? null, tokens)
}

/** By parent: the draws in order. Drafted paths are draws of their own, in the order of their numbers. */
function drawsOf(nodes: readonly DraftNode[]): Map<number, Draws> {
  const children = new Map<number, number[]>()
  for (const [place, {parent}] of nodes.entries()) {
    const siblings = children.get(parent)
    if (siblings) siblings.push(place)
    else children.set(parent, [place])
  }
  const draws = new Map<number, Draws>()
  for (const [parent, siblings] of children) {
    siblings.sort((a, b) => nodes[a]!.order - nodes[b]!.order)
    const byPath = siblings.flatMap((place) =>
      (nodes[place]!.paths ?? []).map((path) => ({path, place}))
    )
    byPath.sort((a, b) => a.path - b.path)
    const places = byPath.length > 0 ? byPath.map(({place}) => place) : siblings
    draws.set(parent, {children: siblings, places})
  }
  return draws
}

/**
 * Every node as yet untested, with its probability of being accepted: exact, given the tree. The tests at each
 * node go to `known`.
 */
function reachOf(
  tree: DraftTree,
  draws: ReadonlyMap<number, Draws>,
  context: VerifyContext,
  known: Map<number, DrawTests>
): Changing<NodeOutcome>[] {
  const {nodes} = tree
  const outcomes = nodes.map(
    (): Changing<NodeOutcome> => ({
      status: 'untested',
      targetProb: null,
      residualProb: null,
      acceptProb: null,
      uniform: null,
      reachProb: 0,
    })
  )
  // Parents come first, so that their own chance is known.
  for (const at of [-1, ...nodes.keys()]) {
    const here = draws.get(at)
    if (!here) continue
    const reached = at < 0 ? 1 : outcomes[at]!.reachProb
    const target = context.targetLaw(at)
    const found = testsAt(tree, here, at, context)
    known.set(at, found)
    const {tests} = found
    let left = reached
    const chances = new Map<number, number>()
    for (const [i, {acceptProb}] of tests.entries()) {
      const place = here.places[i]!
      chances.set(place, (chances.get(place) ?? 0) + left * acceptProb)
      left *= 1 - acceptProb
    }
    for (const place of here.children) {
      const outcome = outcomes[place]!
      outcome.targetProb = target[nodes[place]!.tokenId]!
      outcome.reachProb = chances.get(place) ?? 0
    }
  }
  return outcomes
}
