import {intAttribute, intsAttribute, stringAttribute} from './attributes.ts'
import {contentInputs, fedTensors} from './data-flow.ts'
import type {Stream} from './find-residual.ts'
import {ABOVE, type SoftmaxSite} from './find-softmax.ts'
import type {GraphIndex} from './graph-index.ts'
import {type MatrixProduct, productOf} from './products.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import {keepsSoftmax} from './weights-guard.ts'
import {keyAxisOf, mirrored} from './weights-layout.ts'

/** A product of two tensors whose one side comes from a product of two, as weights come from scores. */
export interface FollowedScores {
  readonly flow: ScoreFlow
  /** The product that the scores, or what became of them, enter. */
  readonly mixing: MatrixProduct
  /** They are its right side; those of an Einsum are brought to the left. */
  readonly isRight: boolean
}

/** What scores have passed on their way. */
export interface ScoreFlow {
  readonly scores: MatrixProduct
  /** The first node before the softmax that is none of the ways that are known. */
  readonly strange: OnnxNode | null
  readonly softmax: OnnxNode | null
  /** Axis that sums to 1, from the end; null where that cannot be told. */
  readonly axis: number | null
  /** The first node behind the softmax that makes other weights of it. */
  readonly change: OnnxNode | null
}

/** What lays weights out anew, or only writes them otherwise. */
const KEEPS_WEIGHTS = new Set([
  ...['Cast', 'Dropout', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze'],
  ...['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'],
])
const GUARDS = new Set(['Mul', 'Slice', 'Where'])

/**
 * Follows every product of two tensors within its block, through whatever nodes there are, to the next product
 * of two: attention has this form even where its softmax is not found in the usual way. `known` are the
 * softmaxes that were; nothing of them is given. Takes time linear in the nodes.
 */
export function followScores(
  index: GraphIndex,
  shapes: StaticShapes,
  stream: Stream,
  known: readonly SoftmaxSite[]
): FollowedScores[] {
  return new Follower(index, shapes, stream, known).run()
}

class Follower {
  private readonly flows = new Map<string, ScoreFlow>()
  private readonly found: FollowedScores[] = []
  private readonly isFed: ReadonlySet<string>
  private readonly isBottleneck: ReadonlySet<OnnxNode>
  private readonly knownSoftmaxes: ReadonlySet<OnnxNode>
  private readonly knownProducts: ReadonlySet<string>

  constructor(
    private readonly index: GraphIndex,
    private readonly shapes: StaticShapes,
    private readonly stream: Stream,
    known: readonly SoftmaxSite[]
  ) {
    this.isFed = fedTensors(index)
    this.isBottleneck = new Set(stream.chain)
    this.knownSoftmaxes = new Set(known.map(({softmax}) => softmax))
    this.knownProducts = new Set(known.map(({mixing}) => mixing.output))
  }

  run(): FollowedScores[] {
    for (const node of this.index.nodes) {
      if (this.stream.tree.has(node)) this.visit(node)
    }
    return this.found
  }

  private visit(node: OnnxNode): void {
    const product = this.productOfTwo(node)
    if (product) {
      this.enter(product)
      // What heads give is no score of anything.
      const isKnown = this.knownProducts.has(product.output)
      if (!isKnown && !this.isBottleneck.has(node)) {
        const start = {strange: null, softmax: null, axis: null, change: null}
        this.flows.set(product.output, {scores: product, ...start})
      }
      return
    }
    if (this.isBottleneck.has(node)) return
    const tensor = contentInputs(this.index, node).find((input) => this.flows.has(input))
    if (tensor === undefined) return
    const flow = this.after(node, tensor, this.flows.get(tensor)!)
    for (const output of node.output) if (output) this.flows.set(output, flow)
  }

  private productOfTwo(node: OnnxNode): MatrixProduct | null {
    const product = productOf(this.index, node)
    const isOfTwo =
      product && this.isFed.has(product.left.tensor) && this.isFed.has(product.right.tensor)
    return isOfTwo ? product : null
  }

  private enter(mixing: MatrixProduct): void {
    for (const isRight of [false, true]) {
      const side = isRight ? mixing.right : mixing.left
      const flow = this.flows.get(side.tensor)
      if (!flow || (flow.softmax && this.knownSoftmaxes.has(flow.softmax))) continue
      // Without a softmax only what has an entry for each two tokens is taken for scores.
      if (!flow.softmax && !this.isOfTokens(flow.scores.output)) continue
      const isTurned = isRight && mixing.equation !== null
      this.found.push({
        flow,
        mixing: isTurned ? mirrored(mixing) : mixing,
        isRight: isRight && !isTurned,
      })
      return
    }
  }

  private isOfTokens(scores: string): boolean {
    const shape = this.shapes.shapeOf(scores)
    return shape !== null && [-1, -2].every((axis) => typeof shape.at(axis) === 'string')
  }

  private after(node: OnnxNode, tensor: string, flow: ScoreFlow): ScoreFlow {
    if (node.opType === 'Softmax') {
      return {...flow, softmax: node, axis: this.softmaxAxis(node), change: null}
    }
    if (!flow.softmax) {
      const isStrange = !flow.strange && !ABOVE.has(node.opType)
      return isStrange ? {...flow, strange: node} : flow
    }
    const isKept =
      KEEPS_WEIGHTS.has(node.opType) ||
      (GUARDS.has(node.opType) && keepsSoftmax(this.index, node, tensor, []))
    return {
      ...flow,
      axis: flow.axis === null ? null : this.axisAfter(node, tensor, flow.axis),
      change: flow.change ?? (isKept ? null : node),
    }
  }

  /** From the end; null where it takes several axes together, as it did before opset 13. */
  private softmaxAxis(node: OnnxNode): number | null {
    const rank = this.shapes.rankOf(node.input[0])
    const isOld = this.index.opset() < 13
    const axis = intAttribute(node, 'axis', isOld ? 1 : -1)
    const fromEnd = axis < 0 ? axis : rank === null ? null : axis - rank
    return isOld && fromEnd !== -1 ? null : fromEnd
  }

  private axisAfter(node: OnnxNode, tensor: string, axis: number): number | null {
    switch (node.opType) {
      case 'Transpose': {
        const rank = this.shapes.rankOf(tensor)
        const order = intsAttribute(node, 'perm')
        if (!order) return rank === null ? null : -1 - axis - rank
        const place = order.indexOf(axis + order.length)
        return place < 0 ? null : place - order.length
      }
      case 'Einsum': {
        const [inputs, output] = (stringAttribute(node, 'equation') ?? '')
          .replaceAll(' ', '')
          .split('->')
        const letter = inputs?.split(',')[node.input.indexOf(tensor)]?.at(axis)
        const place = letter && output ? output.indexOf(letter) : -1
        return place < 0 ? null : place - output!.length
      }
      case 'Reshape':
      case 'Squeeze':
      case 'Unsqueeze':
        // The last axis stays the last where its length does.
        return axis === -1 && this.keepsLastAxis(node) ? -1 : null
      case 'MatMul':
        return axis === (node.input[0] === tensor ? -1 : -2) ? null : axis
      case 'FusedMatMul':
      case 'Gemm':
        return null
      default:
        return axis
    }
  }

  private keepsLastAxis(node: OnnxNode): boolean {
    const before = this.shapes.shapeOf(node.input[0])?.at(-1)
    const after = this.shapes.shapeOf(node.output[0])?.at(-1)
    return before !== undefined && before === after
  }
}

/** Whether the weights that were followed sum to 1 over the keys that they are multiplied with. */
export function sumsOverKeys({flow, mixing, isRight}: FollowedScores): boolean {
  if (flow.axis === null) return false
  if (isRight) return flow.axis === (mixing.right.isTransposed ? -1 : -2)
  return flow.axis === keyAxisOf(mixing)
}
