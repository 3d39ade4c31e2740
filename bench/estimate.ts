import {resolve} from 'node:path'
import {performance} from 'node:perf_hooks'
import {setup, TEST_WORKER_PATH} from '../scripts/build-session-worker.ts'
import {probeModel} from '../src/main/engine/captures/probe-model.ts'
import {runPlan} from '../src/main/engine/captures/run-plan.ts'
import {readModelFiles} from '../src/main/engine/model-folder/read-model-files.ts'
import {planCapture} from '../src/main/engine/onnx/capture-plan.ts'
import {InstrumentedSessions} from '../src/main/engine/runtime/instrumented-sessions.ts'
import {ModelGraphs} from '../src/main/engine/runtime/model-graphs.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {loadTokenizer} from '../src/main/engine/tokenizers/load-tokenizer.ts'
import {median, type Ratio} from './measure.ts'
import {type BenchModel, gpt2SmallShape, microBase} from './models.ts'

/** Largest median of the relative errors of all estimates. */
const GOAL = 0.25
const TURNS = 5

/** Seconds of captures as estimated after a probe of the model, beside what they take. */
export async function benchEstimate(): Promise<Ratio[]> {
  await setup()
  process.env.TOKENSCOPE_SESSION_WORKER ??= TEST_WORKER_PATH
  const tiny: BenchModel = {
    name: 'tiny decoder',
    folder: resolve(import.meta.dirname, '../fixtures/tiny-decoder-kv'),
    vocabularySize: 300,
  }
  const ratios = [
    ...(await estimateRatios(await microBase(), [64, 256, 1024, 2000])),
    ...(await estimateRatios(tiny, [64, 200])),
    ...(await estimateRatios(await gpt2SmallShape(), [128, 512])),
  ]
  const error = median(ratios.map(({ratio}) => Math.abs(ratio - 1)))
  return [
    ...ratios,
    {
      bench: 'estimate',
      what: 'median error of these estimates',
      ours: 100 * error,
      bare: 100 * GOAL,
      unit: '%',
      ratio: error / GOAL,
      goal: `at most ${100 * GOAL} %`,
      isMet: error <= GOAL,
    },
  ]
}

async function estimateRatios(bench: BenchModel, counts: readonly number[]): Promise<Ratio[]> {
  const {name, folder, vocabularySize} = bench
  const graphs = new ModelGraphs({
    readFiles: () => readModelFiles(folder, {id: name, source: 'folder'}),
    loadTokenizer,
  })
  const sessions = new InstrumentedSessions({threads: physicalCoreCount})
  try {
    const model = await graphs.open({model: folder})
    const layers = model.structure.layers.map(({layer}) => layer)
    const plan = planCapture(model.graph, model.structure, {route: 'queries-keys', layers})
    await probeModel(sessions, model)
    const calibration = sessions.calibrations.of(model.key, plan.route)
    // All are estimated before the first is measured, which would tell of the others.
    const estimates = counts.map(
      (count) => 1000 * calibration.secondsFor(count, sessions.chunkLengthOf(model))!
    )
    const ratios: Ratio[] = []
    const takenMs: number[][] = counts.map(() => [])
    // Turn by turn, so that a slow spell of the machine does not hit one length alone.
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, count] of counts.entries()) {
        const ids = Int32Array.from(
          {length: count},
          (_, at) => 8 + ((7919 * at) % (vocabularySize - 8))
        )
        const startedMs = performance.now()
        for await (const _ of runPlan(sessions, model, plan, ids, {onCaptured: () => {}}));
        takenMs[i]!.push(performance.now() - startedMs)
      }
    }
    for (const [i, count] of counts.entries()) {
      const bare = median(takenMs[i]!)
      ratios.push({
        ...{bench: 'estimate', what: `${name}, ${count} tokens; bare: the capture`},
        ...{ours: estimates[i]!, bare, unit: 'ms', ratio: estimates[i]! / bare},
        ...{goal: null, isMet: null},
      })
    }
    return ratios
  } finally {
    await sessions.close()
  }
}
