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
import {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {ModelGraphs} from '../runtime/model-graphs.ts'
import {Models} from '../runtime/models.ts'
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
  const sessions = new InstrumentedSessions({threads: () => 1, chunkLength})
  return {
    ...{budget, graphs, models, sessions, store: new AttentionStore(budget)},
    versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
    async close() {
      await Promise.all([models.close(), sessions.close()])
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
