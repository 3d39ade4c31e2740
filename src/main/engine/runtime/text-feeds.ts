import type {Tensor} from 'onnxruntime-node'
import type {CountedInput, GraphInputs, MaskInput} from './graph-inputs.ts'
import {
  type InputMetadata,
  wholeNumberArray,
  wholeNumberTensor,
  writeWholeNumbers,
} from './tensors.ts'

/** The new tokens of a run: so many of each sequence, after so many that are cached. */
export interface RunExtent {
  readonly sequenceCount: number
  readonly length: number
  readonly pastCount: number
}

/** What only the lengths of a run decide: its mask, and inputs that count. */
export function extentFeeds(
  {attentionMask, useCacheBranch, counts}: GraphInputs,
  extent: RunExtent
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  if (attentionMask) feeds[attentionMask.name] = maskTensor(attentionMask, extent)
  if (useCacheBranch) {
    const array = Uint8Array.of(extent.pastCount > 0 ? 1 : 0)
    feeds[useCacheBranch.name] = wholeNumberTensor('bool', array, [1])
  }
  for (const input of counts) feeds[input.name] = countTensor(input, extent)
  return feeds
}

/**
 * A mask that lets every token see itself and all before it, where it has an axis of queries; one of keys
 * alone, [sequence, key], leaves that to the graph.
 */
export function maskTensor(mask: MaskInput, extent: RunExtent): Tensor {
  const {shape, type, isAdded} = mask
  const {sequenceCount, length, pastCount} = extent
  const keyCount = pastCount + length
  const hasQueries = shape.length > 2
  const leading = hasQueries
    ? shape.slice(0, -2).map((size, axis) => {
        if (typeof size === 'number' && axis > 0) return size
        return axis === 0 ? sequenceCount : 1
      })
    : shape.length === 2
      ? [sequenceCount]
      : []
  const dimensions = [...leading, ...(hasQueries ? [length] : []), keyCount]
  const isAllowed = (index: number) =>
    index % keyCount <= pastCount + (Math.floor(index / keyCount) % length)
  const count = dimensions.reduce((product, size) => product * size, 1)
  const [seen, hidden] = isAdded ? [0, type === 'float16' ? -65_504 : -1e9] : [1, 0]
  const array = wholeNumberArray(type, count)
  const values = new Float32Array(count).fill(seen!)
  if (hasQueries) for (let i = 0; i < count; i++) if (!isAllowed(i)) values[i] = hidden!
  writeWholeNumbers(array, values)
  return wholeNumberTensor(type, array, dimensions)
}

function countTensor(
  {type, shape, counts}: CountedInput,
  {length, pastCount, sequenceCount}: RunExtent
): Tensor {
  const value = {
    ...{past: pastCount, keys: pastCount + length, 'last-key': pastCount + length - 1},
    // Asks for the logits of every position.
    rows: 0,
  }[counts]
  // What has an open axis has one entry a sequence.
  const dimensions = shape.map((size) => (typeof size === 'number' ? size : sequenceCount))
  const array = wholeNumberArray(
    type,
    dimensions.reduce((product, size) => product * size, 1)
  )
  writeWholeNumbers(array, new Array<number>(array.length).fill(value))
  return wholeNumberTensor(type, array, dimensions)
}

/** An input that takes a number for each token; one of a single axis takes the same of every sequence. */
export function tokenTensor(
  {type, shape}: InputMetadata,
  values: ArrayLike<number>,
  {sequenceCount, length}: RunExtent
): Tensor {
  const isShared = shape.length === 1
  const array = wholeNumberArray(type, isShared ? length : sequenceCount * length)
  writeWholeNumbers(array, isShared ? Array.from(values).slice(0, length) : values)
  return wholeNumberTensor(type, array, isShared ? [length] : [sequenceCount, length])
}
