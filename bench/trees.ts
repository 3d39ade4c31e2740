import {performance} from 'node:perf_hooks'
import {setup, TEST_WORKER_PATH} from '../scripts/build-session-worker.ts'
import {
  type BranchingModel,
  type BranchMethod,
  openBranching,
} from '../src/main/engine/generation/branching-model.ts'
import {readModelFiles} from '../src/main/engine/model-folder/read-model-files.ts'
import {BranchSessions} from '../src/main/engine/runtime/branch-sessions.ts'
import {type GraphedModel, ModelGraphs} from '../src/main/engine/runtime/model-graphs.ts'
import {loadTokenizer} from '../src/main/engine/tokenizers/load-tokenizer.ts'
import {growBestFirst} from '../src/main/engine/trees/grow-best-first.ts'
import {shapeLaw} from '../src/main/engine/trees/law.ts'
import {TreeBuilder} from '../src/main/engine/trees/tree-builder.ts'
import {createSeededRandom} from '../src/shared/math/seeded-random.ts'
import {median, type Ratio} from './measure.ts'
import {type BareSession, type BenchModel, microBase, openBare} from './models.ts'

const THREADS = 2
const EXPANDED = 1000
const WIDTH = 16
const TURNS = 3
/** Calls of the bare sides that stand for a thousand of them. */
const [FULL_CALLS, CACHED_CALLS] = [20, 100]
const VERIFY_TURNS = 9
/** Logits of two ways through the model, in float32. */
const MOST_DIFFERENCE = 1e-4
const NAMES = ['Mira', 'Tom', 'Ana', 'Odo', 'Liv', 'Kai']
const THINGS = ['coins', 'lamps', 'maps', 'keys', 'plates', 'drums', 'stones', 'bells']
/** 4 + 12 + 48 nodes. */
const BRANCHING = [4, 3, 4]

/** A model opened in both ways. */
interface Opened {
  readonly bench: BenchModel
  readonly graphed: GraphedModel
  readonly sessions: BranchSessions
  readonly bare: BareSession
  /** Token ids of each. */
  readonly sentences: readonly (readonly number[])[]
}

/** Trees as the engine grows and verifies them, beside plain calls of onnxruntime on the same tokens. */
export async function benchTrees(): Promise<Ratio[]> {
  await setup()
  process.env.TOKENSCOPE_SESSION_WORKER ??= TEST_WORKER_PATH
  const bench = await microBase()
  const graphs = new ModelGraphs({
    readFiles: () => readModelFiles(bench.folder, {id: bench.name, source: 'folder'}),
    loadTokenizer,
  })
  const sessions = new BranchSessions({threads: () => THREADS})
  const bare = await openBare(bench, THREADS)
  try {
    const graphed = await graphs.open({model: bench.folder})
    const tokenizer = (await graphs.tokenizer(graphed))!
    const encodings = await Promise.all(
      NAMES.flatMap((name) =>
        THINGS.map((thing) => tokenizer.encode(` ${name} keeps ${thing}.`, {isContinued: true}))
      )
    )
    const sentences = encodings.map(({parts}) => parts.map(({id}) => id))
    const opened = {bench, graphed, sessions, bare, sentences}
    return [
      ...(await growthRatios(opened, 256, 'tree-mask')),
      ...(await growthRatios(opened, 256, 'paths')),
      ...(await growthRatios(opened, 16, 'tree-mask')),
      ...(await verifyRatios(opened)),
    ]
  } finally {
    await Promise.all([sessions.close(), bare.release()])
  }
}

/** The begin token and others, different for every seed, so that nothing is known of before. */
function randomIds(count: number, seed: number, {vocabularySize}: BenchModel): Int32Array {
  const random = createSeededRandom(seed)
  return Int32Array.from({length: count}, (_, i) =>
    i === 0 ? 0 : 8 + Math.floor(random.nextUnit() * (vocabularySize - 8))
  )
}

/** From the prompt to a tree with so many expanded nodes, those that it did not need in the end included. */
async function growthMs(model: BranchingModel): Promise<{ms: number; surplus: number}> {
  const start = performance.now()
  const builder = new TreeBuilder({
    ...{source: model, distribution: 'raw', seed: 0, maxDepth: 1000, isEnd: () => false},
    shape: (logprobs) => shapeLaw(logprobs, {temperature: 1}),
  })
  const rounds = growBestFirst(builder, {
    ...{maxNodes: 1e6, maxExpanded: EXPANDED, maxDepth: 1000, width: WIDTH, maxChildren: 4},
    ...{keptOnly: false, jointThreshold: 0},
  })
  for await (const _ of rounds) builder.takeChanges()
  if (builder.expandedCount !== EXPANDED) throw new Error(`${builder.expandedCount} expanded`)
  return {ms: performance.now() - start, surplus: builder.surplusCount}
}

/** Sentences of the kind that the model knows, each time in another order. */
function sentenceIds(count: number, seed: number, sentences: readonly (readonly number[])[]) {
  const random = createSeededRandom(seed)
  const ids = [0]
  while (ids.length < count) {
    ids.push(...sentences[Math.floor(random.nextUnit() * sentences.length)]!)
  }
  return Int32Array.from(ids.slice(0, count))
}

async function growthRatios(
  opened: Opened,
  promptCount: number,
  method: BranchMethod
): Promise<Ratio[]> {
  const {graphed, sessions, bare} = opened
  const times = {ours: [] as number[], full: [] as number[], cached: [] as number[]}
  let surplus = 0
  for (let turn = -1; turn < TURNS; turn++) {
    const ids = sentenceIds(promptCount, turn + 2, opened.sentences)
    const model = openBranching(sessions, graphed, ids, {method})
    const grown = await growthMs(model)
    // A node of such a tree is a few tokens behind the prompt: one is the least that it costs.
    const full = await callsMs(FULL_CALLS, (i) =>
      bare.run(Int32Array.from([...ids, 8 + ((i + turn) % 900)]))
    )
    const prompt = await bare.run(ids)
    const cached = await callsMs(CACHED_CALLS, (i) =>
      bare.goOn(prompt, Int32Array.of(8 + (i % 900)), promptCount)
    )
    if (turn < 0) continue
    surplus = Math.max(surplus, grown.surplus)
    times.ours.push(grown.ms)
    times.full.push(full * EXPANDED)
    times.cached.push(cached * EXPANDED)
  }
  const ours = median(times.ours)
  const row = (what: string, bareMs: number, least: number | null): Ratio => ({
    ...{bench: 'tree', ours, bare: bareMs, unit: 'ms', ratio: ours / bareMs},
    what: `${EXPANDED} expanded nodes (and at most ${surplus} ahead), ${promptCount} tokens, width ${WIDTH}, by ${method === 'tree-mask' ? 'a tree mask' : 'path batches'}; bare: ${what}`,
    goal: least === null ? null : `at least ${least} times faster`,
    isMet: least === null ? null : bareMs >= least * ours,
  })
  const hasGoal = promptCount === 256 && method === 'tree-mask'
  return [
    row('a full run a node', median(times.full), hasGoal ? 10 : null),
    row('a cached call a node', median(times.cached), hasGoal ? 3 : null),
  ]
}

/** Milliseconds of one call, from several in a row. */
async function callsMs(count: number, call: (i: number) => Promise<unknown>): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < count; i++) await call(i)
  return (performance.now() - start) / count
}

/** A draft tree's logits by its mask, beside a cached call for each leaf's path and one batch of them. */
async function verifyRatios({bench, graphed, sessions, bare}: Opened): Promise<Ratio[]> {
  const times = {mask: [] as number[], leaves: [] as number[], batch: [] as number[]}
  const ids = randomIds(256, 99, bench)
  const before = ids.slice(0, -1)
  const prompt = await bare.run(before)
  const masked = openBranching(sessions, graphed, before, {method: 'tree-mask'})
  const batched = openBranching(sessions, graphed, before, {method: 'paths'})
  let worst = 0
  for (let turn = -1; turn < VERIFY_TURNS; turn++) {
    const paths = treePaths(ids.at(-1)!, randomIds(200, 1000 + turn, bench))
    const leaves = paths.slice(-BRANCHING.reduce((product, count) => product * count, 1))
    // Both know the prompt, as they do while drafts are verified.
    await masked.logitsAfter([[]])
    await batched.logitsAfter([[]])
    const timed = async (list: number[], run: () => Promise<unknown>) => {
      const start = performance.now()
      await run()
      if (turn >= 0) list.push(performance.now() - start)
    }
    let rows: Float32Array[] = []
    let batchRows: Float32Array[] = []
    const leafRows = new Map<string, Float32Array>()
    const ways = [
      () => timed(times.mask, async () => (rows = await masked.logitsAfter(paths))),
      () =>
        timed(times.leaves, async () => {
          for (const path of leaves) {
            const {logits} = await bare.goOn(prompt, Int32Array.from(path), before.length)
            const [data, width] = [logits!.data as Float32Array, logits!.dims[2]!]
            for (let i = 0; i < path.length; i++) {
              leafRows.set(path.slice(0, i + 1).join(), data.subarray(i * width, (i + 1) * width))
            }
          }
        }),
      () => timed(times.batch, async () => (batchRows = await batched.logitsAfter(leaves))),
    ]
    for (let i = 0; i < ways.length; i++) await ways[(i + turn + 1) % ways.length]!()
    for (const [i, path] of paths.entries()) {
      worst = Math.max(worst, differenceOf(rows[i]!, leafRows.get(path.join())!))
    }
    for (const [i, path] of leaves.entries()) {
      worst = Math.max(worst, differenceOf(batchRows[i]!, leafRows.get(path.join())!))
    }
  }
  if (worst > MOST_DIFFERENCE) throw new Error(`logits differ by ${worst}`)
  const ours = median(times.mask)
  const row = (what: string, bareMs: number): Ratio => ({
    ...{bench: 'verify', ours, bare: bareMs, unit: 'ms', ratio: ours / bareMs, goal: null},
    what: `64 drafted nodes behind 256 tokens by a tree mask, logits within ${worst.toExponential(0)}; bare: ${what}`,
    isMet: null,
  })
  return [
    row('a cached call for each of 48 leaves', median(times.leaves)),
    row('one batch of their paths', median(times.batch)),
  ]
}

/** The root and every node of a tree, as token ids from the root on. */
function treePaths(root: number, tokens: Int32Array): number[][] {
  let next = 1
  const paths: number[][] = [[root]]
  let level = [[root]]
  for (const children of BRANCHING) {
    level = level.flatMap((path) =>
      Array.from({length: children}, () => [...path, tokens[next++]!])
    )
    paths.push(...level)
  }
  return paths
}

function differenceOf(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
