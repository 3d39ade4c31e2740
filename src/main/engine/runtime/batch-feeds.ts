import type {Tensor} from 'onnxruntime-node'
import type {GraphInputs} from './graph-inputs.ts'
import {
  emptyTensor,
  type InputMetadata,
  wholeNumberArray,
  wholeNumberTensor,
  writeWholeNumbers,
} from './tensors.ts'

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
  const feeds: Record<string, Tensor> = {}
  const feed = (input: InputMetadata | null, valueAt: (position: number, at: number) => number) => {
    if (!input) return
    // What has one axis is the same of all sequences.
    const count = input.shape.length === 1 ? length : sequenceCount * length
    const array = wholeNumberArray(input.type, count)
    writeWholeNumbers(
      array,
      Int32Array.from({length: count}, (_, at) => valueAt(at % length, at))
    )
    const dimensions = input.shape.length === 1 ? [length] : [sequenceCount, length]
    feeds[input.name] = wholeNumberTensor(input.type, array, dimensions)
  }
  feed(inputs.inputIds, (_, at) => ids[at]!)
  feed(inputs.positionIds, (position) => position)
  feed(inputs.cachePosition, (position) => position)
  feed(inputs.tokenTypeIds, () => 0)
  feed(inputs.attentionMask, () => 1)
  for (const input of [inputs.useCacheBranch, inputs.numLogitsToKeep]) {
    // No cache is there, and 0 asks for every position's logits.
    if (!input) continue
    const array = wholeNumberArray(input.type, 1)
    feeds[input.name] = wholeNumberTensor(input.type, array, input.shape.length === 0 ? [] : [1])
  }
  for (const {name, type, emptyDimensions, batchAxis} of inputs.past) {
    const dimensions = emptyDimensions.map((size, axis) =>
      axis === batchAxis ? size * sequenceCount : size
    )
    feeds[name] = emptyTensor(type, dimensions)
  }
  return feeds
}
