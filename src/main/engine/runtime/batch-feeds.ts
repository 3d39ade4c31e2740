import type {Tensor} from 'onnxruntime-node'
import type {GraphInputs} from './graph-inputs.ts'
import {emptyTensor, type InputMetadata} from './tensors.ts'
import {extentFeeds, tokenTensor} from './text-feeds.ts'

/** Whether a graph takes several sequences of the same length in one run. */
export function canBatch({inputIds, past, useCacheBranch}: GraphInputs): boolean {
  return (
    inputIds.shape.length === 2 &&
    typeof inputIds.shape[0] !== 'number' &&
    useCacheBranch === null &&
    past.every(({batchAxis}) => batchAxis !== null)
  )
}

/** What a run of sequences of the same length from their start is fed; `ids` holds one after another. */
export function batchFeeds(
  inputs: GraphInputs,
  ids: Int32Array,
  sequenceCount: number
): Record<string, Tensor> {
  const length = ids.length / sequenceCount
  const extent = {sequenceCount, length, pastCount: 0}
  const feeds = extentFeeds(inputs, extent)
  const feed = (input: InputMetadata | null, valueAt: (position: number) => number) => {
    if (!input) return
    const values = Int32Array.from(ids, (_, at) => valueAt(at % length))
    feeds[input.name] = tokenTensor(input, values, extent)
  }
  feeds[inputs.inputIds.name] = tokenTensor(inputs.inputIds, ids, extent)
  feed(inputs.positionIds, (position) => position)
  feed(inputs.cachePosition, (position) => position)
  feed(inputs.tokenTypeIds, () => 0)
  for (const {name, type, emptyDimensions, batchAxis} of inputs.past) {
    const dimensions = emptyDimensions.map((size, axis) =>
      axis === batchAxis ? size * sequenceCount : size
    )
    feeds[name] = emptyTensor(type, dimensions)
  }
  return feeds
}
