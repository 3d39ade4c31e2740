import {join} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {readJsonObject} from './file-problems.ts'

/** A number of config.json with the name under which it was found, for messages. */
export interface ConfigNumber {
  readonly field: string
  readonly value: number
}

/** config.json and generation_config.json under this project's names; null where they say nothing. */
export interface ModelConfig {
  readonly path: string
  readonly family: string
  readonly architectures: readonly string[]
  readonly isEncoderDecoder: boolean
  readonly isDecoder: boolean
  readonly layerCount: ConfigNumber | null
  readonly queryHeadCount: ConfigNumber | null
  readonly keyValueHeadCount: ConfigNumber | null
  readonly headSize: ConfigNumber | null
  readonly hiddenSize: ConfigNumber | null
  readonly vocabularySize: ConfigNumber | null
  readonly contextLength: ConfigNumber | null
  readonly beginId: number | null
  readonly stopIds: readonly number[]
  /** Some layers keep no keys and values of their own: linear mixers, or a shared cache. */
  readonly hasLayersWithoutCache: boolean
  /** Some layers see a window of the last tokens only. */
  readonly hasWindows: boolean
  /** Tokens of such a window, where it says so. */
  readonly windowLength: number | null
}

/** Names of the same thing in the configurations of different families, the commonest first. */
const ALIASES = {
  layerCount: ['num_hidden_layers', 'n_layer', 'num_layers', 'n_layers', 'decoder_layers'],
  queryHeadCount: ['num_attention_heads', 'n_head', 'num_heads', 'n_heads', 'attention_heads'],
  keyValueHeadCount: ['num_key_value_heads', 'n_head_kv', 'num_kv_heads', 'multi_query_group_num'],
  headSize: ['head_dim', 'head_size', 'kv_channels'],
  hiddenSize: ['hidden_size', 'n_embd', 'd_model', 'dim', 'n_embed'],
  vocabularySize: ['vocab_size', 'padded_vocab_size'],
  contextLength: [
    'max_position_embeddings',
    'n_positions',
    'n_ctx',
    'max_seq_len',
    'max_sequence_length',
    'seq_length',
  ],
} as const

/** Layer types that keep keys and values. */
const CACHED_LAYER_TYPES = new Set(['full_attention', 'sliding_attention', 'chunked_attention'])

type Json = Readonly<Record<string, unknown>>

/** Reads a folder's configuration. Throws a Problem without config.json or with a broken one. */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, 'config.json')
  const config = await readJsonObject(path, 'config.json')
  if (!config) {
    throw new ProblemError({
      code: 'config-missing',
      message: 'The folder has no config.json.',
      file: path,
      found: 'no such file',
      expected: 'a model folder in the Hugging Face layout',
      advice: 'Choose the folder that holds config.json, or download that file beside the model.',
    })
  }
  const name = 'generation_config.json'
  const generation = (await readJsonObject(join(folder, name), name)) ?? {}
  return normalizeConfig(path, config, generation)
}

function normalizeConfig(path: string, config: Json, generation: Json): ModelConfig {
  // Models of several media keep their language model's numbers in a part of their own.
  const text = isObject(config.text_config) ? config.text_config : {}
  const merged: Json = {...text, ...config}
  const number = (names: readonly string[]) => positiveInteger(path, merged, names)
  const queryHeadCount = number(ALIASES.queryHeadCount)
  const sharesOneKey = merged.multi_query === true && merged.new_decoder_architecture !== true
  return {
    path,
    family: typeof config.model_type === 'string' ? config.model_type : 'unknown',
    architectures: Array.isArray(config.architectures) ? config.architectures.map(String) : [],
    isEncoderDecoder: config.is_encoder_decoder === true,
    isDecoder: config.is_decoder === true,
    layerCount: number(ALIASES.layerCount),
    queryHeadCount,
    // Falcon states num_kv_heads beside it, and does not look there then.
    keyValueHeadCount: sharesOneKey
      ? {field: 'multi_query', value: 1}
      : (number(ALIASES.keyValueHeadCount) ?? queryHeadCount),
    headSize: number(ALIASES.headSize),
    hiddenSize: number(ALIASES.hiddenSize),
    vocabularySize: number(ALIASES.vocabularySize),
    contextLength: number(ALIASES.contextLength),
    beginId: firstId(generation.bos_token_id ?? merged.bos_token_id),
    stopIds: idList(generation.eos_token_id ?? merged.eos_token_id),
    hasLayersWithoutCache: hasLayersWithoutCache(merged),
    hasWindows: hasWindows(merged),
    windowLength: hasWindows(merged) ? namedWindow(merged) : null,
  }
}

/** Under the names that families give it; a switch that is off takes the window away again. */
function hasWindows(config: Json): boolean {
  const types = Array.isArray(config.layer_types) ? config.layer_types : []
  if (types.some((type) => /sliding|chunked|local/.test(String(type)))) return true
  if (types.length > 0 || config.use_sliding_window === false) return false
  if (namedWindow(config) !== null) return true
  return Array.isArray(config.attention_layers) && config.attention_layers.includes('local')
}

function namedWindow(config: Json): number | null {
  const named = [config.sliding_window, config.attention_window, config.window_size]
  return named.find((size): size is number => typeof size === 'number' && size > 0) ?? null
}

function hasLayersWithoutCache(config: Json): boolean {
  const types = Array.isArray(config.layer_types) ? config.layer_types : []
  const sharedCount = Number(config.num_kv_shared_layers ?? 0)
  return types.some((type) => !CACHED_LAYER_TYPES.has(String(type))) || sharedCount > 0
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function positiveInteger(
  path: string,
  config: Json,
  names: readonly string[]
): ConfigNumber | null {
  for (const field of names) {
    const value = config[field]
    if (value === undefined || value === null) continue
    // Some families give a list, one entry a layer; it says nothing that holds for all of them.
    if (Array.isArray(value)) continue
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw new ProblemError({
        code: 'config-value',
        message: 'config.json has a value that makes no sense.',
        file: path,
        field,
        found: JSON.stringify(value),
        expected: 'a whole number above 0',
        advice: 'Correct the field, or download config.json again.',
      })
    }
    return {field, value}
  }
  return null
}

function idList(value: unknown): number[] {
  const list = Array.isArray(value) ? value : [value]
  const ids = list.filter((id): id is number => Number.isInteger(id) && id >= 0)
  return [...new Set(ids)]
}

function firstId(value: unknown): number | null {
  return idList(value)[0] ?? null
}
