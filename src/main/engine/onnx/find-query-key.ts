import type {Problem} from '../../../shared/domain/problem.ts'
import type {SoftmaxSite} from './find-softmax.ts'
import type {GraphIndex} from './graph-index.ts'
import {operandOf, swapLast, walkBack} from './operands.ts'
import {headCountOfMerged, scoreLayoutOf} from './product-layout.ts'
import type {MatrixProduct} from './products.ts'
import {withoutRepeatedHeads} from './repeated-entries.ts'
import type {OnnxNode} from './schema.ts'
import {scoreStepsOf} from './score-steps.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {
  AttentionSite,
  Operand,
  OperandAxis,
  QueryKeySource,
  ScoreStep,
  ValueSource,
} from './structure.ts'
import {weightLettersOf} from './weights-layout.ts'

/** Heads of one site; null where only a run tells. */
export interface HeadCounts {
  readonly queryHeadCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
}

/**
 * Queries and keys of an unfused site as they enter their product, and the way from there to the Softmax;
 * or a Problem that names the node that cannot be replayed.
 */
export function findQueryKey(
  index: GraphIndex,
  shapes: StaticShapes,
  site: SoftmaxSite
): QueryKeySource | Problem {
  const {scores, chain, change} = site
  if (change) return weightsChanged(change)
  const layout = scoreLayoutOf(index, shapes, scores)
  if (!layout) return layoutUnknown(scores, shapes)
  const query = operandOf(scores.left, layout.left)
  const walked = walkBack(index, shapes, operandOf(scores.right, layout.right))
  const way = scoreStepsOf(index, shapes, chain, layout.output)
  if (!('steps' in way)) return way
  const before: ScoreStep[] = walked.scalars.map((tensor) => ({
    kind: 'mul',
    operand: {kind: 'tensor', tensor, axes: []},
  }))
  return {
    query: {...query, factor: query.factor * scores.factor},
    key: withoutRepeatedHeads(index, shapes, walked.operand),
    steps: [...before, ...way.steps],
    sink: way.sink,
  }
}

/** The values of an unfused site, one entry a key-value head, and the product that mixes them. */
export function findValues(
  index: GraphIndex,
  shapes: StaticShapes,
  site: SoftmaxSite
): ValueSource | null {
  const {mixing, scores} = site
  const layouts = valueLayoutsOf(index, shapes, mixing, scores)
  if (!layouts) return null
  const start = operandOf(mixing.right, layouts.value)
  const walked = walkBack(index, shapes, start)
  // A factor that only a run tells cannot be said of values alone.
  const value = withoutRepeatedHeads(
    index,
    shapes,
    walked.scalars.length > 0 ? start : walked.operand
  )
  return {
    value: {...value, factor: value.factor * mixing.factor},
    product: mixing.output,
    productLayout: layouts.product,
  }
}

function valueLayoutsOf(
  index: GraphIndex,
  shapes: StaticShapes,
  mixing: MatrixProduct,
  scores: MatrixProduct
): {value: readonly OperandAxis[]; product: readonly OperandAxis[]} | null {
  const {equation} = mixing
  if (equation) {
    const leading = weightLettersOf(equation)?.leading
    if (!leading) return null
    const leadingNames = ['batch', 'head', 'group'] as const
    const nameOf = (letter: string): OperandAxis => {
      const at = leading.indexOf(letter)
      if (at >= 0) return leadingNames[at] ?? 'group'
      return equation.left.includes(letter) ? 'position' : 'size'
    }
    return {value: [...equation.right].map(nameOf), product: [...equation.output].map(nameOf)}
  }
  const rank = shapes.rankOf(mixing.output) ?? shapes.rankOf(mixing.right.tensor) ?? 4
  const leading = scoreLayoutOf(index, shapes, scores)?.output.slice(0, -2)
  const names: readonly OperandAxis[] | null =
    leading?.length === rank - 2
      ? (leading as OperandAxis[])
      : rank === 3
        ? ['batch-heads']
        : rank === 4
          ? ['batch', 'head']
          : null
  if (!names) return null
  const rightRank = shapes.rankOf(mixing.right.tensor) ?? rank
  return {
    value: [...names.slice(rank - rightRank), 'position', 'size'],
    product: [...names, 'position', 'size'],
  }
}

/** Head counts and size as far as shapes tell them. */
export function headCountsOf(
  index: GraphIndex,
  shapes: StaticShapes,
  site: SoftmaxSite,
  source: QueryKeySource | Problem
): HeadCounts {
  const {scores} = site
  const layout = scoreLayoutOf(index, shapes, scores)
  if (!layout) return {queryHeadCount: null, keyValueHeadCount: null, headSize: null}
  const names = layout.output
  const lengthOf = (name: 'head' | 'group') => {
    const axis = names.indexOf(name)
    if (axis < 0) return 1
    const own = shapes.lengthOf(scores.output, axis)
    return own ?? sideLength(shapes, scores.left.tensor, layout.left, name)
  }
  const heads = lengthOf('head')
  const groups = lengthOf('group')
  const merged = names.includes('batch-heads')
    ? (headCountOfMerged(index, shapes, scores.left.tensor) ?? null)
    : heads !== null && groups !== null
      ? heads * groups
      : null
  const key = 'key' in source ? source.key : null
  return {
    queryHeadCount: merged,
    keyValueHeadCount: key ? keyHeadCount(index, shapes, key, merged) : null,
    headSize:
      sideLength(shapes, scores.left.tensor, operandLayout(scores, layout.left), 'size') ??
      (key && sideLength(shapes, key.tensor, key.layout, 'size')),
  }
}

/** The length of the axis of heads in weights of four axes; null where it is not known. */
export function headsOfWeights(
  shapes: StaticShapes,
  {weights, weightsOrder}: Pick<AttentionSite, 'weights' | 'weightsOrder'>
): number | null {
  if (weights === null || shapes.rankOf(weights) !== 4) return null
  return shapes.lengthOf(weights, weightsOrder?.[1] ?? 1)
}

function operandLayout({left}: MatrixProduct, layout: readonly OperandAxis[]) {
  return left.isTransposed ? swapLast(layout) : layout
}

/** Heads of an operand of keys or values as far as shapes tell them; null where only a run does. */
export function keyHeadCount(
  index: GraphIndex,
  shapes: StaticShapes,
  key: Operand,
  queryHeadCount: number | null
): number | null {
  if (key.layout.includes('batch-heads')) {
    return headCountOfMerged(index, shapes, key.tensor) ?? queryHeadCount
  }
  if (!key.layout.includes('head')) return 1
  const count = sideLength(shapes, key.tensor, key.layout, 'head')
  const every = key.preparation.find((step) => step.kind === 'every')
  return every && count ? count / every.step : count
}

function sideLength(
  shapes: StaticShapes,
  tensor: string,
  layout: readonly OperandAxis[],
  name: OperandAxis
): number | null {
  const axis = layout.indexOf(name)
  return axis < 0 ? null : shapes.lengthOf(tensor, axis - layout.length)
}

function layoutUnknown(product: MatrixProduct, shapes: StaticShapes): Problem {
  return {
    code: 'product-layout-unknown',
    message: 'The axes of a product of queries and keys are not those of attention.',
    field: `node ${JSON.stringify(product.node.name || product.output)}`,
    found: `${shapes.rankOf(product.output) ?? 'an unknown number of'} axes`,
    expected: '[batch, head, query, key], or batch and heads in one axis',
    advice: 'Use the captured weights of this layer; its rows cannot be recomputed.',
  }
}

/** Says that rows are more than the softmax of scores. */
export const WEIGHTS_CHANGED = 'weights-changed'

export function weightsChanged(node: OnnxNode): Problem {
  return {
    code: WEIGHTS_CHANGED,
    message: 'The weights are changed between the softmax and the product with the values.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: node.opType,
    expected: 'the softmax of the scores, with zeros for rows without any key at most',
    advice: 'Use the captured weights of this layer; its rows cannot be recomputed.',
  }
}
