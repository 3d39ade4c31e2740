import {copyFile, cp, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type InspectCheck,
  type InspectEvent,
  type InspectResult,
  inspectResultSchema,
} from '../../../shared/lenses/inspect.ts'
import {sha256OfModel} from '../model-folder/hash-model.ts'
import {readModelFiles} from '../model-folder/read-model-files.ts'
import {NODES_A_STEP} from '../onnx/graph-copy.ts'
import {decodeMessage, encodeMessage} from '../onnx/schema.ts'
import {HEADS, OneLayer} from '../onnx/test-one-layer.ts'
import {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {ModelGraphs} from '../runtime/model-graphs.ts'
import {loadTokenizer} from '../tokenizers/load-tokenizer.ts'
import {lensesAfterChecks} from './describe-structure.ts'
import {runInspect} from './inspect.ts'
import {writeBrokenModel} from './test-broken-model.ts'

const FIXTURES = join(import.meta.dirname, '../../../../fixtures')
const VERSIONS = {tokenscope: '0', onnxruntime: '0', schema: '1'}

const opened: InstrumentedSessions[] = []

function contextOf() {
  const graphs = new ModelGraphs({
    readFiles: ({model, file}) => readModelFiles(model, {id: 'it', source: 'folder', file}),
    loadTokenizer,
  })
  const sessions = new InstrumentedSessions({threads: () => 1, chunkLength: 256})
  opened.push(sessions)
  return {graphs, sessions, versions: VERSIONS}
}

async function inspect(
  folder: string,
  context = contextOf(),
  verify = false
): Promise<InspectResult> {
  const events: InspectEvent[] = []
  for await (const event of runInspect(context, {
    command: 'inspect',
    model: folder,
    verify,
  })) {
    events.push(event)
  }
  const last = events.at(-1)!
  if (last.kind !== 'completed') throw new Error('it did not complete')
  expect(inspectResultSchema.safeParse(last.result).error).toBeUndefined()
  return last.result
}

const lensOf = (result: InspectResult, lens: string) =>
  result.lenses.find((entry) => entry.lens === lens)

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await Promise.all(opened.map((sessions) => sessions.close()))
  await temporary.remove()
})

/** One layer of attention whose output goes through a chain of nodes on its way to the logits. */
function chained(count: number): Uint8Array {
  const one = new OneLayer()
  return one.bytes((states) => {
    let mixed = one.usual(states, (scores) => scores)
    for (let i = 0; i < count; i++) mixed = one.graph.node('Abs', [mixed])
    return mixed
  })
}

describe('inspect', () => {
  it('leaves the thread to others while it reads and plans 24,000 nodes', async () => {
    const count = 24_000
    const folder = join(temporary.path, 'many-nodes')
    await mkdir(folder)
    await writeFile(join(folder, 'model.onnx'), chained(count))
    let isDone = false
    let turns = 0
    const others = (async () => {
      for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve))
    })()
    const result = await inspect(folder).finally(() => {
      isDone = true
    })
    await others
    expect(result.nodeCount).toBeGreaterThan(count)
    expect(result.layers).toMatchObject([{queryHeadCount: HEADS}])
    expect(result.estimate.bytes).toBeGreaterThan(0)
    // One turn for each slice of the copy that is edited, and for each step of reading and finding.
    expect(turns).toBeGreaterThan(count / NODES_A_STEP + 8)
  })

  it('finds the layers, the stream, the head and the cache of a decoder', async () => {
    const result = await inspect(join(FIXTURES, 'tiny-decoder-kv'))
    // What the fixture's builder was told: 2 layers, 4 query heads that share 2 keys.
    expect(result.layers.map(({attention, ...counts}) => [attention.source, counts])).toEqual(
      [0, 1].map((layer) => ['queries-keys', {layer, queryHeadCount: 4, keyValueHeadCount: 2}])
    )
    expect(result.residual.map(({layer}) => layer)).toEqual([0, 1, 2])
    expect(result.head?.output).toBe('logits')
    expect(result.kvCache).toEqual({
      isMerged: false,
      tensors: [0, 1].flatMap((layer) =>
        ['key', 'value'].map((part) => ({
          input: `past_key_values.${layer}.${part}`,
          output: `present.${layer}.${part}`,
        }))
      ),
    })
    expect(result.lenses.every(({available}) => available)).toBe(true)
    expect(result.opsets).toEqual({'ai.onnx': 17})
    expect(result.problems).toEqual([])
    expect(result.estimate.seconds).toBeGreaterThan(0)
    expect(result.tokenizer?.sha256).toMatch(/^[0-9a-f]{64}$/)
    const files = await readModelFiles(join(FIXTURES, 'tiny-decoder-kv'), {
      id: '',
      source: 'folder',
    })
    expect(result.model.sha256).toBe(await sha256OfModel(files))
  })

  it('inspects an encoder, which no prompt can be explored with, and says what is left', async () => {
    const result = await inspect(join(FIXTURES, 'tiny-encoder'))
    expect([result.kind, result.layers.length]).toEqual(['encoder', 1])
    expect(lensOf(result, 'attention')).toEqual({lens: 'attention', available: true, reason: null})
    expect(lensOf(result, 'tokens')?.reason).toContain('encoder')
    expect(result.head).toBeNull()
    expect(result.kvCache).toBeNull()
  })

  it('takes head counts that only a run would tell from the configuration', async () => {
    const result = await inspect(join(FIXTURES, 'exports/bert-torchscript'))
    expect(result.layers.map(({queryHeadCount}) => queryHeadCount)).toEqual([4, 4])
    expect(result.tokenizer).toBeNull()
    expect(lensOf(result, 'attention')?.reason).toContain('tokenizer.json')
  })

  it('inspects a graph without attention and without a configuration', async () => {
    const folder = join(temporary.path, 'plain')
    await mkdir(folder)
    const graph = new GraphBuilder()
    graph.node('Neg', [graph.input('pixel_values', 'float32', ['batch', 4])], {}, 'logits')
    graph.output('logits', 'float32', ['batch', 4])
    await writeFile(join(folder, 'model.onnx'), graph.build())
    const result = await inspect(folder)
    expect(result.layers).toEqual([])
    expect(result.lenses.map(({available}) => available)).toEqual([false, false, false, false])
    expect(result.problems.map(({code}) => code)).toContain('no-attention')
    expect(result.estimate).toMatchObject({bytes: 0, seconds: null})
  })

  it('hashes a model once while its files stay, and again when they change', async () => {
    const folder = join(temporary.path, 'changing')
    await mkdir(folder)
    const fixture = join(FIXTURES, 'tiny-encoder/onnx/model.onnx')
    await copyFile(fixture, join(folder, 'model.onnx'))
    await copyFile(join(FIXTURES, 'tiny-encoder/config.json'), join(folder, 'config.json'))
    const context = contextOf()
    const first = await inspect(folder, context)
    expect((await inspect(folder, context)).model.sha256).toBe(first.model.sha256)
    await copyFile(join(FIXTURES, 'tiny-vision/onnx/model.onnx'), join(folder, 'model.onnx'))
    const second = await inspect(folder, context)
    expect(second.model.sha256).not.toBe(first.model.sha256)
    expect([first.kind, second.kind]).toEqual(['encoder', 'vision'])
  })

  it('warns where the configuration counts other layers, and names the node of each', async () => {
    const folder = join(temporary.path, 'hybrid')
    await mkdir(folder)
    await writeFile(join(folder, 'model.onnx'), chained(1))
    const writeCount = (count: number) =>
      writeFile(
        join(folder, 'config.json'),
        JSON.stringify({
          model_type: 'lfm2',
          num_hidden_layers: count,
          num_attention_heads: HEADS,
          vocab_size: 32,
        })
      )
    await writeCount(3)
    const {warnings, layers} = await inspect(folder)
    const warning = warnings.find(({code}) => code === 'layers-by-attention')
    expect(warning?.message).toContain('1 were found, while the configuration says 3')
    const {node} = layers[0]!.attention
    expect(node).toMatch(/^Softmax/)
    expect(warning?.message).toContain(`layer 0 is ${node}`)
    await writeCount(1)
    const equal = await inspect(folder)
    expect(equal.warnings.map(({code}) => code)).not.toContain('layers-by-attention')
  })

  it('calls no lens available that rests on a check that failed', () => {
    const lenses = (['tokens', 'attention', 'logit-lens'] as const).map((lens) => ({
      ...{lens, available: true, reason: null},
    }))
    const availableAfter = (check: InspectCheck['check'], passed: boolean | null) =>
      lensesAfterChecks(lenses, [{check, value: 0.5, limit: 1e-5, passed, note: ''}])
        .filter(({available}) => available)
        .map(({lens}) => lens)
    expect(availableAfter('recomputed-rows', false)).toEqual(['tokens', 'logit-lens'])
    expect(availableAfter('row-sums', false)).toEqual(['tokens', 'logit-lens'])
    expect(availableAfter('lens-equal', false)).toEqual(['tokens', 'attention'])
    expect(availableAfter('lens-equal', null)).toEqual(['tokens', 'attention', 'logit-lens'])
    expect(availableAfter('row-sums', true)).toEqual(['tokens', 'attention', 'logit-lens'])
  })

  it('says why a file cannot be read', async () => {
    const folder = join(temporary.path, 'broken')
    await mkdir(folder)
    await writeFile(join(folder, 'model.onnx'), '<html></html>')
    const error = await inspect(folder).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ProblemError)
    expect((error as ProblemError).problem.code).toBe('not-onnx')
  })

  for (const [folder, skipped, failing = []] of [
    ['tiny-decoder-kv', []],
    ['tiny-decoder-plain', ['cached-rows']],
    // Its attention has no mask, so that padding is looked at as any token is.
    ['tiny-encoder', ['forbidden-keys', 'cached-rows', 'lens-equal'], ['padding']],
    ['exports/bert-torchscript', ['forbidden-keys', 'cached-rows']],
    ['exports/llama-torchscript-past', []],
    // Bytes of activations are scaled run by run: how far that goes is measured, not judged.
    ['exports/gpt2-torchscript-int8-past', []],
  ] as const) {
    it(`verifies ${folder}: every check has a figure and what should pass does`, async () => {
      const {checks = []} = await inspect(join(FIXTURES, folder), contextOf(), true)
      expect(checks.map(({check}) => check)).toEqual([
        'logits-equal',
        'head-counts',
        'row-sums',
        'forbidden-keys',
        'recomputed-rows',
        'cached-rows',
        'values-mixed',
        'padding',
        'lens-equal',
      ])
      expect(checks.flatMap(({passed, check}) => (passed === false ? [check] : []))).toEqual(
        failing
      )
      for (const {passed, note} of checks) {
        expect(passed === null).toBe(note.startsWith('not applicable: '))
      }
      const measured = checks.filter(({value}) => value !== null).map(({check}) => check)
      expect(measured).toEqual(
        checks.map(({check}) => check).filter((c) => !skipped.includes(c as never))
      )
      expect(checks[0]?.value).toBe(0)
    })
  }

  it('takes a text longer than the window that a model states, where that is not too long', async () => {
    const folder = join(temporary.path, 'window')
    await cp(join(FIXTURES, 'exports/mistral-torchscript'), folder, {recursive: true})
    const path = join(folder, 'config.json')
    const config = JSON.parse(await readFile(path, 'utf8'))
    const noteFor = async (window: number) => {
      await writeFile(path, JSON.stringify({...config, sliding_window: window}))
      const {checks = []} = await inspect(folder, contextOf(), true)
      const check = checks.find((one) => one.check === 'forbidden-keys')
      expect(check?.passed).toBe(true)
      return check?.note
    }
    expect(await noteFor(40)).toContain('the text of 48 tokens is longer than the window of 40')
    expect(await noteFor(100_000)).toContain('longer than this text of 24, and was not tried')
  })

  it('a model that the runtime refuses has no lens, whatever its graph shows, and says why', async () => {
    const folder = join(temporary.path, 'refused')
    const files = tinyDecoderFiles({hasKvCache: false})
    const path = 'onnx/model.onnx'
    const graph = decodeMessage('Model', files.get(path) as Uint8Array)
    const softmax = graph.graph.node.find(({opType}) => opType === 'Softmax')!
    softmax.opType = 'Softmaxx'
    files.set(path, encodeMessage('Model', graph))
    await writeModelFiles(folder, files)
    const {lenses, problems} = await inspect(folder)
    expect(lenses.filter(({available}) => available)).toEqual([])
    expect(JSON.stringify(problems)).toContain('Softmaxx')
  })

  it('weights that are no numbers fail the checks that rest on them, and are counted', async () => {
    const folder = join(temporary.path, 'broken-head')
    await writeBrokenModel(folder)
    const {checks = [], lenses} = await inspect(folder, contextOf(), true)
    const failed = checks.filter(({passed}) => passed === false)
    const named = failed.map(({check, value}) => [check, value])
    expect(named).toContainEqual(['row-sums', null])
    expect(named).toContainEqual(['forbidden-keys', null])
    expect(named).toContainEqual(['lens-equal', null])
    // No figure stands for what is no number, neither a huge one nor the word undefined.
    expect(failed.every(({value}) => value === null)).toBe(true)
    const attention = lenses.find(({lens}) => lens === 'attention')
    expect(attention?.reason).toMatch(/^the check row-sums did not pass: 120 of 192 rows/)
    // 24 rows of one head of the first layer, and all of the second, which reads what came of it.
    expect(failed.find(({check}) => check === 'row-sums')?.note).toMatch(
      /^120 of 192 rows hold what is no number/u
    )
  })

  const WINDOW = 5
  // Of each query and key of 24 tokens: behind the query, or a window's length before it.
  const maskedCount = (window: number) => {
    let count = 0
    for (let query = 0; query < 24; query++) {
      for (let key = 0; key < 24; key++) if (key > query || key <= query - window) count++
    }
    return count
  }
  for (const [folder, windows] of [
    ['exports/bloom-torchscript-eager', [99, 99]],
    ['exports/mistral-torchscript', [WINDOW, WINDOW]],
    ['exports/gemma2-torchscript-eager-past', [WINDOW, 99]],
  ] as const) {
    it(`counts the keys that masks forbid, distances and windows among them: ${folder}`, async () => {
      const {checks = [], layers} = await inspect(join(FIXTURES, folder), contextOf(), true)
      const heads = layers[0]!.queryHeadCount!
      const count = windows.reduce<number>((sum, window) => sum + heads * maskedCount(window), 0)
      const check = checks.find((one) => one.check === 'forbidden-keys')
      expect(check).toMatchObject({value: 0, passed: true})
      expect(check?.note).toContain(`on ${count.toLocaleString('en-US')} keys`)
    })
  }
})
