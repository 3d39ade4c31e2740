import {floatAttribute, intAttribute} from './attributes.ts'
import type {CaptureGraph} from './capture-operands.ts'
import type {OnnxNode} from './schema.ts'

const QUERY_NORM = 14
const KEY_NORM = 15

/**
 * Takes out of a GroupQueryAttention what onnxruntime's CPU kernel refuses: norms of queries and keys inside
 * the operator, which become nodes before it, and the cache that drops what is outside the window, which
 * gives the same attention kept whole. `headSize` is needed where query, key and value are packed.
 */
export function unfuseGroupQuery(
  {editor, operations}: CaptureGraph,
  node: OnnxNode,
  headSize: number | null
): void {
  editor.setAttribute(node, 'sliding_window_cache', null)
  const {input} = node
  if (!input[QUERY_NORM] && !input[KEY_NORM]) return
  const queryHeadCount = intAttribute(node, 'num_heads', 0)
  const keyHeadCount = intAttribute(node, 'kv_num_heads', 0)
  const epsilon = floatAttribute(node, 'qk_norm_epsilon', 1e-6)
  const parts = [input[0]!, input[1] ?? '', input[2] ?? '']
  if (!parts[1]) {
    if (headSize === null) return
    const ends = [queryHeadCount, queryHeadCount + keyHeadCount, queryHeadCount + 2 * keyHeadCount]
    ends.forEach((end, part) => {
      const start = part === 0 ? 0 : ends[part - 1]!
      const range = {starts: [start * headSize], ends: [end * headSize], axes: [2]}
      parts[part] = operations.slice(input[0]!, range)
    })
  }
  const normed = (tensor: string, weight: string | undefined, headCount: number) => {
    if (!weight) return tensor
    const heads = operations.reshape(tensor, [0, 0, headCount, -1])
    const attributes = {axis: -1, epsilon: {float: epsilon}}
    const output = operations.node('SimplifiedLayerNormalization', [heads, weight], attributes)
    return operations.reshape(output, [0, 0, -1])
  }
  editor.replaceInput(node, 0, normed(parts[0]!, input[QUERY_NORM], queryHeadCount))
  editor.replaceInput(node, 1, normed(parts[1]!, input[KEY_NORM], keyHeadCount))
  editor.replaceInput(node, 2, parts[2]!)
  for (const index of [QUERY_NORM, KEY_NORM]) editor.replaceInput(node, index, '')
}
