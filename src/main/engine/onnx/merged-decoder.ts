import {usesOf} from './graph-names.ts'
import {hoistBranch} from './hoist-branch.ts'
import type {OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'

type BranchName = 'then_branch' | 'else_branch'

/**
 * A graph whose structure can be found: of a merged decoder (optimum's `decoder_model_merged`: an If on a
 * graph input, with and without a KV cache) the model without the cache, which runs a text as a whole;
 * any other graph as it is.
 */
export function withoutCacheBranch(graph: ModelGraph): ModelGraph {
  const node = mergedNodeOf(graph)
  return node ? hoistBranch(graph, node, uncachedBranchOf(graph, node)) : graph
}

/** The one If that a graph input decides. */
function mergedNodeOf({model: {graph}}: ModelGraph): OnnxNode | null {
  const isInput = new Set(graph.input.map(({name}) => name))
  const decided = graph.node.filter(
    ({opType, input}) => opType === 'If' && isInput.has(input[0] ?? '')
  )
  return decided.length === 1 ? decided[0]! : null
}

/** The branch that asks for fewer graph inputs: the other one takes the cache as well. */
function uncachedBranchOf({model: {graph}}: ModelGraph, node: OnnxNode): BranchName {
  const inputCount = (branch: BranchName) => {
    const attribute = node.attribute?.filter(({name}) => name === branch) ?? []
    const uses = usesOf({...node, input: [], attribute})
    return graph.input.filter(({name}) => uses.has(name)).length
  }
  return inputCount('then_branch') < inputCount('else_branch') ? 'then_branch' : 'else_branch'
}
