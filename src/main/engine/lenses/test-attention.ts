import {join, resolve} from 'node:path'
import {unzipSync} from 'fflate'
import {
  type AttentionEvent,
  type AttentionRequestInput,
  attentionArchiveRequestSchema,
  attentionRequestSchema,
} from '../../../shared/lenses/attention.ts'
import {AttentionStore} from '../captures/attention-store.ts'
import {MemoryBudget} from '../captures/memory-budget.ts'
import {readModelFiles} from '../model-folder/read-model-files.ts'
import {readModelFolder} from '../model-folder/read-model-folder.ts'
import {findStructure} from '../onnx/find-structure.ts'
import {GraphEditor} from '../onnx/graph-editor.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import {readModelGraph} from '../onnx/read-model-graph.ts'
import {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {MatrixThread} from '../runtime/matrix-thread.ts'
import {ModelGraphs} from '../runtime/model-graphs.ts'
import {Models} from '../runtime/models.ts'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {loadTokenizer} from '../tokenizers/load-tokenizer.ts'
import {archiveAttention, runAttention} from './attention.ts'

export const FIXTURES = join(import.meta.dirname, '../../../../fixtures')

/** What the attention lens works with, over the folders of `fixtures` and absolute ones. */
export function attentionContext({maxBytes = 64e6, chunkLength = 256} = {}) {
  const budget = new MemoryBudget(maxBytes)
  const identity = (file?: string) => ({id: 'it', source: 'folder' as const, file})
  const graphs = new ModelGraphs({
    readFiles: ({model, file}) => readModelFiles(resolve(FIXTURES, model), identity(file)),
    loadTokenizer,
  })
  const models = new Models({
    readFolder: ({model, file}) => readModelFolder(resolve(FIXTURES, model), identity(file)),
    loadTokenizer,
    threads: () => 1,
    chunkLength,
  })
  const thread = new MatrixThread({threads: () => 1})
  const sessions = new InstrumentedSessions({threads: () => 1, chunkLength})
  return {
    ...{budget, graphs, models, sessions, thread, store: new AttentionStore(budget)},
    versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
    async close() {
      await Promise.all([models.close(), sessions.close(), thread.close()])
    },
  }
}
export type TestAttentionContext = ReturnType<typeof attentionContext>

/** Every event of a capture. */
export async function eventsOf(
  context: TestAttentionContext,
  request: AttentionRequestInput,
  signal?: AbortSignal
): Promise<AttentionEvent[]> {
  const events: AttentionEvent[] = []
  const stream = runAttention(context, attentionRequestSchema.parse(request), signal)
  for await (const event of stream) events.push(event)
  return events
}

/** The bytes of a capture's archive. */
export async function archiveOf(
  context: TestAttentionContext,
  request: AttentionRequestInput
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const wanted = attentionArchiveRequestSchema.parse(request)
  for await (const event of archiveAttention(context, wanted)) {
    if (event.kind === 'piece') pieces.push(event.bytes)
  }
  return Buffer.concat(pieces)
}

/** One array of an archive, read by numpy's description of the format. */
export function arrayOf(
  archive: Uint8Array,
  name: string
): {shape: number[]; values: Float32Array | Int32Array} {
  const file = unzipSync(archive)[`${name}.npy`]!
  const headerEnd = 10 + file[8]! + 256 * file[9]!
  const header = Buffer.from(file.subarray(10, headerEnd)).toString('latin1')
  const shape = /'shape': \(([^)]*)\)/.exec(header)![1]!.split(',').filter(Boolean).map(Number)
  const data = file.slice(headerEnd).buffer
  return {shape, values: header.includes('<f4') ? new Float32Array(data) : new Int32Array(data)}
}

/**
 * [layer, head, query, key]: what the graph's own softmax gives in one run of plain onnxruntime over the
 * whole text, through nothing of this lens.
 */
export async function weightsByOnnxruntime(model: string, ids: Int32Array): Promise<Float32Array> {
  const graph = await readModelGraph(join(FIXTURES, model, 'onnx/model.onnx'))
  const softmaxes = findStructure(graph).layers.map(({sites}) => sites[0]!.node.output[0]!)
  const editor = new GraphEditor(graph)
  for (const name of softmaxes) editor.addOutput(name)
  const shape = [1, ids.length]
  const past = (name: string) => [name, ['float32', [1, 2, 0, 8], []]] as const
  const feeds: TestFeeds = {
    input_ids: ['int64', shape, [...ids]],
    attention_mask: ['int64', shape, [...ids].map(() => 1)],
    ...(model === 'tiny-decoder-kv'
      ? {
          position_ids: ['int64', shape, [...ids.keys()]],
          ...Object.fromEntries(
            [0, 1].flatMap((layer) => [
              past(`past_key_values.${layer}.key`),
              past(`past_key_values.${layer}.value`),
            ])
          ),
        }
      : {}),
  }
  const outputs = await runOnce(encodeOverlay(editor), feeds)
  return Float32Array.from(softmaxes.flatMap((name) => [...(outputs[name]!.data as Float32Array)]))
}
