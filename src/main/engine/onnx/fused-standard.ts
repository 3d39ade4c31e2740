import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute} from './attributes.ts'
import type {FoundSite} from './find-attention.ts'
import {
  biasSteps,
  type FusedContext,
  fusedProblem,
  fusedSite,
  HEADS,
  inputAt,
  outputAt,
  prepared,
  SCORES,
  scaleStep,
  softCapSteps,
} from './fused-parts.ts'
import {walkBack} from './operands.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {Operand, ScoreStep} from './structure.ts'

/**
 * ai.onnx Attention (operator sets 23 to 25): operands of three axes, [batch, position, heads × size], or of
 * four; scaled, soft-capped, masked, in this order.
 */
export function standardAttention(context: FusedContext): FoundSite {
  const {shapes, node} = context
  const queryHeadCount =
    intAttribute(node, 'q_num_heads', null) ?? shapes.lengthOf(inputRank(context, 0, 4), 1)
  const counts = {
    queryHeadCount,
    keyValueHeadCount:
      intAttribute(node, 'kv_num_heads', null) ?? shapes.lengthOf(inputRank(context, 1, 4), 1),
    headSize: headSizeOf(context, queryHeadCount),
  }
  const query = operandAt(context, 0, counts.queryHeadCount, null, null)
  const key = operandAt(context, 1, counts.keyValueHeadCount, outputAt(node, 1), inputAt(node, 4))
  const value = operandAt(context, 2, counts.keyValueHeadCount, outputAt(node, 2), inputAt(node, 5))
  const steps = stepsOf(context, counts.headSize)
  const isWhole = query && key && Array.isArray(steps)
  const keyCount = key && key.preparation.length === 0 ? headsOf(shapes, key) : null
  return fusedSite(context, {
    operator: 'ai.onnx.Attention',
    queryKey: isWhole
      ? {query, key, steps, sink: null}
      : Array.isArray(steps)
        ? fusedProblem(node, 'queries or keys with an unknown number of axes')
        : steps,
    value,
    productLayout: shapes.rankOf(node.input[0]) === 4 ? HEADS : ['batch', 'position', 'heads-size'],
    counts: {...counts, keyValueHeadCount: keyCount ?? counts.keyValueHeadCount},
  })
}

function headsOf(shapes: StaticShapes, {tensor, layout}: Operand): number | null {
  const axis = layout.indexOf('head')
  return axis < 0 ? null : shapes.lengthOf(tensor, axis)
}

/** The input where it has that many axes. */
function inputRank({shapes, node}: FusedContext, at: number, rank: number): string | undefined {
  return shapes.rankOf(node.input[at]) === rank ? node.input[at] : undefined
}

function headSizeOf({shapes, node}: FusedContext, headCount: number | null): number | null {
  const rank = shapes.rankOf(node.input[0])
  const width = shapes.lengthOf(node.input[0], -1)
  if (rank === 4) return width ?? shapes.lengthOf(node.input[1], -1)
  return width !== null && headCount ? width / headCount : null
}

function operandAt(
  {index, shapes, node}: FusedContext,
  at: number,
  headCount: number | null,
  present: string | null,
  past: string | null
): Operand | null {
  const tensor = inputAt(node, at)
  const rank = shapes.rankOf(tensor ?? undefined)
  if (present && at > 0) return prepared(present, [])
  if (!tensor || (rank !== 4 && rank !== 3)) return null
  const afterPast = past ? [{kind: 'after-past', past} as const] : []
  if (rank === 3) {
    return headCount === null
      ? null
      : prepared(tensor, [{kind: 'split-heads', headCount}, ...afterPast])
  }
  if (afterPast.length > 0) return prepared(tensor, afterPast)
  const start = prepared(tensor, [])
  if (at === 0) return start
  const {operand, scalars} = walkBack(index, shapes, start)
  return scalars.length > 0 ? start : operand
}

function stepsOf(context: FusedContext, headSize: number | null): ScoreStep[] | Problem {
  const {types, node} = context
  if (headSize === null) return fusedProblem(node, 'an unknown size of heads')
  const mask = inputAt(node, 3)
  const isCausal = intAttribute(node, 'is_causal', 0) === 1
  const counts = inputAt(node, 6)
  if (counts && isCausal) return fusedProblem(node, 'a causal mask over padded keys')
  const masked: ScoreStep[] =
    mask && types.typeOf(mask) === 'bool'
      ? [
          {
            kind: 'where',
            condition: {kind: 'tensor', tensor: mask, axes: SCORES},
            other: {kind: 'constant', value: Number.NEGATIVE_INFINITY},
            keepsFalse: false,
          },
        ]
      : biasSteps(mask)
  return [
    scaleStep(node, headSize),
    ...softCapSteps(node),
    ...masked,
    ...(isCausal ? [causal(inputAt(node, 4))] : []),
    ...(counts ? [{kind: 'key-count', count: counts, added: 0} as const] : []),
  ]
}

/** Without a cache of its own the operator counts queries and keys from the same start. */
function causal(past: string | null): ScoreStep {
  return {kind: 'causal', window: null, alignment: past ? 'end' : 'start'}
}
