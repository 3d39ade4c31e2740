import {
  addOperand,
  asFloat32,
  type CaptureGraph,
  lengthVector,
  type OperandOptions,
} from './capture-operands.ts'
import type {QueryKeySource, ScoreOperand, ScoreStep, ScoreTensor} from './structure.ts'

/**
 * Adds what a fused operator does to its operands beside it, in float32: returns the weights
 * [batch, head, query, key], or null where a step's axes are not those or a sink takes part. The operator
 * itself stays as it is.
 */
export function addShadowWeights(
  graph: CaptureGraph,
  source: QueryKeySource,
  options: OperandOptions
): string | null {
  if (source.sink || !source.steps.every(isPlain)) return null
  return new ShadowNodes(graph, source, options).add()
}

const PLAIN = ['batch', 'head', 'query', 'key']

function isPlain(step: ScoreStep): boolean {
  const isPlainOperand = (operand: ScoreOperand | ScoreTensor) =>
    operand.kind === 'constant' ||
    PLAIN.slice(4 - operand.axes.length).join() === operand.axes.join()
  if (step.kind === 'where') return isPlainOperand(step.condition) && isPlainOperand(step.other)
  return 'operand' in step ? isPlainOperand(step.operand) : true
}

class ShadowNodes {
  private scores = ''
  /** int64 vectors of one entry. */
  private queryCount = ''
  private keyCount = ''

  constructor(
    private readonly graph: CaptureGraph,
    private readonly source: QueryKeySource,
    private readonly options: OperandOptions
  ) {}

  add(): string {
    const {operations} = this.graph
    const query = addOperand(this.graph, this.source.query, {...this.options, newCount: null})
    const key = addOperand(this.graph, this.source.key, {...this.options, newCount: null})
    this.queryCount = lengthVector(operations, query, 2)
    this.keyCount = lengthVector(operations, key, 2)
    this.scores = this.product(query, key)
    for (const step of this.source.steps) this.scores = this.apply(step)
    return operations.softmax(this.scores, 4)
  }

  /** Query heads in groups that share a key head: [batch, key head, group × query, size] · keysᵀ. */
  private product(query: string, key: string): string {
    const {operations} = this.graph
    const ones = operations.ints([-1])
    const shape = operations.shape(query)
    const batch = operations.slice(shape, {starts: [0], ends: [1], axes: [0]})
    const headCount = operations.slice(shape, {starts: [1], ends: [2], axes: [0]})
    const size = operations.slice(shape, {starts: [3], ends: [4], axes: [0]})
    const keyHeadCount = lengthVector(operations, key, 1)
    const grouped = operations.node('Reshape', [
      query,
      operations.concat([batch, keyHeadCount, ones, size], 0),
    ])
    const scores = operations.node('MatMul', [grouped, operations.transpose(key, [0, 1, 3, 2])])
    return operations.node('Reshape', [
      scores,
      operations.concat([batch, headCount, this.queryCount, this.keyCount], 0),
    ])
  }

  private apply(step: ScoreStep): string {
    const {operations} = this.graph
    const {scores} = this
    switch (step.kind) {
      case 'add':
        return operations.node('Add', [scores, this.operand(step.operand)])
      case 'mul':
        return operations.node('Mul', [scores, this.operand(step.operand)])
      case 'max':
        return operations.node('Max', [scores, this.operand(step.operand)])
      case 'min':
        return operations.node('Min', [scores, this.operand(step.operand)])
      case 'sub':
      case 'div': {
        const inputs = [scores, this.operand(step.operand)]
        const opType = step.kind === 'sub' ? 'Sub' : 'Div'
        return operations.node(opType, step.isReversed ? inputs.reverse() : inputs)
      }
      case 'tanh':
        return operations.node('Tanh', [scores])
      case 'where': {
        const other = this.operand(step.other)
        const {tensor} = step.condition
        return step.keepsFalse
          ? operations.where(tensor, other, scores)
          : operations.where(tensor, scores, other)
      }
      case 'causal':
        return this.causal(step)
      case 'key-count': {
        const count = operations.cast(step.count, 'int64')
        const end = operations.node('Add', [count, operations.ints(step.added)])
        return this.keep(operations.node('Less', [this.keys(), this.perText(end)]))
      }
      case 'key-mask':
        return operations.node('Add', [scores, this.keyMask(step)])
    }
  }

  private operand(operand: ScoreOperand): string {
    if (operand.kind === 'constant') return this.graph.operations.float(operand.value)
    return asFloat32(this.graph, operand.tensor)
  }

  /** 0, 1, … of the keys, [key]. */
  private keys(): string {
    const {operations} = this.graph
    return operations.range(this.scalar(this.keyCount))
  }

  private causal(step: ScoreStep & {kind: 'causal'}): string {
    const {operations} = this.graph
    const {window, alignment} = step
    const first =
      alignment === 'end'
        ? operations.node('Sub', [this.keyCount, this.queryCount])
        : operations.ints([0])
    const queries = operations.unsqueeze(operations.range(this.scalar(this.queryCount)), [1])
    const places = operations.node('Add', [queries, first])
    const keys = this.keys()
    const kept = this.keep(operations.lessOrEqual(keys, places))
    if (window === null) return kept
    this.scores = kept
    const begin = operations.node('Sub', [places, operations.ints(window)])
    return this.keep(operations.node('Less', [begin, keys]))
  }

  private keep(condition: string): string {
    const {operations} = this.graph
    return operations.where(condition, this.scores, operations.float(Number.NEGATIVE_INFINITY))
  }

  /** What the mask adds: `filter` where it forbids. */
  private keyMask({mask, rank, filter}: ScoreStep & {kind: 'key-mask'}): string {
    const {operations} = this.graph
    const wanted = operations.cast(mask, 'int64')
    return operations.where(
      rank === 1 ? this.withinLengths(wanted) : this.isSet(wanted, rank),
      operations.float(0),
      operations.float(filter)
    )
  }

  /** Ends of the texts, with their starts behind them or not: [batch, 1, 1, key]. */
  private withinLengths(mask: string): string {
    const {operations, batchInput} = this.graph
    const batch = lengthVector(operations, batchInput, 0)
    const zeros = operations.node('Expand', [operations.ints([0]), batch])
    const whole = operations.concat([mask, zeros], 0)
    const twice = operations.node('Add', [batch, batch])
    const axis = operations.ints([0])
    const ends = operations.node('Slice', [whole, operations.ints([0]), batch, axis])
    const starts = operations.node('Slice', [whole, batch, twice, axis])
    const keys = this.keys()
    return operations.node('And', [
      operations.node('Less', [keys, this.perText(ends)]),
      operations.lessOrEqual(this.perText(starts), keys),
    ])
  }

  private isSet(mask: string, rank: 2 | 3 | 4): string {
    const {operations} = this.graph
    const isKept = operations.node('Not', [operations.node('Equal', [mask, operations.ints(0)])])
    if (rank === 2) return operations.unsqueeze(isKept, [1, 2])
    if (rank === 3) return operations.unsqueeze(isKept, [1])
    const past = operations.node('Sub', [this.keyCount, this.queryCount])
    const starts = operations.concat([past, operations.ints([0])], 0)
    const ends = operations.concat([this.keyCount, this.keyCount], 0)
    return operations.node('Slice', [isKept, starts, ends, operations.ints([2, 3])])
  }

  /** [batch] to [batch, 1, 1, 1]. */
  private perText(vector: string): string {
    return this.graph.operations.reshape(vector, [-1, 1, 1, 1])
  }

  private scalar(vector: string): string {
    return this.graph.operations.squeeze(vector, [0])
  }
}
