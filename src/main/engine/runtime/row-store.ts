import {Tensor} from 'onnxruntime-node'

type Numbers = Float32Array | Uint16Array

/** Rows of one block: blocks are added, and never grow. */
const BLOCK_ROWS = 64
/** In place of a row: nothing is wanted there. */
export const NO_ROW = -1

/**
 * Rows of one tensor of a KV cache, computed in any order and given back in any choice: a run is fed what its
 * tokens look at, however much else is kept.
 */
export class RowStore {
  private blocks: Numbers[] = []
  private count = 0
  private outer = 1
  private inner = 1
  private dims: readonly number[] = []
  private type = 'float32'
  /** What was given last, and the rows in it: what is wanted again is there already. */
  private given: Numbers = new Float32Array(0)
  private heldRows: Int32Array = new Int32Array(0)

  /** `axis` of the tensor counts rows. */
  constructor(private readonly axis: number) {}

  get byteLength(): number {
    const bytes = this.blocks[0]?.BYTES_PER_ELEMENT ?? 0
    return this.count * this.outer * this.inner * bytes
  }

  /** Keeps the last `count` rows of a tensor as the next ones. */
  append(tensor: Tensor, count: number): void {
    const source = tensor.data as Numbers
    const {axis} = this
    if (this.blocks.length === 0) {
      this.dims = tensor.dims
      this.type = tensor.type
      this.outer = product(tensor.dims.slice(0, axis))
      this.inner = product(tensor.dims.slice(axis + 1))
    }
    const given = tensor.dims[axis]!
    const {outer, inner} = this
    for (let at = 0; at < count; ) {
      const row = this.count + at
      const offset = row % BLOCK_ROWS
      if (offset === 0) this.blocks.push(like(source, outer * BLOCK_ROWS * inner))
      const block = this.blocks.at(-1)!
      const run = Math.min(count - at, BLOCK_ROWS - offset)
      for (let i = 0; i < outer; i++) {
        const from = (i * given + given - count + at) * inner
        block.set(source.subarray(from, from + run * inner), (i * BLOCK_ROWS + offset) * inner)
      }
      at += run
    }
    this.count += count
  }

  /** A tensor with some rows in some places, whatever where there is NO_ROW. It is good until the next call. */
  gather(rows: Int32Array): Tensor {
    const {outer, inner, dims, axis, heldRows} = this
    const length = outer * rows.length * inner
    if (heldRows.length !== rows.length) {
      if (this.given.length < length) this.given = like(this.blocks[0]!, length)
      this.heldRows = new Int32Array(rows.length).fill(NO_ROW)
    }
    this.copy(rows, this.heldRows)
    const data = this.given.subarray(0, length)
    const shape = dims.map((dim, at) => (at === axis ? rows.length : dim))
    return new Tensor(this.type as 'float32', data as Float32Array, shape)
  }

  /** Only these rows stay, numbered anew. */
  keep(rows: readonly number[]): void {
    if (rows.length === 0) this.clear()
    if (this.blocks.length === 0) return
    const kept = this.gather(Int32Array.from(rows))
    this.clear()
    this.append(kept, rows.length)
  }

  clear(): void {
    this.blocks = []
    this.count = 0
    this.heldRows = new Int32Array(0)
  }

  /** Brings into the tensor given last what is not there yet; neighbours are copied together. */
  private copy(rows: Int32Array, held: Int32Array): void {
    const {outer, inner, given} = this
    for (let place = 0; place < rows.length; ) {
      const row = rows[place]!
      if (row === NO_ROW || row === held[place]) {
        place++
        continue
      }
      const block = this.blocks[Math.floor(row / BLOCK_ROWS)]!
      const offset = row % BLOCK_ROWS
      let run = 1
      while (offset + run < BLOCK_ROWS && rows[place + run] === row + run) run++
      for (let i = 0; i < outer; i++) {
        const from = (i * BLOCK_ROWS + offset) * inner
        given.set(block.subarray(from, from + run * inner), (i * rows.length + place) * inner)
      }
      for (let i = 0; i < run; i++) held[place + i] = row + i
      place += run
    }
  }
}

function like(numbers: Numbers, length: number): Numbers {
  return numbers instanceof Uint16Array ? new Uint16Array(length) : new Float32Array(length)
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1)
}
