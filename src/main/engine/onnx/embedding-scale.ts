import type {Problem} from '../../../shared/domain/problem.ts'
import {operatorOf} from './attributes.ts'
import {isFloatType} from './constants.ts'
import {findEmbeddings} from './data-flow.ts'
import type {ElementTypes} from './element-types.ts'
import type {GraphIndex} from './graph-index.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'

/**
 * The token embeddings before anything is added to them, one tensor of floats a look-up; a Problem where the
 * look-up is inside a larger operator or the graph takes embeddings instead of ids.
 */
export function tokenEmbeddingsOf(
  index: GraphIndex,
  shapes: StaticShapes,
  types: ElementTypes,
  inputIds: string | null
): readonly string[] | Problem {
  if (inputIds === null) return notScaled('no input of token ids', null)
  const lookUps = findEmbeddings(index, shapes, inputIds)
  if (lookUps.length === 0) return notScaled('no look-up of token ids', null)
  const tensors: string[] = []
  for (const node of lookUps) {
    if (node.opType === 'EmbedLayerNormalization') return notScaled(operatorOf(node), node)
    const tensor = floatsOf(index, types, node)
    if (tensor === null) return notScaled(`${operatorOf(node)} that gives no floats`, node)
    tensors.push(tensor)
  }
  return tensors
}

/** Embeddings become embedding · factor; `factors` is float32 [1, position, hidden], or one entry of it a position. */
export function scaleEmbeddings(
  operations: GraphOperations,
  types: ElementTypes,
  tensors: readonly string[],
  factors: string
): void {
  for (const tensor of tensors) {
    const dtype = types.typeOf(tensor) ?? 'float32'
    // Some graphs look up [batch × position, hidden].
    const shaped = operations.node('Reshape', [factors, operations.shape(tensor)])
    const typed = dtype === 'float32' ? shaped : operations.cast(shaped, dtype)
    operations.editor.replaceConsumers(tensor, operations.node('Mul', [tensor, typed]))
  }
}

/** What is looked up, or what its bytes are dequantized to. */
function floatsOf(index: GraphIndex, types: ElementTypes, node: OnnxNode): string | null {
  const [tensor] = node.output
  if (!tensor) return null
  const type = types.typeOf(tensor)
  if (type !== null && isFloatType(type)) return tensor
  const users = index.consumersOf(tensor)
  const [user] = users
  const isDequantized = users.length === 1 && user?.opType === 'DequantizeLinear'
  return isDequantized ? (user.output[0] ?? null) : null
}

function notScaled(found: string, node: OnnxNode | null): Problem {
  return {
    code: 'embeddings-not-scaled',
    message: 'The token embeddings of this model cannot be scaled.',
    ...(node && {field: `node ${JSON.stringify(node.name || node.output[0])}`}),
    found,
    expected: 'a look-up of token ids whose result is added to others by nodes of its own',
    advice: 'Use an export of this model whose embeddings are not fused.',
  }
}
