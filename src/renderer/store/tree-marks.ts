import type {Distribution} from '../../shared/lenses/next-tokens.ts'
import type {TreeNode, TreeResult} from '../../shared/lenses/tree.ts'
import {
  keyOfPath,
  type NodeKey,
  parentKey,
  pathOfKey,
  ROOT_KEY,
} from '../../shared/lenses/tree-edit.ts'
import type {StoreContext} from './context.ts'
import {shownProblem} from './context.ts'
import {selectRun} from './run-records.ts'
import type {RunActions} from './runs.ts'
import type {RunId} from './state.ts'
import {selectMarks, shownResult, slotOf, type TreeActions} from './tree.ts'
import {childrenBatch, idOfKey, tokenBatch} from './tree-batches.ts'
import {promptOfRun} from './tree-requests.ts'
import type {DraftChoice, TreeGrowth, TreeLawChoice, TreeMarks} from './tree-state.ts'

export interface TreeMarkActions {
  changeTreeGrowth(change: Partial<TreeGrowth>): void
  changeTreeLaw(change: Partial<TreeLawChoice>): void
  showTreeDistribution(distribution: Distribution): void
  changeDraft(change: Partial<DraftChoice>): void
  selectNode(runId: RunId, key: NodeKey | null): void
  hoverNode(place: {readonly runId: RunId; readonly id: number} | null): void
  /** Hides what follows a node, or shows it again. */
  toggleCollapsed(runId: RunId, key: NodeKey): void
  togglePinned(runId: RunId, key: NodeKey): void
  /** Takes a node and what follows it out of the picture; its probability is part of the rest. */
  pruneNode(runId: RunId, key: NodeKey): void
  /** Brings back what was pruned. */
  unprune(runId: RunId): void
  /** Adds children to a node: the likeliest ones, or so many more where it has some. */
  growBelow(runId: RunId, key: NodeKey): Promise<void>
  /** Goes on from a node by the likeliest token again and again, growing where nothing is yet. */
  followLikeliest(runId: RunId, key: NodeKey): Promise<void>
  /** Puts another token, or several, where a node is; that node stays. */
  changeToken(runId: RunId, key: NodeKey, text: string): Promise<void>
  /** A new run that goes on behind a node. */
  continueFrom(runId: RunId, key: NodeKey): Promise<void>
}

const MORE_CHILDREN = 4
const FOLLOWED = 8
const GROWTH_NAMES: Readonly<Record<keyof TreeGrowth, string>> = {
  strategy: 'choose how the tree grows',
  nodes: 'change the number of nodes',
  depth: 'change the depth',
  maxChildren: 'change the number of children',
  beams: 'change the number of beams',
  lengthPenalty: 'change the length penalty',
  samples: 'change the number of runs',
  jointThreshold: 'change the threshold of paths',
  seed: 'change the seed',
}

/** What is done to trees: all of it can be undone, and nothing that was computed is lost by it. */
export function createTreeMarkActions(
  {store, set, change, captures, client}: StoreContext,
  {growBatch}: Pick<TreeActions, 'growBatch'>,
  {openRequest}: Pick<RunActions, 'openRequest'>
): TreeMarkActions {
  const marksOf = (runId: RunId) => selectMarks(store.getState(), runId)
  const mark = (what: string, runId: RunId, part: Partial<TreeMarks>, merge?: string) => {
    const {treeMarks} = store.getState()
    const marks = {...marksOf(runId), ...part}
    change(what, {treeMarks: {...treeMarks, [runId]: marks}}, merge ? {merge} : {})
  }
  const toggled = (keys: readonly NodeKey[], key: NodeKey) =>
    keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]
  const shown = (runId: RunId): TreeResult | null => {
    const tree = captures.trees.peek(slotOf('tree', runId))
    return tree ? shownResult(tree, marksOf(runId)) : null
  }
  const childrenAt = (result: TreeResult, id: number | null) =>
    result.nodes.filter((node) => node.parent === id && node.tokenId !== null)
  const open = async (
    runId: RunId,
    what: string,
    batch: string,
    selected: NodeKey,
    merge?: string
  ) => {
    const {opened, collapsed} = marksOf(runId)
    const next = opened.includes(batch) ? opened : [...opened, batch]
    mark(
      what,
      runId,
      {opened: next, selected, collapsed: collapsed.filter((key) => key !== selected)},
      merge
    )
    await growBatch(runId, batch)
  }
  return {
    changeTreeGrowth(part) {
      const {treeGrowth} = store.getState()
      const keys = (Object.keys(part) as (keyof TreeGrowth)[]).filter(
        (key) => part[key] !== treeGrowth[key]
      )
      if (keys.length === 0) return
      change(
        GROWTH_NAMES[keys[0]!],
        {treeGrowth: {...treeGrowth, ...part}},
        {merge: `tree ${keys[0]}`}
      )
    },
    changeTreeLaw(part) {
      const {treeLaw, treeDistribution} = store.getState()
      const law = {...treeLaw, ...part}
      const keys = (Object.keys(part) as (keyof TreeLawChoice)[]).filter(
        (key) => part[key] !== treeLaw[key]
      )
      if (keys.length === 0) return
      // Whoever changes a law wants to see it.
      const isCut = keys.some((key) => key !== 'temperature')
      const wanted = isCut
        ? 'truncated'
        : treeDistribution === 'raw'
          ? 'temperature'
          : treeDistribution
      change('change the law', {treeLaw: law, treeDistribution: wanted}, {merge: `law ${keys[0]}`})
    },
    showTreeDistribution(treeDistribution) {
      if (store.getState().treeDistribution === treeDistribution) return
      change('choose which law is shown', {treeDistribution})
    },
    changeDraft(part) {
      const {draftChoice} = store.getState()
      const next = {...draftChoice, ...part}
      if (JSON.stringify(next) === JSON.stringify(draftChoice)) return
      change('change how drafts are made', {draftChoice: next}, {merge: 'draft'})
    },
    selectNode(runId, key) {
      if (marksOf(runId).selected !== key)
        mark('select a node', runId, {selected: key}, 'select a node')
    },
    hoverNode(hoveredNode) {
      const old = store.getState().hoveredNode
      if (old?.runId === hoveredNode?.runId && old?.id === hoveredNode?.id) return
      set({hoveredNode})
    },
    toggleCollapsed(runId, key) {
      const collapsed = toggled(marksOf(runId).collapsed, key)
      mark('collapse or expand a node', runId, {collapsed, selected: key})
    },
    togglePinned(runId, key) {
      mark('pin a branch', runId, {pinned: toggled(marksOf(runId).pinned, key)})
    },
    pruneNode(runId, key) {
      const {pruned, selected} = marksOf(runId)
      if (key === ROOT_KEY || pruned.includes(key)) return
      const isGone = selected !== null && `${selected}.`.startsWith(`${key}.`)
      const above = parentKey(key)
      mark('prune a node', runId, {
        pruned: [...pruned, key],
        ...(isGone ? {selected: above === ROOT_KEY ? null : above} : {}),
      })
    },
    unprune(runId) {
      mark('bring back what was pruned', runId, {pruned: []})
    },
    async growBelow(runId, key) {
      const result = shown(runId)
      const id = result && idOfKey(result, key)
      if (!result || id === undefined) return
      const count = childrenAt(result, id).length
      await open(runId, 'grow below a node', childrenBatch(key, count + MORE_CHILDREN), key)
    },
    async followLikeliest(runId, key) {
      let at = key
      for (let step = 0; step < FOLLOWED; step++) {
        const result = shown(runId)
        const id = result && idOfKey(result, at)
        if (!result || id === undefined) return
        if (childrenAt(result, id).length === 0) {
          await open(runId, 'follow the likeliest', childrenBatch(at, 1), at, 'follow')
        }
        const now = shown(runId)
        const next = now && likeliestOf(childrenAt(now, id))
        if (!next) return
        at = keyOfPath([...pathOfKey(at), next])
        mark('follow the likeliest', runId, {selected: at}, 'follow')
      }
    },
    async changeToken(runId, key, text) {
      const run = selectRun(store.getState(), runId)
      if (!run || text === '') return
      try {
        const {model, file} = run.request
        const {tokens} = await client.text.tokenize({
          ...{model, ...(file === undefined ? {} : {file})},
          ...{prompt: text, noSpecialTokens: true},
        })
        let at = parentKey(key)
        for (const id of tokens.ids) {
          const result = shown(runId)
          const parent = result && idOfKey(result, at)
          if (!result || parent === undefined) return
          const next = keyOfPath([...pathOfKey(at), id])
          const isThere = childrenAt(result, parent).some(({tokenId}) => tokenId === id)
          if (isThere) mark('change a token', runId, {selected: next}, 'change a token')
          else await open(runId, 'change a token', tokenBatch(at, id), next, 'change a token')
          at = next
        }
      } catch (error) {
        set({notice: shownProblem(error).message})
      }
    },
    async continueFrom(runId, key) {
      const run = selectRun(store.getState(), runId)
      const path = pathOfKey(key)
      if (!run || path.length === 0) return
      const {generateCount} = store.getState().parameters
      const prompt = promptOfRun(run.request)
      const completionIds = [...(prompt.completionIds ?? []), ...path]
      await openRequest(
        {...run.request, completionIds, generate: Math.max(1, generateCount)},
        ...([run.label, run.modelName] as const)
      )
    },
  }
}

function likeliestOf(nodes: readonly TreeNode[]): number | null {
  let best: TreeNode | null = null
  for (const node of nodes) {
    if (node.tokenId === null || node.rawLogprob === null) continue
    const than = best && best.tokenId !== null ? best.rawLogprob! : Number.NEGATIVE_INFINITY
    if (node.rawLogprob > than) best = node
  }
  return best?.tokenId ?? null
}
