import type {Problem} from '../../../shared/domain/problem.ts'
import {floatAttribute, intAttribute, operatorOf} from './attributes.ts'
import type {ElementTypes} from './element-types.ts'
import type {FoundSite} from './find-attention.ts'
import {findOutputProjection} from './find-output-projection.ts'
import type {HeadCounts} from './find-query-key.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {
  AttentionOperator,
  Operand,
  OperandAxis,
  OperandStep,
  QueryKeySource,
  ScoreAxis,
  ScoreStep,
} from './structure.ts'

export const HEADS: readonly OperandAxis[] = ['batch', 'head', 'position', 'size']
export const SCORES: readonly ScoreAxis[] = ['batch', 'head', 'query', 'key']

/** Where a fused node stands. */
export interface FusedContext {
  readonly index: GraphIndex
  readonly shapes: StaticShapes
  readonly types: ElementTypes
  readonly node: OnnxNode
}

/** What is said of a fused node before it becomes a site. */
export interface FusedParts {
  readonly operator: AttentionOperator
  readonly queryKey: QueryKeySource | Problem
  readonly value: Operand | null
  readonly productLayout: readonly OperandAxis[]
  readonly counts: HeadCounts
}

export function fusedSite({index, shapes, node}: FusedContext, parts: FusedParts): FoundSite {
  const product = node.output[0]
  return {
    node,
    counts: parts.counts,
    problem: null,
    site: {
      operator: parts.operator,
      node,
      weights: null,
      weightsOrder: null,
      queryKey: parts.queryKey,
      values:
        parts.value && product
          ? {value: parts.value, product, productLayout: parts.productLayout}
          : null,
      outputProjection: product ? findOutputProjection(index, shapes, product) : null,
    },
  }
}

/** An input that is there; optional ones may be '' or left out. */
export function inputAt(node: OnnxNode, at: number): string | null {
  return node.input[at] || null
}
export function outputAt(node: OnnxNode, at: number): string | null {
  return node.output[at] || null
}

/** A tensor prepared to [batch, head, position, size]. */
export function prepared(tensor: string, preparation: readonly OperandStep[]): Operand {
  return {tensor, preparation, layout: HEADS, factor: 1}
}

/** The scale as a step: the attribute, or 1 / √size where it is 0 or absent. */
export function scaleStep(node: OnnxNode, headSize: number): ScoreStep {
  const value = floatAttribute(node, 'scale', 0) || 1 / Math.sqrt(headSize)
  return {kind: 'mul', operand: {kind: 'constant', value}}
}

/** cap · tanh(x / cap), where the node has a soft cap. */
export function softCapSteps(node: OnnxNode): ScoreStep[] {
  const value = floatAttribute(node, 'softcap', 0)
  if (!(value > 0)) return []
  const operand = {kind: 'constant', value} as const
  return [{kind: 'div', operand, isReversed: false}, {kind: 'tanh'}, {kind: 'mul', operand}]
}

/** A bias that is added to the scores, where the node has one. */
export function biasSteps(tensor: string | null): ScoreStep[] {
  return tensor ? [{kind: 'add', operand: {kind: 'tensor', tensor, axes: SCORES}}] : []
}

/** The mask input of a com.microsoft operator, or a Problem where its rank is not known or not understood. */
export function keyMaskSteps({shapes, node}: FusedContext, at: number): ScoreStep[] | Problem {
  const mask = inputAt(node, at)
  if (!mask) return []
  const rank = shapes.rankOf(mask)
  if (rank !== 1 && rank !== 2 && rank !== 3 && rank !== 4) {
    return fusedProblem(node, `a mask of ${rank ?? 'an unknown number of'} axes`)
  }
  return [{kind: 'key-mask', mask, rank, filter: floatAttribute(node, 'mask_filter_value', -10000)}]
}

export function causalSteps(node: OnnxNode): ScoreStep[] {
  if (intAttribute(node, 'unidirectional', 0) !== 1) return []
  return [{kind: 'causal', window: null, alignment: 'end'}]
}

/** Why queries and keys of a fused node cannot be rebuilt. */
export function fusedProblem(node: OnnxNode, found: string): Problem {
  return {
    code: 'operands-not-rebuilt',
    message: `Queries and keys of a fused ${node.opType} cannot be rebuilt from its inputs.`,
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found,
    expected: `the inputs and attributes of ${operatorOf(node)} that are understood`,
    advice: 'Use the weights that the operator hands out, where it does.',
  }
}
