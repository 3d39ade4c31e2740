import {
  ATTRIBUTE_TYPE,
  elementTypeNumber,
  encodeMessage,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './schema.ts'

/**
 * What an operand of a step is fed as: a number; a number inside a range of keys of each query and another
 * outside; or numbers that broadcast to [query, key].
 */
export type OperandForm = 'constant' | 'ranges' | 'dense'

/** One operation on the scores, by its form alone: its numbers are fed. */
export type StepForm =
  | {readonly kind: 'add' | 'mul' | 'max' | 'min'; readonly operand: OperandForm}
  | {readonly kind: 'sub' | 'div'; readonly operand: OperandForm; readonly isReversed: boolean}
  | {readonly kind: 'tanh'}

/** Which graph computes a block of one head's attention. */
export interface ScoreForm {
  readonly steps: readonly StepForm[]
  /** Keys from a bound of each query on, and before one, are not seen. */
  readonly hasEnds: boolean
  readonly hasStarts: boolean
  /**
   * Keys that every query sees come first, in an input of their own, so that bounds are computed for the
   * others alone; only where no step tells keys apart, and without `hasStarts`.
   */
  readonly isSplit: boolean
  /** A score of each query that belongs to no key: its share of the row is left out. */
  readonly hasSink: boolean
  /** Rows are pooled, as many together as the input says: the largest weight of each key. */
  readonly isPooled: boolean
}

/** Names of the graph's inputs; float32 unless said. Those that a form does not need are not there. */
export const SCORE_INPUTS = {
  /** [query, size] */
  queries: 'queries',
  /** A scalar that queries are multiplied with. */
  scale: 'scale',
  /** [key, size]; where these are split, those that every query sees, and the others. */
  keys: 'keys',
  lastKeys: 'lastKeys',
  /** [1, key]: the place of each key, as `operand` ranges count them. */
  places: 'places',
  /**
   * [1, key] of the keys that have bounds, and [query, 1]: scores beyond `ends` − `columns`, or `columns` −
   * `starts`, are cut down to it.
   */
  columns: 'columns',
  ends: 'ends',
  starts: 'starts',
  /** [query, 1] */
  sink: 'sink',
  /** int64 [3]: rows that are left of pooling, rows that make one of them, and −1. */
  pooling: 'pooling',
  /** Of step `at`: a scalar or [1 or query, 1 or key]; of ranges the number inside. */
  operand: (at: number) => `operand.${at}`,
  outside: (at: number) => `operand.${at}.outside`,
  /** [query, 1] */
  rangeStarts: (at: number) => `operand.${at}.starts`,
  rangeEnds: (at: number) => `operand.${at}.ends`,
} as const

/** Names of its outputs. */
export const SCORE_OUTPUTS = {
  /** [query, key], or [pooled row, key]. */
  weights: 'weights',
  /** [query, 1], where rows are pooled: the weight on the first key. */
  first: 'first',
  /** [query, 1], where rows are pooled and there is a sink: the sum of each row. */
  sums: 'sums',
} as const

/** softmax(steps(queries · keysᵀ)) of a block of one head as a model of its own. */
export function buildScoreGraph(form: ScoreForm): Uint8Array {
  return new ScoreGraph(form).build()
}

/** Names of the product's inputs and output. */
export const PRODUCT = {left: 'left', right: 'right', output: 'product'} as const

/** left [row, size] · right [size, column]. */
export function buildProductGraph(): Uint8Array {
  return encodeMessage('Model', {
    irVersion: 8,
    producerName: 'tokenscope',
    graph: {
      name: 'product',
      node: [{opType: 'MatMul', input: [PRODUCT.left, PRODUCT.right], output: [PRODUCT.output]}],
      initializer: [],
      input: [
        valueInfo(PRODUCT.left, ['row', 'size']),
        valueInfo(PRODUCT.right, ['size', 'column']),
      ],
      output: [valueInfo(PRODUCT.output, null)],
    },
    opsetImport: [{domain: '', version: 17}],
  })
}

/** A length, or the name of one that is only known to a run. */
type Dimension = number | string
const SCALAR: readonly Dimension[] = []
const BY_QUERY: readonly Dimension[] = ['query', 1]
const BY_KEY: readonly Dimension[] = [1, 'key']

class ScoreGraph {
  private readonly nodes: OnnxNode[] = []
  private readonly inputs = new Map<string, OnnxValueInfo>()
  private readonly initializers: OnnxTensor[] = []

  constructor(private readonly form: ScoreForm) {}

  build(): Uint8Array {
    const {form} = this
    const scores = form.isSplit
      ? this.node(
          'Concat',
          [this.stepped(SCORE_INPUTS.keys), this.bounded(this.stepped(SCORE_INPUTS.lastKeys))],
          {axis: 1}
        )
      : this.bounded(this.stepped(SCORE_INPUTS.keys))
    const weights = form.hasSink ? this.softmaxWithSink(scores) : this.softmax(scores)
    const outputs = form.isPooled
      ? this.pooled(weights)
      : [this.rename(weights, SCORE_OUTPUTS.weights)]
    return encodeMessage('Model', {
      irVersion: 8,
      producerName: 'tokenscope',
      graph: {
        name: 'scores',
        node: this.nodes,
        initializer: this.initializers,
        input: [...this.inputs.values()],
        output: outputs.map((name) => valueInfo(name, null)),
      },
      opsetImport: [{domain: '', version: 17}],
    })
  }

  /** Scores of some keys, as yet without bounds. */
  private stepped(keys: string): string {
    const queries = this.node('Mul', [
      this.input(SCORE_INPUTS.queries, ['query', 'size']),
      this.input(SCORE_INPUTS.scale, SCALAR),
    ])
    let scores = this.node('Gemm', [queries, this.input(keys, [keys, 'size'])], {transB: 1})
    for (const [at, step] of this.form.steps.entries()) scores = this.step(scores, step, at)
    return scores
  }

  private bounded(scores: string): string {
    const {hasEnds, hasStarts} = this.form
    let bounded = scores
    if (hasEnds) bounded = this.node('Min', [bounded, this.bound('ends', true)])
    if (hasStarts) bounded = this.node('Min', [bounded, this.bound('starts', false)])
    return bounded
  }

  private step(scores: string, step: StepForm, at: number): string {
    if (step.kind === 'tanh') return this.node('Tanh', [scores])
    const operand = this.operand(step.operand, at)
    const isReversed = 'isReversed' in step && step.isReversed
    const opType = {add: 'Add', mul: 'Mul', max: 'Max', min: 'Min', sub: 'Sub', div: 'Div'}[
      step.kind
    ]
    return this.node(opType, isReversed ? [operand, scores] : [scores, operand])
  }

  private operand(form: OperandForm, at: number): string {
    const name = SCORE_INPUTS.operand(at)
    if (form === 'constant') return this.input(name, SCALAR)
    if (form === 'dense') return this.input(name, [`rows${at}`, `columns${at}`])
    const places = this.input(SCORE_INPUTS.places, BY_KEY)
    const isBefore = this.node('Less', [places, this.input(SCORE_INPUTS.rangeStarts(at), BY_QUERY)])
    const isWithin = this.node('Less', [places, this.input(SCORE_INPUTS.rangeEnds(at), BY_QUERY)])
    const isInside = this.node('And', [this.node('Not', [isBefore]), isWithin])
    return this.node('Where', [
      isInside,
      this.input(name, SCALAR),
      this.input(SCORE_INPUTS.outside(at), SCALAR),
    ])
  }

  /** [query, key], far above any score for keys that are seen, far below it for the others. */
  private bound(name: 'ends' | 'starts', isEnd: boolean): string {
    const bound = this.input(SCORE_INPUTS[name], BY_QUERY)
    const columns = this.input(SCORE_INPUTS.columns, BY_KEY)
    return this.node('Sub', isEnd ? [bound, columns] : [columns, bound])
  }

  private softmax(scores: string): string {
    return this.node('Softmax', [scores], {axis: -1})
  }

  private softmaxWithSink(scores: string): string {
    const sink = this.input(SCORE_INPUTS.sink, BY_QUERY)
    // The sink comes last, and is cut off again.
    const joined = this.softmax(this.node('Concat', [scores, sink], {axis: -1}))
    return this.node('Slice', [joined, this.ints(0), this.ints(-1), this.ints(1)])
  }

  private pooled(weights: string): string[] {
    const {hasSink} = this.form
    this.node('Slice', [weights, this.ints(0), this.ints(1), this.ints(1)], {}, SCORE_OUTPUTS.first)
    if (hasSink) this.node('ReduceSum', [weights, this.ints(1)], {keepdims: 1}, SCORE_OUTPUTS.sums)
    const groups = this.node('Reshape', [weights, this.input(SCORE_INPUTS.pooling, [3], 'int64')])
    this.node('ReduceMax', [groups], {axes: [1], keepdims: 0}, SCORE_OUTPUTS.weights)
    return [SCORE_OUTPUTS.weights, SCORE_OUTPUTS.first, ...(hasSink ? [SCORE_OUTPUTS.sums] : [])]
  }

  private rename(tensor: string, name: string): string {
    return this.node('Identity', [tensor], {}, name)
  }

  private node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    output = `t${this.nodes.length}`
  ): string {
    this.nodes.push({
      opType,
      input: [...input],
      output: [output],
      attribute: Object.entries(attributes).map(
        ([name, value]): OnnxAttribute =>
          typeof value === 'number'
            ? {name, type: ATTRIBUTE_TYPE.int, i: value}
            : {name, type: ATTRIBUTE_TYPE.ints, ints: [...value]}
      ),
    })
    return output
  }

  private input(name: string, dimensions: readonly Dimension[], dtype = 'float32'): string {
    this.inputs.set(name, valueInfo(name, dimensions, dtype))
    return name
  }

  private ints(...values: readonly number[]): string {
    const name = `ints ${values.join(' ')}`
    if (!this.initializers.some((one) => one.name === name)) {
      this.initializers.push({
        name,
        dims: [values.length],
        dataType: elementTypeNumber('int64'),
        int64Data: [...values],
      })
    }
    return name
  }
}

function valueInfo(
  name: string,
  dimensions: readonly Dimension[] | null,
  dtype = 'float32'
): OnnxValueInfo {
  const shape = dimensions && {
    dim: dimensions.map((one) => (typeof one === 'number' ? {dimValue: one} : {dimParam: one})),
  }
  return {
    name,
    type: {tensorType: {elemType: elementTypeNumber(dtype), ...(shape ? {shape} : {})}},
  }
}
