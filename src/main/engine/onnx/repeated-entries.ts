import {intAttribute, intsAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import {axisOf} from './shape-rules.ts'
import type {Dim, Shape, StaticShapes} from './static-shapes.ts'
import type {Operand} from './structure.ts'

/** Every entry is like the first. A count of equal entries in a row otherwise; 1 where nothing is known. */
const ALL_EQUAL = 0
/** Ways from keys to what repeats them are short; a crafted graph could have millions of nodes. */
const MAX_VISIT_COUNT = 128

/**
 * The operand with one entry a key-value head where the graph repeats heads further back than it can be
 * walked: before keys are turned by their positions, as Falcon does it. What is done to an operand on the way
 * is followed forwards: whatever treats all heads alike keeps equal heads equal.
 */
export function withoutRepeatedHeads(
  index: GraphIndex,
  shapes: StaticShapes,
  operand: Operand
): Operand {
  const axis = operand.layout.indexOf('head')
  if (axis < 0 || operand.layout.includes('group')) return operand
  const count = shapes.lengthOf(operand.tensor, axis)
  const run = new RepeatedEntries(index, shapes).along(operand.tensor, axis)
  const step = run === ALL_EQUAL ? count : run
  if (count === null || step === null || step < 2 || count % step !== 0) return operand
  return {...operand, preparation: [...operand.preparation, {kind: 'every', axis, step}]}
}

type Rule = (entries: RepeatedEntries, node: OnnxNode, axis: number) => number

class RepeatedEntries {
  private readonly known = new Map<string, number>()
  private visitCount = 0

  constructor(
    readonly index: GraphIndex,
    readonly shapes: StaticShapes
  ) {}

  /** How many entries in a row, from each multiple of that count on, are the same along an axis. */
  along(tensor: string | undefined, axis: number): number {
    if (!tensor || axis < 0) return 1
    if (this.shapes.lengthOf(tensor, axis) === 1) return ALL_EQUAL
    const key = `${axis} ${tensor}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    if (++this.visitCount > MAX_VISIT_COUNT) return 1
    const node = this.index.producerOf(tensor)
    const isOnly = node?.output[0] === tensor || node?.opType === 'Split'
    const rule = node && isOnly ? RULES[node.opType] : undefined
    const run = rule ? rule(this, node!, axis) : 1
    this.known.set(key, run)
    return run
  }
}

/** Entry by entry, inputs of fewer axes or of length 1 being spread over the others. */
const broadcast: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.output[0])
  if (rank === null) return 1
  let run = ALL_EQUAL
  for (const input of node.input.filter((name) => name !== '')) {
    const own = entries.shapes.rankOf(input)
    if (own === null) return 1
    const at = axis - rank + own
    run = greatestCommon(run, at < 0 ? ALL_EQUAL : entries.along(input, at))
  }
  return run
}

const first: Rule = (entries, node, axis) => entries.along(node.input[0], axis)

/** Over axes behind the one that is looked along. */
const norm: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.input[0])
  return rank !== null && axis < axisOf(intAttribute(node, 'axis', -1), rank)
    ? entries.along(node.input[0], axis)
    : 1
}

const concat: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.output[0])
  if (rank === null) return 1
  if (axisOf(intAttribute(node, 'axis', 0), rank) === axis) {
    const isOneAgain = node.input.every((input) => input === node.input[0])
    return isOneAgain && entries.along(node.input[0], axis) === ALL_EQUAL ? ALL_EQUAL : 1
  }
  return node.input.reduce((run, input) => greatestCommon(run, entries.along(input, axis)), 0)
}

const slice: Rule = (entries, node, axis) => {
  const axes = intsAttribute(node, 'axes') ?? entries.shapes.numbersOf(node.input[3])
  const rank = entries.shapes.rankOf(node.input[0])
  if (!axes || rank === null || axes.some((one) => axisOf(one, rank) === axis)) return 1
  return entries.along(node.input[0], axis)
}

const split: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.input[0])
  if (rank === null || axisOf(intAttribute(node, 'axis', 0), rank) === axis) return 1
  return entries.along(node.input[0], axis)
}

/** Of [batch, head, position, size]; its tables know no heads. */
const rotary: Rule = (entries, node, axis) =>
  axis === 1 && entries.shapes.rankOf(node.input[0]) === 4 ? entries.along(node.input[0], 1) : 1

const gather: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.input[0])
  const indexRank = entries.shapes.rankOf(node.input[1])
  if (rank === null || indexRank === null) return 1
  const taken = axisOf(intAttribute(node, 'axis', 0), rank)
  if (axis < taken) return entries.along(node.input[0], axis)
  if (axis >= taken + indexRank) return entries.along(node.input[0], axis - indexRank + 1)
  const places = indexRank === 1 ? entries.shapes.numbersOf(node.input[1]) : null
  return places ? runOf(places) : 1
}

const transpose: Rule = (entries, node, axis) => {
  const rank = entries.shapes.rankOf(node.input[0])
  const order = intsAttribute(node, 'perm')
  return entries.along(node.input[0], order?.[axis] ?? (rank === null ? -1 : rank - 1 - axis))
}

const expand: Rule = (entries, node, axis) => {
  const from = entries.shapes.rankOf(node.input[0])
  const to = entries.shapes.rankOf(node.output[0])
  if (from === null || to === null) return 1
  const at = axis - to + from
  return at < 0 ? ALL_EQUAL : entries.along(node.input[0], at)
}

const tile: Rule = (entries, node, axis) =>
  entries.along(node.input[0], axis) === ALL_EQUAL ? ALL_EQUAL : 1

const unsqueeze: Rule = (entries, node, axis) => {
  const axes = intsAttribute(node, 'axes') ?? entries.shapes.numbersOf(node.input[1])
  const rank = entries.shapes.rankOf(node.output[0])
  if (!axes || rank === null) return 1
  const added = axes.map((one) => axisOf(one, rank))
  return added.includes(axis)
    ? ALL_EQUAL
    : entries.along(node.input[0], axis - added.filter((one) => one < axis).length)
}

const reshape: Rule = (entries, node, axis) => {
  const [source] = node.input
  const from = entries.shapes.shapeOf(source)
  const to = entries.shapes.shapeOf(node.output[0])
  if (!from || !to) return 1
  if (from.length === to.length) {
    return isSame(from, to) ? entries.along(source, axis) : 1
  }
  if (from.length !== to.length + 1) return 1
  const merged = mergedAxis(from, to)
  if (merged === null) return 1
  if (axis !== merged) return entries.along(source, axis < merged ? axis : axis + 1)
  const inner = lengthOfInner(from, to, merged)
  const run = entries.along(source, merged + 1)
  if (run !== ALL_EQUAL && run !== inner) return run
  const outer = entries.along(source, merged)
  // All of the inner entries are equal: then so are those of equal outer ones.
  return inner === null ? 1 : outer * inner
}

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'Add Cast Clip Cos Div Exp Identity Max Min Mul Neg Pow Reciprocal Sigmoid Sin Sqrt Sub Tanh Where'
      .split(' ')
      .map((opType) => [opType, broadcast])
  ),
  ...Object.fromEntries(
    'LayerNormalization RMSNormalization SimplifiedLayerNormalization'
      .split(' ')
      .map((opType) => [opType, norm])
  ),
  Concat: concat,
  Dropout: first,
  Expand: expand,
  Gather: gather,
  Reshape: reshape,
  RotaryEmbedding: rotary,
  Slice: slice,
  Split: split,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}

function isSame(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

/** The one axis of `to` that two of `from` have become; null where it is none, or could be several. */
function mergedAxis(from: Shape, to: Shape): number | null {
  const places = to.flatMap((_, axis) =>
    isSame(from.slice(0, axis), to.slice(0, axis)) &&
    isSame(from.slice(axis + 2), to.slice(axis + 1))
      ? [axis]
      : []
  )
  return places.length === 1 ? places[0]! : null
}

function lengthOfInner(from: Shape, to: Shape, merged: number): number | null {
  const [whole, outer, inner] = [to[merged], from[merged], from[merged + 1]]
  if (typeof inner === 'number') return inner
  return typeof whole === 'number' && typeof outer === 'number' ? whole / outer : null
}

/** Of 0, 0, 1, 1, 2, 2 it is 2. */
function runOf(places: readonly number[]): number {
  let run = ALL_EQUAL
  places.forEach((place, at) => {
    if (at > 0 && place !== places[at - 1]) run = greatestCommon(run, at)
  })
  return run
}

/** With 0 as what every number divides. */
function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b)
}
