import {operatorOf} from './attributes.ts'
import {contentInputs} from './data-flow.ts'
import {placeBefore, type Stream} from './find-residual.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import type {StaticShapes} from './static-shapes.ts'
import type {AttentionLayer} from './structure.ts'

/** How the numbers of a graph input come to meet what the token embeddings become. */
export interface InputUse {
  /**
   * Where: at the embeddings, within a block, between the product of queries and keys and its product with
   * values, behind the last block, or at an input of a fused operator that says what it is for.
   */
  readonly place: 'embedding' | 'block' | 'scores' | 'head' | SlotMeaning
  /** What meets it there takes it by addition. */
  readonly isAdded: boolean
  /** Its numbers arrive as they are: cast, reshaped, cut or repeated at most. */
  readonly isPlain: boolean
  /** They were summed up on the way: a mask becomes positions so, or lengths. */
  readonly isCounted: boolean
  /** A sine or a cosine was taken of them. */
  readonly isTurned: boolean
  /** They chose rows of a table with so many (0 where that is not known); null where of none. */
  readonly tableRows: number | null
}

/** What an input of a fused operator is for, where it is neither content nor cache (ONNX notes, 3.1). */
export type SlotMeaning =
  | 'mask'
  | 'bias'
  | 'positions'
  | 'token-types'
  | 'last-key'
  | 'key-count'
  | 'past-count'

const SLOTS: Readonly<Record<string, Readonly<Record<number, SlotMeaning>>>> = {
  Attention: {3: 'mask'},
  'com.microsoft.Attention': {3: 'mask', 5: 'bias', 6: 'past-count'},
  'com.microsoft.DecoderMaskedMultiHeadAttention': {3: 'mask', 4: 'bias', 7: 'past-count'},
  'com.microsoft.EmbedLayerNormalization': {1: 'token-types', 7: 'mask', 8: 'positions'},
  'com.microsoft.GroupQueryAttention': {
    ...{5: 'last-key', 6: 'key-count', 9: 'positions', 10: 'bias'},
  },
  'com.microsoft.MultiHeadAttention': {4: 'mask', 5: 'bias', 8: 'past-count'},
  'com.microsoft.RotaryEmbedding': {1: 'positions'},
  RotaryEmbedding: {3: 'positions'},
}

const KEEPS_NUMBERS =
  /^(Cast|Expand|Flatten|Identity|Reshape|Slice|Squeeze|Tile|Transpose|Unsqueeze)$/
const COUNTS = /^(CumSum|ReduceSum)$/
const TURNS = /^(Sin|Cos)$/
const PRODUCTS = /^(Einsum|FusedMatMul|Gemm|MatMul|MatMulInteger|QLinearMatMul)$/
/** Ways of masks and positions are a few dozen nodes; a crafted graph could have millions. */
const MAX_WAY_COUNT = 20_000
const MAX_CHAIN_LENGTH = 64

interface Way extends Omit<InputUse, 'place' | 'isAdded'> {
  readonly tensor: string
}

/** Where the content of graph inputs enters the stream of a model. */
export class InputUses {
  private readonly scoreNodes = new Set<OnnxNode>()
  private readonly onChain: ReadonlySet<OnnxNode>

  /** `places` are those of the blocks' attention in the stream's chain, `lastPlace` where the last block ends. */
  constructor(
    private readonly index: GraphIndex,
    private readonly shapes: StaticShapes,
    private readonly stream: Stream,
    private readonly blocks: {
      readonly layers: readonly AttentionLayer[]
      readonly places: readonly number[]
      readonly lastPlace: number | null
    }
  ) {
    this.onChain = new Set(stream.chain)
    for (const {sites} of blocks.layers) {
      for (const {operator, node} of sites) if (operator === 'softmax') this.addScoreNodes(node)
    }
  }

  /** Every use of an input, each way once. */
  of(input: string): InputUse[] {
    const start = {isPlain: true, isCounted: false, isTurned: false, tableRows: null}
    const waiting: Way[] = [{tensor: input, ...start}]
    const seen = new Set<string>()
    const uses = new Map<string, InputUse>()
    for (let next = 0; next < waiting.length && next < MAX_WAY_COUNT; next++) {
      const way = waiting[next]!
      for (const node of this.index.consumersOf(way.tensor)) {
        const use = this.endOf(node, way)
        if (use) uses.set(JSON.stringify(use), use)
        if (use || !contentInputs(this.index, node).includes(way.tensor)) continue
        for (const onward of this.waysThrough(node, way)) {
          const key = JSON.stringify(onward)
          if (seen.has(key)) continue
          seen.add(key)
          waiting.push(onward)
        }
      }
    }
    return [...uses.values()]
  }

  /** What takes a way's tensor in, where that is the end of the way; null where the way goes on. */
  private endOf(node: OnnxNode, way: Way): InputUse | null {
    const {tensor, ...how} = way
    const slots = SLOTS[operatorOf(node)]
    const slot = slots?.[node.input.indexOf(tensor)]
    if (slot) return {place: slot, isAdded: slot === 'bias' || slot === 'mask', ...how}
    if (!this.stream.tree.has(node)) return null
    const isAdded = node.opType === 'Add'
    if (this.scoreNodes.has(node)) return {place: 'scores', isAdded, ...how}
    return {place: this.placeOf(node), isAdded, ...how, ...this.tableOf(node, tensor)}
  }

  private placeOf(node: OnnxNode): 'embedding' | 'block' | 'head' {
    const {places, lastPlace} = this.blocks
    const place = placeBefore(this.stream, node)
    if (lastPlace !== null && place >= lastPlace) return 'head'
    const isEarly = place < (places[0] ?? 0)
    return isEarly || (place === places[0] && this.onChain.has(node)) ? 'embedding' : 'block'
  }

  private waysThrough(node: OnnxNode, way: Way): Way[] {
    const isKept = KEEPS_NUMBERS.test(node.opType) && node.input[0] === way.tensor
    const onward = {
      isPlain: way.isPlain && isKept,
      isCounted: way.isCounted || COUNTS.test(node.opType),
      isTurned: way.isTurned || TURNS.test(node.opType),
      tableRows: way.tableRows,
      ...this.tableOf(node, way.tensor),
    }
    return node.output.flatMap((tensor) => (tensor === '' ? [] : [{tensor, ...onward}]))
  }

  /** Rows of the table that a node looks up by a tensor. */
  private tableOf({opType, input, output}: OnnxNode, tensor: string): Partial<Way> {
    if (opType === 'OneHot' && input[0] === tensor) {
      return {tableRows: this.shapes.lengthOf(output[0], -1) ?? 0}
    }
    const isLookUp = /^(Gather|GatherBlockQuantized)$/.test(opType) && input[1] === tensor
    if (!isLookUp || this.shapes.rankOf(input[0]) === 1) return {}
    return {tableRows: this.shapes.lengthOf(input[0], 0) ?? 0}
  }

  /** The nodes between the product of queries and keys and the product with values. */
  private addScoreNodes(softmax: OnnxNode): void {
    const {index, stream} = this
    const walk = (start: OnnxNode, step: (node: OnnxNode) => readonly (OnnxNode | null)[]) => {
      const waiting = [start]
      for (let next = 0; next < waiting.length && next < MAX_CHAIN_LENGTH; next++) {
        for (const node of step(waiting[next]!)) {
          if (!node || PRODUCTS.test(node.opType) || !stream.tree.has(node)) continue
          if (waiting.includes(node)) continue
          waiting.push(node)
          this.scoreNodes.add(node)
        }
      }
    }
    this.scoreNodes.add(softmax)
    walk(softmax, (node) => contentInputs(index, node).map((input) => index.producerOf(input)))
    walk(softmax, (node) => node.output.flatMap((output) => index.consumersOf(output)))
  }
}
