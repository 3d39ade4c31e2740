import {attributeOf, intAttribute, intsAttribute, stringAttribute} from './attributes.ts'
import {domainOf} from './check-graph.ts'
import {numberOfInt64, type OnnxNode} from './schema.ts'
import type {Dim, Shape, StaticShapes} from './static-shapes.ts'

/** Dimensions of one output; null entries are lengths nobody knows. */
type OutputShape = (Dim | null)[] | null
type Rule = (node: OnnxNode, shapes: StaticShapes) => OutputShape[]

/** Dimensions of a node's outputs as far as they follow from its inputs. */
export function dimensionsOfNode(node: OnnxNode, shapes: StaticShapes): OutputShape[] {
  return RULES[node.opType]?.(node, shapes) ?? []
}

const like = (node: OnnxNode, shapes: StaticShapes): OutputShape => {
  const shape = shapes.shapeOf(node.input[0])
  return shape && [...shape]
}
const same: Rule = (node, shapes) => [like(node, shapes)]
const broadcast: Rule = (node, shapes) => [
  broadcastShapes(node.input.map((input) => shapes.shapeOf(input))),
]
/** A norm with a sum beside it: outputs 0 and 3 are like the input. */
const skipNorm: Rule = (node, shapes) => {
  const shape = like(node, shapes)
  return [shape, null, null, shape]
}

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    (
      'Abs BiasGelu Cast Ceil Celu Clip Cos CumSum DequantizeLinear Dropout Elu Erf Exp FastGelu Floor ' +
      'Gelu HardSigmoid HardSwish Identity IsInf IsNaN LayerNormalization LeakyRelu Log LogSoftmax Mish ' +
      'Neg Not QuantizeLinear QuickGelu RMSNormalization Reciprocal Relu RotaryEmbedding Round Sigmoid ' +
      'Sign SimplifiedLayerNormalization Sin Softmax Softplus Softsign Sqrt Swish Tanh Trilu ' +
      'ScatterND ScatterElements TensorScatter'
    )
      .split(' ')
      .map((opType) => [opType, same])
  ),
  ...Object.fromEntries(
    (
      'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum ' +
      'Where Xor'
    )
      .split(' ')
      .map((opType) => [opType, broadcast])
  ),
  ...Object.fromEntries(
    'ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare'
      .split(' ')
      .map((opType) => [opType, reduced])
  ),
  SkipLayerNormalization: skipNorm,
  SkipSimplifiedLayerNormalization: skipNorm,
  DynamicQuantizeLinear: (node, shapes) => [like(node, shapes), [], []],
  MatMul: (node, shapes) => [
    matrixProduct(shapes.shapeOf(node.input[0]), shapes.shapeOf(node.input[1])),
  ],
  MatMulInteger: (node, shapes) => [
    matrixProduct(shapes.shapeOf(node.input[0]), shapes.shapeOf(node.input[1])),
  ],
  MatMulIntegerToFloat: (node, shapes) => [
    matrixProduct(shapes.shapeOf(node.input[0]), shapes.shapeOf(node.input[1])),
  ],
  DynamicQuantizeMatMul: (node, shapes) => [
    matrixProduct(shapes.shapeOf(node.input[0]), shapes.shapeOf(node.input[1])),
  ],
  FusedMatMul: (node, shapes) => [
    matrixProduct(
      swapped(shapes.shapeOf(node.input[0]), intAttribute(node, 'transA', 0) === 1),
      swapped(shapes.shapeOf(node.input[1]), intAttribute(node, 'transB', 0) === 1)
    ),
  ],
  Gemm: (node, shapes) => {
    const left = swapped(shapes.shapeOf(node.input[0]), intAttribute(node, 'transA', 0) === 1)
    const right = swapped(shapes.shapeOf(node.input[1]), intAttribute(node, 'transB', 0) === 1)
    return [[left?.[0] ?? null, right?.[1] ?? null]]
  },
  MatMulNBits: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    return [shape && [...shape.slice(0, -1), intAttribute(node, 'N', null)]]
  },
  Gather: (node, shapes) => {
    const data = shapes.shapeOf(node.input[0])
    const indices = shapes.shapeOf(node.input[1])
    if (!data || !indices) return []
    const axis = axisOf(intAttribute(node, 'axis', 0), data.length)
    return [[...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]]
  },
  GatherBlockQuantized: (node, shapes) => {
    const indices = shapes.shapeOf(node.input[1])
    return [indices && [...indices, null]]
  },
  GatherElements: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[1])
    return [shape && [...shape]]
  },
  Transpose: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    const order = intsAttribute(node, 'perm') ?? shape?.map((_, axis) => shape.length - 1 - axis)
    return [shape && (order?.map((axis) => shape[axis] ?? null) ?? null)]
  },
  Reshape: (node, shapes) => [reshaped(node, shapes)],
  Unsqueeze: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    const axes = axesOf(node, shapes)
    if (!shape || !axes) return []
    const rank = shape.length + axes.length
    const added = new Set(axes.map((axis) => axisOf(axis, rank)))
    const rest = [...shape]
    return [Array.from({length: rank}, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? null)))]
  },
  Squeeze: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    const axes = axesOf(node, shapes)
    if (!shape || !axes) return []
    const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)))
    return [shape.filter((_, axis) => !gone.has(axis))]
  },
  Flatten: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    const axis = shape && axisOf(intAttribute(node, 'axis', 1), shape.length)
    return [
      shape && axis !== null ? [product(shape.slice(0, axis)), product(shape.slice(axis))] : null,
    ]
  },
  Concat: (node, shapes) => {
    const all = node.input.map((input) => shapes.shapeOf(input))
    const first = all.find((shape) => shape !== null)
    if (!first) return []
    const joined = axisOf(intAttribute(node, 'axis', 0), first.length)
    return [
      first.map((_, axis) => {
        const lengths = all.map((shape) => shape?.[axis] ?? null)
        if (axis !== joined) return agreed(lengths)
        return lengths.every((length) => typeof length === 'number')
          ? lengths.reduce<number>((sum, length) => sum + Number(length), 0)
          : null
      }),
    ]
  },
  Split: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    if (!shape) return []
    const axis = axisOf(intAttribute(node, 'axis', 0), shape.length)
    const parts = intsAttribute(node, 'split') ?? shapes.numbersOf(node.input[1])
    const whole = shape[axis]
    return node.output.map((_, at) => {
      const even = typeof whole === 'number' ? whole / node.output.length : Number.NaN
      const part = parts?.[at] ?? (!node.input[1] && Number.isInteger(even) ? even : null)
      return shape.map((length, other) => (other === axis ? part : length))
    })
  },
  Slice: (node, shapes) => [sliced(node, shapes)],
  Expand: (node, shapes) => {
    const target = shapes.valuesOf(node.input[1])?.values ?? null
    const shape = shapes.shapeOf(node.input[0])
    if (target) return [broadcastShapes([shape, target])]
    const rank = shapes.lengthOf(node.input[1], 0)
    return [rank === null ? null : Array.from({length: rank}, () => null)]
  },
  Tile: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    const repeats = shapes.valuesOf(node.input[1])?.values
    if (!shape) return []
    return [
      shape.map((length, axis) => {
        const count = repeats?.[axis] ?? null
        if (count === 1) return length
        return typeof length === 'number' && typeof count === 'number' ? length * count : null
      }),
    ]
  },
  Shape: (node, shapes) => [[shapes.rankOf(node.input[0])]],
  Constant: (node) => {
    const tensor = attributeOf(node, 'value')?.t
    if (tensor) return [(tensor.dims ?? []).map(numberOfInt64)]
    const list = attributeOf(node, 'value_ints')?.ints ?? attributeOf(node, 'value_floats')?.floats
    return [list ? [list.length] : []]
  },
  Size: () => [[]],
  Range: () => [[null]],
  NonZero: () => [[null, null]],
  ConstantOfShape: (node, shapes) => {
    const target = shapes.valuesOf(node.input[0])?.values
    const rank = shapes.lengthOf(node.input[0], 0)
    return [target ? [...target] : rank === null ? null : Array.from({length: rank}, () => null)]
  },
  Einsum: (node, shapes) => [einsumShape(node, shapes)],
  MultiHeadAttention: (node, shapes) => {
    const query = shapes.shapeOf(node.input[0])
    const width = query?.length === 3 ? (query[2] ?? null) : null
    return [query && [query[0] ?? null, query[1] ?? null, width]]
  },
  GroupQueryAttention: (node, shapes) => {
    const query = shapes.shapeOf(node.input[0])
    const isPacked = !node.input[1]
    return [query && [...query.slice(0, -1), isPacked ? null : (query.at(-1) ?? null)]]
  },
  Attention: (node, shapes) => {
    const query = shapes.shapeOf(node.input[0])
    const value = shapes.shapeOf(node.input[2])
    if (domainOf(node)) return [query && [...query.slice(0, -1), widthOfMerged(node, shapes)]]
    return [query && [...query.slice(0, -1), query.length === 4 ? (value?.at(-1) ?? null) : null]]
  },
  EmbedLayerNormalization: (node, shapes) => {
    const ids = shapes.shapeOf(node.input[0])
    const shape = ids && [...ids, shapes.lengthOf(node.input[2], -1)]
    return [shape, ids && [ids[0] ?? null], shape]
  },
}

/** The width of values of com.microsoft.Attention, whose weights hold queries, keys and values side by side. */
function widthOfMerged(node: OnnxNode, shapes: StaticShapes): number | null {
  const widths = intsAttribute(node, 'qkv_hidden_sizes')
  if (widths?.length === 3) return widths[2] ?? null
  const all = shapes.lengthOf(node.input[1], -1)
  return all === null ? null : all / 3
}

function reduced(node: OnnxNode, shapes: StaticShapes): OutputShape[] {
  const shape = shapes.shapeOf(node.input[0])
  if (!shape) return []
  const axes = intsAttribute(node, 'axes') ?? (node.input[1] ? shapes.numbersOf(node.input[1]) : [])
  if (!axes) return []
  const all = axes.length === 0 && intAttribute(node, 'noop_with_empty_axes', 0) === 0
  const gone = new Set(axes.map((axis) => axisOf(axis, shape.length)))
  const isGone = (axis: number) => all || gone.has(axis)
  if (intAttribute(node, 'keepdims', 1) === 1) {
    return [shape.map((length, axis) => (isGone(axis) ? 1 : length))]
  }
  return [shape.filter((_, axis) => !isGone(axis))]
}

function reshaped(node: OnnxNode, shapes: StaticShapes): OutputShape {
  const shape = shapes.shapeOf(node.input[0])
  const target = shapes.valuesOf(node.input[1])?.values ?? intsAttribute(node, 'shape')
  if (!target) {
    const rank = shapes.lengthOf(node.input[1], 0)
    return rank === null ? null : Array.from({length: rank}, () => null)
  }
  const keepsZero = intAttribute(node, 'allowzero', 0) === 1
  const lengths = target.map((length, axis) =>
    length === 0 && !keepsZero ? (shape?.[axis] ?? null) : length
  )
  const open = lengths.indexOf(-1)
  if (open < 0) return lengths
  const others = lengths.filter((_, axis) => axis !== open)
  lengths[open] = shape ? quotient(shape, others) : null
  return lengths
}

/** What is left of a product of lengths when others are divided out: a number, one name, or unknown. */
function quotient(shape: Shape, others: readonly (Dim | null)[]): Dim | null {
  const names = shape.filter((length) => typeof length === 'string')
  let count = shape.reduce<number>(
    (all, length) => (typeof length === 'number' ? all * length : all),
    1
  )
  for (const other of others) {
    if (other === null) return null
    if (typeof other === 'number') {
      count /= other
    } else {
      const at = names.indexOf(other)
      if (at < 0) return null
      names.splice(at, 1)
    }
  }
  if (names.length === 0) return Number.isInteger(count) ? count : null
  return names.length === 1 && count === 1 ? names[0]! : null
}

function product(lengths: readonly Dim[]): Dim | null {
  return quotient(lengths, [])
}

function sliced(node: OnnxNode, shapes: StaticShapes): OutputShape {
  const shape = shapes.shapeOf(node.input[0])
  if (!shape) return null
  const starts = intsAttribute(node, 'starts') ?? shapes.valuesOf(node.input[1])?.values
  const ends = intsAttribute(node, 'ends') ?? shapes.valuesOf(node.input[2])?.values
  const axesInput = node.input[3] ? shapes.numbersOf(node.input[3]) : undefined
  const axes =
    intsAttribute(node, 'axes') ??
    (axesInput === undefined ? starts?.map((_, at) => at) : axesInput)
  const steps = node.input[4] ? shapes.numbersOf(node.input[4]) : null
  if (!axes) return shape.map(() => null)
  const result: (Dim | null)[] = [...shape]
  axes.forEach((axis, at) => {
    const place = axisOf(axis, shape.length)
    const step = node.input[4] ? (steps?.[at] ?? null) : 1
    result[place] = slicedLength(
      shape[place] ?? null,
      starts?.[at] ?? null,
      ends?.[at] ?? null,
      step
    )
  })
  return result
}

function slicedLength(
  length: Dim | null,
  start: Dim | null,
  end: Dim | null,
  step: number | null
): Dim | null {
  if (start === 0 && step === 1 && typeof end === 'number' && end > 2 ** 31 - 2) return length
  if (typeof length !== 'number' || typeof start !== 'number' || typeof end !== 'number') {
    const isCount = typeof start === 'number' && start === 0 && step === 1
    return isCount && typeof end === 'string' ? end : null
  }
  if (!step || step < 0) return null
  const clamp = (place: number) => Math.min(length, Math.max(0, place < 0 ? place + length : place))
  return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step))
}

function einsumShape(node: OnnxNode, shapes: StaticShapes): OutputShape {
  const [left, right] = (stringAttribute(node, 'equation') ?? '').replaceAll(' ', '').split('->')
  if (!left || right === undefined || left.includes('.')) return null
  const lengths = new Map<string, Dim>()
  left.split(',').forEach((letters, at) => {
    const shape = shapes.shapeOf(node.input[at])
    shape?.forEach((length, axis) => {
      const letter = letters[axis]
      const known = letter === undefined ? undefined : lengths.get(letter)
      if (
        letter &&
        (known === undefined || known === 1 || (typeof length === 'number' && length !== 1))
      ) {
        lengths.set(letter, length)
      }
    })
  })
  return [...right].map((letter) => lengths.get(letter) ?? null)
}

function axesOf(node: OnnxNode, shapes: StaticShapes): readonly number[] | null {
  return intsAttribute(node, 'axes') ?? shapes.numbersOf(node.input[1])
}

export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

function swapped(shape: Shape | null, isTransposed: boolean): Shape | null {
  if (!shape || !isTransposed || shape.length < 2) return shape
  return [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]
}

function matrixProduct(left: Shape | null, right: Shape | null): OutputShape {
  if (!left || !right || left.length < 2 || right.length < 2) return null
  const leading = broadcastShapes([left.slice(0, -2), right.slice(0, -2)])
  return leading && [...leading, left.at(-2)!, right.at(-1)!]
}

/** The shape that all of them broadcast to; null where one of them is unknown altogether. */
export function broadcastShapes(all: readonly (readonly (Dim | null)[] | null)[]): OutputShape {
  if (all.some((shape) => shape === null)) return null
  const known = all as readonly (readonly (Dim | null)[])[]
  const rank = known.reduce((longest, shape) => Math.max(longest, shape.length), 0)
  return Array.from({length: rank}, (_, axis) => {
    const lengths = known
      .map((shape) => (shape.length > rank - 1 - axis ? (shape.at(axis - rank) ?? null) : 1))
      .filter((length) => length !== 1)
    return lengths.length === 0 ? 1 : agreed(lengths)
  })
}

/**
 * One length for several that must be the same: a number before a name, a name of an input's axis before one
 * that was made up here (it has a colon), and nothing where two inputs' names differ.
 */
function agreed(lengths: readonly (Dim | null)[]): Dim | null {
  const number = lengths.find((length) => typeof length === 'number')
  if (number !== undefined) return number
  if (lengths.includes(null)) return null
  const own = lengths.filter((length) => !String(length).includes(':'))
  const named = own.length > 0 ? own : lengths
  const first = named[0] ?? null
  return named.every((length) => length === first) ? first : null
}
