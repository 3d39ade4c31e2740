import type {TreeNode, TreeResult, TreeTokenNode, TreeVerdict} from './tree.ts'

/** One test of a drafted token, as it happened. */
export interface DraftTest {
  readonly node: TreeTokenNode
  /** What the next sibling is tested against, where it was rejected: its likeliest tokens. */
  readonly residualTop: TreeVerdict['residualTop'] | null
}

/** A step of draft and verification, in the order in which it is told. */
export interface DraftStepView {
  readonly step: number
  /** As they were drafted, parents first. */
  readonly drafted: readonly TreeTokenNode[]
  readonly tests: readonly DraftTest[]
  /** The token of the model that follows what was accepted; null where nothing does. */
  readonly next: TreeTokenNode | null
  /** What it was drawn from, where drafts were rejected. */
  readonly nextFrom: TreeVerdict['residualTop']
}

/** Frames of a step: the draft, the mask, one a test, the commit. */
export function frameCount({tests}: DraftStepView): number {
  return tests.length + 3
}

/** What a frame shows. */
export function frameName(view: DraftStepView, at: number): 'draft' | 'mask' | 'test' | 'commit' {
  if (at <= 0) return 'draft'
  if (at === 1) return 'mask'
  return at < frameCount(view) - 1 ? 'test' : 'commit'
}

/** Tests that have happened by a frame. */
export function testsBy(view: DraftStepView, at: number): number {
  return Math.max(0, Math.min(view.tests.length, at - 1))
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
  const tests = of.flatMap(({tested, residuals}) =>
    tested.flatMap((id): DraftTest[] => {
      const node = byId.get(id)
      if (!node) return []
      return [{node, residualTop: residuals.find((one) => one.node === id)?.top ?? null}]
    })
  )
  return {
    step,
    drafted: own.filter((node) => !isNext(node)),
    tests,
    next: own.find(isNext) ?? null,
    nextFrom: of.at(-1)?.residualTop ?? [],
  }
}

/** The nodes of a step as they are known at a frame: what is not tested yet is only drafted. */
export function nodesAtFrame(view: DraftStepView, at: number): TreeNode[] {
  if (frameName(view, at) === 'commit') return [...view.drafted, ...(view.next ? [view.next] : [])]
  const tested = new Set(view.tests.slice(0, testsBy(view, at)).map(({node}) => node.id))
  return view.drafted.map((node) => (tested.has(node.id) ? node : {...node, status: 'open'}))
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
