import {ProblemError} from '../../shared/domain/problem.ts'
import {importTree} from '../../shared/engine-client/import-tree.ts'
import {tokensRequestSchema} from '../../shared/lenses/tokens.ts'
import {isDraftStrategy, type TreeResult} from '../../shared/lenses/tree.ts'
import {
  checkTreeFileSize,
  readTreeFile,
  type TreeFile,
  tokensOfTree,
} from '../../shared/lenses/tree-file.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {withPane} from './panes.ts'
import {labelOfPrompt} from './prompt.ts'
import {selectRequest} from './run-requests.ts'
import type {RunActions} from './runs.ts'
import type {TreeActions} from './tree.ts'
import {promptOfRun} from './tree-requests.ts'
import {initialTree, TREE_LENS, type TreeGrowth} from './tree-state.ts'

export interface TreeFileActions {
  /** Shows a saved tree of continuations in the active pane; what is wrong with it is said. */
  openTreeText(name: string, source: string | File): Promise<void>
}

export function createTreeFileActions(
  {store, set, client}: StoreContext,
  {openRequest}: Pick<RunActions, 'openRequest'>,
  {putTree}: Pick<TreeActions, 'putTree'>
): TreeFileActions {
  /** A tree of logitloom becomes one of the chosen model. */
  const imported = (file: Extract<TreeFile, {kind: 'logitloom'}>) => {
    const asked = selectRequest(store.getState())
    if (!asked) throw noModel()
    const {model, file: modelFile} = asked
    return importTree(file, {model, ...(modelFile === undefined ? {} : {file: modelFile})}, client)
  }
  const open = async (name: string, source: string | File) => {
    if (typeof source !== 'string') checkTreeFileSize(source.size, name)
    const file = readTreeFile(typeof source === 'string' ? source : await source.text(), name)
    const result = file.kind === 'logitloom' ? await imported(file) : file.result
    if (isDraftStrategy(result.request.strategy)) throw onlyOwn(name, 'drafts')
    const {request} = result
    const {model, file: modelFile} = request
    if (file.kind === 'tokenscope') {
      await client.trees.open({
        ...{model, ...(modelFile === undefined ? {} : {file: modelFile})},
        sha256: result.model.sha256,
        tokens: tokensOfTree(result),
      })
    }
    const {activePane: pane, panes} = store.getState()
    const prompt = promptOfRun(tokensRequestSchema.parse({...request, command: 'tokens'}))
    const asked = tokensRequestSchema.parse({...prompt, command: 'tokens'})
    const patch = {
      treeGrowth: growthOf(result),
      treeLaw: {
        ...{temperature: request.temperature, topK: request.topK ?? 0},
        ...{topP: request.topP ?? 1, minP: request.minP ?? 0},
      },
      treeDistribution: result.distribution,
      panes: withPane({panes}, pane, {lensId: TREE_LENS, view: null}),
    }
    // One step with its run, so that no other run's tree is grown with these settings on the way.
    const opening = openRequest(
      ...([asked, labelOfPrompt(asked.prompt ?? result.text), result.model.id, pane] as const),
      {what: 'open a tree', patch}
    )
    // Before the run has its tokens, from when on a tree of it is grown where there is none.
    const {runId} = store.getState().panes[pane]!
    if (runId !== null) putTree(runId, result)
    await opening
    set({notice: `opened ${name}`})
  }
  return {
    async openTreeText(name, source) {
      try {
        await open(name, source)
      } catch (error) {
        set({openProblem: shownProblem(error), dialog: 'open-problem'})
      }
    },
  }
}

function growthOf({request}: TreeResult): TreeGrowth {
  const growth = initialTree.treeGrowth
  const {strategy, nodes, depth, maxChildren, beams, lengthPenalty, samples, jointThreshold, seed} =
    request
  if (isDraftStrategy(strategy)) return growth
  return {
    strategy,
    ...{nodes: nodes ?? growth.nodes, depth: depth ?? growth.depth},
    ...{maxChildren: maxChildren ?? growth.maxChildren, beams: beams ?? growth.beams},
    ...{lengthPenalty: lengthPenalty ?? growth.lengthPenalty, samples: samples ?? growth.samples},
    ...{jointThreshold: jointThreshold ?? growth.jointThreshold, seed},
  }
}

function noModel(): ProblemError {
  return new ProblemError({
    code: 'model-missing',
    message: 'A tree of logitloom has texts alone: a model has to say which tokens they are.',
    found: 'no model that is chosen',
    expected: 'a model',
    advice: 'Choose a model, then open the tree.',
  })
}

function onlyOwn(file: string, found: string): ProblemError {
  return new ProblemError({
    code: 'tree-not-shown-here',
    message: 'The page opens trees of continuations that were saved by it or by the command line.',
    ...{file, found, expected: 'a tree of continuations (tokenscope/tree@1)'},
    advice: 'Open it with tokenscope tree --open on the command line.',
  })
}
