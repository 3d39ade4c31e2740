import {join} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'

/** Logits of a whole sequence, straight from onnxruntime: nothing of the engine is used. */
export interface RawLogits {
  readonly vocabularySize: number
  row(position: number): Float32Array
}

/** Runs a folder's `onnx/model.onnx` once over some ids, with an empty KV cache where it has one. */
export async function runRaw(folder: string, ids: readonly number[]): Promise<RawLogits> {
  const session = await InferenceSession.create(join(folder, 'onnx', 'model.onnx'), {
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 3,
  })
  const int64 = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
  const feeds: Record<string, Tensor> = {}
  for (const input of session.inputMetadata) {
    if (input.name === 'input_ids') feeds[input.name] = int64(ids)
    else if (input.name === 'attention_mask') feeds[input.name] = int64(ids.map(() => 1))
    else if (input.name === 'position_ids') feeds[input.name] = int64(ids.map((_, i) => i))
    else if (input.isTensor) {
      // Past keys and values: batch 1, the static dimensions as they are, no past position.
      const shape = input.shape.map((length, axis) =>
        axis === 0 ? 1 : typeof length === 'number' ? length : 0
      )
      feeds[input.name] = new Tensor('float32', new Float32Array(0), shape)
    }
  }
  const {logits} = await session.run(feeds, ['logits'])
  await session.release()
  if (!logits) throw new Error(`${folder} has no logits`)
  const vocabularySize = logits.dims[2]!
  const data = logits.data as Float32Array
  return {
    vocabularySize,
    row: (position) => data.slice(position * vocabularySize, (position + 1) * vocabularySize),
  }
}

/** Probabilities of one row at a temperature, by the textbook formula in float64. */
export function softmax(logits: Float32Array, temperature = 1): number[] {
  const max = Math.max(...logits)
  const weights = Array.from(logits, (logit) => Math.exp((logit - max) / temperature))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
