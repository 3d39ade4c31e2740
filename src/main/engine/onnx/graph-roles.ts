import {ProblemError} from '../../../shared/domain/problem.ts'
import type {GraphFacts, GraphHeader, GraphRoles, GraphValue} from '../model-folder/model-folder.ts'
import {conditionOfIf} from './find-inputs.ts'
import {findStructureInTurns} from './find-structure.ts'
import {GraphIndex} from './graph-index.ts'
import {unmergeDecoder} from './merged-decoder.ts'
import {readGraphHeader} from './read-graph-header.ts'
import {readModelGraph} from './read-model-graph.ts'
import type {CacheTensor, ModelStructure} from './structure.ts'

const LOGITS = 'logits'
const FIXED_NAMES = {
  input_ids: 'inputIds',
  attention_mask: 'attentionMask',
  position_ids: 'positionIds',
  cache_position: 'cachePosition',
  token_type_ids: 'tokenTypeIds',
  use_cache_branch: 'useCacheBranch',
} as const
/** 0 asks for the logits of every position. */
const ROW_COUNTS = /^num_logits_to_keep$/
/** What other kinds of models take, by names that tell. */
const FOREIGN = /^(pixel_values|encoder_hidden_states|encoder_attention_mask|decoder_input_ids)$/

/**
 * A graph's header with what its inputs and outputs are for. Names that exporters agree on are enough; where
 * there are others the graph itself is read, and where that fails too they stay unknown. Throws a Problem on
 * a file that is missing, cut short or not ONNX.
 */
export async function readGraphFacts(path: string): Promise<GraphFacts> {
  const header = await readGraphHeader(path)
  const named = rolesByName(header)
  if (isUsual(header, named)) return {...header, roles: named}
  try {
    const whole = await readModelGraph(path)
    const roles = rolesByUse(named, await findStructureInTurns(unmergeDecoder(whole)))
    // Taken apart, the graph no longer asks for it.
    const useCacheBranch = roles.useCacheBranch ?? conditionOfIf(new GraphIndex(whole.model))
    return {...header, roles: {...roles, useCacheBranch}}
  } catch (error) {
    // What is wrong with the graph is told to who opens it.
    if (!(error instanceof ProblemError)) throw error
    return {...header, roles: named}
  }
}

/** What the names of inputs and outputs say, and no more. */
export function rolesByName({
  inputs,
  outputs,
}: Pick<GraphHeader, 'inputs' | 'outputs'>): GraphRoles {
  const names = new Set(inputs.map(({name}) => name))
  const outputNames = new Set(outputs.map(({name}) => name))
  const fixed = Object.fromEntries(
    Object.entries(FIXED_NAMES).map(([name, role]) => [role, names.has(name) ? name : null])
  ) as Record<(typeof FIXED_NAMES)[keyof typeof FIXED_NAMES], string | null>
  const kvCache = inputs.flatMap(({name}): CacheTensor[] => {
    const output = presentNames(name).find((candidate) => outputNames.has(candidate))
    return output ? [{input: name, output, axis: null}] : []
  })
  const rows = inputs.filter(({name}) => ROW_COUNTS.test(name))
  return {
    ...fixed,
    isMaskAdded: false,
    counts: rows.map(({name}) => ({input: name, counts: 'rows' as const})),
    kvCache,
    logits: outputNames.has(LOGITS) ? LOGITS : null,
    ...sizesByName(inputs),
  }
}

/** Outputs that exporters give a cache input back by; none of a name that is no cache's. */
export function presentNames(past: string): string[] {
  if (!/^past/.test(past)) return []
  return [
    past.replace(/^past_key_values/, 'present'),
    past.replace(/^past_key_values/, 'present_key_values'),
    past.replace(/^past/, 'present'),
  ]
}

/** Sizes off the cache inputs (batch, heads, past, head size). */
function sizesByName(
  inputs: readonly GraphValue[]
): Pick<GraphRoles, 'layerCount' | 'keyValueHeadCount' | 'headSize'> {
  const keys = inputs.filter((input) => /^past_key_values\.\d+\.key$/.test(input.name))
  const stacked = inputs.filter((input) => /^past_\d+$/.test(input.name))
  const first = keys[0] ?? stacked[0]
  // A key is (batch, heads, past, size); the older stacked cache has key and value in front.
  const rank = keys.length > 0 ? 4 : 5
  const isUsual = first?.dimensions.length === rank
  return {
    layerCount: first ? Math.max(keys.length, stacked.length) : null,
    keyValueHeadCount: isUsual ? staticDimension(first, rank - 3) : null,
    headSize: isUsual ? staticDimension(first, rank - 1) : null,
  }
}

function staticDimension(value: GraphValue, index: number): number | null {
  const dimension = value.dimensions[index]
  return typeof dimension === 'number' && dimension > 0 ? dimension : null
}

/** Whether names say what everything is for. */
function isUsual({inputs}: GraphHeader, roles: GraphRoles): boolean {
  if (inputs.some(({name}) => FOREIGN.test(name))) return true
  const isKnown = ({name, dimensions}: GraphValue) =>
    /^past/.test(name) ||
    ROW_COUNTS.test(name) ||
    // A mask of more axes than keys may be one that is added.
    (name in FIXED_NAMES && !(name === 'attention_mask' && dimensions.length > 2))
  return roles.inputIds !== null && roles.logits !== null && inputs.every(isKnown)
}

/** Names first, then what the structure shows; a name that another role has taken is not given twice. */
function rolesByUse(named: GraphRoles, structure: ModelStructure): GraphRoles {
  const {inputs, layers, head} = structure
  const cached = new Map([...inputs.kvCache, ...named.kvCache].map((one) => [one.input, one]))
  for (const one of inputs.kvCache) {
    if (cached.get(one.input)?.output === one.output) cached.set(one.input, one)
  }
  const counted = new Map([...inputs.counts, ...named.counts].map((one) => [one.input, one]))
  const [first] = layers
  return {
    inputIds: named.inputIds ?? inputs.inputIds,
    attentionMask: named.attentionMask ?? inputs.attentionMask,
    isMaskAdded: inputs.isMaskAdded,
    positionIds: named.positionIds ?? inputs.positionIds,
    cachePosition: named.cachePosition ?? inputs.cachePosition,
    tokenTypeIds: named.tokenTypeIds ?? inputs.tokenTypeIds,
    useCacheBranch: named.useCacheBranch ?? inputs.useCacheBranch,
    counts: [...counted.values()],
    kvCache: [...cached.values()],
    logits: named.logits ?? head?.logits ?? null,
    layerCount: named.layerCount ?? (cached.size > 0 && layers.length > 0 ? layers.length : null),
    keyValueHeadCount: named.keyValueHeadCount ?? first?.keyValueHeadCount ?? null,
    headSize: named.headSize ?? first?.headSize ?? null,
  }
}
