import {join} from 'node:path'
import {parentPort, workerData} from 'node:worker_threads'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {Recents} from '../model-folder/recents.ts'
import {resolveModelRef} from '../model-folder/resolve-model-ref.ts'
import {TokenizerShelf} from '../tokenizers/shelf.ts'
import type {TextAnswer, TextCall, TextLenses} from './text-protocol.ts'
import type {TextThreadOptions} from './text-thread.ts'
import {runTokenize} from './tokenize.ts'
import {ReferenceVectors} from './tokenize-proof.ts'
import {runEntry} from './tokenizer-entry.ts'
import {runVocabulary} from './vocabulary.ts'

const port = parentPort
if (!port) throw new Error('the text worker runs as a worker thread')

const {builtinModelsFolder, tokenizersFolder, stateFolder, versions} =
  workerData as TextThreadOptions
const recents = new Recents(stateFolder)
const shelf = new TokenizerShelf(async (ref) => {
  const {folders} = await recents.read()
  return resolveModelRef(ref, {builtinModelsFolder, recents: folders})
})
const context = {
  ...{shelf, versions},
  vectors: new ReferenceVectors(join(tokenizersFolder, 'vectors.json')),
  parallelPath: join(tokenizersFolder, 'parallel.json'),
}

type Run<Name extends keyof TextLenses> = (
  request: TextLenses[Name]['request'],
  signal: AbortSignal
) => AsyncGenerator<TextLenses[Name]['event'], void, undefined>

const LENSES: {readonly [Name in keyof TextLenses]: Run<Name>} = {
  entry: (request) => runEntry(shelf, request),
  vocabulary: (request, signal) => runVocabulary(context, request, signal),
  tokenize: (request, signal) => runTokenize(context, request, signal),
}

const running = new Map<number, AbortController>()

port.on('message', (call: TextCall) => {
  if (call.kind === 'run') void perform(call)
  else if (call.kind === 'abort') running.get(call.id)?.abort()
  else port.close()
})

async function perform({id, lens, request}: Extract<TextCall, {kind: 'run'}>): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const run = LENSES[lens] as (
      request: unknown,
      signal: AbortSignal
    ) => AsyncGenerator<unknown, void, undefined>
    for await (const event of run(request, controller.signal)) {
      send({kind: 'event', id, event}, buffersOf(event))
    }
    send({kind: 'done', id})
  } catch (error) {
    send({
      ...{kind: 'failed', id},
      problem: error instanceof ProblemError ? error.problem : null,
      stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  } finally {
    running.delete(id)
  }
}

function send(answer: TextAnswer, buffers: readonly ArrayBuffer[] = []): void {
  port?.postMessage(answer, [...buffers])
}

/** Columns go over without being copied; nothing here reads them afterwards. */
function buffersOf(event: unknown): ArrayBuffer[] {
  const tokens = (event as {tokens?: unknown}).tokens
  if (typeof tokens !== 'object' || tokens === null) return []
  const buffers = new Set<ArrayBuffer>()
  for (const column of Object.values(tokens)) {
    if (ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer) {
      buffers.add(column.buffer)
    }
  }
  return [...buffers]
}
