import type {Problem} from '../../../shared/domain/problem.ts'
import {BLOCKS_IN_HEAD} from './find-blocks.ts'
import type {GraphEditor} from './graph-editor.ts'
import {deadParts} from './graph-names.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {
  BlockWithoutAttention,
  ModelStructure,
  ResidualPoint,
  StructureInputs,
} from './structure.ts'

type KvCache = StructureInputs['kvCache']

/** Why a model cannot be left after a layer; null where it can. */
export function exitProblemOf(
  {residual, head, layers, problems, blocksWithoutAttention}: ModelStructure,
  layer: number
): Problem | null {
  const inHead = problems.find(({code}) => code === BLOCKS_IN_HEAD)
  if (inHead) return inHead
  const block = blocksWithoutAttention.find(({afterLayer}) => afterLayer === layer)
  if (block) return blockAfterLayer(layer, block)
  if (!residual || !head) return noExit('no residual stream or no output head')
  if (layer < layers.length) return null
  return {
    code: 'no-such-layer',
    message: 'The model has no layer to leave after.',
    field: 'exitAfterLayer',
    found: String(layer),
    expected: `a layer from 0 to ${layers.length - 1}`,
    advice: 'Choose a layer that the model has.',
  }
}

/**
 * The final norm and the head take what leaves `layer`; the layers behind it are gone, with their part of
 * the KV cache and whatever else the graph gave. The logits keep their name. Returns the cache that is left.
 */
export function exitAfterLayer(
  operations: GraphOperations,
  {residual, head, inputs}: ModelStructure,
  layer: number
): KvCache {
  const {editor} = operations
  const last = residual!.points.at(-1)!
  const early = residual!.points[layer + 1]!
  const logits = head!.logits
  if (early !== last) {
    const state = stateOf(operations, early, last)
    const to = new Map([[last.tensor, state]])
    if (last.addends) {
      // The fused norm adds two tensors and a bias: all of the state, and nothing twice.
      const nothing = operations.node('Sub', [state, state])
      const [first, second, bias] = last.addends
      to.set(first as string, state).set(second as string, nothing)
      if (bias) to.set(bias, operations.node('Sub', [bias, bias]))
    }
    const cloned = editor.cloneRegion(head!.nodes, to).get(logits)!
    editor.replaceConsumers(logits, cloned, {outputs: true})
  }
  const kept = keptCache(editor, logits, inputs.kvCache)
  editor.removeDeadNodes([logits, ...kept.map(({output}) => output)])
  return kept
}

/** The early state in the layout of the last one. */
function stateOf(operations: GraphOperations, early: ResidualPoint, last: ResidualPoint): string {
  const tensor = early.addends
    ? early.addends.reduce((left, right) => operations.node('Add', [left, right]))
    : early.tensor
  if (early.layout === last.layout) return tensor
  // A batch of one row; a shape read from the last layer would keep the layers alive.
  return early.layout === 'flat-hidden'
    ? operations.unsqueeze(tensor, [0])
    : operations.node('Flatten', [tensor], {axis: 2})
}

/** Those parts of the cache that something on the way to the logits reads. */
function keptCache(editor: GraphEditor, logits: string, kvCache: KvCache): KvCache {
  const {graph} = editor.model
  const output = graph.output.filter(({name}) => name === logits)
  const {tensors} = deadParts({...graph, output})
  return kvCache.filter(({input}) => !tensors.has(input))
}

function noExit(found: string): Problem {
  return {
    code: 'no-early-exit',
    message: 'This model cannot be left early.',
    found,
    expected: 'a residual stream, a final norm and an output head',
    advice: 'Use an export of this model whose structure is found (see `inspect`).',
  }
}

function blockAfterLayer(layer: number, {node}: BlockWithoutAttention): Problem {
  return {
    code: 'no-early-exit',
    message:
      'The model cannot be left after this layer: blocks without attention come right behind it.',
    field: 'exitAfterLayer',
    found: `${node.opType} ${node.name || node.output[0]} after layer ${layer}`,
    expected: 'a layer that the next layer with attention, or the output head, follows at once',
    advice: 'Choose another layer; `tokenscope inspect` names the node of each.',
  }
}
