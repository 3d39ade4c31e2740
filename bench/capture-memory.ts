import {setImmediate as nextTurn} from 'node:timers/promises'
import {setup, TEST_MATRIX_WORKER_PATH, TEST_WORKER_PATH} from '../scripts/build-session-worker.ts'
import type {CaptureDtype} from '../src/main/engine/captures/attention-capture.ts'
import {
  AttentionCapturer,
  type CaptureContext,
} from '../src/main/engine/captures/attention-capturer.ts'
import {AttentionStore, type KeptCapture} from '../src/main/engine/captures/attention-store.ts'
import {MemoryBudget} from '../src/main/engine/captures/memory-budget.ts'
import {readModelFiles} from '../src/main/engine/model-folder/read-model-files.ts'
import {InstrumentedSessions} from '../src/main/engine/runtime/instrumented-sessions.ts'
import {MatrixThread} from '../src/main/engine/runtime/matrix-thread.ts'
import {type GraphedModel, ModelGraphs} from '../src/main/engine/runtime/model-graphs.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {loadTokenizer} from '../src/main/engine/tokenizers/load-tokenizer.ts'
import type {Ratio} from './measure.ts'
import {BILLION_SHAPE, billionShape} from './models.ts'

const {layerCount, queryHeadCount, contextLength: tokenCount, vocabularySize} = BILLION_SHAPE
const GB = 1e9
/** Most that a capture may hold, and what captures may take together: half precision comes only over budget. */
const CASES: readonly {dtype: CaptureDtype; goalGb: number; budgetBytes: number}[] = [
  {dtype: 'float32', goalGb: 0.75, budgetBytes: 4 * GB},
  {dtype: 'float16', goalGb: 0.4, budgetBytes: 0.5 * GB},
]
const MOST_ERROR = 2e-3
/** First rows of the blocks that are compared in every layer, one head each. */
const COMPARED_ROWS = [1, 100, 2000, 4000]
const COMPARED_ROW_COUNT = 64

/**
 * What a capture of 4,096 tokens of a large model holds: the bytes of arrays that this process has more of
 * afterwards, made by the engine's own planner with room and without. Bare are the attention weights, which
 * nobody needs to hold; then how far weights from half precision are from the others.
 */
export async function benchCaptureMemory(): Promise<Ratio[]> {
  await setup()
  process.env.TOKENSCOPE_SESSION_WORKER ??= TEST_WORKER_PATH
  process.env.TOKENSCOPE_MATRIX_WORKER ??= TEST_MATRIX_WORKER_PATH
  const folder = await billionShape()
  const graphs = new ModelGraphs({
    readFiles: () => readModelFiles(folder, {id: 'billion-shape', source: 'folder'}),
    loadTokenizer,
  })
  const model = await graphs.open({model: folder})
  const sessions = new InstrumentedSessions({threads: physicalCoreCount})
  const thread = new MatrixThread({threads: physicalCoreCount})
  const weightsGb = (layerCount * queryHeadCount * tokenCount ** 2 * 4) / GB
  const ratios: Ratio[] = []
  const captures: KeptCapture[] = []
  try {
    for (const {dtype, goalGb, budgetBytes} of CASES) {
      const budget = new MemoryBudget(budgetBytes)
      const context = {sessions, thread, budget, store: new AttentionStore(budget)}
      const {kept, heldBytes, partCount} = await capture(context, model)
      const stored = new Set(kept.layerNumbers.map((layer) => kept.factsOf(layer)!.dtype))
      if (kept.layerNumbers.length !== layerCount || [...stored].join() !== dtype) {
        throw new Error(`${kept.layerNumbers.length} layers were kept as ${[...stored].join()}`)
      }
      captures.push(kept)
      const gb = heldBytes / GB
      const runs = partCount === 1 ? 'one run' : `${partCount} runs`
      ratios.push({
        ...{bench: 'capture-memory', unit: 'GB', ours: gb, bare: weightsGb, ratio: gb / weightsGb},
        what: `${layerCount} layers × ${queryHeadCount} heads of 64, 8 key-value heads, 4,096 tokens, kept as ${dtype} by ${runs} of the text; bare: the weights`,
        goal: `under ${goalGb} GB`,
        isMet: gb < goalGb,
      })
    }
  } finally {
    await sessions.close()
    await thread.close()
  }
  const error = worstDifference(captures[0]!, captures[1]!)
  return [
    ...ratios,
    {
      ...{bench: 'capture-memory', unit: '× 10⁻³'},
      what: `largest difference of a weight from float16 to float32, ${COMPARED_ROWS.length * COMPARED_ROW_COUNT} rows of every layer; bare: the limit`,
      ours: 1000 * error,
      bare: 1000 * MOST_ERROR,
      ratio: error / MOST_ERROR,
      goal: 'at most 2 × 10⁻³',
      isMet: error <= MOST_ERROR,
    },
  ]
}

/** Captures every layer, and measures what is held of it once nothing else is. */
async function capture(
  context: CaptureContext,
  model: GraphedModel
): Promise<{kept: KeptCapture; heldBytes: number; partCount: number}> {
  const before = await arrayBytes()
  const capturer = new AttentionCapturer(context, model, {
    ids: Int32Array.from({length: tokenCount}, (_, i) => 8 + ((7919 * i) % (vocabularySize - 8))),
    layers: Array.from({length: layerCount}, (_, layer) => layer),
    ...{choice: 'qk', isKept: true},
  })
  for (const layer of capturer.layers) {
    for await (const {done, total} of capturer.ensure(layer)) {
      if (done % 1024 === 0) console.error(`  ${done} of ${total} positions`)
    }
  }
  return {
    kept: capturer.kept,
    heldBytes: (await arrayBytes()) - before,
    partCount: capturer.parts.length,
  }
}

/** Bytes of all arrays of this thread, shared ones included, that something still refers to. */
async function arrayBytes(): Promise<number> {
  if (!globalThis.gc) throw new Error('run node with --expose-gc')
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc()
    await nextTurn()
  }
  return process.memoryUsage().arrayBuffers
}

function worstDifference(exact: KeptCapture, half: KeptCapture): number {
  let worst = 0
  for (let layer = 0; layer < layerCount; layer++) {
    for (const queryStart of COMPARED_ROWS) {
      const head = (7 * layer + queryStart) % queryHeadCount
      const rows = {layer, head, queryStart, queryEnd: queryStart + COMPARED_ROW_COUNT}
      const [a, b] = [exact.rows(rows)!, half.rows(rows)!]
      for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!))
    }
  }
  return worst
}
