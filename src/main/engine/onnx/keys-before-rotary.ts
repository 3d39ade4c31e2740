import {floatAttribute, intAttribute, intsAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import {dimensionsOf, type StaticShapes} from './static-shapes.ts'
import type {AttentionSite, Operand, OperandAxis} from './structure.ts'

/** From the product back to where keys are turned there are a few nodes. */
const MAX_WALK_LENGTH = 16
/** How rotary embeddings are spelled out: x · cos + half-swapped x · sin, a node or two apart. */
const MAX_SWAP_LENGTH = 6

/**
 * Keys as they were before they were turned by their positions, without the scale that some graphs give to
 * keys afterwards; null where no turning is found.
 */
export function keysBeforeRotary(
  index: GraphIndex,
  shapes: StaticShapes,
  {node, queryKey}: AttentionSite,
  headSize: number | null
): Operand | null {
  if (node.opType === 'GroupQueryAttention' && intAttribute(node, 'do_rotary', 0) === 1) {
    return keysOfGroupQuery(node, headSize)
  }
  if ('code' in queryKey) return null
  const {key} = queryKey
  if (node.output.includes(key.tensor)) return keysBeforeCache(index, shapes, node)
  const turned = key.preparation.findIndex(({kind}) => kind === 'rotary')
  if (turned >= 0) {
    const others = key.preparation.filter(({kind}) => kind !== 'rotary' && kind !== 'after-past')
    return {...key, preparation: others, factor: 1}
  }
  return walkToRotary(index, shapes, key)
}

/** The operator turns keys itself; its own norm of keys comes before that. */
function keysOfGroupQuery(node: OnnxNode, headSize: number | null): Operand | null {
  const keyHeadCount = intAttribute(node, 'kv_num_heads', 0)
  const queryHeadCount = intAttribute(node, 'num_heads', 0)
  const isPacked = !node.input[1]
  const norm = node.input[15]
  const epsilon = floatAttribute(node, 'qk_norm_epsilon', 1e-6)
  if (isPacked && headSize === null) return null
  const start = queryHeadCount * (headSize ?? 0)
  const end = start + keyHeadCount * (headSize ?? 0)
  return {
    tensor: isPacked ? node.input[0]! : node.input[1]!,
    preparation: [
      ...(isPacked ? [{kind: 'columns', start, end} as const] : []),
      {kind: 'split-heads', headCount: keyHeadCount},
      ...(norm ? [{kind: 'rms-norm', weight: norm, epsilon} as const] : []),
    ],
    layout: ['batch', 'head', 'position', 'size'],
    factor: 1,
  }
}

/** What a fused operator takes as its new keys, which it gives back behind the cached ones. */
function keysBeforeCache(index: GraphIndex, shapes: StaticShapes, node: OnnxNode): Operand | null {
  const tensor = node.input[1]
  const rank = shapes.rankOf(tensor)
  if (!tensor || (rank !== 3 && rank !== 4)) return null
  const layout: readonly OperandAxis[] =
    rank === 3 ? ['batch', 'position', 'heads-size'] : ['batch', 'head', 'position', 'size']
  return walkToRotary(index, shapes, {tensor, preparation: [], layout, factor: 1})
}

function walkToRotary(index: GraphIndex, shapes: StaticShapes, key: Operand): Operand | null {
  let tensor = key.tensor
  let layout: readonly OperandAxis[] = key.layout
  const isPrepared = key.preparation.length > 0
  let heads: HeadRange | null = null
  for (let length = 0; length < MAX_WALK_LENGTH; length++) {
    const node = index.producerOf(tensor)
    if (!node) return null
    const source = unturned(index, node)
    if (source) {
      const kept = key.preparation.filter(({kind}) => kind !== 'after-past')
      const range = heads && ({kind: 'range', axis: layout.indexOf('head'), ...heads} as const)
      return {tensor: source, preparation: [...(range ? [range] : []), ...kept], layout, factor: 1}
    }
    if (node.opType === 'Split') {
      // Queries and keys are turned together, and then told apart by their heads.
      if (heads || isPrepared || !node.input[0]) return null
      heads = headRangeOf(shapes, node, tensor, layout)
      if (!heads) return null
      tensor = node.input[0]
      continue
    }
    const next = passedThrough(index, node)
    if (!next) return null
    if (node.opType === 'Transpose') {
      const order = intsAttribute(node, 'perm')
      if (isPrepared || !order || order.length !== layout.length) return null
      const moved: OperandAxis[] = []
      order.forEach((from, to) => {
        moved[from] = layout[to]!
      })
      layout = moved
    } else if (node.opType === 'Reshape') {
      const isJoined = layout.join() === 'batch,position,head,size' && shapes.rankOf(next) === 3
      if (isPrepared || heads || !isJoined) return null
      layout = ['batch', 'position', 'heads-size']
    }
    tensor = next
  }
  return null
}

interface HeadRange {
  readonly start: number
  readonly end: number
}

/** Which heads one part of a Split along heads holds; null where it is split otherwise. */
function headRangeOf(
  shapes: StaticShapes,
  node: OnnxNode,
  tensor: string,
  layout: readonly OperandAxis[]
): HeadRange | null {
  const axis = intAttribute(node, 'axis', 0)
  if (layout.at(axis) !== 'head') return null
  const sizes =
    intsAttribute(node, 'split') ??
    shapes.numbersOf(node.input[1]) ??
    node.output.map((output) => shapes.lengthOf(output, axis))
  const at = node.output.indexOf(tensor)
  let start = 0
  for (const size of sizes.slice(0, at)) {
    if (size === null) return null
    start += size
  }
  const size = sizes[at]
  return size ? {start, end: start + size} : null
}

/** The tensor that a node hands on as it is: of a cache, the new part behind the old one. */
function passedThrough(index: GraphIndex, node: OnnxNode): string | null {
  switch (node.opType) {
    case 'Identity':
    case 'Cast':
    case 'Reshape':
    case 'Transpose':
      return node.input[0] ?? null
    case 'Concat': {
      const [past, fresh] = node.input
      return node.input.length === 2 && past && fresh && index.inputOf(beforeCasts(index, past))
        ? fresh
        : null
    }
    default:
      return null
  }
}

/** What a node has turned, or null. */
function unturned(index: GraphIndex, node: OnnxNode): string | null {
  if (node.opType === 'RotaryEmbedding') return node.input[0] ?? null
  if (node.opType === 'Add') return turnedBySum(index, node)
  if (node.opType !== 'Concat' || node.input.length !== 2) return null
  // Only some of the elements are turned; the others stand behind them.
  const [front, back] = node.input.map((input) => index.producerOf(input))
  if (!front || !back) return null
  const part = unturned(index, front)
  const maker = index.producerOf(part === null ? undefined : beforeCasts(index, part))
  const isPart = maker && (maker.opType === 'Slice' || maker.opType === 'Split')
  return isPart && maker.input[0] === back.input[0] && back.opType === maker.opType
    ? maker.input[0]!
    : null
}

/** x of x · cos + swapped(x) · sin. */
function turnedBySum(index: GraphIndex, node: OnnxNode): string | null {
  const products = node.input.map((input) => index.producerOf(beforeCasts(index, input)))
  if (products.length !== 2 || products.some((one) => one?.opType !== 'Mul')) return null
  for (const [plain, swapped] of [products, [...products].reverse()]) {
    for (const input of plain!.input) {
      const tensor = beforeCasts(index, input)
      const isTurned = (other: string) =>
        isSwapOf(index, other, tensor) || isMatrixTurnOf(index, other, tensor)
      if (swapped!.input.some(isTurned)) return tensor
    }
  }
  return null
}

function beforeCasts(index: GraphIndex, tensor: string): string {
  const maker = index.producerOf(tensor)
  return maker?.opType === 'Cast' && maker.input[0] ? beforeCasts(index, maker.input[0]) : tensor
}

/** Whether a tensor is another times a constant square matrix: the swap of its halves, spelled as a product. */
function isMatrixTurnOf(index: GraphIndex, tensor: string, source: string): boolean {
  const product = index.producerOf(beforeCasts(index, tensor))
  if (product?.opType !== 'MatMul' || !product.input[1]) return false
  if (beforeCasts(index, product.input[0]!) !== source) return false
  const matrix = index.initializerOf(beforeCasts(index, product.input[1]))
  const lengths = matrix ? dimensionsOf(matrix) : []
  return lengths.length === 2 && lengths[0] === lengths[1]
}

/** Whether a tensor is halves of another, the second one negated, put together the other way round. */
function isSwapOf(index: GraphIndex, tensor: string, source: string): boolean {
  const concat = index.producerOf(beforeCasts(index, tensor))
  if (concat?.opType !== 'Concat' || concat.input.length !== 2) return false
  let hasNegation = false
  const reaches = concat.input.every((input) => {
    let current: string | undefined = input
    for (let length = 0; length < MAX_SWAP_LENGTH; length++) {
      const maker = index.producerOf(current)
      if (!maker || !['Neg', 'Slice', 'Split', 'Gather', 'Cast'].includes(maker.opType))
        return false
      hasNegation ||= maker.opType === 'Neg'
      current = maker.input[0]
      if (current === source) return true
    }
    return false
  })
  return reaches && hasNegation
}
