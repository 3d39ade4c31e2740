import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {readModelConfig} from './config.ts'

let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

async function configOf(json: object) {
  await writeFile(join(temporary.path, 'config.json'), JSON.stringify(json))
  return readModelConfig(temporary.path)
}

describe('windows that a configuration states', () => {
  it.each<[string, object, boolean]>([
    ['Mistral 0.1', {model_type: 'mistral', sliding_window: 4096}, true],
    ['Mistral 0.3', {model_type: 'mistral', sliding_window: null}, false],
    ['Qwen2', {model_type: 'qwen2', sliding_window: 131_072, use_sliding_window: false}, false],
    ['Qwen2 with it', {model_type: 'qwen2', sliding_window: 4096, use_sliding_window: true}, true],
    ['of layers', {sliding_window: 4096, layer_types: ['full_attention', 'full_attention']}, false],
    ['of some', {sliding_window: 512, layer_types: ['sliding_attention', 'full_attention']}, true],
    ['Gemma 2', {model_type: 'gemma2', sliding_window: 4096}, true],
    ['GPT-Neo', {attention_layers: ['global', 'local'], window_size: 256}, true],
    ['none', {model_type: 'llama'}, false],
  ])('%s', async (_, json, hasWindows) => {
    const config = await configOf(json)
    expect(config.hasWindows).toBe(hasWindows)
    const {sliding_window, window_size} = json as Record<string, number | undefined>
    expect(config.windowLength).toBe(hasWindows ? (sliding_window ?? window_size) : null)
  })
})

describe('heads under the names of families', () => {
  it.each<[string, object, number, number]>([
    ['Falcon 7B', {num_attention_heads: 71, num_kv_heads: 71, multi_query: true}, 71, 1],
    [
      'Falcon 40B',
      {
        ...{num_attention_heads: 128, num_kv_heads: 8},
        multi_query: true,
        new_decoder_architecture: true,
      },
      ...([128, 8] as const),
    ],
    ['StarCoder', {n_head: 48, multi_query: true}, 48, 1],
    ['XGLM', {attention_heads: 16}, 16, 16],
  ])('%s', async (_, json, queryHeads, keyValueHeads) => {
    expect(await configOf(json)).toMatchObject({
      queryHeadCount: {value: queryHeads},
      keyValueHeadCount: {value: keyValueHeads},
    })
  })
})
