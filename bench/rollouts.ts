import {join, resolve} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'
import {setup as buildThreads, TEST_WORKER_PATH} from '../scripts/build-session-worker.ts'
import {type BranchMethod, openBranching} from '../src/main/engine/generation/branching-model.ts'
import {
  type RolloutOptions,
  type RolloutStart,
  rollOut,
} from '../src/main/engine/generation/rollouts.ts'
import {attentionContext} from '../src/main/engine/lenses/test-attention.ts'
import {BranchSessions} from '../src/main/engine/runtime/branch-sessions.ts'
import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {seedOfRow} from '../src/shared/lenses/row-seed.ts'
import {drawToken} from '../src/shared/math/sample.ts'
import {createSeededRandom} from '../src/shared/math/seeded-random.ts'
import {type Ratio, timeMs} from './measure.ts'

const MODEL = resolve(import.meta.dirname, '../assets/models/micro-base')
const PROMPT =
  'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. Kai finds 12 books. Mira finds 3 beads. Kai loses 9 books. How many books has Kai?'
const RESPONSE =
  ' So we add. 38 + 7 = 45. Then we add. 45 + 12 = 57. Then we subtract. 57 - 9 = 48. Answer: 48.'
const PREFIX_COUNT = 60
const SAMPLE_COUNT = 64
const END_ID = 1

/** What completions are drawn by; the goal is for the settings that the lens has. */
interface Setting {
  readonly name: string
  readonly options: Pick<RolloutOptions, 'temperature' | 'topP' | 'maxNewTokens'>
  /** Every so many-th prefix, and of each so many completions one at a time; their time is scaled up. */
  readonly prefixStep: number
  readonly aloneStep: number
  readonly isGoal: boolean
}
const SETTINGS: readonly Setting[] = [
  {
    name: 'temperature 1, top-p .95',
    options: {temperature: 1, topP: 0.95, maxNewTokens: 128},
    ...{prefixStep: 1, aloneStep: 8, isGoal: true},
  },
  {
    name: 'temperature 3, top-p 1, 32 tokens: nothing in common but the prefix',
    options: {temperature: 3, topP: 1, maxNewTokens: 32},
    ...{prefixStep: 10, aloneStep: 8, isGoal: false},
  },
]

const METHODS: readonly {
  readonly method: BranchMethod
  readonly what: string
  readonly times: number
}[] = [
  {method: 'paths', what: 'a plain cache, repeated for every row', times: 2},
  {method: 'tree-mask', what: 'a cache that holds the prefix once, seen by every row', times: 5},
]

/** Completions of many prefixes side by side, beside one completion at a time with a KV cache. */
export async function benchRollouts(): Promise<Ratio[]> {
  await buildThreads()
  process.env.TOKENSCOPE_SESSION_WORKER ??= TEST_WORKER_PATH
  const threads = physicalCoreCount()
  const sessions = new BranchSessions({threads: () => threads})
  const context = attentionContext()
  const alone = await Alone.open(threads)
  try {
    const model = await context.graphs.open({model: MODEL})
    const tokenizer = (await context.graphs.tokenizer(model))!
    const idsOf = async (text: string, isContinued: boolean) =>
      (await tokenizer.encode(text, {isContinued, noSpecialTokens: isContinued})).parts.map(
        ({id}) => id
      )
    const promptIds = await idsOf(PROMPT, false)
    const responseIds = await idsOf(RESPONSE, true)
    const ratios: Ratio[] = []
    for (const setting of SETTINGS) {
      const starts = startsOf(responseIds, setting.prefixStep)
      const options: RolloutOptions = {
        ...{...setting.options, stopIds: [END_ID], width: SAMPLE_COUNT},
        roomCount: 2048 - promptIds.length,
      }
      const some = starts.filter((_, i) => i % setting.aloneStep === 0)
      const aloneMs = await timeMs(() => alone.complete(promptIds, some, options))
      const bare = aloneMs / some.length
      for (const {method, what, times} of METHODS) {
        const branches = openBranching(sessions, model, Int32Array.from(promptIds), {method})
        if (branches.method !== method) throw new Error(`no ${method} for ${MODEL}`)
        // Its session is open from then on, as it is for all prefixes but the first.
        await branches.logitsAfter([[]])
        const ours = (await timeMs(() => runAll(branches, starts, options))) / starts.length
        const prefixCount = starts.length / SAMPLE_COUNT
        ratios.push({
          bench: 'rollouts',
          what: `micro-base, ${SAMPLE_COUNT} × ${prefixCount} prefixes, ${setting.name}; ${what}: ms a completion, beside one at a time with a KV cache`,
          ...{ours, bare, unit: 'ms', ratio: ours / bare},
          goal: setting.isGoal ? `at least ${times} × as fast` : null,
          isMet: setting.isGoal ? bare / ours >= times : null,
        })
      }
    }
    return ratios
  } finally {
    await alone.close()
    await Promise.all([context.close(), sessions.close()])
  }
}

function startsOf(responseIds: readonly number[], step: number): RolloutStart[] {
  // Prefixes of 0 tokens on; a response that is shorter goes round again with other seeds.
  const lengths = Array.from({length: PREFIX_COUNT}, (_, i) => i).filter((i) => i % step === 0)
  return lengths.flatMap((length) => {
    const path = responseIds.slice(0, length % responseIds.length)
    return Array.from({length: SAMPLE_COUNT}, (_, i) => ({
      ...{path, seed: seedOfRow(0, `${length} ${i}`)},
    }))
  })
}

async function runAll(
  branches: ReturnType<typeof openBranching>,
  starts: readonly RolloutStart[],
  options: RolloutOptions
): Promise<number> {
  let tokenCount = 0
  for await (const {ids} of rollOut(branches, starts, options)) tokenCount += ids.length
  return tokenCount
}

type Past = Readonly<Record<string, Tensor>>

/** onnxruntime and the shortest loop that draws from it: one completion after another. */
class Alone {
  private constructor(private readonly session: InferenceSession) {}

  static async open(threads: number): Promise<Alone> {
    const session = await InferenceSession.create(join(MODEL, 'onnx/model.onnx'), {
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      extra: {session: {intra_op: {allow_spinning: '0'}}},
      logSeverityLevel: 3,
    })
    return new Alone(session)
  }

  /** The cache of a prefix is computed once for all of its completions. */
  async complete(
    promptIds: readonly number[],
    starts: readonly RolloutStart[],
    {temperature, topP, maxNewTokens}: RolloutOptions
  ): Promise<void> {
    let knownKey: string | null = null
    let known: {readonly logits: Float32Array; readonly past: Past} | null = null
    for (const {path, seed} of starts) {
      const text = [...promptIds, ...path]
      const key = path.join()
      if (!known || knownKey !== key) known = await this.run(text, this.emptyPast(), 0)
      knownKey = key
      const random = createSeededRandom(seed)
      let {logits, past} = known
      for (let length = text.length; ; length++) {
        const id = drawToken(logits, {temperature, topP}, random)
        if (id === END_ID || length + 1 - text.length >= maxNewTokens) break
        ;({logits, past} = await this.run([id], past, length))
      }
    }
  }

  close(): Promise<void> {
    return this.session.release()
  }

  private emptyPast(): Past {
    const names = this.session.inputNames.filter((name) => name.startsWith('past_key_values'))
    return Object.fromEntries(
      names.map((name) => [name, new Tensor('float32', new Float32Array(0), [1, 4, 0, 32])])
    )
  }

  private async run(ids: readonly number[], past: Past, pastCount: number) {
    const count = ids.length
    const whole = (values: BigInt64Array) => new Tensor('int64', values, [1, values.length])
    const outputs = await this.session.run({
      ...past,
      input_ids: whole(BigInt64Array.from(ids, BigInt)),
      attention_mask: whole(new BigInt64Array(pastCount + count).fill(1n)),
      position_ids: whole(BigInt64Array.from({length: count}, (_, i) => BigInt(pastCount + i))),
    })
    const {data, dims} = outputs.logits!
    const present = this.session.outputNames.filter((name) => name.startsWith('present'))
    return {
      logits: (data as Float32Array).slice(-dims.at(-1)!),
      past: Object.fromEntries(
        present.map((name) => [name.replace('present', 'past_key_values'), outputs[name]!])
      ) as Past,
    }
  }
}
