import type {CutEdge, HeadOff, Intervention, TreeMask} from '../../../shared/domain/intervention.ts'
import type {InterventionInputs, InterventionRequest} from './intervention-graph.ts'

/** Of one layer, from the structure or, where that does not know, from config.json. */
export interface InterventionLayer {
  readonly queryHeadCount: number
  readonly headSize: number
}

/** Tokens `pastCount` … of a text, `length` of them, behind a cache of those before; [0, tokenCount) without one. */
export interface InterventionChunk {
  readonly pastCount: number
  readonly length: number
}

/** An intervention and the graph that takes it: enough to feed any run. */
export interface InterventionFeeding {
  readonly intervention: Intervention
  readonly inputs: InterventionInputs
  readonly layers: readonly InterventionLayer[]
  readonly hiddenSize: number
}

export interface InterventionFeed {
  readonly type: 'float32' | 'int64'
  readonly data: Float32Array | BigInt64Array
  readonly dimensions: readonly number[]
}

/**
 * Added to a score to forbid it: its exponential is 0 beside any other score, and unlike minus infinity it
 * makes no NaN of a row in which everything is forbidden.
 */
const FORBIDDEN = -1e30

/** What a graph has to be able to do for an intervention; tokens are deleted before (`deleteTokens`). */
export function requestOf(intervention: Intervention): InterventionRequest {
  const {maskKeys, cutEdges, headsOff, embeddingScale, treeMask} = intervention
  const layersOf = (entries: readonly {layer: number}[] | undefined) =>
    [...new Set((entries ?? []).map(({layer}) => layer))].sort((a, b) => a - b)
  return {
    sharedBias: Boolean(maskKeys?.length || treeMask),
    layerBias: layersOf(cutEdges?.filter(({head}) => head !== 'all')),
    allHeadsBias: layersOf(cutEdges?.filter(({head}) => head === 'all')),
    headGates: layersOf(headsOff),
    embeddingScale: embeddingScale !== undefined,
    positionShift: treeMask !== undefined,
    ...(intervention.exitAfterLayer !== undefined && {exitAfterLayer: intervention.exitAfterLayer}),
  }
}

/** The same edges, those that were cut in every head of a layer by itself as one: what heads share is fed once. */
export function joinedOverHeads(
  edges: readonly CutEdge[],
  layers: readonly Pick<InterventionLayer, 'queryHeadCount'>[]
): CutEdge[] {
  const groups = new Map<string, CutEdge[]>()
  for (const edge of edges) {
    const name = `${edge.layer} ${edge.query} ${edge.key}`
    const group = groups.get(name)
    if (group) group.push(edge)
    else groups.set(name, [edge])
  }
  return [...groups.values()].flatMap((group) => {
    const edge = group[0]!
    const count = layers[edge.layer]?.queryHeadCount ?? 0
    const known = group.filter(({head}) => head === 'all' || head < count)
    // A head that is not there stays to be refused by its name.
    if (known.length < group.length) return group
    const heads = new Set(known.map(({head}) => head))
    const isEverywhere = heads.has('all') || heads.size === count
    return isEverywhere ? [{...edge, head: 'all' as const}] : group
  })
}

/**
 * What is fed to one run for an intervention, by the names of the graph's inputs. Parts that `intervention`
 * leaves out are fed so that they change nothing, so one graph serves many interventions. It was checked by
 * `checkIntervention` before; positions are those of the text that runs.
 */
export function interventionFeeds(
  intervention: Intervention,
  inputs: InterventionInputs,
  layers: readonly InterventionLayer[],
  chunk: InterventionChunk,
  hiddenSize: number
): Record<string, InterventionFeed> {
  const feeds: Record<string, InterventionFeed> = {}
  const keyCount = chunk.pastCount + chunk.length
  if (inputs.sharedBias) {
    const data = sharedBiasOf(intervention, chunk)
    feeds[inputs.sharedBias] = {type: 'float32', data, dimensions: [chunk.length, keyCount]}
  }
  for (const {layer, input} of inputs.layerBias) {
    const {queryHeadCount} = layers[layer]!
    // Where heads have nothing of their own to share, what is said of all is said of each.
    const isWhole = !inputs.allHeadsBias.some((one) => one.layer === layer)
    const data = layerBiasOf(intervention, {layer, queryHeadCount, isWhole}, chunk)
    feeds[input] = {type: 'float32', data, dimensions: [queryHeadCount, chunk.length, keyCount]}
  }
  for (const {layer, input} of inputs.allHeadsBias) {
    const data = allHeadsBiasOf(intervention, layer, chunk)
    feeds[input] = {type: 'float32', data, dimensions: [chunk.length, keyCount]}
  }
  for (const {layer, gate, offset} of inputs.headGates) {
    const {queryHeadCount, headSize} = layers[layer]!
    const off = (intervention.headsOff ?? []).filter((one) => one.layer === layer)
    const dimensions = [queryHeadCount, headSize]
    const values = gatesOf(off, queryHeadCount, headSize)
    feeds[gate] = {type: 'float32', data: values.gate, dimensions}
    feeds[offset] = {type: 'float32', data: values.offset, dimensions}
  }
  if (inputs.embeddingScale) {
    const data = factorsOf(intervention.embeddingScale, chunk, hiddenSize)
    const dimensions = [1, chunk.length, hiddenSize]
    feeds[inputs.embeddingScale] = {type: 'float32', data, dimensions}
  }
  if (inputs.positionShift) {
    const data = shiftOf(intervention.treeMask, chunk)
    feeds[inputs.positionShift] = {type: 'int64', data, dimensions: [1, chunk.length]}
  }
  return feeds
}

/** [query, key] for every head of every layer: masked keys, and what a tree's queries do not see. */
export function sharedBiasOf(
  {maskKeys = [], treeMask}: Pick<Intervention, 'maskKeys' | 'treeMask'>,
  {pastCount, length}: InterventionChunk
): Float32Array {
  const keyCount = pastCount + length
  const bias = new Float32Array(length * keyCount)
  const sees = treeMask && visibilityOf(treeMask)
  for (let row = 0; row < length; row++) {
    const query = pastCount + row
    for (const key of maskKeys) {
      if (key !== query && key < keyCount) bias[row * keyCount + key] = FORBIDDEN
    }
    if (!sees) continue
    const visible = sees(query)
    for (let key = 0; key < keyCount; key++) {
      if (!visible.has(key)) bias[row * keyCount + key] = FORBIDDEN
    }
  }
  return bias
}

/** Which keys a query of a tree sees: itself and its ancestors, or what the mask says. */
export function visibilityOf(treeMask: TreeMask): (query: number) => ReadonlySet<number> {
  if ('allowed' in treeMask) {
    const {allowed} = treeMask
    return (query) => new Set(allowed[query]!.flatMap((isAllowed, key) => (isAllowed ? [key] : [])))
  }
  const {parents} = treeMask
  return (query) => {
    const seen = new Set<number>()
    for (let at = query; at >= 0; at = parents[at]!) seen.add(at)
    return seen
  }
}

/** Position ids of a tree's tokens: their depths, or what the mask says. */
export function positionIdsOf(treeMask: TreeMask): readonly number[] {
  if ('positionIds' in treeMask) return treeMask.positionIds
  const depths: number[] = []
  for (const parent of treeMask.parents) depths.push(parent < 0 ? 0 : depths[parent]! + 1)
  return depths
}

/** [head, query, key]: edges of a layer that are cut in single heads; with `isWhole` those of all heads too. */
function layerBiasOf(
  {cutEdges = []}: Intervention,
  {layer, queryHeadCount, isWhole}: {layer: number; queryHeadCount: number; isWhole: boolean},
  {pastCount, length}: InterventionChunk
): Float32Array {
  const keyCount = pastCount + length
  const bias = new Float32Array(queryHeadCount * length * keyCount)
  for (const edge of cutEdges) {
    const row = edge.query - pastCount
    if (edge.layer !== layer || row < 0 || row >= length || edge.key >= keyCount) continue
    if (edge.head === 'all' && !isWhole) continue
    const first = edge.head === 'all' ? 0 : edge.head
    const last = edge.head === 'all' ? queryHeadCount - 1 : edge.head
    for (let head = first; head <= last; head++) {
      bias[(head * length + row) * keyCount + edge.key] = FORBIDDEN
    }
  }
  return bias
}

/** [query, key]: edges that are cut in every head of a layer. */
function allHeadsBiasOf(
  {cutEdges = []}: Intervention,
  layer: number,
  {pastCount, length}: InterventionChunk
): Float32Array {
  const keyCount = pastCount + length
  const bias = new Float32Array(length * keyCount)
  for (const edge of cutEdges) {
    const row = edge.query - pastCount
    if (edge.layer !== layer || edge.head !== 'all' || row < 0 || row >= length) continue
    if (edge.key < keyCount) bias[row * keyCount + edge.key] = FORBIDDEN
  }
  return bias
}

function gatesOf(
  off: readonly HeadOff[],
  headCount: number,
  headSize: number
): {gate: Float32Array; offset: Float32Array} {
  const gate = new Float32Array(headCount * headSize).fill(1)
  const offset = new Float32Array(headCount * headSize)
  for (const {head, mean} of off) {
    gate.fill(0, head * headSize, (head + 1) * headSize)
    if (mean) offset.set(mean, head * headSize)
  }
  return {gate, offset}
}

function factorsOf(
  scale: Intervention['embeddingScale'],
  {pastCount, length}: InterventionChunk,
  hiddenSize: number
): Float32Array {
  const factors = new Float32Array(length * hiddenSize).fill(1)
  for (let row = 0; row < length; row++) {
    const entry = scale?.[pastCount + row]
    if (typeof entry === 'number') factors.fill(entry, row * hiddenSize, (row + 1) * hiddenSize)
    else if (entry) factors.set(entry, row * hiddenSize)
  }
  return factors
}

function shiftOf(
  treeMask: TreeMask | undefined,
  {pastCount, length}: InterventionChunk
): BigInt64Array {
  const ids = treeMask && positionIdsOf(treeMask)
  return BigInt64Array.from({length}, (_, row) => {
    const position = pastCount + row
    return BigInt((ids?.[position] ?? position) - position)
  })
}
