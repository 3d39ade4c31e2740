import type {Problem} from '../../../shared/domain/problem.ts'
import type {ElementTypes} from './element-types.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {AttentionSite, OperandAxis, ValueSource} from './structure.ts'

/** Axes whose lengths multiply to heads × size, in the order in which a gate lies in memory. */
const HEAD_AXES: readonly OperandAxis[] = ['head', 'group', 'batch-heads', 'heads-size', 'size']

/** Why the heads' outputs of a site cannot be changed one by one; null where they can. */
export function gateProblemOf({values, node}: AttentionSite, types: ElementTypes): Problem | null {
  if (!values)
    return notGated(node.name || node.output[0] || '', 'no product of weights and values')
  const axes = values.productLayout.filter((axis) => HEAD_AXES.includes(axis))
  const isInOrder = axes.every(
    (axis, at) => at === 0 || HEAD_AXES.indexOf(axis) > HEAD_AXES.indexOf(axes[at - 1]!)
  )
  if (!isInOrder) return notGated(values.product, `the axes ${values.productLayout.join(', ')}`)
  return types.typeOf(values.product) === null
    ? notGated(values.product, 'an output of an unknown type')
    : null
}

/**
 * Heads' outputs become gate · output + offset. `gate` and `offset` are float32 tensors [head, size] of the
 * heads of this site, for a batch of one row; `dtype` is what the product is in.
 */
export function addHeadGate(
  operations: GraphOperations,
  {product, productLayout}: Pick<ValueSource, 'product' | 'productLayout'>,
  dtype: string,
  {gate, offset}: {gate: string; offset: string}
): void {
  const shape = gateShapeOf(operations, product, productLayout)
  const shaped = (tensor: string) => {
    const whole = operations.node('Reshape', [tensor, shape])
    return dtype === 'float32' ? whole : operations.cast(whole, dtype)
  }
  const gated = operations.node('Mul', [product, shaped(gate)])
  const moved = operations.node('Add', [gated, shaped(offset)])
  operations.editor.replaceConsumers(product, moved)
}

/** Lengths of the product's axes that heads and their elements lie along, 1 elsewhere. */
function gateShapeOf(
  operations: GraphOperations,
  product: string,
  layout: readonly OperandAxis[]
): string {
  const isHeads = Uint8Array.from(layout, (axis) => (HEAD_AXES.includes(axis) ? 1 : 0))
  const condition = operations.editor.addConstant(isHeads, [layout.length], 'bool')
  const ones = operations.ints(layout.map(() => 1))
  return operations.where(condition, operations.shape(product), ones)
}

function notGated(field: string, found: string): Problem {
  return {
    code: 'heads-not-gated',
    message: 'The heads of this layer cannot be switched off one by one.',
    field,
    found,
    expected: 'the outputs of the heads side by side, before the output projection',
    advice: 'Cut the edges of these heads instead, or use another export of the model.',
  }
}
