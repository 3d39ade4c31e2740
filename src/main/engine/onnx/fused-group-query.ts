import type {Problem} from '../../../shared/domain/problem.ts'
import {floatAttribute, intAttribute, stringAttribute} from './attributes.ts'
import type {FoundSite} from './find-attention.ts'
import {
  biasSteps,
  type FusedContext,
  fusedProblem,
  fusedSite,
  inputAt,
  outputAt,
  prepared,
  scaleStep,
  softCapSteps,
} from './fused-parts.ts'
import type {OnnxNode} from './schema.ts'
import type {Operand, OperandStep, ScoreOperand, ScoreStep} from './structure.ts'

const INPUT = {
  query: 0,
  key: 1,
  value: 2,
  pastKey: 3,
  pastValue: 4,
  lastKeys: 5,
  total: 6,
  cos: 7,
  sin: 8,
  positions: 9,
  bias: 10,
  sink: 11,
  queryNorm: 14,
  keyNorm: 15,
} as const

/**
 * com.microsoft GroupQueryAttention: queries, keys and values may come packed into one tensor, are normed and
 * turned by the operator, and its second output is all keys so far, turned, one entry a key-value head.
 */
export function groupQueryAttention(context: FusedContext): FoundSite {
  const {node} = context
  const queryHeadCount = intAttribute(node, 'num_heads', null)
  const keyValueHeadCount = intAttribute(node, 'kv_num_heads', null)
  const headSize = headSizeOf(context, queryHeadCount, keyValueHeadCount)
  const heads =
    queryHeadCount && keyValueHeadCount && headSize
      ? {queryHeadCount, keyValueHeadCount, headSize}
      : null
  return fusedSite(context, {
    operator: 'com.microsoft.GroupQueryAttention',
    queryKey: heads ? queryKeyOf(context, heads) : fusedProblem(node, 'an unknown size of heads'),
    value: heads && valueOperandOf(context, heads),
    productLayout: ['batch', 'position', 'heads-size'],
    counts: {queryHeadCount, keyValueHeadCount, headSize},
  })
}

interface Heads {
  readonly queryHeadCount: number
  readonly keyValueHeadCount: number
  readonly headSize: number
}

function headSizeOf(
  {shapes, node}: FusedContext,
  queryHeadCount: number | null,
  keyValueHeadCount: number | null
): number | null {
  const width = shapes.lengthOf(node.input[INPUT.query], -1)
  const isPacked = !inputAt(node, INPUT.key)
  const count = isPacked ? (queryHeadCount ?? 0) + 2 * (keyValueHeadCount ?? 0) : queryHeadCount
  if (width !== null && count) return width / count
  const past = node.input[INPUT.pastKey]
  const cos = intAttribute(node, 'do_rotary', 0) ? shapes.lengthOf(node.input[INPUT.cos], -1) : null
  return shapes.lengthOf(past, -1) ?? (cos === null ? null : 2 * cos)
}

function queryKeyOf(context: FusedContext, heads: Heads) {
  const {node} = context
  const refused = refusal(node)
  if (refused) return refused
  return {
    query: queryOf(node, heads),
    key: keyOf(node, heads),
    steps: stepsOf(node, heads.headSize),
    sink: sinkOf(node),
  }
}

/** What of the operator is not restated here. */
function refusal(node: OnnxNode): Problem | null {
  for (const name of ['k_quant_type', 'v_quant_type']) {
    const type = stringAttribute(node, name)
    if (type && type !== 'NONE') return fusedProblem(node, `a quantized cache (${name} = ${type})`)
  }
  return null
}

function queryOf(node: OnnxNode, {queryHeadCount, headSize}: Heads): Operand {
  const isPacked = !inputAt(node, INPUT.key)
  const columns: OperandStep[] = isPacked
    ? [{kind: 'columns', start: 0, end: queryHeadCount * headSize}]
    : []
  return prepared(node.input[INPUT.query]!, [
    ...columns,
    {kind: 'split-heads', headCount: queryHeadCount},
    ...normSteps(node, INPUT.queryNorm),
    ...rotarySteps(node),
  ])
}

function keyOf(node: OnnxNode, heads: Heads): Operand {
  const present = outputAt(node, 1)
  if (present) return prepared(present, [])
  const past = inputAt(node, INPUT.pastKey)
  return prepared(node.input[INPUT.key] || node.input[INPUT.query]!, [
    ...packedColumns(node, INPUT.key, 0, heads),
    {kind: 'split-heads', headCount: heads.keyValueHeadCount},
    ...normSteps(node, INPUT.keyNorm),
    ...rotarySteps(node),
    ...(past ? [{kind: 'after-past', past} as const] : []),
  ])
}

function valueOperandOf({node}: FusedContext, heads: Heads): Operand {
  const present = outputAt(node, 2)
  if (present) return prepared(present, [])
  const past = inputAt(node, INPUT.pastValue)
  return prepared(node.input[INPUT.value] || node.input[INPUT.query]!, [
    ...packedColumns(node, INPUT.value, 1, heads),
    {kind: 'split-heads', headCount: heads.keyValueHeadCount},
    ...(past ? [{kind: 'after-past', past} as const] : []),
  ])
}

/** Behind the queries come the keys and then the values. */
function packedColumns(
  node: OnnxNode,
  input: number,
  place: 0 | 1,
  {queryHeadCount, keyValueHeadCount, headSize}: Heads
): OperandStep[] {
  if (inputAt(node, input)) return []
  const start = (queryHeadCount + place * keyValueHeadCount) * headSize
  return [{kind: 'columns', start, end: start + keyValueHeadCount * headSize}]
}

function normSteps(node: OnnxNode, at: number): OperandStep[] {
  const weight = inputAt(node, at)
  if (!weight) return []
  return [{kind: 'rms-norm', weight, epsilon: floatAttribute(node, 'qk_norm_epsilon', 1e-6)}]
}

function rotarySteps(node: OnnxNode): OperandStep[] {
  const cos = inputAt(node, INPUT.cos)
  const sin = inputAt(node, INPUT.sin)
  if (intAttribute(node, 'do_rotary', 0) !== 1 || !cos || !sin) return []
  return [
    {
      kind: 'rotary',
      cos,
      sin,
      isInterleaved: intAttribute(node, 'rotary_interleaved', 0) === 1,
      positions: inputAt(node, INPUT.positions),
      total: inputAt(node, INPUT.total),
    },
  ]
}

function stepsOf(node: OnnxNode, headSize: number): ScoreStep[] {
  const window = intAttribute(node, 'local_window_size', -1)
  const isCausal = intAttribute(node, 'causal', 1) === 1
  const lastKeys = inputAt(node, INPUT.lastKeys)
  return [
    scaleStep(node, headSize),
    ...softCapSteps(node),
    ...biasSteps(inputAt(node, INPUT.bias)),
    ...(isCausal
      ? [{kind: 'causal', window: window > 0 ? window : null, alignment: 'end'} as const]
      : []),
    // The input counts one less than there are.
    ...(lastKeys ? [{kind: 'key-count', count: lastKeys, added: 1} as const] : []),
  ]
}

function sinkOf(node: OnnxNode): ScoreOperand | null {
  const sink = inputAt(node, INPUT.sink)
  if (sink) return {kind: 'tensor', tensor: sink, axes: ['head']}
  return intAttribute(node, 'smooth_softmax', 0) === 1 ? {kind: 'constant', value: 0} : null
}
