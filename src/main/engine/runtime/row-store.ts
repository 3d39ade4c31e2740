import {Tensor} from 'onnxruntime-node'

type Numbers = Float32Array | Uint16Array

/** Rows that a store grows by at least. */
const LEAST_GROWTH = 64

/**
 * Rows of one tensor of a KV cache, computed in any order and given back in any choice: a run is fed what its
 * tokens look at, however much else is kept.
 */
export class RowStore {
  private data: Numbers | null = null
  /** What was given last, to be written over: a new array of this size costs more than its numbers. */
  private given: Numbers | null = null
  private count = 0
  private capacity = 0
  private outer = 1
  private inner = 1
  private dims: readonly number[] = []
  private type = 'float32'

  /** `axis` of the tensor counts rows. */
  constructor(private readonly axis: number) {}

  get byteLength(): number {
    const {data, capacity} = this
    return data && capacity > 0 ? (data.byteLength / capacity) * this.count : 0
  }

  /** Keeps the last `count` rows of a tensor as the next ones. */
  append(tensor: Tensor, count: number): void {
    const source = tensor.data as Numbers
    const {axis} = this
    if (!this.data) {
      this.dims = tensor.dims
      this.type = tensor.type
      this.outer = product(tensor.dims.slice(0, axis))
      this.inner = product(tensor.dims.slice(axis + 1))
    }
    this.reserve(this.count + count, source)
    const {outer, inner, capacity} = this
    const given = tensor.dims[axis]!
    for (let block = 0; block < outer; block++) {
      const from = (block * given + given - count) * inner
      const to = (block * capacity + this.count) * inner
      this.data!.set(source.subarray(from, from + count * inner), to)
    }
    this.count += count
  }

  /** Some rows, in order. The tensor is good until the next call. */
  gather(rows: readonly number[]): Tensor {
    const {outer, inner, dims, axis} = this
    const length = outer * rows.length * inner
    if (!this.given || this.given.length < length) this.given = this.like(2 * length)
    const data = this.given.subarray(0, length)
    this.copy(rows, data, rows.length)
    const shape = dims.map((dim, at) => (at === axis ? rows.length : dim))
    return new Tensor(this.type as 'float32', data as Float32Array, shape)
  }

  /** Only these rows stay, numbered anew. */
  keep(rows: readonly number[]): void {
    if (!this.data) return
    const capacity = rows.length + LEAST_GROWTH
    const data = this.like(this.outer * capacity * this.inner)
    this.copy(rows, data, capacity)
    Object.assign(this, {data, capacity, count: rows.length})
  }

  clear(): void {
    Object.assign(this, {data: null, given: null, capacity: 0, count: 0})
  }

  /** Neighbours are copied together. */
  private copy(rows: readonly number[], to: Numbers, toLength: number): void {
    const {outer, inner, capacity} = this
    const data = this.data!
    for (let i = 0; i < rows.length; ) {
      let end = i + 1
      while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++
      for (let block = 0; block < outer; block++) {
        const from = (block * capacity + rows[i]!) * inner
        to.set(data.subarray(from, from + (end - i) * inner), (block * toLength + i) * inner)
      }
      i = end
    }
  }

  private reserve(count: number, like: Numbers): void {
    if (count <= this.capacity) return
    const old = this.data
    const {outer, inner, capacity: oldCapacity} = this
    const capacity = Math.max(count, 2 * oldCapacity, LEAST_GROWTH)
    const length = outer * capacity * inner
    this.data = like instanceof Float32Array ? new Float32Array(length) : new Uint16Array(length)
    this.capacity = capacity
    if (!old) return
    const kept = this.count * inner
    for (let block = 0; block < outer; block++) {
      const from = block * oldCapacity * inner
      this.data.set(old.subarray(from, from + kept), block * capacity * inner)
    }
  }

  private like(length: number): Numbers {
    return this.data instanceof Uint16Array ? new Uint16Array(length) : new Float32Array(length)
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1)
}
