import type {Distribution} from './next-tokens.ts'
import type {TreeRequest, TreeStrategy} from './tree.ts'

type Defaults = Partial<TreeRequest>

const CONTINUATION: Defaults = {nodes: 64, depth: 8, width: 16, maxChildren: 4}
const DRAFT: Defaults = {steps: 1000, maxNewTokens: 32}
/** Of draft trees: about sixteen nodes a step, so that strategies may stand side by side. */
const BY_STRATEGY: Readonly<Record<TreeStrategy, Defaults>> = {
  'best-first': CONTINUATION,
  'top-k': {...CONTINUATION, topK: 3, maxChildren: 3},
  'top-p': {...CONTINUATION, topP: 0.9, maxChildren: 16},
  'min-p': {...CONTINUATION, minP: 0.1, maxChildren: 16},
  beam: {depth: 8, beams: 4, lengthPenalty: 1},
  sbs: {depth: 8, beams: 4},
  sample: {depth: 8, samples: 16},
  chain: {...DRAFT, draftLength: 5},
  specinfer: {...DRAFT, branching: [3, 2, 1]},
  dyspec: {...DRAFT, nodes: 16},
  'dyspec-threshold': {...DRAFT, nodes: 64, depth: 16, draftThreshold: 0.06},
  'rsd-c': {...DRAFT, branching: [3, 2, 1]},
  'rsd-s': {...DRAFT, width: 4, draftLength: 4},
  spectr: {...DRAFT, paths: 4, draftLength: 4},
  'token-recycling': {...DRAFT, nodes: 80},
  lookahead: {...DRAFT, nodes: 64, branchLength: 12},
}

/** The request with what its strategy reads filled in. */
export function withTreeDefaults(request: TreeRequest): TreeRequest {
  const given = Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined)
  )
  return {...BY_STRATEGY[request.strategy], ...given} as TreeRequest
}

/** Which law a tree shows where its request does not say: what its parameters change. */
export function distributionOf({
  distribution,
  temperature,
  topK,
  topP,
  minP,
}: TreeRequest): Distribution {
  if (distribution) return distribution
  if (topK !== undefined || (topP ?? 1) < 1 || (minP ?? 0) > 0) return 'truncated'
  return temperature === 1 ? 'raw' : 'temperature'
}

/** Nodes that a draft of one step may have. */
export const MAX_DRAFT_NODES = 4096

/** Nodes of a draft whose every node has as many children as its level says. */
export function branchingNodeCount(branching: readonly number[]): number {
  let [level, sum] = [1, 0]
  for (const children of branching) {
    level *= children
    sum += level
  }
  return sum
}
