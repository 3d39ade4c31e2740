import {ProblemError} from '../../../shared/domain/problem.ts'
import type {ConfigNumber, ModelConfig} from './config.ts'
import type {GraphFacts, GraphValue} from './model-folder.ts'

/** What a decoder's graph says about its own sizes; null where it leaves them open. */
export interface GraphSizes {
  readonly hasKvCache: boolean
  readonly layerCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
  readonly vocabularySize: number | null
}

/** Reads sizes off the cache or the attention, and off the logits' last dimension. */
export function sizesOfGraph(graph: GraphFacts): GraphSizes {
  const {roles} = graph
  const logits = graph.outputs.find((output) => output.name === roles.logits)
  return {
    hasKvCache: roles.kvCache.length > 0,
    layerCount: roles.layerCount,
    keyValueHeadCount: roles.keyValueHeadCount,
    headSize: roles.headSize,
    vocabularySize: logits ? staticDimension(logits, logits.dimensions.length - 1) : null,
  }
}

function staticDimension(value: GraphValue, index: number): number | null {
  const dimension = value.dimensions[index]
  return typeof dimension === 'number' && dimension > 0 ? dimension : null
}

/** Sizes of a decoder on which configuration and graph agree. */
export interface AgreedSizes {
  readonly layerCount: number
  readonly queryHeadCount: number
  readonly keyValueHeadCount: number
  readonly headSize: number
  readonly hiddenSize: number | null
  readonly vocabularySize: number
}

/**
 * The sizes of a decoder from its configuration and graph. Throws a Problem that names the field
 * where the two contradict each other or where neither says.
 */
export function agreeOnSizes(config: ModelConfig, graph: GraphFacts): AgreedSizes {
  const sizes = sizesOfGraph(graph)
  const agree = (
    said: ConfigNumber | null,
    seen: number | null,
    what: string,
    aliases: string
  ): number => {
    if (said && seen !== null && said.value !== seen) {
      throw contradiction(config.path, said.field, `${said.value}`, `${seen}, as ${what}`)
    }
    const value = seen ?? said?.value
    if (value === undefined) throw incomplete(config.path, aliases)
    return value
  }

  const queryHeads = agree(config.queryHeadCount, null, '', 'num_attention_heads')
  const said = config.keyValueHeadCount
  // Some exports repeat each key for the queries that share it before they cache it.
  const isRepeated = sizes.keyValueHeadCount === queryHeads
  const keyValueHeadCount = agree(
    isRepeated && said && said.value < queryHeads ? null : said,
    sizes.keyValueHeadCount,
    'the past_key_values inputs of the graph have it',
    'num_key_value_heads'
  )
  if (queryHeads % keyValueHeadCount !== 0) {
    throw contradiction(
      config.path,
      config.queryHeadCount?.field ?? 'num_attention_heads',
      `${queryHeads}`,
      `a multiple of the ${keyValueHeadCount} key-value heads`
    )
  }
  const headSize = agree(
    config.headSize ?? derivedHeadSize(config, queryHeads),
    sizes.headSize,
    'the past_key_values inputs of the graph have it',
    'head_dim'
  )
  checkQueryWidth(config, graph, {queryHeadCount: queryHeads, keyValueHeadCount, headSize})
  return {
    layerCount: agree(
      config.layerCount,
      config.hasLayersWithoutCache && config.layerCount ? null : sizes.layerCount,
      'the graph has that many past_key_values inputs',
      'num_hidden_layers'
    ),
    queryHeadCount: queryHeads,
    keyValueHeadCount,
    headSize,
    hiddenSize: config.hiddenSize?.value ?? null,
    vocabularySize: agree(
      config.vocabularySize,
      sizes.vocabularySize,
      'the logits of the graph are that wide',
      'vocab_size'
    ),
  }
}

/**
 * Query heads are not in the cache, but some weight must be as wide as all of them: the projection of
 * the queries, alone or with keys and values or with a gate. Throws a Problem where none is.
 */
function checkQueryWidth(
  config: ModelConfig,
  graph: GraphFacts,
  heads: Pick<AgreedSizes, 'queryHeadCount' | 'keyValueHeadCount' | 'headSize'>
): void {
  const {queryHeadCount, keyValueHeadCount, headSize} = heads
  const lengths = new Set(graph.matrixLengths)
  // Weights that are packed in blocks, or made while running, do not show their widths.
  if (!config.hiddenSize || !lengths.has(config.hiddenSize.value)) return
  const width = queryHeadCount * headSize
  const withKeysAndValues = width + 2 * keyValueHeadCount * headSize
  if ([width, withKeysAndValues, 2 * width].some((length) => lengths.has(length))) return
  throw contradiction(
    config.path,
    config.queryHeadCount?.field ?? 'num_attention_heads',
    `${queryHeadCount}`,
    `a count whose queries, ${headSize} each, are as wide as a weight of the graph; none is ${width} wide`
  )
}

/** Where nothing states it, heads share the hidden size evenly. */
function derivedHeadSize(config: ModelConfig, queryHeadCount: number): ConfigNumber | null {
  if (!config.hiddenSize || config.hiddenSize.value % queryHeadCount !== 0) return null
  const field = `${config.hiddenSize.field} / ${config.queryHeadCount?.field}`
  return {field, value: config.hiddenSize.value / queryHeadCount}
}

function contradiction(path: string, field: string, found: string, expected: string): ProblemError {
  return new ProblemError({
    code: 'config-contradicts-graph',
    message: 'config.json contradicts the model file.',
    file: path,
    field,
    found,
    expected,
    advice:
      'Put the config.json that belongs to this model file into the folder, or correct the field.',
  })
}

function incomplete(path: string, field: string): ProblemError {
  return new ProblemError({
    code: 'config-incomplete',
    message: 'Neither config.json nor the model file says how large the model is.',
    file: path,
    field,
    found: 'nothing',
    expected: 'a whole number above 0',
    advice: 'Add the field to config.json, or download config.json again.',
  })
}
