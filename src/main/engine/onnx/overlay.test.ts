import {mkdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import {decodeMessage, encodeMessage, type OnnxTensor} from './schema.ts'

const fixture = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

const IDS = [3, 141, 59, 26, 53]
const row = (value: number) => IDS.map(() => value)
const positions = IDS.map((_, position) => position)
const shape = [1, IDS.length]
const noPast = ['float32', [1, 2, 0, 8], []] as const
const FEEDS: Readonly<Record<string, TestFeeds>> = {
  'tiny-decoder-kv': {
    input_ids: ['int64', shape, IDS],
    attention_mask: ['int64', shape, row(1)],
    position_ids: ['int64', shape, positions],
    'past_key_values.0.key': noPast,
    'past_key_values.0.value': noPast,
    'past_key_values.1.key': noPast,
    'past_key_values.1.value': noPast,
  },
  'tiny-encoder': {
    input_ids: ['int64', shape, IDS],
    attention_mask: ['int64', shape, row(1)],
    token_type_ids: ['int64', shape, row(0)],
  },
}

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

type Outputs = Awaited<ReturnType<typeof runOnce>>
const bitsOf = (outputs: Outputs) =>
  Object.entries(outputs).map(([name, {type, dims, data}]) => ({name, type, dims, data}))

/** The fixture with every weight of a kilobyte in a data file, padded so that ranges do not start at 0. */
async function withExternalData(name: string, location: string) {
  const model = decodeMessage('Model', await readFile(fixture(name)))
  const pieces: Uint8Array[] = [new Uint8Array(3)]
  let offset = 3
  for (const tensor of model.graph.initializer) {
    const raw = tensor.rawData
    if (!raw || raw.length < 1024) continue
    moveOut(tensor, location, offset)
    pieces.push(raw)
    offset += raw.length
  }
  return {model: encodeMessage('Model', model), data: Buffer.concat(pieces)}
}

function moveOut(tensor: OnnxTensor, location: string, offset: number): void {
  tensor.externalData = [
    {key: 'location', value: location},
    {key: 'offset', value: String(offset)},
    {key: 'length', value: String(tensor.rawData?.length)},
  ]
  tensor.dataLocation = 1
  delete tensor.rawData
}

describe('an overlay that nobody edited', () => {
  for (const [name, feeds] of Object.entries(FEEDS)) {
    it(`gives every output of ${name} bit for bit, from the file's own weights`, async () => {
      const overlay = encodeOverlay(await readModelGraph(fixture(name)))
      expect(bitsOf(await runOnce(overlay, feeds))).toEqual(
        bitsOf(await runOnce(fixture(name), feeds))
      )
      const {size} = await import('node:fs').then(({statSync}) => statSync(fixture(name)))
      expect(overlay.bytes.length).toBeLessThan(size / 2)
    })
  }

  it('takes weights from a data file in a folder below', async () => {
    const folder = join(temporary.path, 'external')
    await mkdir(join(folder, 'parts'), {recursive: true})
    const {model, data} = await withExternalData('tiny-encoder', 'parts/model.onnx_data')
    await writeFile(join(folder, 'model.onnx'), model)
    await writeFile(join(folder, 'parts/model.onnx_data'), data)
    const overlay = encodeOverlay(await readModelGraph(join(folder, 'model.onnx')))
    const feeds = FEEDS['tiny-encoder']!
    expect(bitsOf(await runOnce(overlay, feeds))).toEqual(
      bitsOf(await runOnce(fixture('tiny-encoder'), feeds))
    )
  })

  it('follows the links of a hub cache, for the model and for its data', async () => {
    const cache = join(temporary.path, 'models--org--name')
    const snapshot = join(cache, 'snapshots/0123/onnx')
    await mkdir(snapshot, {recursive: true})
    await mkdir(join(cache, 'blobs'))
    const {model, data} = await withExternalData('tiny-encoder', 'model.onnx_data')
    await writeFile(join(cache, 'blobs/aaaa'), model)
    await writeFile(join(cache, 'blobs/bbbb'), data)
    await symlink('../../../blobs/aaaa', join(snapshot, 'model.onnx'))
    await symlink('../../../blobs/bbbb', join(snapshot, 'model.onnx_data'))
    const overlay = encodeOverlay(await readModelGraph(join(snapshot, 'model.onnx')))
    expect(overlay.folder).toBe(join(cache, 'blobs'))
    const feeds = FEEDS['tiny-encoder']!
    expect(bitsOf(await runOnce(overlay, feeds))).toEqual(
      bitsOf(await runOnce(fixture('tiny-encoder'), feeds))
    )
  })
})

describe('an edited overlay', () => {
  it('has the added nodes and outputs, and the logits stay bit-equal', async () => {
    const path = fixture('tiny-decoder-kv')
    const feeds = FEEDS['tiny-decoder-kv']!
    const editor = new GraphEditor(await readModelGraph(path))
    const two = editor.addConstant(Float32Array.of(2), [], 'float32')
    const [doubled] = editor.addNode({opType: 'Mul', inputs: ['logits', two]})
    editor.addOutput(doubled!)
    const plain = await runOnce(path, feeds)
    const {[doubled!]: added, ...rest} = await runOnce(encodeOverlay(editor), feeds)
    expect(bitsOf(rest)).toEqual(bitsOf(plain))
    const logits = plain.logits!.data as Float32Array
    expect(added!.data).toEqual(logits.map((value) => 2 * value))
  })
})
