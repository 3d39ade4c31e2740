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

/** Where a node takes positions, or an operator that counts them by itself. */
export type PositionUse =
  /** Input `input` of a node: whole or floating-point numbers, one a token. */
  | {readonly kind: 'input'; readonly node: OnnxNode; readonly input: number}
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
/** From a stored table of cosines to the one that rows are chosen from. */
const KEEPS_ROWS = new Set(['Cast', 'Identity', 'Reshape', 'Slice', 'Squeeze', 'Unsqueeze'])
const SHAPED_BY_SECOND = new Set(['Expand', 'Reshape', 'Squeeze', 'Unsqueeze'])
const MAX_WALK_COUNT = 64

export interface PositionContext {
  readonly index: GraphIndex
  readonly shapes: StaticShapes
  readonly types: ElementTypes
  readonly inputs: StructureInputs
}

/**
 * Where positions enter: what looks up learned positions, and what becomes the angles of rotary ones. The
 * same numbers may also make a mask, which is another matter. A Problem where none are found, as of models
 * that know distances only (ALiBi).
 */
export function positionUsesOf(context: PositionContext): readonly PositionUse[] | Problem {
  const isFed = fedTensors(context.index)
  const found: PositionUse[] = []
  for (const node of context.index.nodes) {
    const use = positionUseOf(context, isFed, node)
    if (use === null) continue
    if ('code' in use) return use
    found.push(use)
  }
  return found.length > 0 ? found : notFound('no learned and no rotary positions', null)
}

/** Adds `shift`, int64 [1, position] of the run's own tokens, to every position. */
export function shiftPositions(
  operations: GraphOperations,
  {types, shapes, inputs}: PositionContext,
  uses: readonly PositionUse[],
  shift: string
): void {
  const {editor} = operations
  const made = new Map<string, string>()
  const moved = (tensor: string) => {
    const known = made.get(tensor)
    if (known) return known
    const shaped = operations.node('Reshape', [shift, operations.shape(tensor)])
    const typed = operations.cast(shaped, types.typeOf(tensor) ?? 'int64')
    const sum = operations.node('Add', [tensor, typed])
    made.set(tensor, sum)
    return sum
  }
  for (const use of uses) {
    const {node} = use
    if (use.kind === 'input') {
      editor.replaceInput(node, use.input, moved(node.input[use.input]!))
    } else if (use.kind === 'group-query') {
      const given = node.input[GROUP_QUERY.positions]
      const positions = given
        ? moved(given)
        : lastPositions(operations, node.input[GROUP_QUERY.totalCount]!, shift)
      unfuseRotary(operations, shapes, node, positions)
    } else {
      const length = operations.dimension(inputs.inputIds!, 1)
      const counted = operations.unsqueeze(operations.range(length), [0])
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

function positionUseOf(
  context: PositionContext,
  isFed: ReadonlySet<string>,
  node: OnnxNode
): PositionUse | Problem | null {
  const operator = operatorOf(node)
  const rotary = ROTARY_POSITIONS[operator]
  if (rotary !== undefined) {
    if (node.input[rotary]) return {kind: 'input', node, input: rotary}
    // Without positions it is given a row of cosines a token, made from positions before it.
    return null
  }
  const isTurning = intAttribute(node, 'do_rotary', 0) === 1
  switch (operator) {
    case 'com.microsoft.GroupQueryAttention':
      if (!isTurning) return null
      return unfuseRotaryProblemOf(context.shapes, node) ?? {kind: 'group-query', node}
    case 'com.microsoft.EmbedLayerNormalization':
      return node.input[EMBED_NORM_POSITIONS]
        ? {kind: 'input', node, input: EMBED_NORM_POSITIONS}
        : {kind: 'embed-norm', node}
    case 'com.microsoft.Attention':
      return isTurning ? notFound('rotary positions inside the operator', node) : null
    case 'Gather':
      return isLearnedLookUp(context, isFed, node) ? {kind: 'input', node, input: 1} : null
    case 'Cos':
      return rotaryPositionsOf(context, isFed, node)
    default:
      return null
  }
}

/** Whether a node chooses rows of a table that is no table of tokens or of their types. */
function isLearnedLookUp(
  {index, shapes, types, inputs}: PositionContext,
  isFed: ReadonlySet<string>,
  node: OnnxNode
): boolean {
  const [table, rows] = node.input
  const type = types.typeOf(table)
  const isTable = type !== null && (isFloatType(type) || type === 'int8' || type === 'uint8')
  if (!table || !rows || !isTable || !isFed.has(rows)) return false
  if (!isOfWeights(index, isFed, table)) return false
  if (findEmbeddings(index, shapes, inputs.inputIds).includes(node)) return false
  const rowCount = shapes.lengthOf(table, 0) ?? 0
  return (shapes.rankOf(table) ?? 0) >= 2 && rowCount >= MIN_POSITION_COUNT
}

/** Whether a tensor has entries of weights alone, whatever says how many of them. */
function isOfWeights(index: GraphIndex, isFed: ReadonlySet<string>, tensor: string): boolean {
  let at = tensor
  for (let length = 0; length < MAX_WALK_COUNT && isFed.has(at); length++) {
    const maker = index.producerOf(at)
    if (!maker?.input[0] || !KEEPS_ROWS.has(maker.opType)) return false
    at = maker.input[0]
  }
  return !isFed.has(at)
}

/** The numbers that angles are multiples of. */
function rotaryPositionsOf(
  {index, shapes, types}: PositionContext,
  isFed: ReadonlySet<string>,
  cosine: OnnxNode
): PositionUse | Problem {
  const waiting: {node: OnnxNode; input: number}[] = [{node: cosine, input: 0}]
  const seen = new Set<string>()
  for (let next = 0; next < waiting.length && next < MAX_WALK_COUNT; next++) {
    const {node, input} = waiting[next]!
    const tensor = node.input[input]
    if (!tensor || seen.has(tensor) || !isFed.has(tensor)) continue
    seen.add(tensor)
    // A single number is a length that angles are scaled by.
    if (shapes.rankOf(tensor) === 0) continue
    const maker = index.producerOf(tensor)
    const isWhole = /^u?int/.test(types.typeOf(tensor) ?? '')
    if (isWhole || maker?.opType === 'Range') return {kind: 'input', node, input}
    if (!maker || !KEEPS_ANGLES.has(maker.opType)) continue
    // What says a shape is no position.
    const count = SHAPED_BY_SECOND.has(maker.opType) ? 1 : maker.input.length
    for (let at = 0; at < count; at++) waiting.push({node: maker, input: at})
  }
  return notFound('angles that come from no whole numbers', cosine)
}

/** Tensors that differ from run to run. */
function fedTensors(index: GraphIndex): Set<string> {
  const fed = new Set(index.graphInputs.map(({name}) => name))
  for (const node of index.nodes) {
    if (!index.inputsOf(node).some((input) => fed.has(input))) continue
    for (const output of node.output) fed.add(output)
  }
  return fed
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
