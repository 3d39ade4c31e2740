import type {TreeNode, TreeResult, TreeTest, TreeTokenNode, TreeVerdict} from './tree.ts'

/** One test of a drafted token, as it happened. */
export interface DraftTest {
  /** As it stood after this test: a node that several paths share may be tested again. */
  readonly node: TreeTokenNode
  readonly test: TreeTest
}

/** A step of draft and verification, in the order in which it is told. */
export interface DraftStepView {
  readonly step: number
  /** As they were drafted, parents first. */
  readonly drafted: readonly TreeTokenNode[]
  readonly tests: readonly DraftTest[]
  /** The token of the model that follows what was accepted; null where nothing does. */
  readonly next: TreeTokenNode | null
  /** What it was drawn from, where drafts were rejected or none was there. */
  readonly nextFrom: TreeVerdict['residualTop']
}

export type FrameName = 'draft' | 'mask' | 'test' | 'residual' | 'commit'

/** Frames of a step: the draft, the mask, one a test, what is left where the last was rejected, the commit. */
export function frameCount(view: DraftStepView): number {
  return view.tests.length + (hasResidual(view) ? 4 : 3)
}

/** What a frame shows. */
export function frameName(view: DraftStepView, at: number): FrameName {
  if (at <= 0) return 'draft'
  if (at === 1) return 'mask'
  if (at < view.tests.length + 2) return 'test'
  return hasResidual(view) && at === view.tests.length + 2 ? 'residual' : 'commit'
}

/** The frame at which a part of the step begins; null where the step has no such part. */
export function frameOf(view: DraftStepView, name: FrameName): number | null {
  const at = ['draft', 'mask', 'test'].indexOf(name)
  if (name === 'test' && view.tests.length === 0) return null
  if (at >= 0) return at
  if (name === 'commit') return frameCount(view) - 1
  return hasResidual(view) ? view.tests.length + 2 : null
}

/** Whether the step ends with a token that is drawn from what its tests left. */
export function hasResidual({next, nextFrom}: DraftStepView): boolean {
  return next?.status === 'correction' && nextFrom.length > 0
}

/** Tests that have happened by a frame. */
export function testsBy(view: DraftStepView, at: number): number {
  return Math.max(0, Math.min(view.tests.length, at - 1))
}

/** The test that a frame shows; null in frames of another kind. */
export function testAt(view: DraftStepView, at: number): DraftTest | null {
  return frameName(view, at) === 'test' ? (view.tests[testsBy(view, at) - 1] ?? null) : null
}

/** A step of a run; null where there is none. */
export function draftStepView(
  {nodes, verdicts}: Pick<TreeResult, 'nodes' | 'verdicts'>,
  step: number
): DraftStepView | null {
  const own = nodes.filter(
    (node): node is TreeTokenNode => node.tokenId !== null && node.step === step
  )
  if (own.length === 0) return null
  const byId = new Map(own.map((node) => [node.id, node]))
  const isNext = ({status}: TreeTokenNode) => status === 'correction' || status === 'bonus'
  const of = verdicts.filter((verdict) => verdict.step === step)
  const tests = of
    .flatMap((verdict) => verdict.tests)
    .flatMap((test): DraftTest[] => {
      const node = byId.get(test.node)
      return node ? [{node: nodeAfter(node, test), test}] : []
    })
  return {
    step,
    drafted: own.filter((node) => !isNext(node)),
    tests,
    next: own.find(isNext) ?? null,
    nextFrom: of.at(-1)?.residualTop ?? [],
  }
}

/**
 * The nodes of a step as they are known at a frame. What is not tested yet is only drafted: nothing that the
 * model says of it is told before.
 */
export function nodesAtFrame(view: DraftStepView, at: number): TreeNode[] {
  if (frameName(view, at) === 'commit') return [...view.drafted, ...(view.next ? [view.next] : [])]
  const tested = new Map(
    view.tests.slice(0, testsBy(view, at)).map(({node}) => [node.id, node] as const)
  )
  return view.drafted.map((node) => tested.get(node.id) ?? {...node, ...UNTOLD, status: 'open'})
}

/** What nobody knows before the model has been asked. */
const UNTOLD = {
  ...{logprob: null, pathLogprob: null, rawLogprob: null, temperatureLogprob: null},
  ...{truncatedLogprob: null, targetProb: null, residualProb: null, acceptProb: null},
  ...{uniform: null, reachProb: null, cut: false},
} satisfies Partial<TreeTokenNode>

function nodeAfter(node: TreeTokenNode, test: TreeTest): TreeTokenNode {
  const {outcome, residualProb, acceptProb, uniform} = test
  return {...node, status: outcome, residualProb, acceptProb, uniform}
}

/**
 * The tree mask: which row may read which. Row and column 0 are the root, then nodes as drafted; a row reads
 * the root, its ancestors and itself. Each row lists the columns that it reads, ascending.
 */
export function treeMask({drafted}: DraftStepView): number[][] {
  const placeOf = new Map(drafted.map(({id}, i) => [id, i + 1]))
  const rows: number[][] = [[0]]
  for (const [i, {parent}] of drafted.entries()) {
    const above = parent === null ? 0 : (placeOf.get(parent) ?? 0)
    rows.push([...rows[above]!, i + 1])
  }
  return rows
}
