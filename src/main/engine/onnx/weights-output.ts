import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute, operatorOf} from './attributes.ts'
import {asFloat32, type CaptureGraph, type OperandOptions} from './capture-operands.ts'
import {addShadowWeights} from './shadow-weights.ts'
import type {AttentionSite} from './structure.ts'

/** ai.onnx Attention's `qk_matmul_output_mode` and GroupQueryAttention's `qk_output` for after softmax. */
const AFTER_SOFTMAX = {attention: 3, groupQuery: 2}
/** Where all fused operators hand out what belongs to queries and keys. */
const HAND_OUT = 3

/**
 * Makes a site's weights a graph output in float32, by what the operator hands out or beside it by nodes of
 * our own; returns its name, or why they cannot be had.
 */
export function addWeights(
  graph: CaptureGraph,
  site: AttentionSite,
  options: OperandOptions
): string | Problem {
  const {editor, operations, types, index} = graph
  const {node} = site
  const handedOut = (tensor: string) => {
    const isFloat32 = types.typeOf(node.input[0]) === 'float32'
    return editor.addOutput(isFloat32 ? tensor : operations.cast(tensor, 'float32'))
  }
  switch (site.operator) {
    case 'softmax': {
      const {weights, weightsOrder} = site
      const numbers = asFloat32(graph, weights!)
      return editor.addOutput(weightsOrder ? operations.transpose(numbers, weightsOrder) : numbers)
    }
    case 'ai.onnx.Attention': {
      const taken = node.output[HAND_OUT]
      const isTaken = taken && (index.consumersOf(taken).length > 0 || index.isGraphOutput(taken))
      const mode = intAttribute(node, 'qk_matmul_output_mode', 0)
      if (isTaken && mode !== AFTER_SOFTMAX.attention) return shadow(graph, site, options)
      editor.setAttribute(node, 'qk_matmul_output_mode', AFTER_SOFTMAX.attention)
      return handedOut(editor.setOutput(node, HAND_OUT))
    }
    case 'com.microsoft.GroupQueryAttention':
      editor.setAttribute(node, 'qk_output', AFTER_SOFTMAX.groupQuery)
      return handedOut(editor.setOutput(node, HAND_OUT))
    case 'com.microsoft.DecoderMaskedMultiHeadAttention':
      editor.setAttribute(node, 'output_qk', 1)
      return scoresOf(graph, site)
    case 'com.microsoft.MultiHeadAttention':
      return scoresOf(graph, site)
    case 'com.microsoft.Attention':
      return shadow(graph, site, options)
  }
}

/** These operators hand out scores before softmax, in float32 whatever the model's type is. */
function scoresOf({editor, operations}: CaptureGraph, {node}: AttentionSite): string {
  const scores = editor.setOutput(node, HAND_OUT)
  editor.setType(scores, 'float32')
  return editor.addOutput(operations.softmax(scores, 4))
}

function shadow(
  graph: CaptureGraph,
  {queryKey, node}: AttentionSite,
  options: OperandOptions
): string | Problem {
  if ('code' in queryKey) return queryKey
  const weights = addShadowWeights(graph, queryKey, options)
  if (weights) return graph.editor.addOutput(weights)
  return {
    code: 'weights-not-handed-out',
    message:
      'The attention operator hands out no weights, and what it does cannot be written beside it.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: operatorOf(node),
    expected: 'an operator that hands out its weights, or steps of known axes',
    advice: 'Capture queries and keys of this layer instead.',
  }
}
