import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute, intsAttribute} from './attributes.ts'
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
import type {Operand, OperandStep, QueryKeySource} from './structure.ts'

const INPUT = {states: 0, weights: 1, bias: 2, mask: 3, past: 4, scoreBias: 5} as const

/**
 * com.microsoft Attention: it multiplies the states with one matrix of queries, keys and values side by side;
 * its second output stacks all keys and all values so far, [2, batch, head, position, size].
 */
export function mergedAttention(context: FusedContext): FoundSite {
  const {shapes, node} = context
  const headCount = intAttribute(node, 'num_heads', null)
  const widths = widthsOf(context)
  const headSize = headCount && widths ? widths[0] / headCount : null
  const parts = headCount && widths ? partsOf(context, headCount, widths) : null
  return fusedSite(context, {
    operator: 'com.microsoft.Attention',
    queryKey:
      parts?.queryKey ??
      fusedProblem(node, `weights of ${shapes.lengthOf(node.input[INPUT.weights], -1)} columns`),
    value: parts?.value ?? null,
    productLayout: ['batch', 'position', 'heads-size'],
    counts: {queryHeadCount: headCount, keyValueHeadCount: headCount, headSize},
  })
}

/** Columns of queries, keys and values. */
function widthsOf({shapes, node}: FusedContext): readonly [number, number, number] | null {
  const [query, key, value] = intsAttribute(node, 'qkv_hidden_sizes') ?? []
  if (query && key && value) return [query, key, value]
  const all = shapes.lengthOf(node.input[INPUT.weights], -1)
  return all === null ? null : [all / 3, all / 3, all / 3]
}

function partsOf(
  context: FusedContext,
  headCount: number,
  [queryWidth, keyWidth, valueWidth]: readonly [number, number, number]
): {queryKey: QueryKeySource | Problem; value: Operand | null} {
  const {node} = context
  const states = inputAt(node, INPUT.states)
  const weights = inputAt(node, INPUT.weights)
  if (!states || !weights) return {queryKey: fusedProblem(node, 'no weights'), value: null}
  const bias = inputAt(node, INPUT.bias)
  const projected = (start: number, end: number): Operand => {
    const biasStep: OperandStep[] = bias ? [{kind: 'bias', tensor: bias, start, end}] : []
    return prepared(states, [
      {kind: 'project', weights, start, end},
      ...biasStep,
      {kind: 'split-heads', headCount},
    ])
  }
  const present = outputAt(node, 1)
  const stacked = (entry: 0 | 1): Operand | null =>
    present ? prepared(present, [{kind: 'entry', axis: 0, index: entry}]) : null
  const valueStart = queryWidth + keyWidth
  const value = stacked(1) ?? projected(valueStart, valueStart + valueWidth)
  const refused = refusal(context, present)
  const mask = keyMaskSteps(context, INPUT.mask)
  if (refused || !Array.isArray(mask)) return {queryKey: refused ?? (mask as Problem), value}
  const steps = [
    scaleStep(node, queryWidth / headCount),
    ...mask,
    ...causalSteps(node),
    ...biasSteps(inputAt(node, INPUT.scoreBias)),
  ]
  const key = stacked(0) ?? projected(queryWidth, queryWidth + keyWidth)
  return {queryKey: {query: projected(0, queryWidth), key, steps, sink: null}, value}
}

/** What of the operator is not restated here. */
function refusal({node}: FusedContext, present: string | null): Problem | null {
  if (intAttribute(node, 'do_rotary', 0) === 1) return fusedProblem(node, 'rotary positions inside')
  if (intAttribute(node, 'past_present_share_buffer', 0) === 1) {
    return fusedProblem(node, 'a cache in a buffer of a fixed length')
  }
  if (inputAt(node, INPUT.past) && !present) {
    return fusedProblem(node, 'a cache that goes in and does not come out')
  }
  return null
}
