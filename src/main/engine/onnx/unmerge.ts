import {GraphIndex} from './graph-index.ts'
import {namesOf} from './graph-names.ts'
import {hoistBranch} from './hoist-branch.ts'
import type {OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'

const CACHE_SWITCH = 'use_cache_branch'
/** A condition is the input itself, or what a cast and a change of shape make of it. */
const MAX_WALK_LENGTH = 4

/**
 * A merged decoder, which holds a graph with and one without a KV cache, as the one with it alone: fed with
 * no positions at first, it does what both do. The input `use_cache_branch` is gone. Any other graph is
 * returned as it is.
 */
export function unmergeDecoder(graph: ModelGraph): ModelGraph {
  if (!graph.model.graph.input.some(({name}) => name === CACHE_SWITCH)) return graph
  const index = new GraphIndex(graph.model)
  const conditional = index.nodes.find((node) => node.opType === 'If' && isSwitch(index, node))
  if (!conditional) return graph
  const caches = new Set(
    index.graphInputs.map(({name}) => name).filter((name) => name.startsWith('past'))
  )
  const cached = conditional.attribute?.find(
    ({g}) => g && [...namesOf(g)].some((name) => caches.has(name))
  )
  if (cached?.name !== 'then_branch' && cached?.name !== 'else_branch') return graph
  return hoistBranch(graph, conditional, cached.name)
}

function isSwitch(index: GraphIndex, conditional: OnnxNode): boolean {
  let tensor = conditional.input[0]
  for (let length = 0; length < MAX_WALK_LENGTH; length++) {
    if (tensor === CACHE_SWITCH) return true
    tensor = index.producerOf(tensor)?.input[0]
  }
  return false
}
