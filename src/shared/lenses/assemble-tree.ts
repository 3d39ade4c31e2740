import {tokensOfTable} from '../domain/token.ts'
import type {TreeEvent, TreeNode, TreeRequest, TreeResult, TreeStep, TreeVerdict} from './tree.ts'
import {treeNodesOf} from './tree-columns.ts'

type EventOf<Kind extends TreeEvent['kind']> = Extract<TreeEvent, {kind: Kind}>

/** What the events of a tree run have said so far. It is changed in place: trees are large. */
export interface TreeRun {
  readonly request: TreeRequest
  tokenized: EventOf<'tokenized'> | null
  /** By id. */
  readonly nodes: Map<number, TreeNode>
  readonly verdicts: TreeVerdict[]
  readonly steps: TreeStep[]
  readonly completionIds: number[]
  completed: EventOf<'completed'> | null
}

export function startTreeRun(request: TreeRequest): TreeRun {
  return {
    ...{request, tokenized: null, completed: null},
    ...{nodes: new Map(), verdicts: [], steps: [], completionIds: []},
  }
}

/** Adds an event to a run, and gives the run back. */
export function foldTreeEvent(run: TreeRun, event: TreeEvent): TreeRun {
  switch (event.kind) {
    case 'progress':
      break
    case 'tokenized':
      run.tokenized = event
      break
    case 'nodes':
      for (const node of treeNodesOf(event.nodes)) run.nodes.set(node.id, node)
      break
    case 'verdict':
      run.verdicts.push(event.verdict)
      break
    case 'step':
      run.steps.push(event.step)
      run.completionIds.push(...event.ids)
      break
    case 'completed':
      run.completed = event
      break
  }
  return run
}

/** The result so far; null before the text is known. */
export function treeResultOf(run: TreeRun, status: TreeResult['status']): TreeResult | null {
  const {tokenized, completed} = run
  if (!tokenized) return null
  return {
    schema: 'tokenscope/tree@1',
    request: tokenized.request,
    model: tokenized.model,
    tokenizer: tokenized.tokenizer,
    versions: tokenized.versions,
    draft: tokenized.draft,
    warnings: [...tokenized.warnings, ...(completed?.warnings ?? [])],
    status,
    ...(completed ? {timing: completed.timing} : {}),
    text: tokenized.text,
    promptTokenCount: tokenized.promptTokenCount,
    ...(tokenized.turns.length > 0 ? {turns: tokenized.turns} : {}),
    tokens: tokensOfTable(tokenized.tokens),
    distribution: tokenized.distribution,
    method: tokenized.method,
    nodes: [...run.nodes.values()].sort((a, b) => a.id - b.id),
    verdicts: run.verdicts,
    stats: completed?.stats ?? null,
    expandedCount: completed?.expandedCount ?? null,
    surplusCount: completed?.surplusCount ?? null,
    completionIds: run.completionIds,
  }
}
