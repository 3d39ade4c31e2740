import {GraphIndex} from './graph-index.ts'
import {usesOf} from './graph-names.ts'
import {hoistBranch} from './hoist-branch.ts'
import type {OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'

/** A condition is the input itself, or what casts and changes of shape make of it. */
const MAX_WALK_LENGTH = 4
const KEEPS_CONDITION = new Set(['Cast', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Gather'])

type BranchName = 'then_branch' | 'else_branch'

/**
 * A merged decoder (optimum's `decoder_model_merged`: one If that a graph input decides, with and without a
 * KV cache) as its branch with the cache alone: fed with no positions at first, it does what both do, and
 * the input that chose between them is gone. Any other graph is returned as it is.
 */
export function unmergeDecoder(graph: ModelGraph): ModelGraph {
  const decided = nodesDecidedByInput(graph)
  const [node] = decided
  if (!node || decided.length > 1) return graph
  const cached = cachedBranchOf(graph, node)
  return cached ? hoistBranch(graph, node, cached) : graph
}

function nodesDecidedByInput({model}: ModelGraph): OnnxNode[] {
  const conditionals = model.graph.node.filter(({opType}) => opType === 'If')
  if (conditionals.length === 0) return []
  const index = new GraphIndex(model)
  return conditionals.filter(({input}) => {
    let tensor = input[0]
    for (let length = 0; length < MAX_WALK_LENGTH; length++) {
      if (index.inputOf(tensor)) return true
      const maker = index.producerOf(tensor)
      if (!maker || !KEEPS_CONDITION.has(maker.opType)) return false
      tensor = maker.input[0]
    }
    return false
  })
}

/** The branch that takes graph inputs which the other one does not: the cache. */
function cachedBranchOf({model: {graph}}: ModelGraph, node: OnnxNode): BranchName | null {
  const usesOfBranch = (branch: BranchName) => {
    const attribute = node.attribute?.filter(({name}) => name === branch) ?? []
    return usesOf({...node, input: [], attribute})
  }
  const [then, other] = [usesOfBranch('then_branch'), usesOfBranch('else_branch')]
  const own = (a: Set<string>, b: Set<string>) =>
    graph.input.filter(({name}) => a.has(name) && !b.has(name)).length
  const difference = own(then, other) - own(other, then)
  if (difference === 0) return null
  return difference > 0 ? 'then_branch' : 'else_branch'
}
