import {foldTreeEvent, startTreeRun, treeResultOf} from '../../shared/lenses/assemble-tree.ts'
import {
  type TreeExpansion,
  type TreeRequestInput,
  type TreeResult,
  treeRequestSchema,
} from '../../shared/lenses/tree.ts'
import {
  nodeKeys,
  pathOfKey,
  underLaw,
  withChildren,
  withoutNodes,
} from '../../shared/lenses/tree-edit.ts'
import {secondsLeftAt} from '../../shared/math/seconds-left.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import type {PaneIndex, RunId, RunRecord, WorkbenchState} from './state.ts'
import {handMade, idOfKey, readBatch} from './tree-batches.ts'
import {draftRequest, growthRequest, isShapeOfModel, lawOfChoice} from './tree-requests.ts'
import {DRAFT_VIEW, NO_MARKS, TREE_LENS, type TreeMarks, type TreePhase} from './tree-state.ts'

/** A tree that the page holds, out of reactive state. */
export interface PageTree {
  /** What it was asked with: growth, and the law that its numbers are under. */
  readonly growthKey: string
  readonly lawKey: string
  readonly result: TreeResult
  /** Nodes that were grown by hand: what of the document's `opened` they came with. */
  readonly batches: ReadonlyMap<number, string>
  /** Batches that are there. */
  readonly done: ReadonlySet<string>
  /** The law has changed since it was grown, or it was opened from a file. */
  readonly isAsGrown: boolean
}

export type TreeKind = 'tree' | 'draft'

/** What a pane shows: a tree or drafts of a run; null where it shows neither. */
export interface TreeSpec {
  readonly kind: TreeKind
  readonly run: RunRecord
  readonly slot: string
  readonly request: TreeRequestInput
  readonly growthKey: string
  readonly lawKey: string
}

export function slotOf(kind: TreeKind, runId: RunId): string {
  return `${kind}:${runId}`
}

/** The tree that a pane wants; null while it shows something else, or its run has no tokens. */
export function selectTreeSpec(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): TreeSpec | null {
  if (!state.panes[pane]) return null
  const {lensId, view, runId} = selectPane(state, pane)
  if (lensId !== TREE_LENS || runId === null) return null
  const run = selectRun(state, runId)
  const data = captures.runs.peek(runId)
  if (!run || !data || data.tokens.length === 0 || run.phase.kind === 'running') return null
  return specOfRun(state, run, view === DRAFT_VIEW ? 'draft' : 'tree')
}

/** What is asked for the tree or the drafts of a run, as things are set; its tokens may still be missing. */
function specOfRun(state: WorkbenchState, run: RunRecord, kind: TreeKind): TreeSpec {
  const request =
    kind === 'draft'
      ? draftRequest(run.request, state.draftChoice)
      : growthRequest(run.request, state)
  const law = lawOfChoice(state.treeLaw)
  const isFree = kind === 'tree' && isShapeOfModel(state.treeGrowth)
  const {temperature: _, topK: __, topP: ___, minP: ____, ...shape} = request
  return {
    ...{kind, run, request, slot: slotOf(kind, run.id)},
    growthKey: JSON.stringify(isFree ? shape : request),
    lawKey: isFree ? JSON.stringify(law) : '',
  }
}

export function selectMarks(
  {treeMarks}: Pick<WorkbenchState, 'treeMarks'>,
  runId: RunId | null
): TreeMarks {
  return (runId === null ? undefined : treeMarks[runId]) ?? NO_MARKS
}

const shownTrees = new WeakMap<PageTree, {opened: readonly string[]; result: TreeResult}>()

/** The tree with what is opened in the document, and without what was taken back. */
export function shownResult(tree: PageTree, marks: TreeMarks): TreeResult {
  const known = shownTrees.get(tree)
  if (known && known.opened === marks.opened) return known.result
  const opened = new Set(marks.opened)
  const hidden = new Set(
    [...tree.batches].flatMap(([id, batch]) => (opened.has(batch) ? [] : [id]))
  )
  const result = withoutNodes(tree.result, hidden)
  shownTrees.set(tree, {opened: marks.opened, result})
  return result
}

export interface TreeActions {
  /** Keeps the trees that are shown in step with run, settings and law. */
  watchTrees(): void
  /** Ends the growth that a pane waits for; what is there stays. */
  cancelTree(pane: PaneIndex): void
  /** The same by what is grown: a key of `treePhases`. */
  cancelGrowing(slot: string): void
  /** Grows once more: after it was cancelled or failed, or under the law as it is now. */
  growAgain(pane: PaneIndex): void
  /** Takes a tree as that of a run, as if it had been grown with what is set now: nothing is grown over it. */
  putTree(runId: RunId, result: TreeResult): void
  /** Has something grown by hand; resolves once it is there. */
  growBatch(runId: RunId, batch: string): Promise<void>
}

/** Paths that are expanded in one call. */
const MOST_PATHS = 64
const FRAME_MS = 60

export function createTreeActions(context: StoreContext): TreeActions {
  const {store, set, captures, client, deps} = context
  const aborts = new Map<string, {readonly key: string; readonly abort: AbortController}>()
  const refused = new Map<string, string>()
  const wantedKey = (spec: TreeSpec) => `${spec.growthKey} ${spec.lawKey}`

  const setPhase = (slot: string, phase: TreePhase) =>
    set(({treePhases, treeRevision}) => ({
      treePhases: {...treePhases, [slot]: phase},
      treeRevision: treeRevision + 1,
    }))
  const keep = (slot: string, tree: PageTree) => {
    captures.trees.set(slot, tree)
    set(({treeRevision}) => ({treeRevision: treeRevision + 1}))
  }

  const work = async (spec: TreeSpec, run: (signal: AbortSignal) => Promise<void>) => {
    const {slot} = spec
    const abort = new AbortController()
    const own = {key: wantedKey(spec), abort}
    aborts.get(slot)?.abort.abort()
    aborts.set(slot, own)
    setPhase(slot, {kind: 'growing', phase: 'prompt', done: 0, total: 0, secondsLeft: null})
    try {
      await run(abort.signal)
      if (aborts.get(slot) !== own) return
      aborts.delete(slot)
      setPhase(slot, {kind: 'idle'})
      if (spec.kind === 'tree') void openBatches(spec.run.id)
    } catch (error) {
      if (aborts.get(slot) !== own) return
      aborts.delete(slot)
      refused.set(slot, own.key)
      const isCancelled = abort.signal.aborted || isCancellation(error)
      setPhase(
        slot,
        isCancelled ? {kind: 'cancelled'} : {kind: 'failed', problem: shownProblem(error)}
      )
    }
  }

  const grow = (spec: TreeSpec) =>
    work(spec, async (signal) => {
      const {slot, growthKey, lawKey} = spec
      const run = startTreeRun(treeRequestSchema.parse(spec.request))
      const kept = (status: TreeResult['status']) => {
        const result = treeResultOf(run, status)
        if (!result) return
        keep(slot, {
          ...{growthKey, lawKey, result},
          batches: new Map(),
          done: new Set(),
          isAsGrown: true,
        })
      }
      let shownAt = deps.now()
      let pace = {phase: '', from: shownAt}
      const events = await client.trees.run(run.request, {signal})
      try {
        for await (const event of events) {
          if (signal.aborted) return
          foldTreeEvent(run, event)
          if (event.kind === 'progress') {
            const {phase, done, total} = event
            if (phase !== pace.phase) pace = {phase, from: deps.now()}
            const secondsLeft = event.secondsLeft ?? secondsLeftAt(deps.now() - pace.from, event)
            setPhase(slot, {kind: 'growing', phase, done, total, secondsLeft})
          }
          // The tree as it grows, but not at every node of it.
          if (event.kind === 'nodes' && deps.now() - shownAt > FRAME_MS) {
            kept('cancelled')
            shownAt = deps.now()
          }
        }
        kept('completed')
      } catch (error) {
        if (run.nodes.size > 0) kept('cancelled')
        throw error
      }
    })

  const changeLaw = (spec: TreeSpec) =>
    work(spec, async (signal) => {
      // What is grown by hand meanwhile has the numbers of before, so that it is asked for again.
      for (let tree = captures.trees.peek(spec.slot); tree && !signal.aborted; ) {
        const result = await askLaw(spec, tree, signal)
        const now = captures.trees.peek(spec.slot)
        if (now === tree && result) {
          const {growthKey, lawKey} = spec
          keep(spec.slot, {...tree, growthKey, lawKey, result, isAsGrown: false})
          return
        }
        tree = now
      }
    })
  const askLaw = async (
    spec: TreeSpec,
    tree: PageTree,
    signal: AbortSignal
  ): Promise<TreeResult | null> => {
    const law = lawOfChoice(store.getState().treeLaw)
    const {result} = tree
    const keys = nodeKeys(result.nodes)
    const children = new Map<number | null, number[]>()
    for (const {parent, tokenId} of result.nodes) {
      if (tokenId === null) continue
      const own = children.get(parent) ?? []
      own.push(tokenId)
      children.set(parent, own)
    }
    const parents = [...children.keys()]
    const expansions = new Map<number | null, TreeExpansion>()
    for (let first = 0; first < parents.length; first += MOST_PATHS) {
      if (signal.aborted) return null
      setPhase(spec.slot, {
        ...{kind: 'growing', phase: 'law', done: first, total: parents.length, secondsLeft: null},
      })
      const some = parents.slice(first, first + MOST_PATHS)
      const answers = await expand(spec.run, result, law, {
        paths: some.map((id) => (id === null ? [] : pathOfKey(keys.get(id)!))),
        maxChildren: Math.max(...some.map((id) => children.get(id)!.length)),
        // What a person put in may be improbable.
        tokenIds: handMade(result, some),
        signal,
      })
      for (const [i, id] of some.entries()) expansions.set(id, answers[i]!)
    }
    return signal.aborted ? null : underLaw(result, expansions, law)
  }

  interface Expand {
    readonly paths: readonly (readonly number[])[]
    readonly maxChildren: number
    readonly tokenIds: readonly number[]
    readonly signal?: AbortSignal
  }
  const expand = (
    {request}: RunRecord,
    {tokens}: TreeResult,
    law: ReturnType<typeof lawOfChoice>,
    {paths, maxChildren, tokenIds, signal}: Expand
  ): Promise<TreeExpansion[]> =>
    client.trees.expand(
      {
        ...{
          model: request.model,
          ...(request.file === undefined ? {} : {file: request.file}),
          ...law,
        },
        ids: Int32Array.from(tokens, ({id}) => id),
        paths: paths.map((path) => Int32Array.from(path)),
        ...{maxChildren, tokenIds: tokenIds.slice(0, 64)},
      },
      signal ? {signal} : {}
    )

  /** One at a time, so that each sees what came of the one before. */
  let last: Promise<void> = Promise.resolve()
  const growBatch = (runId: RunId, text: string): Promise<void> => {
    last = last
      .then(() => openBatch(runId, text))
      .catch((error: unknown) => {
        if (!isCancellation(error))
          setPhase(slotOf('tree', runId), {kind: 'failed', problem: shownProblem(error)})
      })
    return last
  }
  const openBatch = async (runId: RunId, text: string) => {
    const slot = slotOf('tree', runId)
    const batch = readBatch(text)
    const run = selectRun(store.getState(), runId)
    const tree = captures.trees.peek(slot)
    if (!batch || !run || !tree || tree.done.has(text)) return
    const parentId = idOfKey(tree.result, batch.parent)
    if (parentId === undefined) return
    const known = tree.result.nodes.flatMap((node) =>
      node.parent === parentId && node.tokenId !== null ? [node.tokenId] : []
    )
    const isToken = batch.kind === 'token'
    const [expansion] = await expand(run, tree.result, lawOfChoice(store.getState().treeLaw), {
      paths: [pathOfKey(batch.parent)],
      maxChildren: isToken ? Math.max(1, known.length) : batch.count,
      tokenIds: isToken ? [...known, batch.tokenId] : known,
    })
    const now = captures.trees.peek(slot)
    // Grown anew in the meantime: it is asked for once more from there.
    if (!expansion || now !== tree) return
    const grown = withChildren(
      ...([tree.result, parentId, expansion] as const),
      isToken ? {origin: 'edited', only: [batch.tokenId]} : {}
    )
    const batches = new Map(tree.batches)
    for (const id of grown.added) batches.set(id, text)
    keep(slot, {...tree, result: grown.result, batches, done: new Set(tree.done).add(text)})
  }
  const openBatches = async (runId: RunId) => {
    for (const batch of selectMarks(store.getState(), runId).opened) await growBatch(runId, batch)
  }

  /** Nothing is waited for any more. */
  const rest = (slot: string) => {
    aborts.get(slot)?.abort.abort()
    aborts.delete(slot)
    const phase = store.getState().treePhases[slot]
    if (phase && phase.kind !== 'idle') setPhase(slot, {kind: 'idle'})
  }

  const want = (pane: PaneIndex) => {
    const state = store.getState()
    const spec = selectTreeSpec(state, captures, pane)
    if (!spec || state.connection !== 'connected') return
    const {slot} = spec
    const tree = captures.trees.peek(slot)
    const key = wantedKey(spec)
    if (aborts.get(slot)?.key === key || refused.get(slot) === key) return
    const isGrown = tree?.growthKey === spec.growthKey && tree.result.status === 'completed'
    if (isGrown && tree.lawKey === spec.lawKey) {
      rest(slot)
      return
    }
    refused.delete(slot)
    void (isGrown ? changeLaw(spec) : grow(spec))
  }

  return {
    watchTrees() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runStates === previous.runStates &&
          state.runs === previous.runs &&
          state.panes === previous.panes &&
          state.treeGrowth === previous.treeGrowth &&
          state.treeLaw === previous.treeLaw &&
          state.treeDistribution === previous.treeDistribution &&
          state.draftChoice === previous.draftChoice &&
          state.treeMarks === previous.treeMarks &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        want(1)
        if (state.treeMarks === previous.treeMarks) return
        // Undone and done again, or kept from before a reload.
        for (const [runId, {opened}] of Object.entries(state.treeMarks)) {
          if (opened !== previous.treeMarks[runId]?.opened) void openBatches(runId)
        }
      })
    },
    cancelTree(pane) {
      const spec = selectTreeSpec(store.getState(), captures, pane)
      if (spec) aborts.get(spec.slot)?.abort.abort()
    },
    cancelGrowing(slot) {
      aborts.get(slot)?.abort.abort()
    },
    growAgain(pane) {
      const spec = selectTreeSpec(store.getState(), captures, pane)
      if (!spec) return
      refused.delete(spec.slot)
      void grow(spec)
    },
    putTree(runId, result) {
      const run = selectRun(store.getState(), runId)
      if (!run) return
      const {slot, growthKey, lawKey} = specOfRun(store.getState(), run, 'tree')
      rest(slot)
      refused.delete(slot)
      keep(slot, {
        ...{growthKey, lawKey, result, batches: new Map(), done: new Set(), isAsGrown: false},
      })
    },
    growBatch,
  }
}
