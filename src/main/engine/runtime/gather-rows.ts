import {Tensor} from 'onnxruntime-node'

type Numbers = Float32Array | Uint16Array

/** Some places of one axis, in order. */
export function gatherAxis(tensor: Tensor, axis: number, places: readonly number[]): Tensor {
  const dims = [...tensor.dims]
  const length = dims[axis]!
  const outer = dims.slice(0, axis).reduce((product, dim) => product * dim, 1)
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const source = tensor.data as Numbers
  dims[axis] = places.length
  const data = emptyLike(source, outer * places.length * inner)
  for (let block = 0; block < outer; block++) {
    const from = block * length * inner
    const to = block * places.length * inner
    for (let i = 0; i < places.length; ) {
      // Neighbours are copied together.
      let end = i + 1
      while (end < places.length && places[end] === places[end - 1]! + 1) end++
      const start = from + places[i]! * inner
      data.set(source.subarray(start, start + (end - i) * inner), to + i * inner)
      i = end
    }
  }
  return new Tensor(tensor.type as 'float32', data as Float32Array, dims)
}

/** A batch of one row, that row so many times. */
export function repeatBatch(tensor: Tensor, count: number): Tensor {
  if (count === 1) return tensor
  const source = tensor.data as Numbers
  const data = emptyLike(source, count * source.length)
  for (let row = 0; row < count; row++) data.set(source, row * source.length)
  return new Tensor(tensor.type as 'float32', data as Float32Array, [
    count,
    ...tensor.dims.slice(1),
  ])
}

function emptyLike(source: Numbers, length: number): Numbers {
  return source instanceof Float32Array ? new Float32Array(length) : new Uint16Array(length)
}
