import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {
  type Breakage,
  changeJson,
  copyTinyModel,
  type TemporaryFolder,
  temporaryFolder,
  writeBrokenModel,
} from '../../../../fixtures/broken.ts'
import {
  TINY_DECODER_SHAPE,
  TINY_MODEL_NAMES,
  tinyDecoderFiles,
  tinyModelFiles,
  writeModelFiles,
} from '../../../../fixtures/tiny-models.ts'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {sha256OfModel} from './hash-model.ts'
import {readModelFolder, readModelListing} from './read-model-folder.ts'

const fixtures = join(import.meta.dirname, '../../../../fixtures')
const identity = {id: 'tiny', source: 'folder'} as const
const shape = TINY_DECODER_SHAPE

let temporary: TemporaryFolder
beforeEach(async () => {
  temporary = await temporaryFolder()
})
afterEach(() => temporary.remove())

async function problemOf(action: Promise<unknown>): Promise<Problem> {
  try {
    await action
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('no problem was found')
}

describe('the committed fixtures', () => {
  it('are what their script makes', async () => {
    for (const name of TINY_MODEL_NAMES) {
      for (const [file, content] of tinyModelFiles(name)) {
        const committed = await readFile(join(fixtures, name, file))
        if (content instanceof Uint8Array) expect(committed.equals(content)).toBe(true)
        else expect(JSON.parse(committed.toString())).toEqual(content)
        expect(committed.length).toBeLessThan(300_000)
      }
    }
  })
})

describe('reading a decoder', () => {
  it('counts the one key-value head of multi-query attention, whatever else is stated', async () => {
    const files = tinyDecoderFiles({hasKvCache: true}, {...shape, keyValueHeadCount: 1})
    const path = await writeModelFiles(join(temporary.path, 'one-key'), files)
    await changeJson(join(path, 'config.json'), {
      ...{model_type: 'falcon', num_key_value_heads: undefined},
      ...{multi_query: true, new_decoder_architecture: false, num_kv_heads: shape.queryHeadCount},
    })
    expect(await readModelFolder(path, identity)).toMatchObject({
      keyValueHeadCount: 1,
      queryHeadCount: shape.queryHeadCount,
    })
  })

  it('says what is in the place of a tokenizer', async () => {
    const path = await copyTinyModel('tiny-decoder-kv', join(temporary.path, 'tiny'))
    await rm(join(path, 'tokenizer.json'))
    expect(await problemOf(readModelFolder(path, identity))).toMatchObject({found: 'no such file'})
    await mkdir(join(path, 'tokenizer.json'))
    expect(await problemOf(readModelFolder(path, identity))).toMatchObject({
      code: 'tokenizer-missing',
      file: join(path, 'tokenizer.json'),
      found: 'a folder or a device',
    })
  })

  it('gives sizes, ids, files and paths under our names', async () => {
    const path = join(fixtures, 'tiny-decoder-kv')
    const folder = await readModelFolder(path, identity)
    expect(folder).toMatchObject({
      id: 'tiny',
      path,
      source: 'folder',
      kind: 'decoder',
      family: 'llama',
      layerCount: shape.layerCount,
      queryHeadCount: shape.queryHeadCount,
      keyValueHeadCount: shape.keyValueHeadCount,
      headSize: shape.headSize,
      hiddenSize: shape.queryHeadCount * shape.headSize,
      vocabularySize: shape.vocabularySize,
      contextLength: shape.contextLength,
      dtype: 'float32',
      beginId: 0,
      stopIds: [1],
      file: 'onnx/model.onnx',
      filePath: join(path, 'onnx/model.onnx'),
      dataPaths: [],
      tokenizerPath: join(path, 'tokenizer.json'),
      warnings: [],
    })
    expect(folder.bytes).toBe((await readFile(folder.filePath)).length)
  })

  it('takes head and layer counts from the configuration where the graph has no cache', async () => {
    const folder = await readModelFolder(join(fixtures, 'tiny-decoder-plain'), identity)
    expect(folder).toMatchObject({kind: 'decoder', layerCount: 2, keyValueHeadCount: 2})
  })

  it('knows the names that other families use', async () => {
    await copyTinyModel('tiny-decoder-kv', temporary.path)
    const config = {
      model_type: 'gpt2',
      architectures: ['GPT2LMHeadModel'],
      n_layer: 2,
      n_head: 2,
      n_embd: 16,
      n_ctx: 64,
      vocab_size: shape.vocabularySize,
      eos_token_id: [5, 6],
    }
    await writeFile(join(temporary.path, 'config.json'), JSON.stringify(config))
    await rm(join(temporary.path, 'generation_config.json'))
    expect(await readModelFolder(temporary.path, identity)).toMatchObject({
      family: 'gpt2',
      queryHeadCount: 2,
      keyValueHeadCount: 2,
      headSize: 8,
      hiddenSize: 16,
      contextLength: 64,
      stopIds: [5, 6],
      beginId: null,
    })
  })

  it('takes the context from the tokenizer, and assumes one with a warning', async () => {
    await copyTinyModel('tiny-decoder-kv', temporary.path)
    await changeJson(join(temporary.path, 'config.json'), {max_position_embeddings: null})
    expect((await readModelFolder(temporary.path, identity)).contextLength).toBe(256)
    await changeJson(join(temporary.path, 'tokenizer_config.json'), {model_max_length: 1e30})
    const folder = await readModelFolder(temporary.path, identity)
    expect(folder.contextLength).toBe(2048)
    expect(folder.warnings.map((warning) => warning.code)).toEqual(['context-assumed'])
  })

  it('prefers exact weights, and takes the file it is told', async () => {
    const files = tinyDecoderFiles({hasKvCache: true})
    const graph = files.get('onnx/model.onnx')!
    for (const name of ['model_q4.onnx', 'model_fp16.onnx', 'model_quantized.onnx']) {
      files.set(`onnx/${name}`, graph)
    }
    files.set('model.onnx', graph)
    await writeModelFiles(temporary.path, files)
    const listing = await readModelListing(temporary.path, identity)
    expect(listing.files).toEqual([
      'model.onnx',
      'onnx/model.onnx',
      'onnx/model_fp16.onnx',
      'onnx/model_quantized.onnx',
      'onnx/model_q4.onnx',
    ])
    expect(listing.dtypes).toEqual(['float32', 'float32', 'float16', 'q8', 'q4'])
    expect(listing.problem).toBeNull()
    const read = (file: string) => readModelFolder(temporary.path, {...identity, file})
    expect(await read('onnx/model_q4.onnx')).toMatchObject({
      file: 'onnx/model_q4.onnx',
      dtype: 'q4',
    })
    expect((await read('model_fp16.onnx')).dtype).toBe('float16')
    const missing = await problemOf(read('onnx/model_int8.onnx'))
    expect(missing.code).toBe('model-file-missing')
    expect(missing.found).toContain('onnx/model_q4.onnx')
    expect(missing.expected).toBe('onnx/model_int8.onnx')
    expect((await problemOf(read('../../secret.onnx'))).code).toBe('model-file-missing')
  })

  it('leaves out stop ids that have no logits, with a warning', async () => {
    await copyTinyModel('tiny-decoder-kv', temporary.path)
    await changeJson(join(temporary.path, 'generation_config.json'), {eos_token_id: [1, 50_256]})
    const folder = await readModelFolder(temporary.path, identity)
    expect(folder.stopIds).toEqual([1])
    expect(folder.warnings[0]).toMatchObject({
      code: 'stop-id-beyond-logits',
      message: expect.stringContaining('50256'),
    })
  })

  it('accepts keys that were repeated before the cache', async () => {
    const equal = {...shape, keyValueHeadCount: shape.queryHeadCount}
    await writeModelFiles(temporary.path, tinyDecoderFiles({hasKvCache: true}, equal))
    await changeJson(join(temporary.path, 'config.json'), {num_key_value_heads: 2})
    expect((await readModelFolder(temporary.path, identity)).keyValueHeadCount).toBe(4)
  })
})

describe('folders that cannot be opened', () => {
  const cases: readonly (readonly [Breakage, Partial<Problem>])[] = [
    ['no-config', {code: 'config-missing', found: 'no such file'}],
    ['no-tokenizer', {code: 'tokenizer-missing', found: 'no such file'}],
    ['no-model-file', {code: 'model-file-missing', expected: 'onnx/model.onnx'}],
    ['no-files', {code: 'not-a-model-folder'}],
    ['config-not-json', {code: 'not-json'}],
    ['config-is-list', {code: 'not-json', found: 'a list'}],
    ['empty-onnx', {code: 'model-truncated', found: '0 bytes'}],
    ['truncated-onnx', {code: 'model-truncated'}],
    ['web-page-onnx', {code: 'not-onnx', found: 'a web page'}],
    ['lfs-pointer-onnx', {code: 'git-lfs-pointer'}],
    ['noise-onnx', {code: 'not-onnx'}],
    [
      'wrong-head-count',
      {
        code: 'config-contradicts-graph',
        field: 'num_key_value_heads',
        found: '4',
        expected: '2, as the past_key_values inputs of the graph have it',
      },
    ],
    [
      'wrong-query-head-count',
      {code: 'config-contradicts-graph', field: 'num_attention_heads', found: '16'},
    ],
    ['wrong-head-size', {code: 'config-contradicts-graph', field: 'head_dim', found: '16'}],
    [
      'wrong-layer-count',
      {code: 'config-contradicts-graph', field: 'num_hidden_layers', found: '3'},
    ],
    [
      'wrong-vocabulary',
      {
        code: 'config-contradicts-graph',
        field: 'vocab_size',
        found: '999',
        expected: `${shape.vocabularySize}, as the logits of the graph are that wide`,
      },
    ],
    ['no-logits', {code: 'no-logits', found: 'last_hidden_state'}],
  ]
  for (const [breakage, expected] of cases) {
    it(`says what is wrong: ${breakage}`, async () => {
      await writeBrokenModel(breakage, temporary.path)
      const problem = await problemOf(readModelFolder(temporary.path, identity))
      expect(problem).toMatchObject(expected)
      expect(problem.file?.startsWith(temporary.path)).toBe(true)
      for (const part of [problem.message, problem.found, problem.expected, problem.advice]) {
        expect(part).toBeTruthy()
      }
      expect(problem.advice).toMatch(/^[A-Z].*\.$/)
      const listing = await readModelListing(temporary.path, identity)
      expect(listing.problem).toEqual(problem)
    })
  }

  it('says which folder is missing', async () => {
    const problem = await problemOf(readModelFolder(join(temporary.path, 'gone'), identity))
    expect(problem).toMatchObject({code: 'not-found', file: join(temporary.path, 'gone')})
  })

  it.skipIf(process.platform === 'win32')(
    'does not wait for a pipe in the place of a file',
    async () => {
      await copyTinyModel('tiny-decoder-kv', temporary.path)
      for (const [name, code] of [
        ['config.json', 'not-a-file'],
        ['onnx/model.onnx', 'model-file-missing'],
      ] as const) {
        const path = join(temporary.path, name)
        await rename(path, `${path}.kept`)
        execFileSync('mkfifo', [path])
        const problem = await problemOf(readModelFolder(temporary.path, identity))
        expect(problem.code).toBe(code)
        await rm(path)
        await rename(`${path}.kept`, path)
      }
    }
  )

  it('names a value that makes no sense', async () => {
    await copyTinyModel('tiny-decoder-kv', temporary.path)
    await changeJson(join(temporary.path, 'config.json'), {num_hidden_layers: '2'})
    expect(await problemOf(readModelFolder(temporary.path, identity))).toMatchObject({
      code: 'config-value',
      field: 'num_hidden_layers',
      found: '"2"',
    })
  })

  it('refuses heads that do not share out evenly', async () => {
    await copyTinyModel('tiny-decoder-kv', temporary.path)
    await changeJson(join(temporary.path, 'config.json'), {num_attention_heads: 3})
    expect(await problemOf(readModelFolder(temporary.path, identity))).toMatchObject({
      code: 'config-contradicts-graph',
      field: 'num_attention_heads',
      found: '3',
    })
  })
})

describe('models of another kind', () => {
  const kinds = [
    ['tiny-encoder', 'encoder', 'model-is-encoder', 'bert: takes input_ids'],
    ['tiny-vision', 'vision', 'model-is-vision', 'vit: takes pixel_values'],
  ] as const
  for (const [name, kind, code, found] of kinds) {
    it(`says that ${name} is a model of kind ${kind}, and what it is for`, async () => {
      const problem = await problemOf(readModelFolder(join(fixtures, name), identity))
      expect(problem.code).toBe(code)
      expect(problem.found).toContain(found)
      expect(problem.expected).toContain('decoder')
      expect(problem.advice).toMatch(/^Use it to .* open a decoder-only/)
      const listing = await readModelListing(join(fixtures, name), identity)
      expect(listing).toMatchObject({kind, problem: {code}})
    })
  }

  it('tells an encoder-decoder and a masked language model by their configuration', async () => {
    await copyTinyModel('tiny-decoder-plain', temporary.path)
    const config = join(temporary.path, 'config.json')
    await changeJson(config, {is_encoder_decoder: true, model_type: 't5'})
    const listing = await readModelListing(temporary.path, identity)
    expect(listing).toMatchObject({
      kind: 'encoder-decoder',
      problem: {code: 'model-is-encoder-decoder'},
    })
    await changeJson(config, {
      is_encoder_decoder: false,
      model_type: 'bert',
      architectures: ['BertForMaskedLM'],
    })
    expect((await readModelListing(temporary.path, identity)).kind).toBe('encoder')
    await changeJson(config, {model_type: 'bert', architectures: ['BertLMHeadModel']})
    expect((await readModelListing(temporary.path, identity)).kind).toBe('decoder')
  })
})

describe('the hash of a model', () => {
  it('is that of the model file and then of its data files', async () => {
    const path = join(temporary.path, 'model.onnx')
    const data = [join(temporary.path, 'a'), join(temporary.path, 'b')]
    await writeFile(path, 'graph')
    await writeFile(data[0]!, 'x'.repeat(3_000_000))
    await writeFile(data[1]!, 'y')
    const seen: number[] = []
    const sha256 = await sha256OfModel({filePath: path, dataPaths: data}, (done) => seen.push(done))
    const whole = createHash('sha256').update(`graph${'x'.repeat(3_000_000)}y`)
    expect(sha256).toBe(whole.digest('hex'))
    expect(seen.at(-1)).toBe(3_000_006)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    await rename(path, `${path}.gone`)
    await expect(sha256OfModel({filePath: path, dataPaths: []})).rejects.toThrow('ENOENT')
  })

  it('stops when it is told to', async () => {
    const path = join(temporary.path, 'model.onnx')
    await writeFile(path, 'z'.repeat(5_000_000))
    const abort = new AbortController()
    const hashing = sha256OfModel(
      {filePath: path, dataPaths: []},
      () => abort.abort(),
      abort.signal
    )
    await expect(hashing).rejects.toMatchObject({name: 'AbortError'})
  })
})
