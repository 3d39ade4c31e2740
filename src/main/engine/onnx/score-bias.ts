import type {Problem} from '../../../shared/domain/problem.ts'
import {operatorOf} from './attributes.ts'
import type {ElementTypes} from './element-types.ts'
import {SCORES_TURNED} from './find-unread.ts'
import type {GraphOperations} from './graph-operations.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {AttentionOperator, AttentionSite} from './structure.ts'
import {isMergedWithCache, unmergeAttention, unmergeProblemOf} from './unmerge-attention.ts'

/** Where fused operators take what is added to their scores, [batch or 1, head or 1, query, key]. */
const BIAS_INPUTS: Readonly<Record<Exclude<AttentionOperator, 'softmax'>, number>> = {
  'ai.onnx.Attention': 3,
  'com.microsoft.Attention': 5,
  'com.microsoft.DecoderMaskedMultiHeadAttention': 4,
  'com.microsoft.GroupQueryAttention': 10,
  'com.microsoft.MultiHeadAttention': 5,
}

/** Half precision ends at −65504: this forbids as surely, and a sum of two of them is still a number. */
const LOWEST_HALF_BIAS = -30_000
const LOWEST = {float32: -3.4028234663852886e38, float16: -65_504}

/** What is added to the scores of a site; names of float32 tensors. */
export interface ScoreBias {
  /** [query, key] each, for every head. */
  readonly shared: readonly string[]
  /** [head of this site, query, key]. */
  readonly byHead: string | null
}

/** Adds to the scores of sites before their softmax, after scale, soft cap and mask. */
export class ScoreBiasWriter {
  private readonly fourAxes = new Map<string, string>()
  private readonly converted = new Map<string, string>()

  constructor(
    private readonly operations: GraphOperations,
    private readonly types: ElementTypes,
    private readonly shapes: StaticShapes
  ) {}

  /** Why nothing can be added to the scores of a site; null where it can. */
  problemOf(site: AttentionSite): Problem | null {
    const {node, operator} = site
    const tensor = node.input[0]
    if (this.types.typeOf(tensor) === null) return notBiased(site, 'scores of an unknown type')
    if (operator === 'softmax') return scoresProblemOf(site)
    if (operator === 'com.microsoft.Attention' && isMergedWithCache(node)) {
      return unmergeProblemOf(this.shapes, node)
    }
    const mask = node.input[BIAS_INPUTS[operator]]
    if (operator === 'ai.onnx.Attention' && mask && this.types.typeOf(mask) === null) {
      return notBiased(site, 'a mask of an unknown type')
    }
    return null
  }

  /**
   * `bias` is added; where it holds −1e30 the edge is gone, as long as a query keeps another one. Returns the
   * tensor that the heads' outputs are in from now on where the site had to be restated, null elsewhere.
   */
  add(site: AttentionSite, bias: ScoreBias): string | null {
    if (site.operator !== 'softmax') return this.addToFused(site, site.operator, bias)
    this.addBeforeSoftmax(site, bias)
    return null
  }

  private addBeforeSoftmax({node, queryKey}: AttentionSite, {shared, byHead}: ScoreBias): void {
    const {operations} = this
    const scores = node.input[0]!
    const hasSink = 'sink' in queryKey && queryKey.sink !== null
    const typed = (tensor: string) =>
      this.inTypeOf(hasSink ? this.withSink(tensor) : tensor, scores)
    let sum = scores
    // Two axes broadcast to any scores; heads may be split into groups or joined with the batch.
    for (const one of shared) sum = operations.node('Add', [sum, typed(one)])
    if (byHead) {
      const shape = operations.shape(scores)
      const shaped = operations.node('Reshape', [typed(byHead), shape])
      sum = operations.node('Add', [sum, shaped])
    }
    operations.editor.replaceInput(node, 0, sum)
  }

  private addToFused(
    {node}: AttentionSite,
    operator: Exclude<AttentionOperator, 'softmax'>,
    {shared, byHead}: ScoreBias
  ): string | null {
    const {operations} = this
    const at = BIAS_INPUTS[operator]
    const known = node.input[at]
    const addends: string[] = []
    if (known) addends.push(this.asBias(known, node.input[0]!))
    const add = (tensor: string, isShared: boolean) =>
      addends.push(this.inTypeOf(this.inFourAxes(tensor, isShared), node.input[0]!))
    for (const one of shared) add(one, true)
    if (byHead) add(byHead, false)
    const sum = addends.reduce((left, right) => operations.node('Add', [left, right]))
    if (operator === 'com.microsoft.Attention' && isMergedWithCache(node)) {
      return unmergeAttention(operations, this.shapes, node, sum)
    }
    operations.editor.replaceInput(node, at, sum)
    return null
  }

  /** A mask of booleans as what the operator makes of it. */
  private asBias(mask: string, like: string): string {
    if (this.types.typeOf(mask) !== 'bool') return mask
    const dtype = this.types.typeOf(like) === 'float16' ? 'float16' : 'float32'
    const {operations} = this
    const key = `${mask} as ${dtype}`
    return this.once(key, () => {
      const number = (value: number) =>
        dtype === 'float16'
          ? operations.cast(operations.float(value), dtype)
          : operations.float(value)
      return operations.where(mask, number(0), number(LOWEST[dtype]))
    })
  }

  /** [query, key] to [1, 1, query, key], or [head, query, key] to [1, head, query, key]. */
  private inFourAxes(tensor: string, isShared: boolean): string {
    const known = this.fourAxes.get(tensor)
    if (known) return known
    const made = this.operations.unsqueeze(tensor, isShared ? [0, 1] : [0])
    this.fourAxes.set(tensor, made)
    return made
  }

  /** With a column of zeros for a learned sink, which stands behind the keys. */
  private withSink(tensor: string): string {
    return this.once(`${tensor} with sink`, () => {
      const {operations} = this
      const first = operations.slice(tensor, {starts: [0], ends: [1], axes: [-1]})
      const zeros = operations.node('Sub', [first, first])
      return operations.concat([tensor, zeros], -1)
    })
  }

  private inTypeOf(tensor: string, like: string): string {
    const dtype = this.types.typeOf(like) ?? 'float32'
    if (dtype === 'float32') return tensor
    return this.once(`${tensor} in ${dtype}`, () => {
      const {operations} = this
      const bounded =
        dtype === 'float16'
          ? operations.node('Max', [tensor, operations.float(LOWEST_HALF_BIAS)])
          : tensor
      return operations.cast(bounded, dtype)
    })
  }

  private once(key: string, make: () => string): string {
    const known = this.converted.get(key)
    if (known) return known
    const made = make()
    this.converted.set(key, made)
    return made
  }
}

/** What is added has the axes of weights, which scores may not have. */
function scoresProblemOf(site: AttentionSite): Problem | null {
  const {queryKey, weightsOrder} = site
  const isTurned = weightsOrder !== null || ('code' in queryKey && queryKey.code === SCORES_TURNED)
  return isTurned ? notBiased(site, 'scores whose axes are not heads, queries and keys') : null
}

function notBiased({node}: AttentionSite, found: string): Problem {
  return {
    code: 'scores-not-changed',
    message: 'Nothing can be added to the attention scores of this model.',
    field: `node ${JSON.stringify(node.name || node.output[0])} (${operatorOf(node)})`,
    found,
    expected: 'scores [batch, head, query, key] and masks whose types follow from the graph',
    advice:
      'Infer the types of the graph (onnx.shape_inference) and open it again, or switch heads off.',
  }
}
