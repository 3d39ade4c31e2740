import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute, operatorOf} from './attributes.ts'
import {isFloatType} from './constants.ts'
import {findEmbeddings} from './data-flow.ts'
import type {ElementTypes} from './element-types.ts'
import type {GraphIndex} from './graph-index.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {StructureInputs} from './structure.ts'
import {unfuseRotary, unfuseRotaryProblemOf} from './unfuse-rotary.ts'

/** A tensor with one position an entry, or an operator that counts positions by itself. */
export type PositionSource =
  | {readonly kind: 'tensor'; readonly tensor: string}
  /** com.microsoft GroupQueryAttention that turns its heads, counting positions or taking them (input 9). */
  | {readonly kind: 'group-query'; readonly node: OnnxNode}
  /** com.microsoft EmbedLayerNormalization without position ids: they are its input 8. */
  | {readonly kind: 'embed-norm'; readonly node: OnnxNode}

const GROUP_QUERY = {totalCount: 6, positions: 9} as const
const EMBED_NORM_POSITIONS = 8
/** Where rotary operators take positions. */
const ROTARY_POSITIONS: Readonly<Record<string, number>> = {
  RotaryEmbedding: 3,
  'com.microsoft.RotaryEmbedding': 1,
}
/** A table of token types has a row or two; no text is as short as that. */
const MIN_POSITION_COUNT = 5
/** From positions to the angles of Cos and Sin. */
const KEEPS_ANGLES = new Set([
  'Add',
  'Cast',
  'Concat',
  'Einsum',
  'Expand',
  'Identity',
  'MatMul',
  'Mul',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
])
const MAX_WALK_COUNT = 64

export interface PositionContext {
  readonly index: GraphIndex
  readonly shapes: StaticShapes
  readonly types: ElementTypes
  readonly inputs: StructureInputs
}

/**
 * Where positions enter: the input of position ids where the graph has one, else the whole numbers that
 * look up learned positions or become the angles of rotary ones. A Problem where none is found, as of
 * models that know distances only (ALiBi).
 */
export function positionSourcesOf(context: PositionContext): readonly PositionSource[] | Problem {
  const {index, inputs, shapes} = context
  const turning = index.nodes.filter(isTurning)
  for (const node of turning) {
    const problem = unfuseRotaryProblemOf(shapes, node)
    if (problem) return problem
  }
  const tensors = inputs.positionIds ? new Set([inputs.positionIds]) : tensorsOf(context)
  if ('code' in tensors) return tensors
  const counting = inputs.positionIds ? [] : index.nodes.filter(isCounting)
  const found: PositionSource[] = [
    ...[...tensors].map((tensor) => ({kind: 'tensor', tensor}) as const),
    ...turning.map((node) => ({kind: 'group-query', node}) as const),
    ...counting.map((node) => ({kind: 'embed-norm', node}) as const),
  ]
  return found.length > 0 ? found : notFound('no learned and no rotary positions', null)
}

/** Adds `shift`, int64 [1, position] of the run's own tokens, to every position. */
export function shiftPositions(
  operations: GraphOperations,
  {types, shapes, inputs}: PositionContext,
  sources: readonly PositionSource[],
  shift: string
): void {
  const {editor} = operations
  for (const source of sources) {
    if (source.kind === 'tensor') {
      const {tensor} = source
      const shaped = operations.node('Reshape', [shift, operations.shape(tensor)])
      const typed = operations.cast(shaped, types.typeOf(tensor) ?? 'int64')
      editor.replaceConsumers(tensor, operations.node('Add', [tensor, typed]))
    } else if (source.kind === 'group-query') {
      const {node} = source
      // What it is given was moved with the tensors.
      const given = editor.nodeOf(node).input[GROUP_QUERY.positions]
      const positions =
        given || lastPositions(operations, node.input[GROUP_QUERY.totalCount]!, shift)
      unfuseRotary(operations, shapes, node, positions)
    } else {
      const {node} = source
      const counted = operations.unsqueeze(
        operations.range(operations.dimension(inputs.inputIds!, 1)),
        [0]
      )
      const positions = operations.cast(operations.node('Add', [counted, shift]), 'int32')
      editor.replaceInput(node, EMBED_NORM_POSITIONS, positions)
    }
  }
}

/** The run's own positions as GroupQueryAttention counts them, the last ones of all keys, and moved. */
function lastPositions(operations: GraphOperations, total: string, shift: string): string {
  const length = operations.dimension(shift, 1)
  const start = operations.node('Sub', [
    operations.reshape(operations.cast(total, 'int64'), [1]),
    operations.reshape(length, [1]),
  ])
  const counted = operations.node('Add', [operations.range(length), start])
  return operations.node('Add', [operations.unsqueeze(counted, [0]), shift])
}

function isTurning(node: OnnxNode): boolean {
  return (
    operatorOf(node) === 'com.microsoft.GroupQueryAttention' &&
    intAttribute(node, 'do_rotary', 0) === 1
  )
}

function isCounting(node: OnnxNode): boolean {
  return (
    operatorOf(node) === 'com.microsoft.EmbedLayerNormalization' &&
    !node.input[EMBED_NORM_POSITIONS]
  )
}

/** Every tensor of positions. */
function tensorsOf(context: PositionContext): Set<string> | Problem {
  const tensors = new Set<string>()
  for (const node of context.index.nodes) {
    const found = tensorOfNode(context, node)
    if (found === null) continue
    if (typeof found !== 'string') return found
    tensors.add(found)
  }
  return tensors
}

function tensorOfNode(context: PositionContext, node: OnnxNode): string | Problem | null {
  const operator = operatorOf(node)
  const rotary = ROTARY_POSITIONS[operator]
  if (rotary !== undefined) {
    return node.input[rotary] || notFound('tables chosen by nodes before', node)
  }
  switch (operator) {
    case 'com.microsoft.GroupQueryAttention':
      return isTurning(node) ? node.input[GROUP_QUERY.positions] || null : null
    case 'com.microsoft.EmbedLayerNormalization':
      return node.input[EMBED_NORM_POSITIONS] || null
    case 'com.microsoft.Attention':
      return intAttribute(node, 'do_rotary', 0) === 1
        ? notFound('rotary positions inside the operator', node)
        : null
    case 'Gather':
      return learnedPositionsOf(context, node)
    case 'Cos':
      return rotaryPositionsOf(context, node)
    default:
      return null
  }
}

/** What chooses rows of a table that is no table of tokens or of their types. */
function learnedPositionsOf(
  {index, shapes, types, inputs}: PositionContext,
  node: OnnxNode
): string | null {
  const [table, rows] = node.input
  const type = types.typeOf(table)
  const isFloats = type !== null && (isFloatType(type) || type === 'int8' || type === 'uint8')
  if (!table || !rows || !isFloats || !isConstant(index, table)) return null
  if (isConstant(index, rows) || findEmbeddings(index, shapes, inputs.inputIds).includes(node))
    return null
  if ((shapes.rankOf(table) ?? 0) < 2 || (shapes.lengthOf(table, 0) ?? 0) < MIN_POSITION_COUNT)
    return null
  return rows
}

/** The whole numbers that angles are multiples of. */
function rotaryPositionsOf({index, types}: PositionContext, node: OnnxNode): string | null {
  const waiting = [...node.input]
  for (let next = 0; next < waiting.length && next < MAX_WALK_COUNT; next++) {
    const tensor = waiting[next]!
    const maker = index.producerOf(tensor)
    if (!maker || isConstant(index, tensor)) continue
    if (maker.opType === 'Range') return tensor
    const [source] = maker.input
    const isFromInteger = maker.opType === 'Cast' && /^u?int/.test(types.typeOf(source) ?? '')
    if (isFromInteger) return source!
    if (KEEPS_ANGLES.has(maker.opType)) waiting.push(...maker.input)
  }
  return null
}

/** Whether a tensor is the same in every run: made of weights alone. */
function isConstant(index: GraphIndex, tensor: string): boolean {
  const waiting = [tensor]
  for (let next = 0; next < waiting.length && next < MAX_WALK_COUNT; next++) {
    const name = waiting[next]!
    if (index.inputOf(name)) return false
    const maker = index.producerOf(name)
    if (maker) waiting.push(...maker.input.filter((input) => input !== ''))
  }
  return true
}

function notFound(found: string, node: OnnxNode | null): Problem {
  return {
    code: 'positions-not-found',
    message: 'The positions of this model cannot be set from outside.',
    ...(node && {
      field: `node ${JSON.stringify(node.name || node.output[0])} (${operatorOf(node)})`,
    }),
    found,
    expected: 'position ids, or whole numbers that choose learned positions or turn rotary ones',
    advice: 'Export the model with position ids as an input.',
  }
}
