import {ElementTypes} from './element-types.ts'
import {GraphEditor} from './graph-editor.ts'
import {GraphIndex} from './graph-index.ts'
import {GraphOperations} from './graph-operations.ts'
import type {ModelGraph, ModelStructure} from './structure.ts'

/** A model that computes the logits of some positions alone. */
export interface NeededRowsGraph {
  readonly graph: ModelGraph
  /** Input, int64 [row]: the positions, the same ones of every sequence. */
  readonly rows: string
  /** Output, float32 [batch, row, vocabulary]. */
  readonly logits: string
}

/**
 * The graph with everything behind the residual stream computed for the positions that are asked for: the head is
 * mostly the largest product. `graph` may be an edited one of the graph that the structure is of. Null where the
 * stream or the head was not found, or the stream has no axis of positions to choose from.
 */
export function keepNeededRows(
  graph: ModelGraph,
  {residual, head, inputs}: ModelStructure
): NeededRowsGraph | null {
  const point = residual?.points.at(-1)
  if (!point || !head || point.layout !== 'batch-position-hidden') return null
  const editor = new GraphEditor(graph)
  const operations = new GraphOperations(editor)
  const dtype = new ElementTypes(new GraphIndex(graph.model)).typeOf(head.logits) ?? 'float32'
  const rows = editor.addInput('needed_rows', 'int64', ['row'])
  // A bias that a fused norm adds has no positions.
  const states = point.addends?.slice(0, 2) ?? [point.tensor]
  const chosen = new Map(states.map((tensor) => [tensor, operations.gather(tensor, rows, 1)]))
  const cloned = editor.cloneRegion(head.nodes, chosen).get(head.logits)
  if (!cloned) return null
  const logits = editor.addOutput(dtype === 'float32' ? cloned : operations.cast(cloned, 'float32'))
  const given = new Set(editor.model.graph.output.map(({name}) => name))
  const caches = inputs.kvCache.map(({output}) => output).filter((name) => given.has(name))
  editor.removeDeadNodes([logits, ...caches])
  return {graph: editor, rows, logits}
}
