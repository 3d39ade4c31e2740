import type {Problem} from '../../../shared/domain/problem.ts'
import {floatAttribute, intAttribute, intsAttribute, operatorOf} from './attributes.ts'
import type {ChainLink} from './find-softmax.ts'
import type {GraphIndex} from './graph-index.ts'
import {elementTypeName, type OnnxNode} from './schema.ts'
import {axisOf} from './shape-rules.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {ScoreAxis, ScoreOperand, ScoreStep} from './structure.ts'

/** The element-wise way from the product of queries and keys to the Softmax. */
export interface ScoreWay {
  readonly steps: readonly ScoreStep[]
  readonly sink: ScoreOperand | null
}

/** The way restated as steps that can be replayed, or a Problem that names the first node that cannot. */
export function scoreStepsOf(
  index: GraphIndex,
  shapes: StaticShapes,
  chain: readonly ChainLink[],
  startAxes: readonly ScoreAxis[]
): ScoreWay | Problem {
  const steps: ScoreStep[] = []
  let axes = startAxes
  let sink: ScoreOperand | null = null
  for (const link of chain) {
    const {node} = link
    if (link.isAmbiguous)
      return notReplayable(node, 'a second product of two tensors beside the scores')
    // Behind the sink's column only what acts on a whole row is understood.
    if (sink && !isShiftByMaximum(index, node) && node.opType !== 'Cast') {
      return notReplayable(node, 'an operator between a learned sink and the Softmax')
    }
    if (isShiftByMaximum(index, node) && link.input === 0) continue
    const reader = new LinkReader(shapes, link, axes)
    if (node.opType === 'Concat') {
      sink = reader.sink()
      if (!sink) return notReplayable(node, 'a Concat that is no sink along the keys')
      continue
    }
    const after = reader.axesAfter()
    if (after) {
      axes = after
      continue
    }
    const step = reader.steps()
    if (!step) return notReplayable(node, null)
    steps.push(...step)
  }
  return {steps, sink}
}

/** x − max(x) over each row: the Softmax does not change by it. */
function isShiftByMaximum(index: GraphIndex, node: OnnxNode): boolean {
  if (node.opType !== 'Sub') return false
  const maximum = index.producerOf(node.input[1])
  return maximum?.opType === 'ReduceMax' && maximum.input[0] === node.input[0]
}

class LinkReader {
  private readonly node: OnnxNode

  constructor(
    private readonly shapes: StaticShapes,
    private readonly link: ChainLink,
    private readonly axes: readonly ScoreAxis[]
  ) {
    this.node = link.node
  }

  /** The axes behind a node that changes nothing else, or null. */
  axesAfter(): readonly ScoreAxis[] | null {
    const {node, axes} = this
    switch (node.opType) {
      case 'Identity':
      case 'Dropout':
        return axes
      case 'Cast':
        return /^b?float/.test(elementTypeName(intAttribute(node, 'to', 0))) ? axes : null
      case 'Reshape':
        return this.link.input === 0 ? this.reshaped() : null
      case 'Unsqueeze':
      case 'Squeeze': {
        const given = intsAttribute(node, 'axes') ?? this.shapes.numbersOf(node.input[1])
        const rank = this.shapes.rankOf(node.output[0])
        return given && rank !== null ? this.withAxes(given, rank) : null
      }
      default:
        return null
    }
  }

  steps(): ScoreStep[] | null {
    const {node, link} = this
    const isFirst = link.input === 0
    switch (node.opType) {
      case 'Add':
        return this.binary('add')
      case 'Mul':
        return this.binary('mul')
      case 'Min':
        return node.input.length === 2 ? this.binary('min') : null
      case 'Max':
        return node.input.length === 2 ? this.binary('max') : null
      case 'Sub':
      case 'Div': {
        const operand = this.operand(isFirst ? 1 : 0)
        const kind = node.opType === 'Sub' ? 'sub' : 'div'
        return operand && [{kind, operand, isReversed: !isFirst}]
      }
      case 'Neg':
        return [{kind: 'mul', operand: {kind: 'constant', value: -1}}]
      case 'Tanh':
        return [{kind: 'tanh'}]
      case 'Where':
        return this.where()
      case 'Clip':
        return this.clip()
      default:
        return null
    }
  }

  /** The other part of a Concat along the keys. */
  sink(): ScoreOperand | null {
    const {node, axes} = this
    const axis = intAttribute(node, 'axis', 0)
    const isLast = axis === -1 || axisOf(axis, axes.length) === axes.length - 1
    if (!isLast || node.input.length !== 2 || this.link.input !== 0) return null
    return this.operand(1)
  }

  private binary(kind: 'add' | 'mul' | 'min' | 'max'): ScoreStep[] | null {
    const operand = this.operand(1 - this.link.input)
    return operand && [{kind, operand}]
  }

  private where(): ScoreStep[] | null {
    const {node, link} = this
    const condition = node.input[0]
    const other = link.input === 0 ? null : this.operand(link.input === 1 ? 2 : 1)
    if (!condition || !other) return null
    const operand = {kind: 'tensor', tensor: condition, axes: this.axes} as const
    return [{kind: 'where', condition: operand, other, keepsFalse: link.input === 2}]
  }

  private clip(): ScoreStep[] | null {
    const {node} = this
    const bound = (name: string, at: number): ScoreOperand | null => {
      if (node.input[at]) return this.operand(at)
      const value = floatAttribute(node, name, null)
      return value === null ? null : {kind: 'constant', value}
    }
    const lower = bound('min', 1)
    const upper = bound('max', 2)
    if (this.link.input !== 0) return null
    return [
      ...(lower ? [{kind: 'max', operand: lower} as const] : []),
      ...(upper ? [{kind: 'min', operand: upper} as const] : []),
    ]
  }

  private operand(at: number): ScoreOperand | null {
    const tensor = this.node.input[at]
    if (!tensor) return null
    const value = this.shapes.scalarOf(tensor)
    if (value !== null) return {kind: 'constant', value}
    return {kind: 'tensor', tensor, axes: this.axes}
  }

  private withAxes(given: readonly number[], rank: number): readonly ScoreAxis[] | null {
    const isUnsqueeze = this.node.opType === 'Unsqueeze'
    const whole = isUnsqueeze ? rank : this.axes.length
    const places = new Set(given.map((axis) => axisOf(axis, whole)))
    if (isUnsqueeze) {
      // Only axes in front: an axis of length 1 elsewhere would need a name.
      const isInFront = [...places].every((axis) => axis < places.size)
      const names = (['batch', 'head'] as const).slice(0, places.size)
      const isFree = names.every((name) => !this.axes.includes(name))
      return isInFront && isFree ? [...names, ...this.axes] : null
    }
    return this.axes.filter((_, axis) => !places.has(axis))
  }

  /** Batch rows and heads taken apart or together, or the same axes written again. */
  private reshaped(): readonly ScoreAxis[] | null {
    const {axes} = this
    const shape = this.shapes.shapeOf(this.node.output[0])
    const rank = shape?.length
    const names = axes.join(' ')
    if (rank === axes.length) {
      const from = this.shapes.shapeOf(this.node.input[0])
      const isChanged = from?.some(
        (length, axis) =>
          typeof length === 'number' && typeof shape?.[axis] === 'number' && length !== shape[axis]
      )
      return isChanged ? null : axes
    }
    if (names === 'batch-heads query key' && rank === 4) {
      // A model with one key head has [batch, query × heads, key] here: heads then come third.
      const isHeads = typeof shape?.[1] === 'number' || typeof shape?.[2] !== 'number'
      return isHeads ? ['batch', 'head', 'query', 'key'] : null
    }
    if (names === 'batch head query key' && rank === 3) return ['batch-heads', 'query', 'key']
    if (names === 'batch head group query key' && rank === 4)
      return ['batch', 'head', 'query', 'key']
    if (names === 'batch head query key' && rank === 5) {
      return ['batch', 'head', 'group', 'query', 'key']
    }
    return null
  }
}

/** Says that rows cannot be recomputed, since a node on the way to the softmax is not understood. */
export function notReplayable(node: OnnxNode, found: string | null): Problem {
  return {
    code: 'scores-not-replayable',
    message:
      'The way from queries and keys to the attention weights has a step that is not understood.',
    field: `node ${JSON.stringify(node.name || node.output[0])}`,
    found: found ?? operatorOf(node),
    expected: 'Add, Sub, Mul, Div, Where, Min, Max, Clip, Tanh, casts and changes of axes',
    advice: 'Use the captured weights of this layer; its rows cannot be recomputed.',
  }
}
