import {draftStepView, nodesAtFrame} from '../../shared/lenses/draft-player.ts'
import type {Distribution} from '../../shared/lenses/next-tokens.ts'
import type {TreeNode, TreeResult} from '../../shared/lenses/tree.ts'
import {type NodeKey, nodeKeys} from '../../shared/lenses/tree-edit.ts'
import {layoutTreeSpans, type TreeSpans} from '../../shared/lenses/tree-spans.ts'
import type {Captures} from './captures.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'
import {selectMarks, selectTreeSpec, shownResult, type TreeKind} from './tree.ts'
import type {DraftPlace, TreeMarks} from './tree-state.ts'

/** What a pane draws: nodes with their keys, laid out. */
export interface ShownTree {
  readonly kind: TreeKind
  readonly runId: RunId
  readonly result: TreeResult
  readonly isAsGrown: boolean
  readonly marks: TreeMarks
  readonly distribution: Distribution
  readonly spans: TreeSpans
  readonly keys: ReadonlyMap<number, NodeKey>
  readonly ids: ReadonlyMap<NodeKey, number>
  /** Of a draft: which of its steps is drawn. */
  readonly step: number
  /** And how much of that step: see `draft-player.ts`. */
  readonly at: number
}

const cache = new WeakMap<TreeResult, ShownTree>()

/** The tree that a pane draws; null while there is none. The same object as long as nothing of it changes. */
export function selectShownTree(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): ShownTree | null {
  const spec = selectTreeSpec(state, captures, pane)
  const tree = spec && captures.trees.peek(spec.slot)
  if (!spec || !tree) return null
  const runId = spec.run.id
  const marks = selectMarks(state, runId)
  const isDraft = spec.kind === 'draft'
  const result = isDraft ? tree.result : shownResult(tree, marks)
  const distribution = isDraft ? result.distribution : state.treeDistribution
  const {step, at} = isDraft ? selectDraftPlace(state, runId, result) : NO_PLACE
  const known = cache.get(result)
  const isSame =
    known &&
    known.runId === runId &&
    known.distribution === distribution &&
    known.step === step &&
    known.at === at &&
    known.marks === marks
  if (isSame) return known
  const keys = known?.keys ?? nodeKeys(result.nodes)
  const ids = known?.ids ?? new Map([...keys].map(([id, key]) => [key, id]))
  const idsOf = (list: readonly NodeKey[]) => new Set(list.flatMap((key) => ids.get(key) ?? []))
  const isLaidOut =
    known?.distribution === distribution &&
    (isDraft
      ? known.step === step && known.at === at
      : known.marks.collapsed === marks.collapsed && known.marks.pruned === marks.pruned)
  const spans = isLaidOut
    ? known.spans
    : isDraft
      ? layoutTreeSpans(nodesOfStep(result, step, at), {distribution})
      : layoutTreeSpans(result.nodes, {
          ...{distribution, collapsed: idsOf(marks.collapsed), pruned: idsOf(marks.pruned)},
        })
  const shown: ShownTree = {
    ...{kind: spec.kind, runId, result, marks, distribution, spans, keys, ids, step, at},
    isAsGrown: tree.isAsGrown && marks.opened.length === 0,
  }
  cache.set(result, shown)
  return shown
}

/** The frame at the end of a step. */
export const LAST_FRAME = 1_000_000
const NO_PLACE: DraftPlace = {step: 0, at: LAST_FRAME}

/** Where the player stands; the end of the first step where it was never moved. */
export function selectDraftPlace(
  {draftPlaces}: Pick<WorkbenchState, 'draftPlaces'>,
  runId: RunId,
  {stats, nodes}: TreeResult
): DraftPlace {
  const {step, at} = draftPlaces[runId] ?? NO_PLACE
  const last = stats
    ? stats.steps - 1
    : nodes.reduce((most, node) => Math.max(most, stepOfNode(node)), 0)
  return {step: Math.max(0, Math.min(last, step)), at}
}

function stepOfNode(node: TreeNode): number {
  return node.tokenId === null ? 0 : node.step
}

function nodesOfStep(result: TreeResult, step: number, at: number): TreeNode[] {
  const view = draftStepView(result, step)
  return view ? nodesAtFrame(view, at) : []
}

/** The node that is selected; null where none is, or where it is not drawn. */
export function selectedNode({marks, ids, result, spans, kind}: ShownTree): TreeNode | null {
  if (marks.selected === null) return null
  if (kind === 'draft') {
    const id = draftId(marks.selected)
    return id === null ? null : (spans.nodes.find(({node}) => node.id === id)?.node ?? null)
  }
  const id = ids.get(marks.selected)
  return id === undefined ? null : (result.nodes.find((node) => node.id === id) ?? null)
}

/** Of a draft nodes go by their numbers: the same token may be drafted twice. */
export function draftKey(id: number): NodeKey {
  return `#${id}`
}

function draftId(key: NodeKey): number | null {
  return key.startsWith('#') ? Number(key.slice(1)) : null
}

export function keyOfNode({kind, keys}: ShownTree, id: number): NodeKey {
  return kind === 'draft' ? draftKey(id) : keys.get(id)!
}

/** Place of a node among those that are drawn; null for what is not. */
export function placeOfId({spans}: ShownTree, id: number | null): number | null {
  if (id === null) return null
  return spans.nodes.find(({node}) => node.id === id)?.place ?? null
}
