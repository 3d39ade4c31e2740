import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute} from './attributes.ts'
import type {FoundSite} from './find-attention.ts'
import {
  biasSteps,
  causalSteps,
  type FusedContext,
  fusedProblem,
  fusedSite,
  inputAt,
  keyMaskSteps,
  outputAt,
  prepared,
  scaleStep,
} from './fused-parts.ts'
import {walkBack} from './operands.ts'
import type {Operand, OperandStep, QueryKeySource} from './structure.ts'

/** Where the two operators have their inputs. */
interface Inputs {
  readonly bias: number
  readonly mask: number
  readonly scoreBias: number
  readonly pastKey: number
  readonly pastValue: number
}
const MULTI_HEAD: Inputs = {bias: 3, mask: 4, scoreBias: 5, pastKey: 6, pastValue: 7}
const MASKED_MULTI_HEAD: Inputs = {bias: 10, mask: 3, scoreBias: 4, pastKey: 5, pastValue: 6}
const INDIRECTION = 9

/**
 * com.microsoft MultiHeadAttention: queries, keys and values of all heads, [batch, position, heads × size],
 * packed together [batch, position, heads, 3, size], or keys and values already apart by heads.
 */
export function multiHeadAttention(context: FusedContext): FoundSite {
  return siteOf(context, MULTI_HEAD, null)
}

/** com.microsoft DecoderMaskedMultiHeadAttention: the same for one query that continues a cache. */
export function maskedMultiHeadAttention(context: FusedContext): FoundSite {
  const {node} = context
  const isShared = intAttribute(node, 'past_present_share_buffer', 0) === 1
  const refused = isShared
    ? fusedProblem(node, 'a cache in a buffer of a fixed length')
    : inputAt(node, INDIRECTION)
      ? fusedProblem(node, 'a cache shared by beams')
      : null
  return siteOf(context, MASKED_MULTI_HEAD, refused)
}

function siteOf(context: FusedContext, inputs: Inputs, refused: Problem | null): FoundSite {
  const {shapes, node} = context
  const headCount = intAttribute(node, 'num_heads', null)
  const headSize = headCount ? headSizeOf(context, headCount) : null
  const parts = headCount && headSize ? partsOf(context, inputs, headCount, headSize) : null
  const keyCount =
    parts && parts.key.preparation.length === 0 && parts.key.layout.includes('head')
      ? shapes.lengthOf(parts.key.tensor, parts.key.layout.indexOf('head'))
      : null
  return fusedSite(context, {
    operator:
      inputs === MULTI_HEAD
        ? 'com.microsoft.MultiHeadAttention'
        : 'com.microsoft.DecoderMaskedMultiHeadAttention',
    queryKey: refused ?? parts?.queryKey ?? fusedProblem(node, 'an unknown size of heads'),
    value: parts?.value ?? null,
    productLayout: ['batch', 'position', 'heads-size'],
    counts: {queryHeadCount: headCount, keyValueHeadCount: keyCount ?? headCount, headSize},
  })
}

function headSizeOf({shapes, node}: FusedContext, headCount: number): number | null {
  const width = shapes.lengthOf(node.input[0], -1)
  if (width === null) return null
  return shapes.rankOf(node.input[0]) === 5 ? width : width / headCount
}

function partsOf(
  context: FusedContext,
  inputs: Inputs,
  headCount: number,
  headSize: number
): {queryKey: QueryKeySource | Problem; key: Operand; value: Operand | null} {
  const {node} = context
  const width = headCount * headSize
  const query = operandAt(context, inputs, 0, width, headCount)
  const key = operandAt(context, inputs, 1, width, headCount)
  const value = operandAt(context, inputs, 2, width, headCount)
  const mask = keyMaskSteps(context, inputs.mask)
  if (!query || !key) {
    const problem = fusedProblem(node, 'queries or keys with an unknown number of axes')
    return {queryKey: problem, key: prepared(node.input[0]!, []), value}
  }
  if (!Array.isArray(mask)) return {queryKey: mask, key, value}
  const steps = [
    scaleStep(node, headSize),
    ...mask,
    ...biasSteps(inputAt(node, inputs.scoreBias)),
    ...causalSteps(node),
  ]
  return {queryKey: {query, key, steps, sink: null}, key, value}
}

/** Queries (0), keys (1) or values (2), wherever they stand. */
function operandAt(
  {index, shapes, node}: FusedContext,
  inputs: Inputs,
  part: 0 | 1 | 2,
  width: number,
  headCount: number
): Operand | null {
  const present = part === 0 ? null : outputAt(node, part)
  if (present) return prepared(present, [])
  const past = part === 0 ? null : inputAt(node, part === 1 ? inputs.pastKey : inputs.pastValue)
  const bias = inputAt(node, inputs.bias)
  const biasStep: OperandStep[] = bias
    ? [{kind: 'bias', tensor: bias, start: part * width, end: (part + 1) * width}]
    : []
  const afterPast: OperandStep[] = past ? [{kind: 'after-past', past}] : []
  // Packed keys and values have an axis of 2, packed with the queries as well one of 3.
  const own = inputAt(node, part)
  const holder = own ?? (part === 2 && inputAt(node, 1) ? inputAt(node, 1) : inputAt(node, 0))
  const rank = shapes.rankOf(holder ?? undefined)
  if (!holder) return null
  if (rank === 5) {
    const isAllThree = !inputAt(node, 1)
    const entry = {kind: 'entry', axis: 3, index: isAllThree ? part : part - 1} as const
    if (bias || past) return null
    const layout = ['batch', 'position', 'head', 'size'] as const
    return {tensor: holder, preparation: [entry], layout, factor: 1}
  }
  if (rank === 4) return prepared(holder, afterPast)
  if (rank !== 3) return null
  const split = {kind: 'split-heads', headCount} as const
  const plain = prepared(holder, [...biasStep, split, ...afterPast])
  if (part === 0 || bias || past) return plain
  const flat: Operand = {
    tensor: holder,
    preparation: [],
    layout: ['batch', 'position', 'heads-size'],
    factor: 1,
  }
  const {operand, scalars} = walkBack(index, shapes, flat)
  return scalars.length > 0 || operand.layout.includes('heads-size') ? plain : operand
}
