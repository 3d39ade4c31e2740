import {ProblemError} from '../../../shared/domain/problem.ts'
import type {ElementTypes} from './element-types.ts'
import type {GraphEditor} from './graph-editor.ts'
import type {GraphIndex} from './graph-index.ts'
import type {GraphOperations} from './graph-operations.ts'
import {dimensionsOf, type StaticShapes} from './static-shapes.ts'
import type {Operand, OperandAxis, OperandStep} from './structure.ts'

/** The graph that outputs are added to: the copy that is edited, and what is known of the original. */
export interface CaptureGraph {
  readonly editor: GraphEditor
  readonly operations: GraphOperations
  readonly index: GraphIndex
  readonly types: ElementTypes
  readonly shapes: StaticShapes
  /** A graph input whose first axis is the batch. */
  readonly batchInput: string
}

export interface OperandOptions {
  /** Heads of the operand, where they lie in one axis with the size; null where only a run tells. */
  readonly headCount: number | null
  readonly headSize: number | null
  /** Only the last positions, as many as this int64 vector of one entry says; all of them where null. */
  readonly newCount: string | null
}

const WHOLE_ORDER: readonly OperandAxis[] = ['batch', 'head', 'group', 'position', 'size']
/** 2^31 − 1, beyond the length of every axis. */
const TO_THE_END = 2 ** 31 - 1

/**
 * An operand as float32 [batch, head, position, size], groups counted as heads, by added nodes.
 * Throws a Problem on heads and sizes in one axis whose count is not known.
 */
export function addOperand(graph: CaptureGraph, operand: Operand, options: OperandOptions): string {
  return new OperandNodes(graph, operand, options).add()
}

/** A tensor as float32: itself where it is that already. */
export function asFloat32({types, operations, editor}: CaptureGraph, tensor: string): string {
  const declared = editor.model.graph.initializer.find(({name}) => name === tensor)
  if (types.typeOf(tensor) === 'float32' || declared?.dataType === 1) return tensor
  return operations.cast(tensor, 'float32')
}

/** The length of an axis, counted from the end where negative but not −1, as an int64 vector of one entry. */
export function lengthVector(operations: GraphOperations, tensor: string, axis: number): string {
  return operations.slice(operations.shape(tensor), {starts: [axis], ends: [axis + 1], axes: [0]})
}

/** The last entries along an axis, as many as an int64 vector of one entry says. */
export function lastAlong(
  operations: GraphOperations,
  tensor: string,
  axis: number,
  count: string
): string {
  operations.editor.requireOpset('', 10)
  const start = operations.node('Neg', [count])
  return operations.node('Slice', [
    tensor,
    start,
    operations.ints([TO_THE_END]),
    operations.ints([axis]),
  ])
}

class OperandNodes {
  private readonly operations: GraphOperations
  private tensor: string
  private axes: OperandAxis[]
  private isCut: boolean

  constructor(
    private readonly graph: CaptureGraph,
    private readonly operand: Operand,
    private readonly options: OperandOptions
  ) {
    this.operations = graph.operations
    this.tensor = operand.tensor
    this.axes = [...operand.layout]
    this.isCut = options.newCount === null
  }

  add(): string {
    const {operand, operations} = this
    if (operand.preparation.length === 0) this.cutPositions()
    this.tensor = asFloat32(this.graph, this.tensor)
    for (const step of operand.preparation) this.tensor = this.prepare(step)
    this.splitBatch()
    this.splitHeads()
    this.order()
    this.joinGroups()
    if (!this.isCut) this.cutPositions()
    if (operand.factor !== 1) {
      this.tensor = operations.node('Mul', [this.tensor, operations.float(operand.factor)])
    }
    return this.tensor
  }

  private cutPositions(): void {
    const axis = this.axes.indexOf('position')
    const {newCount} = this.options
    if (axis < 0 || newCount === null) return
    this.tensor = lastAlong(this.operations, this.tensor, axis, newCount)
    this.isCut = true
  }

  private prepare(step: OperandStep): string {
    const {operations, tensor, graph} = this
    switch (step.kind) {
      case 'project':
        return operations.node('MatMul', [tensor, this.matrixColumns(step)])
      case 'columns':
        return operations.slice(tensor, {starts: [step.start], ends: [step.end], axes: [-1]})
      case 'bias': {
        const bias = asFloat32(graph, step.tensor)
        const {start, end} = step
        const part = operations.slice(bias, {starts: [start], ends: [end], axes: [0]})
        return operations.node('Add', [tensor, part])
      }
      case 'range':
        return operations.slice(tensor, {starts: [step.start], ends: [step.end], axes: [step.axis]})
      case 'every':
        return this.every(step)
      case 'entry':
        return operations.gather(tensor, step.index, step.axis)
      case 'split-heads': {
        const split = operations.reshape(tensor, [0, 0, step.headCount, -1])
        return operations.transpose(split, [0, 2, 1, 3])
      }
      case 'rms-norm':
        return this.rmsNorm(step.weight, step.epsilon)
      case 'rotary':
        return this.rotary(step)
      case 'after-past':
        // Only new positions are wanted: nothing needs to come before them.
        if (this.options.newCount !== null) {
          this.isCut = true
          return tensor
        }
        return operations.concat([asFloat32(graph, step.past), tensor], 2)
      case 'quantize': {
        const parameters = step.zeroPoint ? [step.scale, step.zeroPoint] : [step.scale]
        const rounded = operations.node('QuantizeLinear', [tensor, ...parameters])
        return operations.node('DequantizeLinear', [rounded, ...parameters])
      }
    }
  }

  private every({axis, step}: OperandStep & {kind: 'every'}): string {
    const {operations, tensor} = this
    operations.editor.requireOpset('', 10)
    const bounds = [0, TO_THE_END, axis, step].map((value) => operations.ints([value]))
    return operations.node('Slice', [tensor, ...bounds])
  }

  private matrixColumns({weights, start, end}: OperandStep & {kind: 'project'}): string {
    const columns = {starts: [start], ends: [end], axes: [1]}
    return asFloat32(this.graph, this.operations.slice(weights, columns))
  }

  private rmsNorm(weight: string, epsilon: number): string {
    const {operations, tensor, graph} = this
    const squares = operations.node('Mul', [tensor, tensor])
    const mean = operations.reduce('ReduceMean', squares, [-1])
    const safe = operations.node('Add', [mean, operations.float(epsilon)])
    const normed = operations.node('Div', [tensor, operations.node('Sqrt', [safe])])
    return operations.node('Mul', [normed, asFloat32(graph, weight)])
  }

  private rotary(step: OperandStep & {kind: 'rotary'}): string {
    const {operations, tensor, graph, options} = this
    const {cos, sin, isInterleaved} = step
    const positions = step.positions ? this.asInt64(step.positions) : this.firstPosition(step.total)
    const turnedSize = 2 * (widthOf(graph, cos) ?? 0)
    const isPartial = options.headSize !== null && turnedSize > 0 && turnedSize < options.headSize
    const partial = {num_heads: options.headCount ?? 0, rotary_embedding_dim: turnedSize}
    return operations.node(
      'RotaryEmbedding',
      [tensor, positions, asFloat32(graph, cos), asFloat32(graph, sin)],
      {interleaved: isInterleaved ? 1 : 0, ...(isPartial ? partial : {})},
      'com.microsoft'
    )
  }

  /** Where the operand's positions begin, as the vector of one entry that RotaryEmbedding counts on from. */
  private firstPosition(total: string | null): string {
    const {operations, tensor} = this
    if (total === null) return operations.ints([0])
    const count = operations.reshape(this.asInt64(total), [1])
    return operations.node('Sub', [count, lengthVector(operations, tensor, 2)])
  }

  private asInt64(tensor: string): string {
    const {types, operations} = this.graph
    return types.typeOf(tensor) === 'int64' ? tensor : operations.cast(tensor, 'int64')
  }

  /** Batch and heads in one axis: [batch × head, …] to [batch, head, …]. */
  private splitBatch(): void {
    const axis = this.axes.indexOf('batch-heads')
    if (axis < 0) return
    const {operations, graph} = this
    if (axis > 0) this.moveTo(['batch-heads', ...this.axes.filter((_, at) => at !== axis)])
    const rest = operations.slice(operations.shape(this.tensor), {
      starts: [1],
      ends: [this.axes.length],
      axes: [0],
    })
    const batch = lengthVector(operations, graph.batchInput, 0)
    const lengths = operations.concat([batch, operations.ints([-1]), rest], 0)
    this.tensor = operations.node('Reshape', [this.tensor, lengths])
    this.axes = ['batch', 'head', ...this.axes.slice(1)]
  }

  /** Heads and sizes in one axis: [batch, position, head × size] to [batch, position, head, size]. */
  private splitHeads(): void {
    const axis = this.axes.indexOf('heads-size')
    if (axis < 0) return
    const {headCount} = this.options
    if (headCount === null) throw headsNotCounted(this.operand.tensor)
    const others = this.axes.filter((_, at) => at !== axis)
    if (axis < others.length) this.moveTo([...others, 'heads-size'])
    const lengths = [...others.map(() => 0), headCount, -1]
    this.tensor = this.operations.reshape(this.tensor, lengths)
    this.axes = [...others, 'head', 'size']
  }

  private order(): void {
    this.moveTo(WHOLE_ORDER.filter((axis) => this.axes.includes(axis)))
    const missing = (['batch', 'head'] as const).filter((axis) => !this.axes.includes(axis))
    if (missing.length === 0) return
    const places = missing.map((axis) => WHOLE_ORDER.indexOf(axis))
    this.tensor = this.operations.unsqueeze(this.tensor, places)
    this.axes = WHOLE_ORDER.filter(
      (axis) => this.axes.includes(axis) || (missing as OperandAxis[]).includes(axis)
    )
  }

  /** [batch, head, group, position, size]: query head = head × groups + group. */
  private joinGroups(): void {
    if (!this.axes.includes('group')) return
    const {operations} = this
    const shape = operations.shape(this.tensor)
    const lengths = operations.concat(
      [
        operations.slice(shape, {starts: [0], ends: [1], axes: [0]}),
        operations.ints([-1]),
        operations.slice(shape, {starts: [3], ends: [5], axes: [0]}),
      ],
      0
    )
    this.tensor = operations.node('Reshape', [this.tensor, lengths])
    this.axes = this.axes.filter((axis) => axis !== 'group')
  }

  private moveTo(axes: readonly OperandAxis[]): void {
    const order = axes.map((axis) => this.axes.indexOf(axis))
    if (order.some((from, to) => from !== to)) {
      this.tensor = this.operations.transpose(this.tensor, order)
    }
    this.axes = [...axes]
  }
}

function widthOf({index}: CaptureGraph, tensor: string): number | null {
  const initializer = index.initializerOf(tensor)
  return initializer ? (dimensionsOf(initializer).at(-1) ?? null) : null
}

function headsNotCounted(tensor: string): ProblemError {
  return new ProblemError({
    code: 'heads-not-counted',
    message:
      'Heads and their sizes are in one axis, and the graph does not say how many heads there are.',
    field: `tensor ${JSON.stringify(tensor)}`,
    found: 'an axis of heads × size',
    expected: 'a count of heads in the graph',
    advice: 'Capture the weights instead, or export the model again with fixed head counts.',
  })
}
