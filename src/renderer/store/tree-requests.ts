import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import type {DraftStrategy, TreeLaw, TreeRequestInput} from '../../shared/lenses/tree.ts'
import type {DraftChoice, TreeGrowth, TreeLawChoice, TreeState} from './tree-state.ts'

/** The prompt of a run, without what was generated after it. */
export function promptOfRun(request: TokensRequest): TreeRequestInput {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial} = request
  const {truncate, completionIds} = request
  return {
    model,
    ...(file === undefined ? {} : {file}),
    ...(prompt === undefined ? {} : {prompt}),
    ...(messages === undefined ? {} : {messages}),
    ...(chat ? {chat} : {}),
    ...(noSpecialTokens ? {noSpecialTokens} : {}),
    ...(parseSpecial ? {parseSpecial} : {}),
    ...(truncate ? {truncate} : {}),
    ...(completionIds && completionIds.length > 0 ? {completionIds: [...completionIds]} : {}),
  }
}

/** The law as the engine is asked for it: what cuts nothing is left out. */
export function lawOfChoice({temperature, topK, topP, minP}: TreeLawChoice): TreeLaw {
  return {
    temperature,
    ...(topK > 0 ? {topK} : {}),
    ...(topP < 1 ? {topP} : {}),
    ...(minP > 0 ? {minP} : {}),
  }
}

/** Whether the tree's shape stays as it is when the law changes: its nodes are chosen by the model's own. */
export function isShapeOfModel({strategy}: TreeGrowth): boolean {
  return strategy === 'best-first'
}

/** Strategies that cut by a parameter of their own name have it set. */
const OWN_CUTS = {'top-k': {topK: 3}, 'top-p': {topP: 0.9}, 'min-p': {minP: 0.1}} as const

/** What is asked for a tree of continuations. */
export function growthRequest(
  request: TokensRequest,
  {treeGrowth, treeLaw, treeDistribution}: TreeState
): TreeRequestInput {
  const {strategy, nodes, depth, maxChildren, beams, lengthPenalty, samples} = treeGrowth
  const {jointThreshold, seed} = treeGrowth
  const law = lawOfChoice(treeLaw)
  const own = strategy in OWN_CUTS ? OWN_CUTS[strategy as keyof typeof OWN_CUTS] : {}
  const common = {
    ...promptOfRun(request),
    command: 'tree' as const,
    strategy,
    depth,
    ...own,
    ...law,
  }
  switch (strategy) {
    case 'best-first':
      return {
        ...{...common, nodes, maxChildren, distribution: 'raw'},
        ...(jointThreshold > 0 ? {jointThreshold} : {}),
      }
    case 'top-k':
    case 'top-p':
    case 'min-p':
      return {
        ...{...common, nodes, maxChildren},
        ...(jointThreshold > 0 ? {jointThreshold} : {}),
      }
    case 'beam':
      return {...common, beams, lengthPenalty, distribution: treeDistribution}
    case 'sbs':
      return {...common, beams, seed, distribution: treeDistribution}
    case 'sample':
      return {...common, samples, seed, distribution: treeDistribution}
  }
}

type DraftShapeName = 'nodes' | 'branching' | 'width' | 'paths' | 'draftLength' | 'draftThreshold'

/** What of the shape of a draft each strategy reads. */
export const DRAFT_SHAPES: Readonly<Record<DraftStrategy, readonly DraftShapeName[]>> = {
  chain: ['draftLength'],
  specinfer: ['branching'],
  dyspec: ['nodes'],
  'dyspec-threshold': ['nodes', 'draftThreshold'],
  'rsd-c': ['branching'],
  'rsd-s': ['width', 'draftLength'],
  spectr: ['paths', 'draftLength'],
  'token-recycling': ['nodes'],
  lookahead: ['nodes'],
}

/** What is asked for drafts. */
export function draftRequest(request: TokensRequest, choice: DraftChoice): TreeRequestInput {
  const {strategy, draft, maxNewTokens, temperature, seed} = choice
  const shape = Object.fromEntries(DRAFT_SHAPES[strategy].map((name) => [name, choice[name]]))
  return {
    ...{...promptOfRun(request), command: 'tree', strategy, maxNewTokens, temperature, seed},
    ...shape,
    ...(draft === '' ? {} : {draft}),
  }
}
