import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute} from './attributes.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'

const INPUT = {query: 0, key: 1, value: 2, cos: 7, sin: 8, positions: 9, queryNorm: 14, keyNorm: 15}

/** Why a GroupQueryAttention's heads cannot be turned by a node before it; null where they can. */
export function unfuseRotaryProblemOf(shapes: StaticShapes, node: OnnxNode): Problem | null {
  if (node.input[INPUT.queryNorm] || node.input[INPUT.keyNorm]) {
    return notTurned(node, 'norms of queries and keys inside the operator')
  }
  const isKnown = headSizeOf(shapes, node) !== null && shapes.lengthOf(node.input[INPUT.cos], -1)
  return isKnown ? null : notTurned(node, 'heads of an unknown size')
}

/**
 * Has queries and keys of a GroupQueryAttention turned before it, at `positions`, int64 [batch, position].
 * The operator itself takes position ids as one number, where its text starts, unless there is a past
 * (onnxruntime 1.30).
 */
export function unfuseRotary(
  operations: GraphOperations,
  shapes: StaticShapes,
  node: OnnxNode,
  positions: string
): void {
  const {editor} = operations
  const {input} = editor.nodeOf(node)
  const queryCount = intAttribute(node, 'num_heads', 0)
  const keyCount = intAttribute(node, 'kv_num_heads', 0)
  const size = headSizeOf(shapes, node)!
  const turnedSize = 2 * shapes.lengthOf(input[INPUT.cos], -1)!
  const turn = (tensor: string, headCount: number) =>
    operations.node(
      'RotaryEmbedding',
      [tensor, positions, input[INPUT.cos]!, input[INPUT.sin]!],
      {
        num_heads: headCount,
        interleaved: intAttribute(node, 'rotary_interleaved', 0),
        ...(turnedSize < size && {rotary_embedding_dim: turnedSize}),
      },
      'com.microsoft'
    )
  const packed = input[INPUT.query]!
  const isPacked = !input[INPUT.key]
  const columns = (start: number, end: number) =>
    operations.slice(packed, {starts: [start * size], ends: [end * size], axes: [2]})
  const keyEnd = queryCount + keyCount
  const query = isPacked ? columns(0, queryCount) : packed
  const key = isPacked ? columns(queryCount, keyEnd) : input[INPUT.key]!
  if (isPacked) editor.replaceInput(node, INPUT.value, columns(keyEnd, Number.POSITIVE_INFINITY))
  editor.replaceInput(node, INPUT.query, turn(query, queryCount))
  editor.replaceInput(node, INPUT.key, turn(key, keyCount))
  for (const at of [INPUT.cos, INPUT.sin, INPUT.positions]) editor.replaceInput(node, at, '')
  editor.setAttribute(node, 'do_rotary', 0)
}

function headSizeOf(shapes: StaticShapes, node: OnnxNode): number | null {
  const width = shapes.lengthOf(node.input[INPUT.query], -1)
  const queryCount = intAttribute(node, 'num_heads', 0)
  const keyCount = intAttribute(node, 'kv_num_heads', 0)
  const count = node.input[INPUT.key] ? queryCount : queryCount + 2 * keyCount
  return width !== null && count > 0 ? width / count : null
}

function notTurned(node: OnnxNode, found: string): Problem {
  return {
    code: 'positions-not-found',
    message: 'The positions of this model cannot be set from outside.',
    field: `node ${JSON.stringify(node.name || node.output[0])} (com.microsoft.GroupQueryAttention)`,
    found,
    expected: 'queries and keys of a known size that are turned last',
    advice: 'Use an export of this model in which positions are turned outside of its attention.',
  }
}
