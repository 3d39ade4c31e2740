import type {Problem} from '../../../shared/domain/problem.ts'
import {BLOCKS_IN_HEAD} from './find-blocks.ts'
import {GraphEditor} from './graph-editor.ts'
import {factsOf} from './graph-facts.ts'
import {GraphOperations} from './graph-operations.ts'
import type {ModelGraph, ModelStructure, ResidualPoint} from './structure.ts'

/** A model's own final norm and output head as a model of their own: the logit lens. */
export interface HeadGraph {
  readonly graph: ModelGraph
  /** Input, float32: the residual stream of some positions, in the layout `layout`. */
  readonly residual: string
  readonly layout: ResidualPoint['layout']
  /** Output, float32 [batch, position, vocabulary] as the model gives it. */
  readonly logits: string
  /** Inputs of the model that its head needs besides, such as ids whose number it reads. */
  readonly otherInputs: readonly string[]
}

/**
 * The graph from the last residual point to the logits, to be run on any state of the stream (logit lens,
 * nostalgebraist 2020): on the last point it gives the model's own logits. A Problem where the residual stream
 * or the head was not found.
 */
export function buildHeadGraph(
  graph: ModelGraph,
  {residual, head, problems}: ModelStructure
): HeadGraph | Problem {
  const point = residual?.points.at(-1)
  if (!point || !head) return problems.find(isAboutHead) ?? noHead(graph.path)
  const editor = new GraphEditor(graph)
  const operations = new GraphOperations(editor)
  const dtype = factsOf(graph.model).types.typeOf(point.tensor) ?? 'float32'
  const isFlat = point.layout === 'flat-hidden'
  const input = editor.addInput(
    'residual',
    'float32',
    isFlat ? ['rows', 'hidden'] : [1, 'rows', 'hidden']
  )
  const inType = (tensor: string, type: string) =>
    dtype === 'float32' ? tensor : operations.cast(tensor, type)
  const state = inType(input, dtype)
  const replacements = new Map([[point.tensor, state]])
  if (point.addends) {
    // The fused norm adds two tensors and a bias. Halves are exact, so twice the half is the state itself.
    const half = operations.node('Mul', [state, inType(operations.float(0.5), dtype)])
    const [first, second, bias] = point.addends
    replacements.set(first as string, half).set(second as string, half)
    if (bias) replacements.set(bias, operations.node('Sub', [bias, bias]))
  }
  const cloned = editor.cloneRegion(head.nodes, replacements).get(head.logits)
  if (!cloned) return noHead(graph.path)
  const logits = editor.addOutput(inType(cloned, 'float32'))
  editor.removeDeadNodes([logits])
  const otherInputs = editor.model.graph.input
    .map(({name}) => name)
    .filter((name) => name !== input)
  return {graph: editor, residual: input, layout: point.layout, logits, otherInputs}
}

function isAboutHead({code}: Problem): boolean {
  return (
    code === 'residual-stream-not-found' ||
    code === 'output-head-not-found' ||
    code === BLOCKS_IN_HEAD
  )
}

function noHead(file: string): Problem {
  return {
    code: 'output-head-not-found',
    message: 'The graph has no output head that can be run by itself.',
    file,
    found: 'no way from the residual stream to logits',
    expected: 'a final norm and a projection onto the vocabulary',
    advice: 'Export the model with its language-model head to see its predictions.',
  }
}
