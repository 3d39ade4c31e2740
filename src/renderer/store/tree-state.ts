import type {Problem} from '../../shared/domain/problem.ts'
import type {Distribution} from '../../shared/lenses/next-tokens.ts'
import type {ContinuationStrategy, DraftStrategy, TreeResult} from '../../shared/lenses/tree.ts'
import type {NodeKey} from '../../shared/lenses/tree-edit.ts'
import type {RunId} from './state.ts'

/** How a tree of continuations is grown; what its strategy does not read is kept for those that do. */
export interface TreeGrowth {
  readonly strategy: ContinuationStrategy
  readonly nodes: number
  readonly depth: number
  readonly maxChildren: number
  readonly beams: number
  readonly lengthPenalty: number
  readonly samples: number
  /** 0 leaves no path out. */
  readonly jointThreshold: number
  readonly seed: number
}

/** The law that is shown beside the model's own; 0 tokens, mass 1 and share 0 cut nothing. */
export interface TreeLawChoice {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
}

/** How drafts are made and verified. */
export interface DraftChoice {
  readonly strategy: DraftStrategy
  /** A model, `self:LAYER`, or empty for the built-in one. */
  readonly draft: string
  /** The shape of a draft; what its strategy does not read is kept for those that do. */
  readonly nodes: number
  /** Children of each node, by level. */
  readonly branching: readonly number[]
  readonly width: number
  readonly paths: number
  readonly draftLength: number
  readonly draftThreshold: number
  readonly maxNewTokens: number
  readonly temperature: number
  readonly seed: number
}

/** What a person did to the tree of one run; nodes by their keys, so that it holds after it is grown again. */
export interface TreeMarks {
  readonly selected: NodeKey | null
  readonly collapsed: readonly NodeKey[]
  readonly pruned: readonly NodeKey[]
  readonly pinned: readonly NodeKey[]
  /** What was grown by hand, in order: see `tree-batches.ts`. */
  readonly opened: readonly string[]
}

/** Document. */
export interface TreeState {
  readonly treeGrowth: TreeGrowth
  readonly treeLaw: TreeLawChoice
  /** Which law the numbers are of. */
  readonly treeDistribution: Distribution
  readonly draftChoice: DraftChoice
  readonly treeMarks: Readonly<Record<RunId, TreeMarks>>
}

export type TreePhase =
  | {readonly kind: 'idle'}
  | {
      readonly kind: 'growing'
      readonly phase: string
      readonly done: number
      readonly total: number
      /** At most, at the pace so far; null before there is one. */
      readonly secondsLeft: number | null
    }
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem}

/** One strategy over all seeds, beside others. */
export interface ComparedStrategy {
  readonly name: string
  readonly strategy: DraftStrategy
  readonly draft: string
  readonly results: readonly TreeResult[]
  readonly problem: Problem | null
}

export interface DraftComparison {
  readonly runId: RunId
  readonly rows: readonly ComparedStrategy[]
  readonly done: number
  readonly total: number
  /** At the pace so far; null before there is one. */
  readonly secondsLeft: number | null
  readonly isRunning: boolean
}

/** Where the step player stands: a step of the draft, and how much of it is shown. */
export interface DraftPlace {
  readonly step: number
  /** 0 draft, 1 mask, then one a test, then commit; see `draft-player.ts`. */
  readonly at: number
}

/** Session. */
export interface TreeWorkState {
  /** By what is grown: `tree:RUN` or `draft:RUN`. */
  readonly treePhases: Readonly<Record<string, TreePhase>>
  /** Grows whenever any tree does. */
  readonly treeRevision: number
  readonly hoveredNode: {readonly runId: RunId; readonly id: number} | null
  /** By run. */
  readonly draftPlaces: Readonly<Record<RunId, DraftPlace>>
  readonly draftComparison: DraftComparison | null
}

export const TREE_LENS = 'tree'
export const DRAFT_VIEW = 'draft'

export const NO_MARKS: TreeMarks = {
  ...{selected: null, collapsed: [], pruned: [], pinned: [], opened: []},
}

export const initialTree: TreeState = {
  treeGrowth: {
    ...{strategy: 'best-first', nodes: 64, depth: 6, maxChildren: 4, beams: 4},
    ...{lengthPenalty: 1, samples: 16, jointThreshold: 0.001, seed: 0},
  },
  treeLaw: {temperature: 1, topK: 0, topP: 1, minP: 0},
  treeDistribution: 'raw',
  draftChoice: {
    ...{strategy: 'specinfer', draft: '', nodes: 16, branching: [3, 2, 1], width: 4, paths: 4},
    ...{draftLength: 4, draftThreshold: 0.06, maxNewTokens: 24, temperature: 1, seed: 0},
  },
  treeMarks: {},
}

export const initialTreeWork: TreeWorkState = {
  ...{treePhases: {}, treeRevision: 0, hoveredNode: null, draftPlaces: {}},
  draftComparison: null,
}
