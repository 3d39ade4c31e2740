import type {AttributeValue} from './attribute-value.ts'
import type {GraphEditor} from './graph-editor.ts'
import {elementTypeNumber} from './schema.ts'

export type Reduction = 'ReduceL2' | 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin'

/**
 * Adds standard operators in the form that the model's own operator set has: what is an input today was
 * an attribute once. Every method returns the name of the tensor that it makes. Whatever needs a newer
 * set than the model's throws a Problem (`opset-too-old`). Versions are those of onnx/docs/Changelog.md.
 */
export class GraphOperations {
  private readonly constants = new Map<string, string>()
  private readonly opset: number

  constructor(readonly editor: GraphEditor) {
    this.opset = editor.opset()
  }

  /** Any operator with one output whose form has not changed. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = ''
  ): string {
    return this.editor.addNode({opType, inputs, attributes, domain})[0] as string
  }

  /** An int64 constant: a list has rank 1, a number rank 0. */
  ints(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values
    return this.constant(`int64 ${JSON.stringify(values)}`, () =>
      this.editor.addConstant(
        BigInt64Array.from(list, BigInt),
        typeof values === 'number' ? [] : [list.length],
        'int64'
      )
    )
  }

  /** A float32 scalar. */
  float(value: number): string {
    const key = `float32 ${Object.is(value, -0) ? '-0' : value}`
    return this.constant(key, () => this.editor.addConstant(Float32Array.of(value), [], 'float32'))
  }

  /** To a type by its name, such as `float32`. */
  cast(tensor: string, dtype: string): string {
    return this.node('Cast', [tensor], {to: elementTypeNumber(dtype)})
  }

  /** A length of 0 takes that of the input, one of −1 what is left. */
  reshape(tensor: string, lengths: readonly number[]): string {
    return this.node('Reshape', [tensor, this.ints(lengths)])
  }

  /** Axis i of what is made is axis `axes[i]` of the tensor. */
  transpose(tensor: string, axes: readonly number[]): string {
    return this.node('Transpose', [tensor], {perm: axes})
  }

  /** New axes of length 1; before operator set 11 they may not be negative. */
  unsqueeze(tensor: string, axes: readonly number[]): string {
    return this.withAxes('Unsqueeze', tensor, axes, 13)
  }

  squeeze(tensor: string, axes: readonly number[]): string {
    return this.withAxes('Squeeze', tensor, axes, 13)
  }

  /** Entries [starts, ends) of each axis, counted from the back where negative; Infinity is the end. */
  slice(
    tensor: string,
    {
      starts,
      ends,
      axes,
    }: {starts: readonly number[]; ends: readonly number[]; axes: readonly number[]}
  ): string {
    // 2^31 − 1 is beyond the length of every axis, and exact where 2^63 − 1 is not.
    const finite = ends.map((end) => (end === Number.POSITIVE_INFINITY ? 2 ** 31 - 1 : end))
    if (this.opset < 10) return this.node('Slice', [tensor], {starts, ends: finite, axes})
    return this.node('Slice', [tensor, this.ints(starts), this.ints(finite), this.ints(axes)])
  }

  /** Entries of one axis by their index: a tensor of int64, or a number, which takes the axis away. */
  gather(tensor: string, indices: string | number, axis: number): string {
    const name = typeof indices === 'number' ? this.ints(indices) : indices
    return this.node('Gather', [tensor, name], {axis})
  }

  concat(tensors: readonly string[], axis: number): string {
    return this.node('Concat', tensors, {axis})
  }

  reduce(
    opType: Reduction,
    tensor: string,
    axes: readonly number[],
    {keepsAxes = true}: {keepsAxes?: boolean} = {}
  ): string {
    const attributes = {keepdims: keepsAxes ? 1 : 0}
    return this.withAxes(opType, tensor, axes, opType === 'ReduceSum' ? 13 : 18, attributes)
  }

  reduceL2(tensor: string, axes: readonly number[], options?: {keepsAxes?: boolean}): string {
    return this.reduce('ReduceL2', tensor, axes, options)
  }

  /**
   * Over the last of `rank` axes. Before operator set 13 Softmax is over `axis` and all after it, which is
   * the same for the last one; before 11 an axis may not be negative.
   */
  softmax(tensor: string, rank: number): string {
    return this.node('Softmax', [tensor], {axis: rank - 1})
  }

  /** The lengths of a tensor as a vector of int64. */
  shape(tensor: string): string {
    return this.node('Shape', [tensor])
  }

  /** The length of one axis as an int64 scalar; before operator set 11 it may not be negative. */
  dimension(tensor: string, axis: number): string {
    return this.gather(this.shape(tensor), axis, 0)
  }

  /** 0, 1, … below an int64 scalar. */
  range(count: string): string {
    this.editor.requireOpset('', 11)
    return this.node('Range', [this.ints(0), count, this.ints(1)])
  }

  /** a ≤ b, entry by entry, of numbers: before operator set 12 a NaN is not told apart. */
  lessOrEqual(a: string, b: string): string {
    if (this.opset >= 12) return this.node('LessOrEqual', [a, b])
    return this.node('Not', [this.node('Greater', [a, b])])
  }

  where(condition: string, a: string, b: string): string {
    this.editor.requireOpset('', 9)
    return this.node('Where', [condition, a, b])
  }

  /** The k largest entries of the last axis and their places, in falling order. */
  topK(tensor: string, k: number): {values: string; indices: string} {
    const [values, indices] =
      this.opset < 10
        ? this.editor.addNode({opType: 'TopK', inputs: [tensor], outputs: 2, attributes: {k}})
        : this.editor.addNode({opType: 'TopK', inputs: [tensor, this.ints([k])], outputs: 2})
    return {values: values as string, indices: indices as string}
  }

  /** Axes became an input at `since`. */
  private withAxes(
    opType: string,
    tensor: string,
    axes: readonly number[],
    since: number,
    attributes: Readonly<Record<string, AttributeValue>> = {}
  ): string {
    if (this.opset < since) return this.node(opType, [tensor], {axes, ...attributes})
    return this.node(opType, [tensor, this.ints(axes)], attributes)
  }

  private constant(key: string, make: () => string): string {
    const known = this.constants.get(key)
    if (known !== undefined) return known
    const name = make()
    this.constants.set(key, name)
    return name
  }
}
