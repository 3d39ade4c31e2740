import {cloneMessage, shallowCopy} from './clone-message.ts'
import {atOnce, inTurns, type Steps} from './in-turns.ts'
import {NamePool} from './name-pool.ts'
import type {OnnxModel, OnnxNode} from './schema.ts'
import type {ModelGraph} from './structure.ts'

/** A copy of a graph to be edited. */
export interface GraphCopy {
  readonly model: OnnxModel
  /** Nodes of the original, those of its subgraphs included, and of the copy; each means the one of the copy. */
  readonly nodes: Map<OnnxNode, OnnxNode>
  readonly names: NamePool
}

/** Nodes that are copied in one step. */
export const NODES_A_STEP = 2048

const spares = new WeakMap<OnnxModel, GraphCopy>()

/** A copy of a graph: the one that was made ready, which is then gone, else one made now. */
export function copyOf({model}: ModelGraph): GraphCopy {
  const spare = spares.get(model)
  spares.delete(model)
  return spare ?? atOnce(copySteps(model))
}

/**
 * Makes the next copy of a large graph ready, a few thousand nodes a turn: a hundred thousand at once would keep
 * the thread from answering for seconds. The graph must not be changed any more.
 */
export async function prepareCopy({model}: ModelGraph, signal?: AbortSignal): Promise<void> {
  if (model.graph.node.length <= NODES_A_STEP || spares.has(model)) return
  spares.set(model, await inTurns(copySteps(model), signal))
}

function* copySteps(model: OnnxModel): Steps<GraphCopy> {
  const nodes = new Map<OnnxNode, OnnxNode>()
  const onCopy = (original: object, copy: object) => {
    if (!('opType' in original)) return
    nodes.set(original as OnnxNode, copy as OnnxNode)
    nodes.set(copy as OnnxNode, copy as OnnxNode)
  }
  // Everything but the nodes, which are most of it.
  const bare = shallowCopy(model)
  bare.graph = shallowCopy(model.graph)
  bare.graph.node = []
  const copy = cloneMessage(bare, onCopy)
  for (let start = 0; start < model.graph.node.length; start += NODES_A_STEP) {
    const slice = model.graph.node.slice(start, start + NODES_A_STEP)
    copy.graph.node.push(...cloneMessage(slice, onCopy))
    yield
  }
  return {model: copy, nodes, names: new NamePool(copy.graph)}
}
