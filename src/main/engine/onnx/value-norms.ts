import {addOperand, type CaptureGraph, type OperandOptions} from './capture-operands.ts'
import type {ValueNormKind} from './capture-plan.ts'
import {addProjectionMatrix} from './projection-matrix.ts'
import type {OutputProjection, ValueSource} from './structure.ts'

/** Heads of a whole layer; the output projection takes all of them on. */
export interface LayerHeads {
  readonly queryHeadCount: number
  /** Query heads of the layer before those of this site, and of this site. */
  readonly firstHead: number
  readonly headCount: number
  /** Of this site; values may have more heads than keys, where only one of both could be walked back. */
  readonly valueHeadCount: number
}

/**
 * Adds ‖v · W_O‖ of every value vector and query head, float32 [batch, query head, position], by way of each
 * head's W_O · W_Oᵀ, which is as small as the head; ‖v‖ where the projection or its heads are not known.
 */
export function addValueNorms(
  graph: CaptureGraph,
  source: ValueSource,
  projection: OutputProjection | null,
  heads: LayerHeads | null,
  options: OperandOptions
): {output: string; kind: ValueNormKind} {
  const {editor, operations} = graph
  const values = addOperand(graph, source.value, options)
  const gram = heads && projection ? addGram(graph, projection, heads) : null
  if (!gram || !heads) {
    const output = editor.addOutput(operations.reduceL2(values, [-1], {keepsAxes: false}))
    return {output, kind: 'basis-dependent'}
  }
  // [batch, value head, 1, position, size] · [value head, group, size, size]
  const grouped = operations.unsqueeze(values, [2])
  const squares = operations.node('Mul', [operations.node('MatMul', [grouped, gram]), grouped])
  const sums = operations.reduce('ReduceSum', squares, [-1], {keepsAxes: false})
  // Rounding may leave a norm of zero a little below it.
  const norms = operations.node('Sqrt', [operations.node('Relu', [sums])])
  const joined = operations.node('Reshape', [
    norms,
    operations.concat(
      [
        operations.slice(operations.shape(norms), {starts: [0], ends: [1], axes: [0]}),
        operations.ints([heads.headCount]),
        operations.slice(operations.shape(norms), {starts: [3], ends: [4], axes: [0]}),
      ],
      0
    ),
  ])
  return {output: editor.addOutput(joined), kind: 'projected'}
}

/** [value head, group, size, size] of this site's heads. */
function addGram(
  graph: CaptureGraph,
  projection: OutputProjection,
  {queryHeadCount, firstHead, headCount, valueHeadCount}: LayerHeads
): string | null {
  const {operations} = graph
  const {inputLength, width} = projection
  if (inputLength % queryHeadCount !== 0 || headCount % valueHeadCount !== 0) return null
  const size = inputLength / queryHeadCount
  const rows = addProjectionMatrix(graph, projection)
  const blocks = operations.reshape(rows, [queryHeadCount, size, width])
  const own = operations.slice(blocks, {
    starts: [firstHead],
    ends: [firstHead + headCount],
    axes: [0],
  })
  const products = operations.node('MatMul', [own, operations.transpose(own, [0, 2, 1])])
  return operations.reshape(products, [valueHeadCount, headCount / valueHeadCount, size, size])
}
