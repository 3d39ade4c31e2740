import type {ChainLink} from './find-softmax.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'

/** What only lays a mask out anew, turns it round or gives it another type. */
const KEEPS_MASK = new Set([
  ...['Cast', 'CastLike', 'Expand', 'Identity', 'Not'],
  ...['Reshape', 'Slice', 'Squeeze', 'Transpose', 'Unsqueeze'],
])
/** What a test for rows without any key is made of, beside what keeps masks. */
const TESTS_ROWS = new Set([
  ...['And', 'Equal', 'IsInf', 'LessOrEqual', 'Or'],
  ...['ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceSum'],
])
const MAX_LENGTH = 64

/**
 * Whether a node between Softmax and values leaves the softmax of the scores what it is. A Where does that puts
 * zeros into rows without any key; so do a Where and a product that hide, once more, what a mask has hidden
 * from the softmax. Whatever else is multiplied in or put in makes other weights of them: a gate of each
 * head, a mask that only comes after the softmax. A Slice takes the column of a sink away.
 */
export function keepsSoftmax(
  index: GraphIndex,
  node: OnnxNode,
  tensor: string,
  chain: readonly ChainLink[]
): boolean {
  if (node.opType === 'Slice') return true
  if (node.opType === 'Mul') {
    const factor = node.input.find((input) => input !== tensor)
    if (factor === undefined) return false
    return index.scalarOf(factor) === 1 || masksOf(index, chain).has(maskOf(index, factor))
  }
  const [condition, first, second] = node.input
  const other = first === tensor ? second : first
  if (condition === undefined || other === undefined || !isZero(index, other)) return false
  return testsRows(index, condition, tensor, chain) || isMasked(index, condition, chain)
}

function isMasked(index: GraphIndex, condition: string, chain: readonly ChainLink[]): boolean {
  return masksOf(index, chain).has(maskOf(index, condition))
}

/** The tensor that a mask was before it was laid out. */
function maskOf(index: GraphIndex, tensor: string): string {
  let mask = tensor
  for (let length = 0; length < MAX_LENGTH; length++) {
    const producer = index.producerOf(mask)
    if (!producer || !KEEPS_MASK.has(producer.opType)) return mask
    mask = producer.input[0]!
  }
  return mask
}

/** The conditions that hide scores on their way to the Softmax, chosen there or added as numbers. */
function masksOf(index: GraphIndex, chain: readonly ChainLink[]): ReadonlySet<string> {
  const masks = new Set<string>()
  for (const {node, input} of chain) {
    if (node.opType === 'Where' && input > 0) masks.add(maskOf(index, node.input[0]!))
    if (node.opType !== 'Add') continue
    const added = index.producerOf(maskOf(index, node.input[1 - input] ?? ''))
    if (added?.opType === 'Where') masks.add(maskOf(index, added.input[0]!))
  }
  return masks
}

function isZero(index: GraphIndex, tensor: string): boolean {
  let at: string | undefined = tensor
  for (let length = 0; at !== undefined && length < MAX_LENGTH; length++) {
    const constant = index.constantOf(at)
    if (constant) return constant.values.every((value) => value === 0)
    const producer = index.producerOf(at)
    // Without a value it is filled with zeros.
    if (producer?.opType === 'ConstantOfShape' && !producer.attribute?.length) return true
    if (!producer || !KEEPS_MASK.has(producer.opType)) return false
    at = producer.input[0]
  }
  return false
}

/** Whether a condition asks of whole rows of scores or weights whether anything of them is left. */
function testsRows(
  index: GraphIndex,
  condition: string,
  tensor: string,
  chain: readonly ChainLink[]
): boolean {
  const scores = new Set([tensor, ...chain.flatMap(({node}) => node.output)])
  const waiting = [condition]
  let reachesScores = false
  let asksRows = false
  for (let next = 0; next < waiting.length; next++) {
    if (next >= MAX_LENGTH) return false
    const at = waiting[next]!
    if (scores.has(at)) {
      reachesScores = true
      continue
    }
    const producer = index.producerOf(at)
    if (producer?.opType === 'IsNaN') return true
    if (!producer || index.constantOf(at)) continue
    if (!TESTS_ROWS.has(producer.opType) && !KEEPS_MASK.has(producer.opType)) return false
    asksRows ||= producer.opType.startsWith('Reduce')
    waiting.push(...producer.input.filter(Boolean))
  }
  return reachesScores && asksRows
}
