import {setup, TEST_MATRIX_WORKER_PATH} from '../scripts/build-session-worker.ts'
import {sharedFloat32} from '../src/main/engine/captures/shared-numbers.ts'
import {layerStatistics} from '../src/main/engine/lenses/attention-heads.ts'
import type {HeadSource} from '../src/main/engine/lenses/head-pieces.ts'
import type {MatrixText} from '../src/main/engine/runtime/matrix-protocol.ts'
import {MatrixThread} from '../src/main/engine/runtime/matrix-thread.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {textFacts} from '../src/shared/math/attention/token-repeats.ts'
import {visibleKeys} from '../src/shared/math/attention/visible-keys.ts'
import {createSeededRandom} from '../src/shared/math/seeded-random.ts'
import {type Ratio, timeInTurns} from './measure.ts'

const LAYERS = 24
const HEADS = 16
const TOKENS = 1024
const SIZE = 64
const GOAL_SECONDS = 5

/** The head finder: all statistics of 384 heads at 1,024 tokens; bare is their rows alone, computed the same way. */
export async function benchAttentionHeads(): Promise<Ratio[]> {
  await setup()
  process.env.TOKENSCOPE_MATRIX_WORKER ??= TEST_MATRIX_WORKER_PATH
  const threads = physicalCoreCount()
  const thread = new MatrixThread({threads: () => threads})
  const random = createSeededRandom(7)
  const ids = Int32Array.from({length: TOKENS}, () => Math.floor(400 * random.nextUnit()))
  const text = textFacts(ids, {isLeftOut: () => false, isFirstInserted: false})
  const source = sourceOf(thread)
  const layers = Array.from({length: LAYERS}, (_, layer) => layer)
  try {
    const {oursMs, bareMs} = await timeInTurns(
      async () => {
        let count = 0
        for (const layer of layers) {
          for await (const _ of layerStatistics(source, layer, text, undefined)) count++
        }
        if (count !== LAYERS * HEADS) throw new Error(`${count} heads were scored`)
      },
      async () => {
        for (const layer of layers) {
          for (let head = 0; head < HEADS; head++) await source.rows(layer, head, 0, TOKENS)
        }
      },
      {turns: 3, warmups: 1}
    )
    return [
      {
        bench: 'attention-heads',
        what: `statistics of ${LAYERS * HEADS} heads, ${TOKENS} tokens; bare: their rows alone`,
        ours: oursMs / 1000,
        bare: bareMs / 1000,
        unit: 's',
        ratio: oursMs / bareMs,
        goal: `under ${GOAL_SECONDS} s`,
        isMet: oursMs < 1000 * GOAL_SECONDS,
      },
    ]
  } finally {
    await thread.close()
  }
}

/** Causal heads over queries and keys at random, the same for every layer. */
function sourceOf(thread: MatrixThread): HeadSource {
  const random = createSeededRandom(1)
  const numbers = () => {
    const values = sharedFloat32(HEADS * TOKENS * SIZE)
    for (let i = 0; i < values.length; i++) values[i] = 2 * random.nextUnit() - 1
    return values
  }
  const [queries, keys] = [numbers(), numbers()]
  const textOf = (layer: number): MatrixText => {
    const run = {queryStart: 0, queryEnd: TOKENS, keyCount: TOKENS, keys: null, sink: null}
    const attention = {
      ...{kind: 'queries-keys' as const, keyValueHeadCount: HEADS, size: SIZE, queries, keys},
      runs: [{...run, steps: [{kind: 'band' as const, first: null, last: 0}]}],
    }
    const site = {queryHeadCount: HEADS, attention, valueNorms: null, keysBeforeRotary: null}
    const captured = {layer, queryHeadCount: HEADS, sites: [site]}
    return {tokenCount: TOKENS, layers: [{layer: captured, dtype: 'float32'}]}
  }
  const visible = visibleKeys(TOKENS, {isCausal: true})
  return {
    tokenCount: TOKENS,
    headCount: async () => HEADS,
    visibleKeys: async () => visible,
    quiet: () => thread.quiet(),
    rows: (layer, head, from, to) =>
      thread.run('rows', {text: textOf(layer), layer, head, from, to}),
  }
}
