import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute, operatorOf} from './attributes.ts'
import type {FoundSite} from './find-attention.ts'
import {groupQueryAttention} from './fused-group-query.ts'
import {mergedAttention} from './fused-merged.ts'
import {maskedMultiHeadAttention, multiHeadAttention} from './fused-multi-head.ts'
import type {FusedContext} from './fused-parts.ts'
import {standardAttention} from './fused-standard.ts'
import type {GraphFacts} from './graph-facts.ts'
import type {OnnxNode} from './schema.ts'

/** Operators whose queries and keys can be rebuilt, or that hand their weights out (ONNX notes, 3.1). */
const READERS: Readonly<Record<string, (context: FusedContext) => FoundSite>> = {
  Attention: standardAttention,
  'com.microsoft.Attention': mergedAttention,
  'com.microsoft.DecoderMaskedMultiHeadAttention': maskedMultiHeadAttention,
  'com.microsoft.GroupQueryAttention': groupQueryAttention,
  'com.microsoft.MultiHeadAttention': multiHeadAttention,
}

/** Operators with a softmax inside that none of their outputs shows. */
const CLOSED = new Set([
  'com.microsoft.DecoderAttention',
  'com.microsoft.DecoderMaskedSelfAttention',
  'com.microsoft.LongformerAttention',
  'com.microsoft.PackedAttention',
  'com.microsoft.PackedMultiHeadAttention',
  'com.microsoft.PagedAttention',
  'com.microsoft.QAttention',
  'com.microsoft.QOrderedAttention',
  'com.microsoft.QOrderedLongformerAttention',
  'com.microsoft.SparseAttention',
])

/** Operators that mix tokens without a softmax. */
const LINEAR = /^(com\.microsoft\.)?(\w*LinearAttention|\w*GatedDeltaNet|\w*SelectiveScan)$/

/** Every fused attention operator of a graph, in topological order. */
export function findFused({index, shapes, types}: GraphFacts): FoundSite[] {
  return index.nodes.flatMap((node) => {
    const operator = operatorOf(node)
    const read = READERS[operator]
    if (read) return [read({index, shapes, types, node})]
    if (CLOSED.has(operator)) return [withoutSite(node, notExposed(node))]
    return LINEAR.test(operator) ? [withoutSite(node, withoutSoftmax(node))] : []
  })
}

function withoutSite(node: OnnxNode, problem: Problem): FoundSite {
  const queryHeadCount = intAttribute(node, 'num_heads', null)
  const keyValueHeadCount = intAttribute(node, 'kv_num_heads', queryHeadCount)
  const counts = {queryHeadCount, keyValueHeadCount, headSize: null}
  return {node, site: null, counts, problem}
}

function notExposed(node: OnnxNode): Problem {
  return {
    code: 'attention-not-exposed',
    message: 'A fused attention operator hands nothing of its attention out.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: operatorOf(node),
    expected: Object.keys(READERS).join(', '),
    advice: 'Use an export of this model that is not fused, or is fused in another way.',
  }
}

function withoutSoftmax(node: OnnxNode): Problem {
  return {
    code: 'attention-without-softmax',
    message: 'This layer mixes tokens without attention weights.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: operatorOf(node),
    expected: 'attention with a softmax',
    advice: 'Look at the other layers; there is nothing to show for this one.',
  }
}
