import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type CapturePlan, type CaptureRequest, planCapture} from '../onnx/capture-plan.ts'
import {findStructure} from '../onnx/find-structure.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import {readModelGraph} from '../onnx/read-model-graph.ts'
import type {ModelGraph, ModelStructure} from '../onnx/structure.ts'
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
  /** Every other output of the last run. */
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

/** Reads a model, finds its structure. */
export async function readStructure(
  path: string
): Promise<{graph: ModelGraph; structure: ModelStructure}> {
  const graph = await readModelGraph(path)
  return {graph, structure: findStructure(graph)}
}

/** Plans a capture of all layers, unless told otherwise. */
export function planAll(
  {graph, structure}: {graph: ModelGraph; structure: ModelStructure},
  request: Partial<CaptureRequest>
): CapturePlan {
  const layers = structure.layers.map(({layer}) => layer)
  return planCapture(graph, structure, {layers, route: 'queries-keys', ...request})
}

/** Runs a plan over a text that is cut at `ends`. */
export async function runPlan(
  plan: CapturePlan,
  feedsOf: FeedsOfRun,
  ends: readonly number[],
  dtype: CaptureDtype = 'float32'
): Promise<TestCapture> {
  const session = await openSession(encodeOverlay(plan.graph))
  try {
    return await runCuts(session, plan, feedsOf, ends, dtype)
  } finally {
    await session.release()
  }
}

async function runCuts(
  session: TestSession,
  plan: CapturePlan,
  feedsOf: FeedsOfRun,
  ends: readonly number[],
  dtype: CaptureDtype
): Promise<TestCapture> {
  const recorder = new CaptureRecorder(plan, {tokenCount: ends.at(-1)!, dtype})
  const outputs: TestOutputs[] = []
  let start = 0
  for (const end of ends) {
    const answer = await runFeeds(session, feedsOf(start, end, outputs.at(-1) ?? null))
    recorder.append(answer)
    outputs.push(answer)
    start = end
  }
  return {capture: recorder.capture, outputs}
}

/** [query][key] of one head. */
export function allRows(capture: AttentionCapture, layer: number, head: number): Float32Array {
  return recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: capture.tokenCount})
}
