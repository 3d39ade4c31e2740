import type {DraftStrategy, TreeRequest} from '../../../shared/lenses/tree.ts'
import {draftDySpec, draftDySpecThreshold} from './draft-dyspec.ts'
import {draftIndependent, draftPathsMerged} from './draft-independent.ts'
import {draftLookahead} from './draft-lookahead.ts'
import {draftRsdConstant, draftRsdStochastic} from './draft-rsd.ts'
import type {DraftContext, DraftTree} from './draft-tree.ts'
import {kSeqRule} from './k-seq.ts'
import {LookaheadTrie} from './lookahead-trie.ts'
import {draftRecycled, RecycledCandidates} from './token-recycling.ts'
import {
  independentRule,
  lookUpRule,
  type VerifyRule,
  withoutReplacementRule,
} from './verify-rules.ts'

/** What the strategies read of a request, with its defaults filled in. */
export type DraftParameters = Pick<
  TreeRequest,
  | 'nodes'
  | 'depth'
  | 'width'
  | 'branching'
  | 'paths'
  | 'draftLength'
  | 'branchLength'
  | 'draftThreshold'
>

/** What was learnt from the text so far, by strategies that ask no draft model. */
export interface DraftMemory {
  readonly recycled: RecycledCandidates
  readonly trie: LookaheadTrie
}

export function createDraftMemory({branchLength = 12}: DraftParameters): DraftMemory {
  return {recycled: new RecycledCandidates(), trie: new LookaheadTrie(branchLength)}
}

/** Whether a strategy needs a model to draft with. */
export function needsDraftModel(strategy: DraftStrategy): boolean {
  return strategy !== 'token-recycling' && strategy !== 'lookahead'
}

/** Drafts the tree of one step. `ids` is the text so far, whose last token is the root. */
export async function draftStep(
  strategy: DraftStrategy,
  parameters: DraftParameters,
  context: DraftContext,
  {ids, memory}: {ids: readonly number[]; memory: DraftMemory}
): Promise<DraftTree> {
  const {
    nodes = 16,
    depth = 16,
    width = 4,
    branching = [2],
    paths = 4,
    draftLength = 4,
    branchLength = 12,
    draftThreshold = 0.06,
  } = parameters
  switch (strategy) {
    case 'chain':
      return draftIndependent(context, new Array<number>(draftLength).fill(1))
    case 'specinfer':
      return draftIndependent(context, branching)
    case 'dyspec':
      return draftDySpec(context, nodes)
    case 'dyspec-threshold':
      return draftDySpecThreshold(context, {
        ...{threshold: draftThreshold, maxNodes: nodes, maxDepth: depth},
      })
    case 'rsd-c':
      return draftRsdConstant(context, branching)
    case 'rsd-s':
      return draftRsdStochastic(context, {width, length: draftLength})
    case 'spectr':
      return draftPathsMerged(context, {pathCount: paths, length: draftLength})
    case 'token-recycling':
      return draftRecycled(context, memory.recycled, ids.at(-1)!, nodes)
    case 'lookahead':
      return draftLookahead(context, memory.trie, ids, {maxNodes: nodes, branchLength})
  }
}

/** How the draft of a strategy is verified. */
export function ruleOf(strategy: DraftStrategy): VerifyRule {
  switch (strategy) {
    case 'chain':
    case 'specinfer':
      return independentRule
    case 'dyspec':
    case 'dyspec-threshold':
    case 'rsd-c':
    case 'rsd-s':
      return withoutReplacementRule
    case 'spectr':
      return kSeqRule
    case 'token-recycling':
    case 'lookahead':
      return lookUpRule
  }
}
