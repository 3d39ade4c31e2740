import {existsSync} from 'node:fs'
import {mkdir, rename, rm} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'
import type {DecoderShape} from '../fixtures/tiny-decoder.ts'
import {tinyDecoderFiles, writeModelFiles} from '../fixtures/tiny-models.ts'
import {
  type AttentionCapture,
  type CaptureDtype,
  captureByteLength,
} from '../src/main/engine/captures/attention-capture.ts'
import {CaptureRecorder} from '../src/main/engine/captures/capture-recorder.ts'
import type {FetchedOutputs} from '../src/main/engine/captures/fetched-outputs.ts'
import {recomputeRows} from '../src/main/engine/captures/recompute-rows.ts'
import {type CapturePlan, planCapture} from '../src/main/engine/onnx/capture-plan.ts'
import {findStructure} from '../src/main/engine/onnx/find-structure.ts'
import {encodeOverlay} from '../src/main/engine/onnx/overlay.ts'
import {readModelGraph} from '../src/main/engine/onnx/read-model-graph.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {type Ratio, timeInTurns, timeMs} from './measure.ts'
import {gpt2SmallShape} from './models.ts'

const GIB = 2 ** 30
/** A model of a billion parameters has this attention; its MLP is made narrow, since it holds nothing captured. */
const BILLION_SHAPE: DecoderShape = {
  layerCount: 16,
  queryHeadCount: 32,
  keyValueHeadCount: 8,
  headSize: 64,
  innerSize: 256,
  vocabularySize: 1000,
  contextLength: 4096,
}
const RUN_LENGTH = 512

/** What capturing costs: time beside a plain run, and memory of a long text on a large model. */
export async function benchCapture(): Promise<Ratio[]> {
  return [...(await overheadRatios()), ...(await memoryRatios())]
}

/** All layers of GPT-2 small's shape: an instrumented run against a plain one of the same settings. */
async function overheadRatios(): Promise<Ratio[]> {
  const {folder, vocabularySize} = await gpt2SmallShape()
  const path = join(folder, 'onnx/model.onnx')
  const {plan, session} = await openInstrumented(path)
  const plain = await InferenceSession.create(path, settings())
  const ratios: Ratio[] = []
  for (const count of [128, 512, 1024]) {
    const ids = idsOf(count, vocabularySize)
    const feeds = feedsOf(plain, ids, 0, null)
    const names = [...plain.outputNames]
    const captured = await session.run(feeds, [...plan.outputs])
    const arrays = Object.values(captured).map(({data}) => data as Float32Array)
    const copyMs = await timeMs(() => arrays.map((array) => array.slice()))
    const {oursMs, bareMs} = await timeInTurns(
      () => session.run(feeds, [...new Set([...names, ...plan.outputs])]),
      () => plain.run(feeds, names),
      {turns: 7, warmups: 2}
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

/** 4,096 tokens of a large model; bare is its attention weights, which nobody needs to hold. */
async function memoryRatios(): Promise<Ratio[]> {
  const path = await billionShape()
  const {plan, session} = await openInstrumented(path)
  const tokenCount = BILLION_SHAPE.contextLength
  const recorders = (['float32', 'float16'] as const).map((dtype) => ({
    dtype,
    recorder: new CaptureRecorder(plan, {tokenCount, dtype}),
  }))
  const ids = idsOf(tokenCount, BILLION_SHAPE.vocabularySize)
  let past: Readonly<Record<string, Tensor>> | null = null
  for (let first = 0; first < tokenCount; first += RUN_LENGTH) {
    const feeds = feedsOf(session, ids.subarray(first, first + RUN_LENGTH), first, past)
    const outputs = await session.run(feeds)
    for (const {recorder} of recorders) recorder.append(outputs as unknown as FetchedOutputs)
    past = outputs as Record<string, Tensor>
  }
  await session.release()
  const captures = recorders.map(({dtype, recorder}) => ({dtype, capture: recorder.capture}))
  const {layerCount, queryHeadCount} = BILLION_SHAPE
  const weightsGib = (layerCount * queryHeadCount * tokenCount ** 2 * 4) / GIB
  const limits: Readonly<Record<CaptureDtype, number>> = {float32: 0.75, float16: 0.4}
  const [exact, half] = captures.map(({capture}) => capture) as [AttentionCapture, AttentionCapture]
  return captures.map(({dtype, capture}): Ratio => {
    const gib = captureByteLength(capture) / GIB
    const error = dtype === 'float16' ? `; weights differ by ${worstOf(exact, half)}` : ''
    return {
      bench: 'capture',
      what: `16 layers × 32 heads, 4,096 tokens, kept as ${dtype}${error}; bare: the weights`,
      ours: gib,
      bare: weightsGib,
      unit: 'GiB',
      ratio: gib / weightsGib,
      goal: `under ${limits[dtype]} GB`,
      isMet: gib * GIB < limits[dtype] * 1e9,
    }
  })
}

/** Largest difference of any weight in some rows of every fourth layer. */
function worstOf(exact: AttentionCapture, half: AttentionCapture): string {
  let worst = 0
  for (let layer = 0; layer < BILLION_SHAPE.layerCount; layer += 4) {
    for (const queryStart of [1, 100, 4000]) {
      const rows = {layer, head: layer, queryStart, queryEnd: queryStart + 64}
      const [a, b] = [recomputeRows(exact, rows), recomputeRows(half, rows)]
      a.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - b[i]!))
      })
    }
  }
  return worst.toExponential(1)
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

/** What a decoder with a KV cache takes; `past` are the outputs of the run before. */
function feedsOf(
  session: InferenceSession,
  ids: Int32Array,
  pastCount: number,
  past: Readonly<Record<string, Tensor>> | null
): Record<string, Tensor> {
  const whole = (values: ArrayLike<number>) =>
    new Tensor('int64', BigInt64Array.from(values as number[], BigInt), [1, values.length])
  const feeds: Record<string, Tensor> = {
    input_ids: whole(ids),
    attention_mask: whole(new Uint8Array(pastCount + ids.length).fill(1)),
    position_ids: whole(ids.map((_, i) => pastCount + i)),
  }
  for (const input of session.inputMetadata) {
    if (!input.isTensor || !input.name.startsWith('past_key_values')) continue
    const [, heads, , size] = input.shape
    feeds[input.name] =
      past?.[input.name.replace('past_key_values', 'present')] ??
      new Tensor('float32', new Float32Array(0), [1, Number(heads), 0, Number(size)])
  }
  return feeds
}

/** Random weights in that shape, made once (about 700 MB) and kept under `.cache`. */
async function billionShape(): Promise<string> {
  const folder = resolve(import.meta.dirname, '../.cache/bench/billion-shape')
  if (!existsSync(folder)) {
    console.error('making a model of a billion parameters’ attention, once …')
    const partial = `${folder}.partial`
    await rm(partial, {recursive: true, force: true})
    await mkdir(partial, {recursive: true})
    await writeModelFiles(partial, tinyDecoderFiles({hasKvCache: true}, BILLION_SHAPE))
    await rename(partial, folder)
  }
  return join(folder, 'onnx/model.onnx')
}
