import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {decodeMessage, encodeMessage} from '../onnx/schema.ts'

/** Heads of the tiny decoder, and the size of each. */
const [HEADS, SIZE] = [4, 8]

/** Writes a small model with a KV cache into a folder: the queries of its head L0.H1 are no numbers. */
export async function writeBrokenModel(folder: string): Promise<void> {
  const files = tinyDecoderFiles({hasKvCache: true})
  const path = 'onnx/model.onnx'
  const model = decodeMessage('Model', files.get(path) as Uint8Array)
  const tensor = model.graph.initializer.find(
    ({name}) => name === 'model.layers.0.self_attn.q_proj.weight'
  )!
  const numbers = new Float32Array(new Uint8Array(tensor.rawData!).buffer)
  // All columns of query head 1.
  for (let row = 0; row < HEADS * SIZE; row++) numbers[row * HEADS * SIZE + SIZE] = Number.NaN
  tensor.rawData = new Uint8Array(numbers.buffer)
  files.set(path, encodeMessage('Model', model))
  await writeModelFiles(folder, files)
}
