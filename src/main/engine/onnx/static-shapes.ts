import {isFloatType} from './constants.ts'
import type {GraphIndex} from './graph-index.ts'
import {elementTypeName, numberOfInt64, type OnnxTensor, type OnnxValueInfo} from './schema.ts'
import {dimensionsOfNode} from './shape-rules.ts'
import {valuesOfNode} from './shape-values.ts'

/** A length, or a name for one that only a run tells; the same name means the same length. */
export type Dim = number | string
export type Shape = readonly Dim[]

/**
 * What is known of a small tensor's entries before a run: lengths by name, what is unknown null. It is how
 * exporters compute the shapes that they reshape to.
 */
export interface PartialValues {
  readonly dimensions: readonly number[]
  readonly values: readonly (Dim | null)[]
  readonly isFloat: boolean
}

/** Lengths of vectors whose entries are followed: shapes, axes and positions of them. */
const MAX_VALUE_COUNT = 64

/**
 * Shapes of a graph's tensors as far as they follow from its inputs and weights, and the entries of the
 * small tensors that shapes are made of. One pass over the nodes; what is not known is null, never wrong.
 */
export class StaticShapes {
  private readonly shapes = new Map<string, Shape>()
  private readonly partials = new Map<string, PartialValues>()

  constructor(private readonly index: GraphIndex) {
    for (const input of index.graphInputs) this.shapes.set(input.name, namedShape(input) ?? [])
    for (const input of index.graphInputs) {
      if (!namedShape(input)) this.shapes.delete(input.name)
    }
    for (const node of index.nodes) {
      const shapes = dimensionsOfNode(node, this)
      node.output.forEach((output, at) => {
        if (output === '') return
        const shape = merged(output, shapes[at] ?? null, this.declaredShape(output))
        if (shape) this.shapes.set(output, shape)
      })
      const output = node.output[0]
      const values = output ? valuesOfNode(node, this) : null
      if (output && values && values.values.length <= MAX_VALUE_COUNT) {
        this.partials.set(output, values)
        if (!this.shapes.has(output)) this.shapes.set(output, values.dimensions)
      }
    }
  }

  opset(domain = ''): number {
    return this.index.opset(domain)
  }

  /** The tensor's dimensions, or null where not even their number is known. */
  shapeOf(tensor: string | undefined): Shape | null {
    if (!tensor) return null
    const shape = this.shapes.get(tensor)
    if (shape) return shape
    const initializer = this.index.initializerOf(tensor)
    return initializer ? dimensionsOf(initializer) : null
  }

  rankOf(tensor: string | undefined): number | null {
    return this.shapeOf(tensor)?.length ?? null
  }

  /** The length of an axis, counted from the end where negative; null where only a run tells. */
  lengthOf(tensor: string | undefined, axis: number): number | null {
    const length = this.shapeOf(tensor)?.at(axis)
    return typeof length === 'number' ? length : null
  }

  valuesOf(tensor: string | undefined): PartialValues | null {
    if (!tensor) return null
    const partial = this.partials.get(tensor)
    if (partial) return partial
    const constant = this.index.constantOf(tensor)
    return constant && constant.values.length <= MAX_VALUE_COUNT ? constant : null
  }

  /** All entries of a small tensor as numbers, or null. */
  numbersOf(tensor: string | undefined): readonly number[] | null {
    const values = this.valuesOf(tensor)?.values
    return values?.every((value) => typeof value === 'number') ? (values as number[]) : null
  }

  /** The value of a constant whose entries are all the same, however it is computed; null otherwise. */
  scalarOf(tensor: string | undefined): number | null {
    const constant = this.index.scalarOf(tensor)
    if (constant !== null) return constant
    const numbers = this.numbersOf(tensor)
    const first = numbers?.[0]
    return first !== undefined && numbers?.every((value) => Object.is(value, first)) ? first : null
  }

  private declaredShape(tensor: string): Shape | null {
    const info = this.index.valueInfoOf(tensor)
    return info ? namedShape(info) : null
  }
}

/** Whether the file declares the tensor to be of a floating-point type; null where it says nothing. */
export function isDeclaredFloat(info: OnnxValueInfo | null): boolean | null {
  const type = info?.type?.tensorType?.elemType
  return type ? isFloatType(elementTypeName(type)) : null
}

export function dimensionsOf(tensor: OnnxTensor): number[] {
  return (tensor.dims ?? []).map(numberOfInt64)
}

/** Dimensions as the file declares them; one without name or length gets a name of its own. */
function namedShape(info: OnnxValueInfo): Shape | null {
  const dims = info.type?.tensorType?.shape?.dim
  return (
    dims?.map((dim, axis) => {
      if (dim.dimParam) return dim.dimParam
      return Object.hasOwn(dim, 'dimValue') ? numberOfInt64(dim.dimValue) : `${info.name}:${axis}`
    }) ?? null
  )
}

function merged(tensor: string, inferred: (Dim | null)[] | null, declared: Shape | null) {
  if (!inferred) return declared
  return inferred.map((dim, axis): Dim => {
    if (dim !== null && typeof dim === 'number') return dim
    const other = declared?.length === inferred.length ? declared[axis] : undefined
    return typeof other === 'number' ? other : (dim ?? other ?? `${tensor}:${axis}`)
  })
}
