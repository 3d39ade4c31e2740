import {intAttribute} from './attributes.ts'
import {fedTensors} from './data-flow.ts'
import type {GraphIndex} from './graph-index.ts'
import {type MatrixProduct, productOf} from './products.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import {keepsSoftmax} from './weights-guard.ts'
import {keyAxisOf, mirrored} from './weights-layout.ts'

/** A Softmax between a product of queries and keys and a product with values. */
export interface SoftmaxSite {
  readonly softmax: OnnxNode
  readonly scores: MatrixProduct
  /** The way from the scores' product to the Softmax: nodes, and which of their inputs it takes. */
  readonly chain: readonly ChainLink[]
  /** The weights after the guard against rows without keys, before what casts or rounds them. */
  readonly weights: string
  /** What makes other weights of the softmax, as a gate does; null where rows are the softmax itself. */
  readonly change: OnnxNode | null
  readonly mixing: MatrixProduct
}
export interface ChainLink {
  readonly node: OnnxNode
  readonly input: number
  /** Whether another input comes from a product as well: which of them is the scores is then open. */
  readonly isAmbiguous: boolean
}

/** From Softmax down to the product with the values (ONNX notes, 3.2). */
const BELOW = new Set([
  'Cast',
  'Dropout',
  'Identity',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Where',
  'Slice',
  'Mul',
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
])
/** From the product of queries and keys to Softmax; what cannot be replayed is told apart later. */
export const ABOVE: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Where',
  'Cast',
  'Identity',
  'Dropout',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Min',
  'Max',
  'Clip',
  'Tanh',
  'Neg',
  'Concat',
  'Transpose',
  'QuantizeLinear',
  'DequantizeLinear',
  'Trilu',
  ...[
    'Abs',
    'CumSum',
    'Erf',
    'Exp',
    'Expand',
    'Gather',
    'GatherElements',
    'Gelu',
    'LeakyRelu',
    'Log',
  ],
  ...['Pad', 'Pow', 'Relu', 'ScatterElements', 'ScatterND', 'Sigmoid', 'Softplus', 'Sqrt', 'Tile'],
])
/** Longer ways are no attention; a crafted graph could have millions of links. */
const MAX_CHAIN_LENGTH = 64

type Step = {readonly product: MatrixProduct} | ChainLink

/** Every Softmax of a graph that is attention, in topological order. */
export class SoftmaxFinder {
  private readonly isFed: ReadonlySet<string>
  private readonly steps = new Map<string, Step>()

  constructor(
    private readonly index: GraphIndex,
    private readonly shapes: StaticShapes
  ) {
    this.isFed = fedTensors(index)
    for (const node of index.nodes) this.visit(node)
  }

  find(): SoftmaxSite[] {
    return this.index.nodes.flatMap((node) => {
      const site = node.opType === 'Softmax' ? this.siteOf(node) : null
      return site ? [site] : []
    })
  }

  private visit(node: OnnxNode): void {
    const output = node.output[0]
    if (!output) return
    const product = productOf(this.index, node)
    if (product && this.isOfTwo(product)) {
      this.steps.set(output, {product})
    } else if (ABOVE.has(node.opType)) {
      const inputs = node.input.flatMap((input, at) => (this.steps.has(input) ? [at] : []))
      if (inputs.length === 0) return
      const isAmbiguous = new Set(inputs.map((at) => node.input[at])).size > 1
      this.steps.set(output, {node, input: inputs[0]!, isAmbiguous})
    }
  }

  private isOfTwo({left, right}: MatrixProduct): boolean {
    return this.isFed.has(left.tensor) && this.isFed.has(right.tensor)
  }

  private siteOf(softmax: OnnxNode): SoftmaxSite | null {
    const input = softmax.input[0]
    if (!input || !this.isOverLastAxis(softmax)) return null
    const above = this.above(input)
    const below = above && this.below(softmax, above.chain)
    return above && below ? {softmax, ...above, ...below} : null
  }

  private isOverLastAxis(softmax: OnnxNode): boolean {
    const axis = intAttribute(softmax, 'axis', this.index.opset() < 13 ? 1 : -1)
    if (axis < 0) return axis === -1
    const rank = this.shapes.rankOf(softmax.input[0])
    return rank === null ? axis >= 2 : axis === rank - 1
  }

  private above(tensor: string): Pick<SoftmaxSite, 'scores' | 'chain'> | null {
    const chain: ChainLink[] = []
    let step = this.steps.get(tensor)
    while (step && !('product' in step)) {
      if (chain.push(step) > MAX_CHAIN_LENGTH) return null
      step = this.steps.get(step.node.input[step.input] ?? '')
    }
    return step ? {scores: step.product, chain: chain.reverse()} : null
  }

  private below(
    softmax: OnnxNode,
    chain: readonly ChainLink[]
  ): Pick<SoftmaxSite, 'weights' | 'change' | 'mixing'> | null {
    const start = softmax.output[0]!
    const waiting = [{tensor: start, weights: start, change: null as OnnxNode | null}]
    const seen = new Set([start])
    for (let next = 0; next < waiting.length && next < MAX_CHAIN_LENGTH; next++) {
      const {tensor, weights, change} = waiting[next]!
      for (const node of this.index.consumersOf(tensor)) {
        const mixing = this.mixingOf(node, tensor)
        if (mixing) return {weights, change, mixing}
        const output = node.output[0]
        if (!BELOW.has(node.opType) || !output || seen.has(output)) continue
        // A guard replaces rows, a slice takes a sink's column away; what comes after is the weights.
        const isGuard = node.opType === 'Where' || node.opType === 'Slice' || node.opType === 'Mul'
        if (isGuard && !this.isGuard(node, tensor)) continue
        seen.add(output)
        const isKept = !isGuard || keepsSoftmax(this.index, node, tensor, chain)
        waiting.push({
          tensor: output,
          weights: isGuard ? output : weights,
          change: change ?? (isKept ? null : node),
        })
      }
    }
    return null
  }

  /** Whether what a node makes of the weights are still weights of the same queries and keys. */
  private isGuard(node: OnnxNode, tensor: string): boolean {
    if (node.opType === 'Where') return node.input[0] !== tensor
    if (node.opType === 'Slice') return node.input[0] === tensor
    // Scales of quantized weights are another matter: they come from no mask.
    return node.input.every((input) => input === tensor || !this.steps.has(input))
  }

  /** The product with the values that a node belongs to, where the weights are its left side. */
  private mixingOf(node: OnnxNode, tensor: string): MatrixProduct | null {
    const completed = this.completedBy(node)
    if (!completed || !this.isFed.has(completed.right.tensor)) return null
    const isLeft = this.isMadeOf(completed.left.tensor, tensor)
    if (isLeft) return keyAxisOf(completed) === -1 ? completed : null
    const isRight = completed.equation && this.isMadeOf(completed.right.tensor, tensor)
    const mixing = isRight ? mirrored(completed) : null
    return mixing && keyAxisOf(mixing) === -1 ? mixing : null
  }

  private completedBy(node: OnnxNode): MatrixProduct | null {
    if (node.opType !== 'MatMulInteger') {
      return node.opType === 'Mul' ? null : productOf(this.index, node)
    }
    for (const cast of this.index.consumersOf(node.output[0] ?? '')) {
      for (const scaled of this.index.consumersOf(cast.output[0] ?? '')) {
        const product = productOf(this.index, scaled)
        if (product) return product
      }
    }
    return null
  }

  private isMadeOf(side: string, tensor: string): boolean {
    if (side === tensor) return true
    // The side is named before it was rounded; the walk may stand behind that.
    const maker = this.index.producerOf(tensor)
    if (!maker || !/QuantizeLinear$/.test(maker.opType)) return false
    return maker.input[0] === side || this.index.producerOf(maker.input[0])?.input[0] === side
  }
}
