import type {Problem} from '../../../shared/domain/problem.ts'
import {floatAttribute, intAttribute, intsAttribute} from './attributes.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'

const INPUT = {states: 0, weights: 1, bias: 2, mask: 3, past: 4, scoreBias: 5} as const

/**
 * Whether a com.microsoft Attention must become another operator before anything is added to its scores:
 * with a KV cache onnxruntime refuses it (“cannot have both past and attention_bias”, 1.30).
 */
export function isMergedWithCache(node: OnnxNode): boolean {
  return Boolean(node.input[INPUT.past])
}

/** Why such a node cannot be restated; null where it can. */
export function unmergeProblemOf(shapes: StaticShapes, node: OnnxNode): Problem | null {
  const mask = node.input[INPUT.mask]
  if (intAttribute(node, 'do_rotary', 0) === 1) return notRestated(node, 'rotary positions inside')
  if (intAttribute(node, 'past_present_share_buffer', 0) === 1) {
    return notRestated(node, 'a cache in a buffer of a fixed length')
  }
  if (mask && shapes.rankOf(mask) !== 2) {
    return notRestated(node, `a mask of ${shapes.rankOf(mask) ?? 'an unknown number of'} axes`)
  }
  return widthsOf(shapes, node) ? null : notRestated(node, 'weights of an unknown width')
}

/**
 * Restates a com.microsoft Attention that keeps a cache as a product, a MultiHeadAttention and a stacked
 * cache, with `scoreBias` [1, head or 1, query, key] added to the scores. Returns the tensor that stands for what
 * its heads gave; the node itself is left without a use.
 */
export function unmergeAttention(
  operations: GraphOperations,
  shapes: StaticShapes,
  node: OnnxNode,
  scoreBias: string
): string {
  const {editor} = operations
  const input = (at: number) => node.input[at] || null
  const [query, key] = widthsOf(shapes, node)!
  const product = operations.node('MatMul', [input(INPUT.states)!, input(INPUT.weights)!])
  const bias = input(INPUT.bias)
  const projected = bias ? operations.node('Add', [product, bias]) : product
  const columns = (start: number, end: number) =>
    operations.slice(projected, {starts: [start], ends: [end], axes: [2]})
  const past = input(INPUT.past)!
  const attention = editor.addNode({
    opType: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: [
      columns(0, query),
      columns(query, query + key),
      columns(query + key, Number.POSITIVE_INFINITY),
      '',
      input(INPUT.mask) ?? '',
      scoreBias,
      operations.gather(past, 0, 0),
      operations.gather(past, 1, 0),
    ],
    outputs: 3,
    attributes: {
      num_heads: intAttribute(node, 'num_heads', 0),
      unidirectional: intAttribute(node, 'unidirectional', 0),
      mask_filter_value: {float: floatAttribute(node, 'mask_filter_value', -10_000)},
      scale: {float: floatAttribute(node, 'scale', 0)},
    },
  })
  const present = operations.concat(
    attention.slice(1).map((part) => operations.unsqueeze(part, [0])),
    0
  )
  const made = [attention[0]!, present]
  node.output.forEach((output, at) => {
    if (output) editor.replaceConsumers(output, made[at]!, {outputs: true})
  })
  return made[0]!
}

/** Columns of queries and of keys in the weights; the values have the rest. */
function widthsOf(shapes: StaticShapes, node: OnnxNode): readonly [number, number] | null {
  const [query, key] = intsAttribute(node, 'qkv_hidden_sizes') ?? []
  if (query && key) return [query, key]
  const all = shapes.lengthOf(node.input[INPUT.weights], -1)
  return all === null ? null : [all / 3, all / 3]
}

function notRestated(node: OnnxNode, found: string): Problem {
  return {
    code: 'scores-not-changed',
    message: 'Nothing can be added to the attention scores of this model.',
    field: `node ${JSON.stringify(node.name || node.output[0])} (com.microsoft.Attention)`,
    found,
    expected: 'weights of a known width, and a mask of one entry a key or none',
    advice: 'Use an export of this model without a KV cache, or one that is not fused.',
  }
}
