import {afterEach, beforeAll, describe, expect, it} from 'vitest'
import {
  type AttentionGraph,
  type GraphRequestInput,
  graphRequestSchema,
} from '../../../shared/lenses/attention-graph.ts'
import {importanceRequestSchema} from '../../../shared/lenses/attention-maps.ts'
import {attentionGraph} from './attention-graph.ts'
import {runImportance} from './attention-importance.ts'
import {
  attentionContext,
  type TestAttentionContext,
  weightsByOnnxruntime,
} from './test-attention.ts'

const MODEL = 'tiny-decoder-kv'
const [LAYERS, HEADS] = [2, 4]
const ids = Int32Array.from({length: 30}, (_, i) => 3 + ((i * 7) % 40))
const count = ids.length

/** Means of all heads, [layer][query][key], by plain onnxruntime. */
let means: number[][][]
let made: TestAttentionContext | null = null
const context = () => {
  made = attentionContext({chunkLength: 7})
  return made
}
beforeAll(async () => {
  const weights = await weightsByOnnxruntime(MODEL, ids)
  means = Array.from({length: LAYERS}, (_, layer) =>
    Array.from({length: count}, (_, query) =>
      Array.from({length: count}, (_, key) => {
        let sum = 0
        for (let head = 0; head < HEADS; head++) {
          sum += weights[((layer * HEADS + head) * count + query) * count + key]!
        }
        return sum / HEADS
      })
    )
  )
})
afterEach(() => made?.close())

const ask = (change: Partial<GraphRequestInput> = {}) =>
  attentionGraph(context(), graphRequestSchema.parse({model: MODEL, ids, ...change}))
const edgesOf = (graph: AttentionGraph, layer: number) =>
  Array.from(graph.weight, (weight, e) => ({
    ...{layer: graph.layer[e]!, query: graph.query[e]!, key: graph.key[e]!, weight},
  })).filter((edge) => edge.layer === layer)

describe('the attention graph', () => {
  it('has the means of the heads as edges, the heaviest of each layer, and counts all', async () => {
    const graph = await ask({maxEdgesPerLayer: 9})
    expect(graph.layers).toEqual([0, 1])
    for (const layer of [0, 1]) {
      const all = means[layer]!.flatMap((row, query) =>
        row.flatMap((weight, key) => (key < query && weight > 0 ? [{query, key, weight}] : []))
      )
      all.sort((a, b) => b.weight - a.weight)
      const found = edgesOf(graph, layer)
      expect(found.length).toBe(9)
      for (const [i, edge] of found.entries()) {
        expect(Math.abs(edge.weight - means[layer]![edge.query]![edge.key]!)).toBeLessThan(1e-5)
        expect(Math.abs(edge.weight - all[i]!.weight)).toBeLessThan(1e-5)
      }
      const totals = graph.totals[layer]!
      expect(totals.edgeCount).toBe(all.length)
      const weight = all.reduce((sum, edge) => sum + edge.weight, 0)
      expect(Math.abs(totals.weight - weight)).toBeLessThan(1e-4)
      // Every row sums to 1: what is no edge stays on its own token.
      expect(Math.abs(totals.stayWeight + weight - count)).toBeLessThan(1e-3)
    }
  })

  it('followed from a query ends in its row of attention rollout', async () => {
    const query = 21
    const graph = await ask({into: query, maxEdgesPerLayer: 1000})
    const row = (layer: number) => [...graph.nodes.subarray(layer * count, (layer + 1) * count)]
    for (const layer of [0, 1, 2]) {
      expect(row(layer).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    }
    expect(row(2)[query]).toBe(1)
    const request = importanceRequestSchema.parse({
      ...{model: MODEL, ids, method: 'attention-rollout', query},
    })
    for await (const event of runImportance(context(), request)) {
      if (event.kind !== 'importance') continue
      for (const [at, value] of event.importance.values.entries()) {
        expect(Math.abs(row(0)[at]! - value)).toBeLessThan(1e-6)
      }
    }
    // Edges of the last layer are the halves of what the query itself reads.
    for (const {key, weight} of edgesOf(graph, 1)) {
      expect(Math.abs(weight - means[1]![query]![key]! / 2)).toBeLessThan(1e-5)
    }
    const first = edgesOf(graph, 0).reduce((sum, edge) => sum + edge.weight, 0)
    expect(Math.abs(first + graph.totals[0]!.stayWeight - 1)).toBeLessThan(1e-5)
  })

  it('in columns has the same totals, and its edges are sums', async () => {
    const whole = await ask({into: count - 1, maxEdgesPerLayer: 1000})
    const parts = await ask({
      ...{into: count - 1, maxEdgesPerLayer: 1000, window: [10, 22], tokensPerColumn: 3},
    })
    expect([...parts.starts]).toEqual([0, 10, 13, 16, 19, 22])
    for (const layer of [0, 1]) {
      expect(parts.totals[layer]!.edgeCount).toBe(whole.totals[layer]!.edgeCount)
      expect(parts.totals[layer]!.weight).toBeCloseTo(whole.totals[layer]!.weight, 5)
      const sum = (edges: {weight: number}[]) => edges.reduce((all, {weight}) => all + weight, 0)
      expect(sum(edgesOf(parts, layer))).toBeCloseTo(whole.totals[layer]!.weight, 5)
    }
    const columnOf = (at: number) => parts.starts.findLastIndex((start) => start <= at)
    const own = edgesOf(whole, 0).filter(
      ({query, key}) => columnOf(query) === 3 && columnOf(key) === 1
    )
    const edge = edgesOf(parts, 0).find(({query, key}) => query === 3 && key === 1)!
    expect(edge.weight).toBeCloseTo(
      own.reduce((sum, {weight}) => sum + weight, 0),
      5
    )
  })

  it('hides what filters hide, and takes the sink out before anything is followed', async () => {
    const filters = {dropSink: true, threshold: 0, topK: 2}
    const graph = await ask({into: 12, filters, maxEdgesPerLayer: 1000})
    const last = means[1]![12]!
    const left = last.map((weight, key) => (key === 0 ? 0 : weight / (1 - last[0]!)))
    const kept = left
      .map((weight, key) => ({weight, key}))
      .filter(({weight}) => weight > 0)
      .sort((a, b) => b.weight - a.weight)
      .slice(0, 2)
      .filter(({key}) => key !== 12)
    expect(edgesOf(graph, 1).map(({key}) => key)).toEqual(kept.map(({key}) => key))
    for (const [i, {weight}] of edgesOf(graph, 1).entries()) {
      expect(Math.abs(weight - kept[i]!.weight / 2)).toBeLessThan(1e-5)
    }
    expect(graph.nodes[count]).toBe(0)
    expect(graph.totals[1]!.edgeCount).toBe(11)
    expect(graph.totals[1]!.leftCount).toBe(kept.length)
  })

  it('names a window and a token that are not there', async () => {
    await expect(ask({window: [0, count + 1]})).rejects.toMatchObject({
      problem: {field: 'window'},
    })
    await expect(ask({into: count})).rejects.toMatchObject({problem: {field: 'into'}})
  })
})
