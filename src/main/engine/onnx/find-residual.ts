import type {Problem} from '../../../shared/domain/problem.ts'
import type {DominatorTree} from './dominators.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {ResidualPoint, ResidualStream} from './structure.ts'

/** The bottlenecks of a graph: nodes that everything passes on its way from the embeddings to an output. */
export interface Stream {
  readonly tree: DominatorTree
  readonly chain: readonly OnnxNode[]
}

const SKIP_NORMS = new Set(['SkipLayerNormalization', 'SkipSimplifiedLayerNormalization'])
const SUM_OUTPUT = 3

/** Place in the chain of the last bottleneck before a node; −1 where the node is not on the way. */
export function placeBefore({tree, chain}: Stream, node: OnnxNode): number {
  const target = chain.at(-1)
  if (!target || !tree.has(node)) return -1
  const last = tree.common(node, target)
  return last === null ? -1 : chain.indexOf(last)
}

export interface FoundResidual {
  readonly stream: ResidualStream
  /** Place in the chain of what leaves the last block. */
  readonly lastPlace: number
}

/**
 * The residual stream: what enters each block (the last bottleneck before its attention), and what
 * leaves the last one. `places` are those of the blocks' attention, ascending. The last block ends as
 * the ones before it begin: after as many writes (sums of two things that both come from the embeddings),
 * and as many nodes after the last of them. This equals hidden_states of Hugging Face but for its last
 * entry, which there lies behind the final norm.
 */
export function findResidual(
  index: GraphIndex,
  shapes: StaticShapes,
  stream: Stream,
  places: readonly number[]
): FoundResidual | Problem {
  const lastPlace =
    places.length === 0 || places[0]! < 0 ? null : placeAfterLast(index, stream, places)
  if (lastPlace === null) return notFound(stream, places)
  const {chain} = stream
  const isPreNorm = chain.some((node) => SKIP_NORMS.has(node.opType) && hasSum(index, node))
  const points = [...places, lastPlace].map((place) =>
    pointAt(index, shapes, chain[place]!, isPreNorm)
  )
  const widths = new Set(points.map(({tensor}) => shapes.lengthOf(tensor, -1)))
  widths.delete(null)
  if (widths.size > 1) return unequal([...widths] as number[])
  return {stream: {points}, lastPlace}
}

function placeAfterLast(
  index: GraphIndex,
  stream: Stream,
  places: readonly number[]
): number | null {
  const {chain} = stream
  const isWrite = chain.map((node) => isResidualWrite(index, stream.tree, node))
  const writesIn = (start: number, end: number) =>
    isWrite.flatMap((write, place) => (write && place > start && place <= end ? [place] : []))
  const last = places.at(-1)!
  const before = places.at(-2)
  const after = writesIn(last, chain.length - 1)
  if (before === undefined) {
    // One block: what lies between its two writes lies after the second as well.
    const [first, second] = after
    const trailing = first !== undefined && second !== undefined ? second - first - 1 : 0
    const end = after.at(-1)
    if (end !== undefined) return Math.min(end + trailing, chain.length - 1)
    return last + 1 < chain.length ? last + 1 : null
  }
  const writes = writesIn(before, last)
  if (writes.length === 0) {
    const place = last + (last - before)
    return place < chain.length ? place : null
  }
  const end = after[writes.length - 1]
  if (end === undefined) return null
  const place = end + (last - writes.at(-1)!)
  return place < chain.length ? place : null
}

/** A sum of two things that both come from the embeddings. */
function isResidualWrite(index: GraphIndex, tree: DominatorTree, node: OnnxNode): boolean {
  if (node.opType !== 'Add' && node.opType !== 'Sum' && !SKIP_NORMS.has(node.opType)) return false
  const addends = node.opType === 'Sum' ? node.input : node.input.slice(0, 2)
  const flowing = addends.filter((input) => {
    const producer = index.producerOf(input)
    return producer !== null && tree.has(producer)
  })
  return new Set(flowing).size > 1
}

function hasSum(index: GraphIndex, node: OnnxNode): boolean {
  const sum = node.output[SUM_OUTPUT]
  return Boolean(sum && (index.consumersOf(sum).length > 0 || index.isGraphOutput(sum)))
}

function pointAt(
  index: GraphIndex,
  shapes: StaticShapes,
  node: OnnxNode,
  isPreNorm: boolean
): ResidualPoint {
  const point = (tensor: string, addends: readonly string[] | null): ResidualPoint => ({
    tensor,
    addends,
    layout: shapes.rankOf(tensor) === 2 ? 'flat-hidden' : 'batch-position-hidden',
  })
  if (node.opType === 'EmbedLayerNormalization') {
    const sum = node.output[2]
    return point(sum && index.consumersOf(sum).length > 0 ? sum : node.output[0]!, null)
  }
  if (!SKIP_NORMS.has(node.opType)) return point(node.output[0]!, null)
  if (hasSum(index, node)) return point(node.output[SUM_OUTPUT]!, null)
  // After a norm at the end of each block, as BERT has it, the norm's output is the stream.
  if (!isPreNorm) return point(node.output[0]!, null)
  const bias = node.input[node.opType === 'SkipLayerNormalization' ? 4 : 3]
  const addends = [node.input[0]!, node.input[1]!, ...(bias ? [bias] : [])]
  return point(addends[0]!, addends)
}

function notFound({chain}: Stream, places: readonly number[]): Problem {
  return {
    code: 'residual-stream-not-found',
    message: 'The residual stream of this graph is not found.',
    found: `${chain.length} tensors that everything passes, for ${places.length} layers with attention`,
    expected: 'one between any two layers that everything passes from the embeddings to the output',
    advice: 'Use the lenses of attention; those of the residual stream are not available.',
  }
}

function unequal(widths: readonly number[]): Problem {
  return {
    code: 'residual-stream-not-found',
    message: 'The residual stream of this graph is not found.',
    found: `tensors of different widths between layers: ${widths.join(', ')}`,
    expected: 'one width from the embeddings to the output',
    advice: 'Use the lenses of attention; those of the residual stream are not available.',
  }
}
