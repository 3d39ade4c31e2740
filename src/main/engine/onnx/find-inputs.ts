import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode, OnnxValueInfo} from './schema.ts'
import {isDeclaredFloat, type StaticShapes} from './static-shapes.ts'
import type {StructureInputs} from './structure.ts'

/** What a cache passes on its way to the output that gives it back. */
const KEEPS_CACHE = new Set([
  'Cast',
  'Concat',
  'Gather',
  'Identity',
  'Reshape',
  'ScatterElements',
  'ScatterND',
  'Slice',
  'Split',
  'Squeeze',
  'TensorScatter',
  'Transpose',
  'Unsqueeze',
  'Where',
])

/** Of fused operators: which output continues the cache that comes in at an input. */
const FUSED_CACHES: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  'com.microsoft.GroupQueryAttention': {3: 1, 4: 2},
  'com.microsoft.MultiHeadAttention': {6: 1, 7: 2},
  'com.microsoft.DecoderMaskedMultiHeadAttention': {5: 1, 6: 2},
  'com.microsoft.Attention': {4: 1},
  Attention: {4: 1, 5: 2},
}

/** Ways from a cache input to its output are a few nodes long. */
const MAX_WALK_COUNT = 64

/**
 * Graph inputs by what they are for. Names of inputs are part of what a graph offers, so they are asked
 * first; what has an unusual one is found by where it goes. The cache is in the order of the inputs.
 */
export function findInputs(index: GraphIndex, shapes: StaticShapes): StructureInputs {
  const inputs = index.graphInputs
  const named = (pattern: RegExp) => inputs.find(({name}) => pattern.test(name))?.name ?? null
  const inputIds = named(/^input_ids$/) ?? idsByUse(index, shapes, inputs)
  return {
    inputIds,
    attentionMask:
      named(/^attention_mask$/) ?? named(/(?<!encoder_)(attention|padding|input)_?mask|^mask$/i),
    positionIds: named(/^position_ids$/) ?? named(/^(input_)?positions?(_ids?)?$/i),
    useCacheBranch: named(/^use_cache_branch$/) ?? conditionOfIf(index),
    kvCache: inputs.flatMap((input) => {
      if (isDeclaredFloat(input) === false || input.name === inputIds) return []
      const output = cacheOutputOf(index, input.name)
      return output === null ? [] : [{input: input.name, output}]
    }),
  }
}

/** Whole numbers that choose rows of the longest table. */
function idsByUse(
  index: GraphIndex,
  shapes: StaticShapes,
  inputs: readonly OnnxValueInfo[]
): string | null {
  let found: {name: string; rows: number} | null = null
  for (const {name} of inputs) {
    for (const node of index.consumersOf(name)) {
      if (!/^(Gather|GatherBlockQuantized|EmbedLayerNormalization)$/.test(node.opType)) continue
      const table = node.opType === 'EmbedLayerNormalization' ? node.input[2] : node.input[0]
      const isIds = node.opType === 'EmbedLayerNormalization' || node.input[1] === name
      const rows = shapes.rankOf(table) === 2 ? (shapes.lengthOf(table, 0) ?? 0) : 0
      if (isIds && rows > (found?.rows ?? 0)) found = {name, rows}
    }
  }
  return found?.name ?? null
}

function conditionOfIf(index: GraphIndex): string | null {
  const node = index.nodes.find(({opType}) => opType === 'If')
  return index.inputOf(node?.input[0])?.name ?? null
}

/** The graph output that a cache input is given back by, or null. */
function cacheOutputOf(index: GraphIndex, input: string): string | null {
  const waiting = [input]
  const seen = new Set(waiting)
  for (let next = 0; next < waiting.length && next < MAX_WALK_COUNT; next++) {
    for (const node of index.consumersOf(waiting[next]!)) {
      for (const output of continuedBy(node, waiting[next]!)) {
        if (index.isGraphOutput(output)) return output
        if (!seen.has(output)) {
          seen.add(output)
          waiting.push(output)
        }
      }
    }
  }
  return null
}

function continuedBy(node: OnnxNode, tensor: string): string[] {
  if (KEEPS_CACHE.has(node.opType)) return node.output.filter((output) => output !== '')
  const key =
    node.domain && node.domain !== 'ai.onnx' ? `${node.domain}.${node.opType}` : node.opType
  const outputs = FUSED_CACHES[key]
  if (!outputs) return []
  return node.input.flatMap((input, at) => {
    const output = input === tensor ? node.output[outputs[at] ?? -1] : undefined
    return output ? [output] : []
  })
}
