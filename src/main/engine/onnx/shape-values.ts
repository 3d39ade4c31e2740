import {attributeOf, intAttribute, intsAttribute} from './attributes.ts'
import {constantOfTensor, isFloatType} from './constants.ts'
import {elementTypeName, type OnnxNode} from './schema.ts'
import {axisOf} from './shape-rules.ts'
import type {Dim, PartialValues, StaticShapes} from './static-shapes.ts'

type Value = Dim | null
type Rule = (node: OnnxNode, shapes: StaticShapes) => PartialValues | null

/** Entries of a node's first output, of the operators that exporters compute shapes and scales with. */
export function valuesOfNode(node: OnnxNode, shapes: StaticShapes): PartialValues | null {
  return RULES[node.opType]?.(node, shapes) ?? null
}

const first = (node: OnnxNode, shapes: StaticShapes) => shapes.valuesOf(node.input[0])
const keep: Rule = (node, shapes) => {
  const values = first(node, shapes)
  return values && {...values, dimensions: [values.values.length]}
}

function unary(compute: (value: number) => number): Rule {
  return (node, shapes) => {
    const source = first(node, shapes)
    if (!source) return null
    const values = source.values.map((value) => (typeof value === 'number' ? compute(value) : null))
    return {...source, values}
  }
}

/** Entry by entry; a single entry meets every entry of the other. */
function binary(compute: (a: Value, b: Value, isFloat: boolean) => Value): Rule {
  return (node, shapes) => {
    const left = first(node, shapes)
    const right = shapes.valuesOf(node.input[1])
    if (!left || !right) return null
    const longer = left.values.length >= right.values.length ? left : right
    const count = longer.values.length
    const at = ({values}: PartialValues, index: number) =>
      values.length === 1 ? (values[0] ?? null) : (values[index] ?? null)
    if ([left, right].some(({values}) => values.length !== 1 && values.length !== count))
      return null
    const isFloat = left.isFloat || right.isFloat
    const values = Array.from({length: count}, (_, index) =>
      compute(at(left, index), at(right, index), isFloat)
    )
    const dimensions = left.dimensions.length >= right.dimensions.length ? left : longer
    return {dimensions: dimensions.dimensions, values, isFloat}
  }
}

const numeric = (compute: (a: number, b: number, isFloat: boolean) => number) =>
  binary((a, b, isFloat) =>
    typeof a === 'number' && typeof b === 'number' ? compute(a, b, isFloat) : null
  )

const RULES: Readonly<Record<string, Rule>> = {
  Shape: (node, shapes) => {
    const shape = shapes.shapeOf(node.input[0])
    if (!shape) return null
    const values = shape.slice(
      intAttribute(node, 'start', 0),
      intAttribute(node, 'end', shape.length)
    )
    return {dimensions: [values.length], values, isFloat: false}
  },
  Identity: (node, shapes) => first(node, shapes),
  Unsqueeze: keep,
  Flatten: keep,
  Reshape: keep,
  Squeeze: (node, shapes) => {
    const values = first(node, shapes)
    return (
      values && {...values, dimensions: values.values.length === 1 ? [] : [values.values.length]}
    )
  },
  Cast: (node, shapes) => {
    const source = first(node, shapes)
    if (!source) return null
    const isFloat = isFloatType(elementTypeName(intAttribute(node, 'to', 0)))
    const values = source.values.map((value) =>
      typeof value === 'number' && !isFloat ? Math.trunc(value) : value
    )
    return {...source, values, isFloat}
  },
  Gather: (node, shapes) => {
    const source = first(node, shapes)
    const indices = shapes.valuesOf(node.input[1])
    if (!source || !indices || source.dimensions.length !== 1) return null
    const count = source.values.length
    const values = indices.values.map((index) =>
      typeof index === 'number' ? (source.values[axisOf(index, count)] ?? null) : null
    )
    return {dimensions: indices.dimensions, values, isFloat: source.isFloat}
  },
  Slice: (node, shapes) => {
    const source = first(node, shapes)
    const start = intsAttribute(node, 'starts')?.[0] ?? shapes.numbersOf(node.input[1])?.[0]
    const end = intsAttribute(node, 'ends')?.[0] ?? shapes.numbersOf(node.input[2])?.[0]
    if (source?.dimensions.length !== 1 || start === undefined || end === undefined) return null
    if (node.input[4] && shapes.scalarOf(node.input[4]) !== 1) return null
    const values = source.values.slice(start, end)
    return {dimensions: [values.length], values, isFloat: source.isFloat}
  },
  Concat: (node, shapes) => {
    const parts = node.input.map((input) => shapes.valuesOf(input))
    if (!parts.every((part) => part?.dimensions.length === 1)) {
      // One unknown part of known length leaves the others known.
      const lengths = node.input.map((input) => shapes.lengthOf(input, 0))
      if (!lengths.every((length) => length !== null && length < 16)) return null
      if (!node.input.every((input) => shapes.rankOf(input) === 1)) return null
      const values = parts.flatMap((part, at) => part?.values ?? Array(lengths[at] ?? 0).fill(null))
      return {dimensions: [values.length], values, isFloat: false}
    }
    const values = parts.flatMap((part) => part?.values ?? [])
    return {dimensions: [values.length], values, isFloat: parts[0]?.isFloat ?? false}
  },
  ConstantOfShape: (node, shapes) => {
    const count = shapes.numbersOf(node.input[0])
    const total = count?.reduce((all, length) => all * length, 1)
    if (!count || total === undefined || total > 64) return null
    const tensor = attributeOf(node, 'value')?.t
    const fill = tensor ? constantOfTensor(tensor) : {values: [0], isFloat: true}
    if (!fill) return null
    return {
      dimensions: count,
      values: Array(total).fill(fill.values[0] ?? 0),
      isFloat: fill.isFloat,
    }
  },
  Neg: unary((value) => -value),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((value) => 1 / value),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Not: unary((value) => (value ? 0 : 1)),
  Add: binary((a, b) => (a === 0 ? b : b === 0 ? a : bothNumbers(a, b, (x, y) => x + y))),
  Sub: binary((a, b) => (b === 0 ? a : bothNumbers(a, b, (x, y) => x - y))),
  Mul: binary((a, b) => (a === 1 ? b : b === 1 ? a : bothNumbers(a, b, (x, y) => x * y))),
  Div: binary((a, b, isFloat) =>
    b === 1 ? a : bothNumbers(a, b, (x, y) => (isFloat ? x / y : Math.trunc(x / y)))
  ),
  Pow: numeric((a, b) => a ** b),
  Min: numeric((a, b) => Math.min(a, b)),
  Max: numeric((a, b) => Math.max(a, b)),
  Mod: numeric((a, b) => ((a % b) + b) % b),
  // A length by name is not -1, which is what exporters compare it with.
  Equal: binary((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a === b ? 1 : 0
    if (a === b && a !== null) return 1
    const isNegative = (value: Value) => typeof value === 'number' && value < 0
    return (typeof a === 'string' && isNegative(b)) || (typeof b === 'string' && isNegative(a))
      ? 0
      : null
  }),
  Where: (node, shapes) => {
    const condition = first(node, shapes)
    const yes = shapes.valuesOf(node.input[1])
    const no = shapes.valuesOf(node.input[2])
    if (!condition || !yes || !no) return null
    const all = [condition, yes, no]
    const count = Math.max(...all.map(({values}) => values.length))
    if (all.some(({values}) => values.length !== 1 && values.length !== count)) return null
    const at = ({values}: PartialValues, index: number) =>
      (values.length === 1 ? values[0] : values[index]) ?? null
    const values = Array.from({length: count}, (_, index) => {
      const chosen = at(condition, index)
      return chosen === null ? null : at(chosen ? yes : no, index)
    })
    const longest = all.find((part) => part.values.length === count && part.dimensions.length > 0)
    return {dimensions: longest?.dimensions ?? [], values, isFloat: yes.isFloat}
  },
  ReduceProd: (node, shapes) => {
    const numbers = shapes.numbersOf(node.input[0])
    const value = numbers?.reduce((all, length) => all * length, 1)
    const isKept = intAttribute(node, 'keepdims', 1) === 1
    return value === undefined
      ? null
      : {dimensions: isKept ? [1] : [], values: [value], isFloat: first(node, shapes)!.isFloat}
  },
}

function bothNumbers(a: Value, b: Value, compute: (x: number, y: number) => number): Value {
  return typeof a === 'number' && typeof b === 'number' ? compute(a, b) : null
}
