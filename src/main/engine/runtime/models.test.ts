import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {
  type TemporaryFolder,
  temporaryFolder,
  writeBrokenModel,
} from '../../../../fixtures/broken.ts'
import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {assembleTokens} from '../../../shared/lenses/assemble-tokens.ts'
import {
  type TokensEvent,
  type TokensRequestInput,
  tokensRequestSchema,
} from '../../../shared/lenses/tokens.ts'
import {LogitsStore} from '../captures/logits-store.ts'
import {runTokens} from '../lenses/tokens.ts'
import {readModelFolder} from '../model-folder/read-model-folder.ts'
import {loadTokenizer} from '../tokenizers/load-tokenizer.ts'
import {Models, type ModelsOptions} from './models.ts'

const VERSIONS = {tokenscope: '0', onnxruntime: '0', schema: '1'}

function modelsOf(changes: Partial<ModelsOptions> = {}): Models {
  return new Models({
    readFolder: ({model, file}) => readModelFolder(model, {id: 'tiny', source: 'folder', file}),
    loadTokenizer,
    threads: () => 1,
    ...changes,
  })
}

describe('the registry of models', () => {
  let folder: TemporaryFolder
  const paths: string[] = []
  beforeAll(async () => {
    folder = await temporaryFolder()
    for (const seed of [1, 2, 3]) {
      const path = join(folder.path, `seed-${seed}`)
      paths.push(await writeModelFiles(path, tinyDecoderFiles({hasKvCache: true, seed})))
    }
  })
  afterAll(() => folder.remove())

  it.each([
    'wrong-vocabulary',
    'tokenizer-beyond-logits',
    'truncated-onnx',
    'no-tokenizer',
  ] as const)(
    'refuses a folder with %s by a problem, and holds nothing of it',
    async (breakage) => {
      const models = modelsOf()
      const path = await writeBrokenModel(breakage, join(folder.path, breakage))
      const error: unknown = await models.load({model: path}).catch((caught) => caught)
      expect(error).toMatchObject({problem: {code: expect.any(String), advice: expect.any(String)}})
      expect(models.list()).toEqual([])
      await models.close()
    }
  )

  it('finds a vocabulary that only a run shows to be wrong', async () => {
    const models = modelsOf({
      readFolder: async ({model}) => ({
        ...(await readModelFolder(model, {id: 'tiny', source: 'folder'})),
        vocabularySize: 999,
      }),
    })
    await expect(models.load({model: paths[0]!})).rejects.toMatchObject({
      problem: {code: 'vocabulary-mismatch', found: '317 logits'},
    })
    const tooMany = modelsOf({
      loadTokenizer: async (read) =>
        Object.create(await loadTokenizer(read), {tokenCount: {value: 318}}),
    })
    await expect(tooMany.load({model: paths[0]!})).rejects.toMatchObject({
      problem: {code: 'tokenizer-beyond-logits', found: '317'},
    })
  })

  it('unloads the least recently used idle model where memory is bounded', async () => {
    const unloaded: string[] = []
    const models = modelsOf({
      // A tiny file needs little, so only what was measured can be over this.
      maxSessionBytes: 1,
      onUnloaded: ({info}) => unloaded.push(info.path),
    })
    const [a, b] = paths as [string, string]
    const first = await models.load({model: a})
    expect(await models.load({model: a})).toBe(first)
    await models.load({model: b})
    expect(models.list().map(({path}) => path)).toEqual([b])
    expect(unloaded).toEqual([a])
    expect(models.get({model: a})).toBeNull()
    // What was unloaded can be loaded anew.
    expect((await models.load({model: a})).info.sha256).toBe(first.info.sha256)
    await models.close()
    expect(models.list()).toEqual([])
  })

  it('leaves a load under way to others when one that waits gives up', async () => {
    const models = modelsOf()
    const controller = new AbortController()
    const impatient = models.load({model: paths[0]!}, () => {}, controller.signal)
    const patient = models.load({model: paths[0]!})
    setTimeout(() => controller.abort(new Error('too slow')), 1)
    await expect(impatient).rejects.toThrow('too slow')
    expect((await patient).info.vocabularySize).toBe(317)
    await models.close()
  })

  it('takes up a sequence at a chunk border with the very numbers of a fresh run', async () => {
    const prompt = Array.from({length: 40}, (_, i) => `word ${i}`).join(' ')
    const events = async (models: Models, store: LogitsStore, request: TokensRequestInput) => {
      const parsed = tokensRequestSchema.parse(request)
      const collected: TokensEvent[] = []
      for await (const event of runTokens({models, store, versions: VERSIONS}, parsed)) {
        collected.push(event)
      }
      return collected
    }
    const resultOf = (request: TokensRequestInput, list: TokensEvent[]) => {
      const {timing: _, ...result} = assembleTokens(tokensRequestSchema.parse(request), list)!
      return result
    }
    const warm = modelsOf({chunkLength: 16})
    const store = new LogitsStore(10e6)
    const base = {model: paths[0]!, prompt, track: [5]}
    await events(warm, store, base)
    const model = warm.get({model: paths[0]!})!
    const startsAt: number[] = []
    const run = model.session.run.bind(model.session)
    model.session.run = (job, options) =>
      run(job, {
        ...options,
        onEvent(event) {
          if (event.kind === 'started') startsAt.push(event.startAt)
          options.onEvent(event)
        },
      })
    for (const more of [
      {completionIds: [9, 8, 7]},
      {generate: 6},
      {completionIds: [9], generate: 4, sample: true, seed: 3},
    ]) {
      const request = {...base, ...more}
      const resumed = resultOf(request, await events(warm, store, request))
      const fresh = modelsOf({chunkLength: 16})
      const anew = resultOf(request, await events(fresh, new LogitsStore(10e6), request))
      await fresh.close()
      expect(resumed).toEqual(anew)
      expect(startsAt.pop()).toBeGreaterThanOrEqual(16)
    }
    // Without kept rows nothing can be taken up, and the numbers are still the same.
    const poor = new LogitsStore(100)
    const again = resultOf(base, await events(warm, poor, base))
    expect(startsAt.pop()).toBe(0)
    expect(again).toEqual(resultOf(base, await events(warm, store, base)))
    await warm.close()
  })
})
