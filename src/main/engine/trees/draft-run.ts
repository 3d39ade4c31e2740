import type {DraftStrategy, TreeLaw} from '../../../shared/lenses/tree.ts'
import {
  createDraftMemory,
  type DraftMemory,
  type DraftParameters,
  draftStep,
  ruleOf,
} from './draft-strategy.ts'
import {type DraftTree, draftPaths} from './draft-tree.ts'
import {keyUnder} from './keyed-random.ts'
import {type Law, type LawSource, processedLaw} from './law.ts'
import type {VerifyRule} from './verify-rules.ts'
import {type Verification, verifyTree} from './verify-tree.ts'

/** A model as drafts use it: paths start behind the prompt. */
export interface DraftingModel extends LawSource {
  /** Of what is kept, only these paths are needed from now on. */
  retain?(paths: readonly (readonly number[])[]): void
}

export interface DraftRunOptions {
  readonly strategy: DraftStrategy
  readonly parameters: DraftParameters
  readonly target: DraftingModel
  readonly targetLaw: TreeLaw
  /** Absent where the strategy asks no model. */
  readonly draft: DraftingModel | null
  readonly draftLaw: TreeLaw
  /** The text, whose last token is the first root. */
  readonly promptIds: readonly number[]
  readonly isEnd: (tokenId: number) => boolean
  /** What the model's texts begin with; absent where they begin with nothing of their own. */
  readonly beginId?: number | null
  readonly contextLength: number
  readonly maxNewTokens: number
  readonly maxSteps: number
  readonly seed: number
  /** What is known before the first step: candidates that the prompt gave. */
  readonly memory?: DraftMemory
  /** Another rule or another draft than the strategy's own, for tests of what goes wrong. */
  readonly rule?: VerifyRule
  readonly lawOf?: (logprobs: Float64Array, law: TreeLaw) => Law
  readonly changeDraft?: (tree: DraftTree) => DraftTree
  readonly correct?: (residual: Law, target: Law, uniform: number) => number
}

/** One step, first as it was drafted, then as it was verified. */
export type DraftRunEvent =
  | {readonly kind: 'drafted'; readonly step: number; readonly tree: DraftTree}
  | {
      readonly kind: 'verified'
      readonly step: number
      readonly tree: DraftTree
      readonly verification: Verification
      /** What the target predicts after the root and after each node, at temperature 1. */
      readonly rows: readonly Float64Array[]
      /** What was committed: the accepted drafts and what follows them. */
      readonly ids: readonly number[]
      /** Runs of the target and of the draft that the step took; the prompt's own are not counted. */
      readonly targetCalls: number
      readonly draftCalls: number
    }

/**
 * Speculative decoding step by step: draft a tree, run the target once over it, commit what is accepted and
 * one token more. Whatever the draft, the text follows the target's law. Ends after so many tokens or steps,
 * an end of the text, or a full context.
 */
export async function* runDrafts(
  options: DraftRunOptions
): AsyncGenerator<DraftRunEvent, void, undefined> {
  const {strategy, parameters, target, draft, isEnd, promptIds} = options
  const memory = options.memory ?? createDraftMemory(parameters)
  const learner = strategy === 'lookahead' ? new TextLearner(memory, options) : null
  const rule = options.rule ?? ruleOf(strategy)
  const lawOf = options.lawOf ?? processedLaw
  const committed: number[] = []
  for (let step = 0; step < options.maxSteps; step++) {
    const room =
      Math.min(options.maxNewTokens, options.contextLength - promptIds.length) - committed.length
    if (room <= 0) return
    const key = keyUnder(keyUnder(options.seed, 0), step)
    const context = {
      ...{isEnd, key, maxDepth: room - 1},
      async lawsAfter(paths: readonly (readonly number[])[]) {
        const laws = await draft!.logprobsAfter(paths.map((path) => [...committed, ...path]))
        return laws.map((law) => lawOf(law, options.draftLaw))
      },
    }
    const ids = [...promptIds, ...committed]
    const drawn = await draftStep(strategy, parameters, context, {ids, memory})
    const tree = options.changeDraft?.(drawn) ?? drawn
    yield {kind: 'drafted', step, tree}

    const paths = [[], ...draftPaths(tree.nodes)]
    const rows = await target.logprobsAfter(paths.map((path) => [...committed, ...path]))
    const laws = rows.map((row) => lawOf(row, options.targetLaw))
    const verification = verifyTree(tree, {
      ...{rule, isEnd, key, maxDepth: room - 1},
      targetLaw: (place) => laws[place + 1]!,
      ...(options.correct ? {correct: options.correct} : {}),
    })
    if (strategy === 'token-recycling') recycle(memory, ids.at(-1)!, tree, verification, rows)
    const accepted = verification.accepted.map((place) => tree.nodes[place]!.tokenId)
    const next = verification.next ? [verification.next.tokenId] : []
    committed.push(...accepted, ...next)
    learner?.learn([...promptIds, ...committed])
    // What is committed but for its last token, which was never run, is all that later steps build on.
    target.retain?.([committed])
    draft?.retain?.([committed])
    yield {
      ...{kind: 'verified', step, tree, verification, rows, ids: [...accepted, ...next]},
      targetCalls: step > 0 || tree.nodes.length > 0 ? 1 : 0,
      draftCalls: Math.max(0, tree.callCount - (step === 0 ? 1 : 0)),
    }
    if (committed.length > 0 && isEnd(committed.at(-1)!)) return
  }
}

/** Every token that the target saw tells what it predicts next; of equal tokens the accepted one last. */
function recycle(
  {recycled}: DraftMemory,
  rootTokenId: number,
  {nodes}: DraftTree,
  {accepted}: Verification,
  rows: readonly Float64Array[]
): void {
  recycled.record(rootTokenId, rows[0]!)
  const isAccepted = new Set(accepted)
  for (const [place, {tokenId}] of nodes.entries()) {
    if (!isAccepted.has(place)) recycled.record(tokenId, rows[place + 1]!)
  }
  for (const place of accepted) recycled.record(nodes[place]!.tokenId, rows[place + 1]!)
}

/** Puts text into the trie as it comes: the prompt at once, what follows once enough stands behind it. */
class TextLearner {
  private learntCount: number
  private readonly reach: number

  constructor(
    private readonly memory: DraftMemory,
    private readonly options: Pick<
      DraftRunOptions,
      'parameters' | 'promptIds' | 'isEnd' | 'beginId'
    >
  ) {
    const {parameters, promptIds, isEnd, beginId = null} = options
    const {branchLength = 12} = parameters
    this.reach = branchLength + 1
    this.learntCount = promptIds.length
    // The begin token says nothing of what follows it elsewhere, and what is behind an end is another text.
    const from = promptIds[0] === beginId ? 1 : 0
    const end = promptIds.findIndex((id, at) => at >= from && isEnd(id))
    const ids = promptIds.slice(from, end < 0 ? promptIds.length : end)
    memory.trie.insert(ids, 'prompt', {isStop: isEnd})
  }

  learn(ids: readonly number[]): void {
    const to = ids.length - this.reach
    if (to <= this.learntCount) return
    this.memory.trie.insert(ids, 'output', {
      ...{isStop: this.options.isEnd, from: this.learntCount, to},
    })
    this.memory.trie.prune()
    this.learntCount = to
  }
}
