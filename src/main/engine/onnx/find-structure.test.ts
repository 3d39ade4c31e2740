import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {
  type ExportFacts,
  exportPath,
  listExports,
  type ReferenceArray,
  readReference,
} from '../../../../fixtures/exports/read-export.ts'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {feedsOf} from '../../../../fixtures/families/feeds.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {GraphEditor} from './graph-editor.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import {decodeMessage, encodeMessage} from './schema.ts'
import type {
  AttentionSite,
  ModelGraph,
  ModelStructure,
  QueryKeySource,
  ScoreStep,
} from './structure.ts'

const fixture = (name: string) =>
  join(import.meta.dirname, '../../../../fixtures', name, 'onnx/model.onnx')

function sitesOf({layers}: ModelStructure): AttentionSite[] {
  return layers.flatMap(({sites}) => sites)
}

/** Of each site: its way from product to Softmax, or the problem's code. */
function waysOf(structure: ModelStructure): string[] {
  return sitesOf(structure).map(({queryKey}) =>
    'code' in queryKey ? queryKey.code : queryKey.steps.map(nameOf).join(' ')
  )
}

function nameOf(step: ScoreStep): string {
  return 'operand' in step && step.operand.kind === 'constant' ? `${step.kind}-constant` : step.kind
}

describe('findStructure of the tiny models', () => {
  it('finds everything of a decoder with a cache', async () => {
    const structure = findStructure(await readModelGraph(fixture('tiny-decoder-kv')))
    expect(structure.problems).toEqual([])
    expect(structure.layers).toHaveLength(2)
    for (const [layer, found] of structure.layers.entries()) {
      expect(found).toMatchObject({layer, queryHeadCount: 4, keyValueHeadCount: 2, headSize: 8})
      const [site] = found.sites
      expect(site).toMatchObject({
        operator: 'softmax',
        weights: site?.node.output[0],
        queryKey: {key: {tensor: `present.${layer}.key`, factor: 1}},
        values: {value: {tensor: `present.${layer}.value`}},
        outputProjection: {
          tensor: `model.layers.${layer}.self_attn.o_proj.weight`,
          isTransposed: false,
        },
      })
    }
    const {steps} = sitesOf(structure)[0]!.queryKey as QueryKeySource
    expect(steps[0]).toEqual({
      kind: 'mul',
      operand: {kind: 'constant', value: Math.fround(1 / Math.sqrt(8))},
    })
    expect(structure.inputs).toEqual({
      inputIds: 'input_ids',
      attentionMask: 'attention_mask',
      isMaskAdded: false,
      positionIds: 'position_ids',
      cachePosition: null,
      tokenTypeIds: null,
      useCacheBranch: null,
      counts: [],
      kvCache: [0, 1].flatMap((layer) =>
        ['key', 'value'].map((part) => ({
          input: `past_key_values.${layer}.${part}`,
          output: `present.${layer}.${part}`,
          axis: 2,
        }))
      ),
    })
    expect(structure.head?.nodes.at(-1)?.output).toEqual(['logits'])
  })

  it('finds attention and stream of an encoder without a head', async () => {
    const structure = findStructure(await readModelGraph(fixture('tiny-encoder')))
    expect(structure.layers).toMatchObject([{queryHeadCount: 1, keyValueHeadCount: 1}])
    expect(structure.residual?.points).toHaveLength(2)
    expect(structure.head).toBeNull()
    expect(structure.problems.map(({code}) => code)).toEqual(['output-head-not-found'])
  })
})

const EXPORTS = listExports().filter(({hasCacheBranch}) => !hasCacheBranch)

describe.each(EXPORTS.map((facts) => [facts.id, facts] as const))('the export %s', (_, facts) => {
  const {layerCount, queryHeadCount, keyValueHeadCount} = facts

  it('has the layers, heads and head that its trainer gave it', async () => {
    const structure = findStructure(await readModelGraph(exportPath(facts)))
    const heads = structure.layers.map((layer) => [layer.queryHeadCount, layer.keyValueHeadCount])
    expect(heads).toEqual(Array(layerCount).fill([queryHeadCount, keyValueHeadCount]))
    expect(structure.residual?.points).toHaveLength(layerCount + 1)
    expect(structure.head !== null).toBe(facts.output === 'logits')
    expect(sitesOf(structure).filter(({values}) => values === null)).toEqual([])
    expect(waysOf(structure).filter((way) => /-not-|unknown/.test(way))).toEqual([])
    expect(structure.inputs.kvCache).toHaveLength(facts.hasKvCache ? 2 * layerCount : 0)
    const projections = sitesOf(structure).map(({outputProjection}) => outputProjection !== null)
    expect(projections).toEqual(Array(layerCount).fill(true))
  })

  it.runIf(facts.dtype === 'float32')('has weights and a stream that the trainer has', async () => {
    const graph = await readModelGraph(exportPath(facts))
    const structure = findStructure(graph)
    const reference = readReference(facts)
    const editor = new GraphEditor(graph)
    const points = structure.residual?.points ?? []
    const tensors = points.flatMap(({tensor, addends}) => addends ?? [tensor])
    const weights = sitesOf(structure).flatMap((site) => site.weights ?? [])
    const normed = structure.head?.normed
    for (const tensor of [...tensors, ...weights, ...(normed ? [normed] : [])]) {
      editor.addOutput(tensor)
    }
    const outputs = await runOnce(
      encodeOverlay(editor),
      exportFeeds(graph, facts, reference.inputIds)
    )
    const dataOf = (tensor: string) => Float32Array.from(outputs[tensor]?.data as Float32Array)
    points.forEach(({tensor, addends}, layer) => {
      const sum = sumOf((addends ?? [tensor]).map(dataOf))
      expect(largestDifference(sum, reference.residual, layer)).toBeLessThan(2e-4)
    })
    weights.forEach((tensor, layer) => {
      expect(largestDifference(dataOf(tensor), reference.attention, layer)).toBeLessThan(1e-5)
    })
    if (normed) expect(largestDifference(dataOf(normed), reference.normed, null)).toBeLessThan(2e-4)
  })
})

/** Entry by entry; a shorter one (a bias) is repeated. */
function sumOf(addends: readonly Float32Array[]): Float32Array {
  const [first] = addends
  return Float32Array.from(first ?? [], (_, index) =>
    addends.reduce((sum, addend) => sum + addend[index % addend.length]!, 0)
  )
}

/** To one entry of the reference's first axis, or to all of it. */
function largestDifference(
  found: Float32Array,
  {shape, values}: ReferenceArray,
  entry: number | null
): number {
  const length = entry === null ? values.length : values.length / shape[0]!
  const expected = values.subarray((entry ?? 0) * length, ((entry ?? 0) + 1) * length)
  expect(found).toHaveLength(length)
  return found.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - expected[index]!)),
    0
  )
}

function exportFeeds(
  {model}: ModelGraph,
  {keyValueHeadCount}: ExportFacts,
  inputIds: readonly number[]
): TestFeeds {
  const shape = [1, inputIds.length]
  const values: Readonly<Record<string, readonly number[]>> = {
    input_ids: inputIds,
    attention_mask: inputIds.map(() => 1),
    position_ids: inputIds.map((_, position) => position),
    token_type_ids: inputIds.map(() => 0),
  }
  const feeds = model.graph.input.map(({name}) => {
    const row = values[name]
    const empty = ['float32', [1, keyValueHeadCount, 0, HEAD_SIZE], []] as const
    return [name, row ? (['int64', shape, row] as const) : empty] as const
  })
  return Object.fromEntries(feeds)
}
/** Of every export. */
const HEAD_SIZE = 8

const CELLS = COMBINATIONS.filter(({cache}) => cache !== 'merged')

describe('findStructure of the families', () => {
  it.each(CELLS.map((cell) => [cellName(cell), cell] as const))('%s', (_, cell) => {
    const {bytes, facts} = buildFamilyModel(cell)
    const structure = findStructure({path: 'model.onnx', model: decodeMessage('Model', bytes)})
    expect(structure.problems).toEqual([])
    const {queryHeadCount, keyValueHeadCount, headSize, layerCount} = facts
    expect(structure.layers).toMatchObject(
      Array.from({length: layerCount}, (_, layer) => ({
        layer,
        queryHeadCount,
        keyValueHeadCount,
        headSize,
        sites: [{operator: facts.operator}],
      }))
    )
    for (const site of sitesOf(structure)) {
      expect(site.weights !== null).toBe(facts.operator === 'softmax')
      expect(site.values).not.toBeNull()
    }
    for (const way of waysOf(structure)) expect(way).toMatch(WAYS[facts.operator]!)
    expect(structure.residual?.points).toHaveLength(layerCount + 1)
    expect(structure.head?.nodes.at(-1)?.output).toEqual(['logits'])
    // BERT's head begins with a matrix: nothing there is a norm of the stream.
    expect(structure.head?.normed === null).toBe(!facts.isCausal)
    const cache = facts.kvCache.map(({input, output}) => ({input, output}))
    expect(structure.inputs.kvCache).toMatchObject(cache)
  })
})

const FLOAT_CELLS = CELLS.filter(({dtype}) => dtype === 'float32')

describe('the residual stream of the families', () => {
  it.each(FLOAT_CELLS.map((cell) => [cellName(cell), cell] as const))('%s', async (_, cell) => {
    const {bytes, facts} = buildFamilyModel(cell)
    const graph = {path: '/model.onnx', model: decodeMessage('Model', bytes)}
    const {residual} = findStructure(graph)
    const editor = new GraphEditor(graph)
    const points = residual?.points ?? []
    for (const {tensor, addends} of points) {
      for (const part of addends ?? [tensor]) editor.addOutput(part)
    }
    const tokenIds = [5, 17, 3, 60, 42, 7]
    const reference = runReference(cell, {tokenIds})
    const feeds = Object.entries(feedsOf(facts, {tokenIds})).map(([name, feed]) => {
      const values = Array.from(feed.data as ArrayLike<number | bigint>, Number)
      return [name, [feed.type, feed.dimensions, values]] as const
    })
    const model = {bytes: encodeMessage('Model', editor.model), folder: '.'}
    const outputs = await runOnce(model, Object.fromEntries(feeds) as TestFeeds)
    points.forEach(({tensor, addends}, layer) => {
      const parts = (addends ?? [tensor]).map((part) => outputs[part]?.data as Float32Array)
      const expected = reference.residual[layer]!.flatMap((row) => [...row])
      const found = sumOf(parts)
      const largest = Math.max(...expected.map(Math.abs))
      expect(found).toHaveLength(expected.length)
      expected.forEach((value, index) => {
        expect(Math.abs(found[index]! - value) / largest).toBeLessThan(1e-5)
      })
    })
  })
})

const SOFT_CAP = '(div-constant tanh mul-constant )?'
const WAYS: Readonly<Record<string, RegExp>> = {
  softmax:
    /^(mul-constant |div-constant )?(div-constant tanh mul-constant )?(where )?add( max-constant)?$/,
  'ai.onnx.Attention': new RegExp(`^mul-constant ${SOFT_CAP}(where|causal)$`),
  'com.microsoft.GroupQueryAttention': new RegExp(`^mul-constant ${SOFT_CAP}causal key-count$`),
  'com.microsoft.MultiHeadAttention': /^mul-constant (key-mask|add|key-mask causal)$/,
  'com.microsoft.Attention': /^mul-constant key-mask( causal)?$/,
}
