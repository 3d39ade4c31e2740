import {join} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'
import {type CapturePlan, planCapture} from '../src/main/engine/onnx/capture-plan.ts'
import {findStructure} from '../src/main/engine/onnx/find-structure.ts'
import {encodeOverlay} from '../src/main/engine/onnx/overlay.ts'
import {readModelGraph} from '../src/main/engine/onnx/read-model-graph.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {median, type Ratio, timeInTurns, timeMs} from './measure.ts'
import {gpt2SmallShape} from './models.ts'

const TURNS = 15

/**
 * What capturing costs in time: all layers of GPT-2 small's shape, an instrumented run against a plain one of the
 * same settings.
 */
export async function benchCapture(): Promise<Ratio[]> {
  const {folder, vocabularySize} = await gpt2SmallShape()
  const path = join(folder, 'onnx/model.onnx')
  const {plan, session} = await openInstrumented(path)
  const plain = await InferenceSession.create(path, settings())
  const ratios: Ratio[] = []
  for (const count of [128, 512, 1024]) {
    const ids = idsOf(count, vocabularySize)
    const feeds = feedsOf(plain, ids)
    const names = [...plain.outputNames]
    const captured = await session.run(feeds, [...plan.outputs])
    const arrays = Object.values(captured).map(({data}) => data as Float32Array)
    const copyMs = median(await copyTimesMs(arrays))
    const {oursMs, bareMs} = await timeInTurns(
      () => session.run(feeds, [...new Set([...names, ...plan.outputs])]),
      () => plain.run(feeds, names),
      // What earlier runs gave is hundreds of megabytes: it goes before a run, not in the middle of one.
      {turns: TURNS, warmups: 2, before: () => globalThis.gc?.()}
    )
    const limitMs = 1.25 * bareMs + copyMs
    ratios.push({
      bench: 'capture',
      what: `queries and keys of all layers, ${count} tokens; copying them alone ${copyMs.toFixed(0)} ms`,
      ours: oursMs,
      bare: bareMs,
      unit: 'ms',
      ratio: oursMs / bareMs,
      goal: 'at most 1.25 × bare + copy',
      isMet: oursMs <= limitMs,
    })
  }
  await session.release()
  await plain.release()
  return ratios
}

async function copyTimesMs(arrays: readonly Float32Array[]): Promise<number[]> {
  const times: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    globalThis.gc?.()
    times.push(await timeMs(() => arrays.map((array) => array.slice())))
  }
  return times
}

async function openInstrumented(
  path: string
): Promise<{plan: CapturePlan; session: InferenceSession}> {
  const graph = await readModelGraph(path)
  const structure = findStructure(graph)
  const layers = structure.layers.map(({layer}) => layer)
  const plan = planCapture(graph, structure, {layers, route: 'queries-keys'})
  const {bytes, folder} = encodeOverlay(plan.graph)
  const session = await InferenceSession.create(bytes, {
    ...settings(),
    extra: {
      ...settings().extra,
      'session.model_external_initializers_file_folder_path': folder,
    },
  })
  return {plan, session}
}

function settings() {
  return {
    graphOptimizationLevel: 'basic',
    intraOpNumThreads: physicalCoreCount(),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {'session.intra_op.allow_spinning': '0'},
  } as const
}

function idsOf(count: number, vocabularySize: number): Int32Array {
  let state = 2654435761
  return Int32Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return 8 + (state % (vocabularySize - 8))
  })
}

/** What a decoder with a KV cache takes for a text from its first token on. */
function feedsOf(session: InferenceSession, ids: Int32Array): Record<string, Tensor> {
  const whole = (values: ArrayLike<number>) =>
    new Tensor('int64', BigInt64Array.from(values as number[], BigInt), [1, values.length])
  const feeds: Record<string, Tensor> = {
    input_ids: whole(ids),
    attention_mask: whole(new Uint8Array(ids.length).fill(1)),
    position_ids: whole(ids.map((_, i) => i)),
  }
  for (const input of session.inputMetadata) {
    if (!input.isTensor || !input.name.startsWith('past_key_values')) continue
    const [, heads, , size] = input.shape
    feeds[input.name] = new Tensor('float32', new Float32Array(0), [
      1,
      Number(heads),
      0,
      Number(size),
    ])
  }
  return feeds
}
