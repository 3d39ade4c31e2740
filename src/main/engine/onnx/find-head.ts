import type {Problem} from '../../../shared/domain/problem.ts'
import {ancestorsOf, descendantsOf} from './dominators.ts'
import {blocksInHead, findBlockInHead} from './find-blocks.ts'
import type {FoundResidual, Stream} from './find-residual.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import type {OutputHead} from './structure.ts'

const PROJECTIONS = new Set([
  'DynamicQuantizeMatMul',
  'FusedMatMul',
  'Gemm',
  'MatMul',
  'MatMulBnb4',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'MatMulNBits',
  'QGemm',
  'QLinearMatMul',
])

/** What leaves the content of its first input as it is, up to choice of rows and rounding. */
const KEEPS_CONTENT = new Set([
  'Cast',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'Identity',
  'QuantizeLinear',
  'Reshape',
  'Slice',
  'Squeeze',
  'Unsqueeze',
])

/**
 * Everything from the last residual point to the output `logits`: the final norm where there is one, the
 * projection onto the vocabulary and what follows it. A Problem of a graph that ends in hidden states.
 */
export function findHead(
  index: GraphIndex,
  stream: Stream,
  residual: FoundResidual,
  logits: string
): OutputHead | Problem {
  const last = stream.chain[residual.lastPlace]!
  const point = residual.stream.points.at(-1)!
  const target = index.producerOf(logits)
  if (!target) return noHead(logits)
  const wanted = ancestorsOf(index, target)
  const tensors = point.addends ? last.output : [point.tensor]
  const region = descendantsOf(index, tensors.filter(Boolean))
  if (point.addends) region.add(last)
  const nodes = index.nodes.filter((node) => region.has(node) && wanted.has(node))
  const projection = nodes.find((node) => PROJECTIONS.has(node.opType))
  if (!projection) return noHead(logits)
  const points = point.addends ? last.output : [point.tensor]
  const ownNodes = point.addends ? nodes.filter((node) => node !== last) : nodes
  const block = findBlockInHead(index, stream, ownNodes, points)
  if (block) return blocksInHead(block)
  return {
    logits,
    nodes,
    normed: normedOf(index, stream, projection, point.addends ? null : point.tensor),
  }
}

/** What the projection takes, before rows are chosen or rounded; null where that is the stream itself. */
function normedOf(
  index: GraphIndex,
  {tree}: Stream,
  projection: OnnxNode,
  point: string | null
): string | null {
  let tensor = projection.input.find((input) => {
    const producer = index.producerOf(input)
    return producer !== null && tree.has(producer)
  })
  for (let length = 0; length < 16 && tensor !== undefined && tensor !== point; length++) {
    const producer = index.producerOf(tensor)
    if (!producer || !KEEPS_CONTENT.has(producer.opType)) break
    tensor = producer.input[0]
  }
  return tensor === undefined || tensor === point ? null : tensor
}

function noHead(output: string): Problem {
  return {
    code: 'output-head-not-found',
    message: 'The graph has no output head: it ends in hidden states.',
    field: output,
    found: 'no matrix product between the last layer and the output',
    expected: 'a projection onto the vocabulary',
    advice: 'Export the model with its language-model head to see its predictions.',
  }
}
