import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type CapturePlan, type CaptureRequest, planCapture} from '../onnx/capture-plan.ts'
import {findStructure} from '../onnx/find-structure.ts'
import {GraphIndex} from '../onnx/graph-index.ts'
import {unmergeDecoder} from '../onnx/merged-decoder.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import {readModelGraph} from '../onnx/read-model-graph.ts'
import {elementTypeNumber, numberOfInt64} from '../onnx/schema.ts'
import type {ModelGraph, ModelStructure} from '../onnx/structure.ts'
import {float32Of} from '../runtime/tensors.ts'
import {
  openSession,
  runFeeds,
  type TestFeed,
  type TestOutputs,
  type TestSession,
} from '../runtime/test-onnxruntime.ts'
import type {AttentionCapture, CaptureDtype} from './attention-capture.ts'
import {CaptureRecorder} from './capture-recorder.ts'
import {recomputeRows} from './recompute-rows.ts'

export type TestFeeds = Readonly<Record<string, TestFeed>>
/** Feeds of a run over tokens [start, end) of a text, given the outputs of the run before. */
export type FeedsOfRun = (start: number, end: number, before: TestOutputs | null) => TestFeeds

export interface TestCapture {
  readonly capture: AttentionCapture
  /** All outputs, run by run. */
  readonly outputs: readonly TestOutputs[]
}

/** A model file on disk for as long as `use` runs. */
export async function withModel<Result>(
  bytes: Uint8Array,
  use: (path: string) => Promise<Result>
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'capture-'))
  try {
    const path = join(folder, 'model.onnx')
    writeFileSync(path, bytes)
    return await use(path)
  } finally {
    rmSync(folder, {recursive: true})
  }
}

export interface ReadModel {
  /** As the file has it; a merged decoder is taken apart in `graph`. */
  readonly original: ModelGraph
  readonly graph: ModelGraph
  readonly structure: ModelStructure
}

/** Reads a model, finds its structure. */
export async function readStructure(path: string): Promise<ReadModel> {
  const original = await readModelGraph(path)
  const graph = unmergeDecoder(original)
  return {original, graph, structure: findStructure(graph)}
}

/** Plans a capture of all layers, unless told otherwise. */
export function planAll(
  {graph, structure}: ReadModel,
  request: Partial<CaptureRequest> = {}
): CapturePlan {
  const layers = structure.layers.map(({layer}) => layer)
  return planCapture(graph, structure, {layers, route: 'queries-keys', ...request})
}

/** Runs a plan over a text once for each list of places where it is cut. */
export async function runPlan(
  plan: CapturePlan,
  feedsOf: FeedsOfRun,
  cuts: readonly (readonly number[])[],
  dtype: CaptureDtype = 'float32'
): Promise<TestCapture[]> {
  const session = await openSession(encodeOverlay(plan.graph))
  const captures: TestCapture[] = []
  try {
    for (const ends of cuts) captures.push(await runCuts(session, {plan, dtype}, feedsOf, ends))
    return captures
  } finally {
    await session.release()
  }
}

async function runCuts(
  session: TestSession,
  {plan, dtype}: {plan: CapturePlan; dtype: CaptureDtype},
  feedsOf: FeedsOfRun,
  ends: readonly number[]
): Promise<TestCapture> {
  const recorder = new CaptureRecorder(plan, {tokenCount: ends.at(-1)!, dtype})
  const outputs: TestOutputs[] = []
  let start = 0
  for (const end of ends) {
    const feeds = Object.entries(feedsOf(start, end, outputs.at(-1) ?? null))
    const own = feeds.filter(([name]) => session.inputNames.includes(name))
    const answer = await runFeeds(session, Object.fromEntries(own))
    recorder.append(answer)
    outputs.push(answer)
    start = end
  }
  return {capture: recorder.capture, outputs}
}

/** Inputs that have to be fed; lengths that only a run tells are null. */
export function graphInputsOf({model}: ModelGraph) {
  return new GraphIndex(model).graphInputs.map(({name, type}) => ({
    name,
    isFloat16: type?.tensorType?.elemType === elementTypeNumber('float16'),
    lengths: (type?.tensorType?.shape?.dim ?? []).map(({dimValue}) =>
      dimValue === undefined ? null : numberOfInt64(dimValue)
    ),
  }))
}

export function outputNumbers(tensor: TestOutputs[string]): Float32Array {
  return float32Of(tensor)
}

/** [query, key] of one head. */
export function allRows(capture: AttentionCapture, layer: number, head: number): Float32Array {
  return recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: capture.tokenCount})
}
