import {lookUpsOf} from './data-flow.ts'
import type {GraphIndex} from './graph-index.ts'
import type {InputUse, InputUses} from './input-uses.ts'
import {elementTypeName, type OnnxNode, type OnnxValueInfo} from './schema.ts'
import {isDeclaredFloat, type StaticShapes} from './static-shapes.ts'
import type {CacheTensor, CountInput, StructureInputs} from './structure.ts'

/** Names that exporters agree on (ONNX notes, section 7); of other inputs only their use tells. */
const EXACT_NAMES = {
  attention_mask: 'attentionMask',
  position_ids: 'positionIds',
  cache_position: 'cachePosition',
  token_type_ids: 'tokenTypeIds',
  use_cache_branch: 'useCacheBranch',
} as const

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

/** Ways from cache inputs to their outputs are a few nodes long. */
const MAX_WALK_COUNT = 64

/** Inputs without which nothing of a text can be followed. */
export type ContentInputs = Pick<StructureInputs, 'inputIds' | 'kvCache'>

/**
 * Token ids and cache, by where they go: ids choose rows of the embeddings, and what only passes on to an
 * output of the graph is a cache, in the order of the inputs.
 */
export function findContentInputs(index: GraphIndex, shapes: StaticShapes): ContentInputs {
  const inputs = index.graphInputs
  const isNamed = inputs.some(({name}) => name === 'input_ids')
  const inputIds = isNamed ? 'input_ids' : idsByUse(index, shapes, inputs)
  return {
    inputIds,
    kvCache: inputs.flatMap((input) => {
      if (isDeclaredFloat(input) === false || input.name === inputIds) return []
      const found = cacheOutputOf(index, shapes, input.name)
      return found === null ? [] : [found]
    }),
  }
}

/**
 * What the other inputs are for: by the names that exporters agree on, else by where their numbers meet the
 * stream. Those whose use does not tell either are in none of the fields.
 */
export function sortInputs(
  index: GraphIndex,
  content: ContentInputs,
  uses: InputUses | null
): StructureInputs {
  const found: {-readonly [Name in keyof StructureInputs]: StructureInputs[Name]} = {
    ...content,
    attentionMask: null,
    isMaskAdded: false,
    positionIds: null,
    cachePosition: null,
    tokenTypeIds: null,
    useCacheBranch: null,
    counts: [],
  }
  const cached = new Set(content.kvCache.map(({input}) => input))
  const unnamed: OnnxValueInfo[] = []
  for (const input of index.graphInputs) {
    const role = Object.hasOwn(EXACT_NAMES, input.name)
      ? EXACT_NAMES[input.name as keyof typeof EXACT_NAMES]
      : null
    if (role) found[role] = input.name
    else if (input.name !== content.inputIds && !cached.has(input.name)) unnamed.push(input)
  }
  found.useCacheBranch ??= conditionOfIf(index)
  if (found.attentionMask && uses) {
    const mask = index.inputOf(found.attentionMask)!
    found.isMaskAdded = isAdded(mask, uses.of(mask.name))
  }
  const lookUps: LookUp[] = []
  for (const input of unnamed) {
    if (input.name === found.useCacheBranch || !uses) continue
    const its = uses.of(input.name)
    const count = countOf(input, its)
    if (count) found.counts = [...found.counts, {input: input.name, counts: count}]
    else if (isPosition(its) || its.some(({place}) => place === 'token-types')) {
      lookUps.push({input, isTypes: isTypes(input, its), rows: rowsOf(its)})
    } else if (isMask(its) && !found.attentionMask) {
      found.attentionMask = input.name
      found.isMaskAdded = isAdded(input, its)
    }
  }
  const longest = Math.max(...lookUps.map(({rows}) => rows))
  for (const {input, isTypes, rows} of lookUps) {
    // Of two tables the positions' is the longer one; a lone one of two rows is that of a pair's halves.
    const isShort = rows === 2 || (rows > 0 && rows < longest)
    const free = rankOf(input) === 1 ? 'cachePosition' : 'positionIds'
    found[isTypes || isShort ? 'tokenTypeIds' : free] ??= input.name
  }
  return found
}

/** An input that chooses rows of tables, the longest of `rows` (0 where that is not known, −1 of none), or turns. */
interface LookUp {
  readonly input: OnnxValueInfo
  readonly isTypes: boolean
  readonly rows: number
}

function rowsOf(uses: readonly InputUse[]): number {
  return uses.reduce((most, {tableRows}) => Math.max(most, tableRows ?? -1), -1)
}

/** Whole numbers that choose rows of the longest table. */
function idsByUse(
  index: GraphIndex,
  shapes: StaticShapes,
  inputs: readonly OnnxValueInfo[]
): string | null {
  let found: {name: string; rows: number} | null = null
  for (const {name} of inputs) {
    for (const node of lookUpsOf(index, shapes, name)) {
      const table = node.input[node.opType === 'EmbedLayerNormalization' ? 2 : 0]
      const rows = shapes.rankOf(table) === 2 ? (shapes.lengthOf(table, 0) ?? 0) : 0
      if (rows > (found?.rows ?? 0)) found = {name, rows}
    }
  }
  return found?.name ?? null
}

/** The input that chooses between the branches of a graph. */
export function conditionOfIf(index: GraphIndex): string | null {
  const node = index.nodes.find(({opType}) => opType === 'If')
  return index.inputOf(node?.input[0])?.name ?? null
}

/** Scores are compared with positions in some masks, so what also turns or chooses rows is no mask. */
function isMask(uses: readonly InputUse[]): boolean {
  return uses.some(
    (use) => MASK_PLACES.has(use.place) || isCountedPosition(use) || isCountedLength(use)
  )
}
const MASK_PLACES = new Set<InputUse['place']>(['scores', 'mask', 'bias'])

/** The number of real tokens is the sum of a mask. */
function isCountedLength({place, isCounted}: InputUse): boolean {
  return isCounted && (place === 'last-key' || place === 'key-count')
}

function isPosition(uses: readonly InputUse[]): boolean {
  if (uses.some(isCountedPosition)) return false
  return uses.some((use) => use.place === 'positions' || isPlaced(use))
}

/** Positions counted over real tokens come from a mask, and it is often multiplied with them once more. */
function isCountedPosition(use: InputUse): boolean {
  return use.isCounted && (use.place === 'positions' || isPlaced(use))
}

function isPlaced({place, isTurned, tableRows}: InputUse): boolean {
  return (place === 'embedding' || place === 'block') && (isTurned || tableRows !== null)
}

function isTypes({name}: OnnxValueInfo, uses: readonly InputUse[]): boolean {
  return uses.some(({place}) => place === 'token-types') || /type|segment/i.test(name)
}

/** Whether a mask is numbers to be added to the scores, 0 where a key may be seen. */
function isAdded(input: OnnxValueInfo, uses: readonly InputUse[]): boolean {
  const isFloat = isDeclaredFloat(input) === true
  return (
    isFloat &&
    uses.some(
      ({place, isAdded, isPlain}) =>
        isPlain && (place === 'bias' || (isAdded && (place === 'scores' || place === 'mask')))
    )
  )
}

/** What a whole number by itself counts; null of inputs that hold more. */
function countOf(input: OnnxValueInfo, uses: readonly InputUse[]): CountInput['counts'] | null {
  if (!/^u?int(32|64)$/.test(elementTypeName(input.type?.tensorType?.elemType ?? 0))) return null
  const plain = uses.find(({isPlain, place}) => isPlain && /-(key|count)$/.test(place))
  if (plain?.place === 'last-key') return 'last-key'
  if (plain?.place === 'key-count') return 'keys'
  if (plain?.place === 'past-count') return 'past'
  const dims = input.type?.tensorType?.shape?.dim ?? []
  if (dims.some(({dimValue, dimParam}) => dimParam || Number(dimValue) !== 1)) return null
  if (uses.length === 0) return null
  if (uses.every(({place}) => place === 'head')) return 'rows'
  return /total|keys|kv_?len/i.test(input.name) ? 'keys' : 'past'
}

function rankOf(input: OnnxValueInfo): number {
  return input.type?.tensorType?.shape?.dim?.length ?? 2
}

/** The graph output that a cache input is given back by, and the axis along which it grows; null of others. */
function cacheOutputOf(index: GraphIndex, shapes: StaticShapes, input: string): CacheTensor | null {
  const waiting = [{tensor: input, axis: null as number | null}]
  const seen = new Set([input])
  for (let next = 0; next < waiting.length && next < MAX_WALK_COUNT; next++) {
    const {tensor, axis} = waiting[next]!
    for (const node of index.consumersOf(tensor)) {
      const grown = axis ?? growthAxis(shapes, node, tensor, next === 0)
      for (const output of continuedBy(node, tensor)) {
        if (index.isGraphOutput(output)) return {input, output, axis: grown}
        if (!seen.has(output)) {
          seen.add(output)
          waiting.push({tensor: output, axis: grown})
        }
      }
    }
  }
  return null
}

/** The input's axis along which a node appends; null where it appends nothing, or something else came before. */
function growthAxis(
  shapes: StaticShapes,
  node: OnnxNode,
  tensor: string,
  isFirst: boolean
): number | null {
  if (!isFirst) return null
  if (operatorKey(node) in FUSED_CACHES) return node.opType === 'Attention' && node.domain ? 3 : 2
  if (node.opType !== 'Concat') return null
  const axis = Number(node.attribute?.find(({name}) => name === 'axis')?.i ?? 0)
  const rank = shapes.rankOf(tensor)
  if (axis >= 0) return axis
  return rank === null ? null : axis + rank
}

function operatorKey({domain, opType}: OnnxNode): string {
  return domain && domain !== 'ai.onnx' ? `${domain}.${opType}` : opType
}

function continuedBy(node: OnnxNode, tensor: string): string[] {
  if (KEEPS_CACHE.has(node.opType)) return node.output.filter((output) => output !== '')
  const outputs = FUSED_CACHES[operatorKey(node)]
  if (!outputs) return []
  return node.input.flatMap((input, at) => {
    const output = input === tensor ? node.output[outputs[at] ?? -1] : undefined
    return output ? [output] : []
  })
}
