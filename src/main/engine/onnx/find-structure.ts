import type {Problem} from '../../../shared/domain/problem.ts'
import {findEmbeddings} from './data-flow.ts'
import {DominatorTree} from './dominators.ts'
import {type FoundSite, findAttention} from './find-attention.ts'
import {findBlocksWithoutAttention} from './find-blocks.ts'
import {findHead} from './find-head.ts'
import {type ContentInputs, findContentInputs, sortInputs} from './find-inputs.ts'
import {findResidual, placeBefore, type Stream} from './find-residual.ts'
import {factsOf, type GraphFacts, keepFacts} from './graph-facts.ts'
import type {GraphIndex} from './graph-index.ts'
import {atOnce, inTurns, type Steps} from './in-turns.ts'
import {InputUses} from './input-uses.ts'
import {isDeclaredFloat, type StaticShapes} from './static-shapes.ts'
import type {AttentionLayer, ModelGraph, ModelStructure} from './structure.ts'

/**
 * What a graph is made of, by its structure alone: attention of each layer, residual stream, output head,
 * inputs. What is not found is null, with a Problem that says why. Throws a Problem on a graph that does
 * not hold together. Takes time n log n in the nodes.
 */
export function findStructure(graph: ModelGraph): ModelStructure {
  return atOnce(structureSteps(graph, factsOf(graph.model)))
}

/**
 * The same in slices of a second at most of a graph of 100,000 nodes, so that the thread can answer between
 * them, of a graph that nobody changes any more. Aborted, it rejects before the next one.
 */
export async function findStructureInTurns(
  graph: ModelGraph,
  signal?: AbortSignal
): Promise<ModelStructure> {
  const facts = await inTurns(keepFacts(graph.model), signal)
  return inTurns(structureSteps(graph, facts), signal)
}

function* structureSteps({path}: ModelGraph, facts: GraphFacts): Steps<ModelStructure> {
  const {index, shapes} = facts
  const content = findContentInputs(index, shapes)
  const problems: Problem[] = []
  const isMerged = index.nodes.some(
    ({opType, input}) => opType === 'If' && index.inputOf(input[0]) !== null
  )
  if (isMerged) problems.push(mergedDecoder())
  const output = mainOutput(index, shapes, content)
  const stream = streamOf(index, shapes, content, output)
  yield
  const sites = findAttention(facts, stream)
  yield
  const {layers, places} = layersOf(sites, stream)
  if (layers.length === 0 && problems.length === 0) problems.push(noAttention())
  for (const {problem} of layers) if (problem) problems.push(problem)
  const found = stream && layers.length > 0 ? findResidual(index, shapes, stream, places) : null
  const lastPlace = found && 'stream' in found ? found.lastPlace : null
  const uses = stream && new InputUses(index, shapes, stream, {layers, places, lastPlace})
  const blocksWithoutAttention = stream ? findBlocksWithoutAttention(index, stream, places) : []
  const structure = {
    layers,
    blocksWithoutAttention,
    inputs: sortInputs(index, ordered(index, content, stream), uses),
  }
  if (!stream || !found || 'code' in found) {
    if (found && 'code' in found) problems.push(found)
    return withFile({...structure, residual: null, head: null, problems}, path)
  }
  yield
  const head = findHead(index, stream, found, output!)
  if ('code' in head) problems.push(head)
  return withFile(
    {...structure, residual: found.stream, head: 'code' in head ? null : head, problems},
    path
  )
}

/** The output that the stream ends in: logits, or hidden states of a graph without a head. */
function mainOutput(index: GraphIndex, shapes: StaticShapes, inputs: ContentInputs): string | null {
  const cached = new Set(inputs.kvCache.map(({output}) => output))
  const outputs = index.graph.output.filter(
    (info) =>
      !cached.has(info.name) && isDeclaredFloat(info) !== false && index.producerOf(info.name)
  )
  const byName = outputs.find(({name}) => name === 'logits')
  const byRank = outputs.filter(({name}) => shapes.rankOf(name) === 3)
  // Hidden states may be given as well, and before the logits.
  const rows = findEmbeddings(index, shapes, inputs.inputIds).map((node) =>
    shapes.lengthOf(node.input[0], 0)
  )
  const byWidth = outputs.find(({name}) => {
    const width = shapes.lengthOf(name, -1)
    return width !== null && rows.includes(width)
  })
  return (byName ?? byWidth ?? byRank[0] ?? outputs[0])?.name ?? null
}

function streamOf(
  index: GraphIndex,
  shapes: StaticShapes,
  inputs: ContentInputs,
  output: string | null
): Stream | null {
  const target = output === null ? null : index.producerOf(output)
  const roots = findEmbeddings(index, shapes, inputs.inputIds)
  if (!target || roots.length === 0) return null
  const tree = new DominatorTree(index, roots, target)
  const chain = tree.chainTo(target)
  return chain.length > 0 ? {tree, chain} : null
}

/**
 * Sites between the same two bottlenecks are heads of one layer; where there is no stream each site is a
 * layer of its own.
 */
function layersOf(
  sites: readonly FoundSite[],
  stream: Stream | null
): {layers: AttentionLayer[]; places: number[]} {
  const groups = new Map<number, FoundSite[]>()
  sites.forEach((found, at) => {
    const place = stream ? placeBefore(stream, found.node) : -1
    const key = place >= 0 ? place : -1 - at
    const group = groups.get(key)
    if (group) group.push(found)
    else groups.set(key, [found])
  })
  const inOrder = [...groups].sort(([a], [b]) => a - b)
  const isOnStream = inOrder.every(([place]) => place >= 0)
  // Sites beside the stream (of another tower) keep the order of the graph.
  const entries = isOnStream ? inOrder : [...groups]
  return {
    layers: entries.map(([, group], layer) => layerOf(group, layer)),
    places: entries.map(([place]) => place),
  }
}

function layerOf(group: readonly FoundSite[], layer: number): AttentionLayer {
  const sites = group.flatMap(({site}) => (site ? [site] : []))
  const first = group[0]!
  const sum = (counts: readonly (number | null)[]) =>
    counts.reduce((all, count) => (all === null || count === null ? null : all + count), 0)
  return {
    layer,
    sites,
    queryHeadCount: sum(group.map(({counts}) => counts.queryHeadCount)),
    keyValueHeadCount: sum(group.map(({counts}) => counts.keyValueHeadCount)),
    headSize: first.counts.headSize,
    problem: group.find(({problem}) => problem)?.problem ?? null,
  }
}

/** The cache in the order of layers, keys before values as the inputs have them. */
function ordered(index: GraphIndex, inputs: ContentInputs, stream: Stream | null): ContentInputs {
  if (!stream) return inputs
  const placed = inputs.kvCache.map((entry) => {
    const places = index.consumersOf(entry.input).map((node) => placeBefore(stream, node))
    return {entry, place: Math.max(-1, ...places)}
  })
  if (placed.some(({place}) => place < 0)) return inputs
  return {...inputs, kvCache: placed.sort((a, b) => a.place - b.place).map(({entry}) => entry)}
}

function withFile(structure: ModelStructure, file: string): ModelStructure {
  return {...structure, problems: structure.problems.map((problem) => ({file, ...problem}))}
}

function noAttention(): Problem {
  return {
    code: 'no-attention',
    message: 'The graph has no attention that is recognised.',
    found: 'no Softmax between two products of tensors, and no fused attention operator',
    expected: 'the attention of a transformer',
    advice: 'Use the lenses that need only tokens and logits.',
  }
}

function mergedDecoder(): Problem {
  return {
    code: 'merged-decoder',
    message: 'The file holds two graphs, one that continues a cache and one that starts without.',
    found: 'an If on the use of the cache',
    expected: 'one graph of nodes',
    advice: 'Export the model as one graph: with a KV cache, or without.',
  }
}
