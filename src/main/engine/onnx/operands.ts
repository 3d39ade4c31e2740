import {intAttribute, intsAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import type {ProductSide} from './products.ts'
import {elementTypeName, type OnnxNode} from './schema.ts'
import {axisOf} from './shape-rules.ts'
import type {Dim, Shape, StaticShapes} from './static-shapes.ts'
import type {Operand, OperandAxis} from './structure.ts'

/** An operand as far back as it is still what enters the product, and what was passed on the way. */
export interface WalkedOperand {
  readonly operand: Operand
  /** Scalars that only a run tells and that it was multiplied with; they belong to the whole product. */
  readonly scalars: readonly string[]
}

/** Ways from heads to operands are a dozen nodes long; a crafted graph could have millions. */
const MAX_WALK_LENGTH = 64

/** One side of a product as it enters it. `layout` names the axes before the side's own transposition. */
export function operandOf(side: ProductSide, layout: readonly OperandAxis[]): Operand {
  return {
    tensor: side.tensor,
    preparation: side.quantization ? [{kind: 'quantize', ...side.quantization}] : [],
    layout: side.isTransposed ? swapLast(layout) : layout,
    factor: 1,
  }
}

export function swapLast(layout: readonly OperandAxis[]): OperandAxis[] {
  return [...layout.slice(0, -2), layout.at(-1)!, layout.at(-2)!]
}

/**
 * Keys or values walked back through what repeats each key-value head for the query heads that share it,
 * and through Transpose, casts to a wider type and constant factors. Rounding to 8 bits with one scale for
 * the tensor commutes with all of these but the factors, so only those are then left in place.
 */
export function walkBack(index: GraphIndex, shapes: StaticShapes, start: Operand): WalkedOperand {
  const walk = new OperandWalk(index, shapes, start)
  return walk.run()
}

/** Axes that a Reshape may have made of two. */
const PARTS: Partial<Record<OperandAxis, readonly OperandAxis[]>> = {
  head: ['head', 'group'],
  'batch-heads': ['batch', 'head'],
  'heads-size': ['head', 'size'],
}

class OperandWalk {
  private tensor: string
  private layout: OperandAxis[]
  private factor: number
  private readonly scalars: string[] = []
  private best: WalkedOperand

  constructor(
    private readonly index: GraphIndex,
    private readonly shapes: StaticShapes,
    private readonly start: Operand
  ) {
    this.tensor = start.tensor
    this.layout = [...start.layout]
    this.factor = start.factor
    this.best = {operand: start, scalars: []}
  }

  run(): WalkedOperand {
    for (let length = 0; length < MAX_WALK_LENGTH; length++) {
      const node = this.index.producerOf(this.tensor)
      if (!node || node.output[0] !== this.tensor || !this.step(node)) break
      if (this.isOneEntryPerHead()) {
        const {tensor, factor} = this
        const operand = {...this.start, tensor, factor, layout: [...this.layout]}
        this.best = {operand, scalars: [...this.scalars]}
      }
    }
    return this.best
  }

  /** Groups are gone or have one entry: nothing is repeated here that was not repeated further back. */
  private isOneEntryPerHead(): boolean {
    const group = this.layout.indexOf('group')
    return group < 0 || this.shapes.shapeOf(this.tensor)?.[group] === 1
  }

  /** Goes from a node's output to the input that it is made of; false where the walk ends. */
  private step(node: OnnxNode): boolean {
    const source = node.input[0]
    if (!source) return false
    switch (node.opType) {
      case 'Identity':
        return this.moveTo(source)
      case 'Cast': {
        const type = elementTypeName(intAttribute(node, 'to', 0))
        return (type === 'float32' || type === 'float64') && this.moveTo(source)
      }
      case 'Transpose':
        return this.transpose(node, source)
      case 'Mul':
      case 'Div':
        return this.scale(node)
      case 'Unsqueeze':
        return this.unsqueeze(node, source)
      case 'Expand':
      case 'Tile':
        return this.repeat(source)
      case 'Concat':
        return (
          node.input.every((input) => input === source) &&
          this.isAxisToRepeat(axisOf(intAttribute(node, 'axis', 0), this.layout.length), source) &&
          this.moveTo(source)
        )
      case 'Gather':
        return this.gather(node, source)
      case 'Reshape':
        return this.reshape(source)
      default:
        return false
    }
  }

  private moveTo(tensor: string): true {
    this.tensor = tensor
    return true
  }

  private transpose(node: OnnxNode, source: string): boolean {
    const order =
      intsAttribute(node, 'perm') ?? this.layout.map((_, axis) => this.layout.length - 1 - axis)
    if (order.length !== this.layout.length) return false
    const layout: OperandAxis[] = []
    order.forEach((from, to) => {
      layout[from] = this.layout[to]!
    })
    this.layout = layout
    return this.moveTo(source)
  }

  private scale(node: OnnxNode): boolean {
    // The scale of the rounding belongs to the scaled tensor.
    if (this.start.preparation.length > 0) return false
    const [left, right] = node.input
    if (!left || !right) return false
    const places = node.opType === 'Mul' ? [1, 0] : [1]
    for (const place of places) {
      const other = node.input[1 - place]!
      const value = this.shapes.scalarOf(node.input[place])
      if (value !== null) {
        this.factor = node.opType === 'Mul' ? this.factor * value : this.factor / value
        return this.moveTo(other)
      }
      if (node.opType === 'Mul' && this.isScalar(node.input[place]!)) {
        this.scalars.push(node.input[place]!)
        return this.moveTo(other)
      }
    }
    return false
  }

  private isScalar(tensor: string): boolean {
    const shape = this.shapes.shapeOf(tensor)
    return shape?.every((length) => length === 1) ?? false
  }

  private unsqueeze(node: OnnxNode, source: string): boolean {
    const axes = intsAttribute(node, 'axes') ?? this.shapes.numbersOf(node.input[1])
    if (!axes) return false
    const gone = new Set(axes.map((axis) => axisOf(axis, this.layout.length)))
    const isNeeded = [...gone].some((axis) => /position|size|heads/.test(this.layout[axis] ?? ''))
    if (isNeeded) return false
    this.layout = this.layout.filter((_, axis) => !gone.has(axis))
    return this.moveTo(source)
  }

  /** Expand or Tile from one entry to many, along groups or along a single key-value head. */
  private repeat(source: string): boolean {
    const from = this.shapes.shapeOf(source)
    const to = this.shapes.shapeOf(this.tensor)
    if (!from || !to || from.length !== to.length || to.length !== this.layout.length) return false
    const isKept = (axis: number) => from[axis] === to[axis] || !isOne(from[axis])
    const isRight = from.every((_, axis) => isKept(axis) || this.isAxisToRepeat(axis, source))
    // Tile repeats lengths other than one as well.
    const isTiled = from.some((length, axis) => isUnequal(length, to[axis]) && !isOne(length))
    return isRight && !isTiled && this.moveTo(source)
  }

  private isAxisToRepeat(axis: number, source: string): boolean {
    const name = this.layout[axis]
    if (name !== 'group' && name !== 'head') return false
    return this.shapes.shapeOf(source)?.[axis] === 1
  }

  /** Heads 0, 0, 1, 1, … taken one by one. */
  private gather(node: OnnxNode, source: string): boolean {
    const axis = axisOf(intAttribute(node, 'axis', 0), this.layout.length)
    const taken = this.index.constantOf(node.input[1])?.values
    const count = this.shapes.lengthOf(source, axis)
    if (this.layout[axis] !== 'head' || !taken || !count || taken.length % count !== 0) return false
    const groupSize = taken.length / count
    const isInGroups = taken.every((head, at) => head === Math.floor(at / groupSize))
    return isInGroups && this.moveTo(source)
  }

  /** Back to batch rows and heads in one axis, which a Reshape has taken apart. */
  private joinRowsAndHeads(source: string, from: Shape, to: Shape): boolean {
    const {layout} = this
    if (layout[0] !== 'batch' || layout[1] !== 'head' || layout.includes('group')) return false
    if (from.slice(1).some((length, axis) => isUnequal(length, to[axis + 2]))) return false
    if (!isProduct(from[0]!, to[0]!, to[1]!)) return false
    this.layout = ['batch-heads', ...layout.slice(2)]
    return this.moveTo(source)
  }

  /** Key-value heads and their groups, or batch rows and heads, that were made one axis. */
  private reshape(source: string): boolean {
    const from = this.shapes.shapeOf(source)
    const to = this.shapes.shapeOf(this.tensor)
    const {layout} = this
    if (!from || to?.length !== layout.length) return false
    const merged = layout.findIndex((name) => PARTS[name] !== undefined)
    if (from.length === to.length && from.every((length, axis) => length === to[axis])) {
      return this.moveTo(source)
    }
    if (from.length === to.length - 1) return this.joinRowsAndHeads(source, from, to)
    if (merged < 0 || from.length !== to.length + 1) return false
    const rest = [...from.slice(0, merged), ...from.slice(merged + 2)]
    const others = to.filter((_, axis) => axis !== merged)
    // Where lengths are known only by name, names may differ for the same length.
    if (rest.some((length, axis) => isUnequal(length, others[axis]))) return false
    if (!isProduct(to[merged]!, from[merged]!, from[merged + 1]!)) return false
    const parts = PARTS[layout[merged]!] ?? []
    if (layout.includes('group') && layout[merged] === 'head') return false
    this.layout = [...layout.slice(0, merged), ...parts, ...layout.slice(merged + 1)]
    return this.moveTo(source)
  }
}

function isOne(length: Dim | undefined): boolean {
  return length === 1
}

function isUnequal(a: Dim | undefined, b: Dim | undefined): boolean {
  return typeof a === 'number' && typeof b === 'number' && a !== b
}

function isProduct(whole: Dim, a: Dim, b: Dim): boolean {
  const isKnown = typeof whole === 'number' && typeof a === 'number' && typeof b === 'number'
  return !isKnown || whole === a * b
}
