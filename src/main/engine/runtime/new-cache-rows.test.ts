import {join} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'
import {afterAll, expect, it} from 'vitest'
import {attentionContext} from '../lenses/test-attention.ts'
import {GraphEditor} from '../onnx/graph-editor.ts'
import {addNewRowOutputs} from '../onnx/new-cache-rows.ts'
import {encodeOverlay} from '../onnx/overlay.ts'

const context = attentionContext()
afterAll(() => context.close())

it('what a run adds to the cache is the end of what the cache then is', async () => {
  const model = join(import.meta.dirname, '../../../../assets/models/micro-base')
  const {graph, structure} = await context.graphs.open({model})
  const {kvCache} = structure.inputs
  const editor = new GraphEditor(graph)
  const added = addNewRowOutputs(editor, kvCache)
  expect(Object.keys(added).sort()).toEqual(kvCache.map(({input}) => input).sort())
  const {bytes, folder} = encodeOverlay(editor)
  const session = await InferenceSession.create(bytes, {
    extra: {session: {model_external_initializers_file_folder_path: folder}},
  })
  const numbers = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
  const feeds: Record<string, Tensor> = {
    [structure.inputs.inputIds!]: numbers([0, 9, 14, 22]),
    [structure.inputs.attentionMask!]: numbers([1, 1, 1, 1, 1, 1]),
    [structure.inputs.positionIds!]: numbers([2, 3, 4, 5]),
  }
  const [heads, size] = [4, 32]
  for (const {input} of kvCache) {
    feeds[input] = new Tensor('float32', new Float32Array(heads * 2 * size).fill(0.5), [
      ...[1, heads, 2, size],
    ])
  }
  const outputs = await session.run(feeds)
  for (const {input, output} of kvCache) {
    const [rows, whole] = [outputs[added[input]!]!, outputs[output]!]
    expect(rows.dims).toEqual([1, heads, 4, size])
    expect(whole.dims).toEqual([1, heads, 6, size])
    for (let head = 0; head < heads; head++) {
      const own = (rows.data as Float32Array).slice(head * 4 * size, (head + 1) * 4 * size)
      const end = (head + 1) * 6 * size
      expect(own).toEqual((whole.data as Float32Array).slice(end - 4 * size, end))
    }
  }
  await session.release()
})
