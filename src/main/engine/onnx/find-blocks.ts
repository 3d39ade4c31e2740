import type {Problem} from '../../../shared/domain/problem.ts'
import {intsAttribute} from './attributes.ts'
import {placeBefore, type Stream} from './find-residual.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import type {BlockWithoutAttention} from './structure.ts'

/** Operators that mix tokens in another way than attention does. */
const MIXERS =
  /^(Conv|ConvInteger|QLinearConv|FusedConv|NhwcConv|ConvTranspose|CausalConvWithState|RNN|GRU|LSTM|Scan|DFT|STFT|\w*LinearAttention|\w*GatedDeltaNet|\w*SelectiveScan)$/
const CONVOLUTIONS = /Conv/
const ATTENTION = /Attention$/
const PRODUCTS =
  /^(DynamicQuantizeMatMul|Einsum|FusedMatMul|Gemm|MatMul|MatMulBnb4|MatMulInteger|MatMulIntegerToFloat|MatMulNBits|QGemm|QLinearMatMul)$/
const SKIP_NORM = /^Skip(Simplified)?LayerNormalization$/
/** A block's way from the stream and back has fewer nodes than this; so has an activation. */
const MAX_WAY = 512

/**
 * Blocks that mix tokens without attention (convolutions, recurrent nets), of those that stand in the stream
 * by themselves; one beside the attention of a block is a part of it. `places` are those of the attention.
 */
export function findBlocksWithoutAttention(
  index: GraphIndex,
  stream: Stream,
  places: readonly number[]
): BlockWithoutAttention[] {
  if (places[0] === undefined || places[0] < 0) return []
  const blocks = new Map<number, BlockWithoutAttention>()
  for (const node of index.nodes) {
    if (!stream.tree.has(node) || !isMixer(node)) continue
    const place = placeBefore(stream, node)
    if (place < 0 || places.includes(place) || blocks.has(place)) continue
    blocks.set(place, {node, afterLayer: places.filter((one) => one < place).length - 1})
  }
  return [...blocks.values()]
}

/**
 * A node that no norm and no output head has, of those from the last point of the stream to the logits: it mixes
 * tokens, or it adds what a block made of the stream. Null where there is none.
 */
export function findBlockInHead(
  index: GraphIndex,
  {tree}: Stream,
  nodes: readonly OnnxNode[],
  points: readonly string[]
): OnnxNode | null {
  const region = new Set(nodes)
  const flows = (tensor: string | undefined) => {
    const producer = index.producerOf(tensor)
    return points.includes(tensor ?? '') || (producer !== null && region.has(producer))
  }
  return (
    nodes.find((node) => {
      if (isMixer(node) || ATTENTION.test(node.opType)) return true
      const flowing = [...new Set(node.input.filter(flows))]
      if (flowing.length < 2) return false
      if (PRODUCTS.test(node.opType)) return node.input.slice(0, 2).every(flows)
      if (SKIP_NORM.test(node.opType)) return true
      if (node.opType !== 'Add' && node.opType !== 'Sum') return false
      const [first, ...others] = flowing.map((tensor) => index.producerOf(tensor))
      const fork = others.reduce<OnnxNode | null>(
        (a, b) => tree.common(a, b ?? null),
        first ?? null
      )
      return hasProduct(index, region, flowing, fork)
    }) ?? null
  )
}

/** Whether a matrix product stands on the way from a node to some tensors; an activation has none. */
function hasProduct(
  index: GraphIndex,
  region: ReadonlySet<OnnxNode>,
  tensors: readonly string[],
  fork: OnnxNode | null
): boolean {
  const waiting = [...tensors]
  const seen = new Set<OnnxNode>()
  for (let next = 0; next < waiting.length; next++) {
    const producer = index.producerOf(waiting[next])
    if (!producer || producer === fork || !region.has(producer) || seen.has(producer)) continue
    if (PRODUCTS.test(producer.opType) || seen.size >= MAX_WAY) return true
    seen.add(producer)
    waiting.push(...index.inputsOf(producer))
  }
  return false
}

/** A convolution of one position alone is a projection. */
function isMixer(node: OnnxNode): boolean {
  if (!MIXERS.test(node.opType)) return false
  const kernel = CONVOLUTIONS.test(node.opType) ? intsAttribute(node, 'kernel_shape') : null
  return !kernel || kernel.some((length) => length > 1)
}

export const BLOCKS_IN_HEAD = 'blocks-after-last-attention'

/** Says that the way from the last attention to the logits holds more than a norm and a head. */
export function blocksInHead(node: OnnxNode): Problem {
  return {
    code: BLOCKS_IN_HEAD,
    message:
      'Blocks after the last attention are no part of its layer, and no part of the output head either.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: node.opType,
    expected: 'a norm and a projection onto the vocabulary after the last block with attention',
    advice: 'Use the lenses of attention; the logit lens and early exit are not available.',
  }
}
