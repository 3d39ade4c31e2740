import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeAll, describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type AttentionMap,
  captureRequestSchema,
  edgesRequestSchema,
  lineRequestSchema,
  type Thumbnail,
  type TileRequestInput,
  thumbnailsRequestSchema,
  tileRequestSchema,
} from '../../../shared/lenses/attention-maps.ts'
import {decodeMessage} from '../onnx/schema.ts'
import {runOnce} from '../runtime/test-onnxruntime.ts'
import {
  attentionEdges,
  attentionLine,
  attentionThumbnails,
  attentionTile,
  captureAttention,
} from './attention-maps.ts'
import {
  attentionContext,
  eventsOf,
  FIXTURES,
  type TestAttentionContext,
  weightsByOnnxruntime,
} from './test-attention.ts'

const MODEL = 'tiny-decoder-kv'
const [LAYERS, HEADS, SIZE, KEY_HEADS] = [2, 4, 8, 2]
const ALL_HEADS = Array.from({length: LAYERS * HEADS}, (_, i) => ({
  layer: Math.floor(i / HEADS),
  head: i % HEADS,
}))

let ids: Int32Array
let count: number
/** [layer, head, query, key] by plain onnxruntime. */
let weights: Float32Array
let contexts: TestAttentionContext[] = []
function context(options: Parameters<typeof attentionContext>[0] = {}) {
  const made = attentionContext({chunkLength: 7, ...options})
  contexts.push(made)
  return made
}
beforeAll(async () => {
  const made = attentionContext()
  const events = await eventsOf(made, {model: MODEL, prompt: 'The queen walks to the river. 2+2=4'})
  const tokenized = events.find((event) => event.kind === 'tokenized')!
  ids = tokenized.tokens.ids
  count = ids.length
  weights = await weightsByOnnxruntime(MODEL, ids)
  await made.close()
})
afterEach(async () => {
  await Promise.all(contexts.map((one) => one.close()))
  contexts = []
})

type Matrix = number[][]
const plain = (layer: number, head: number): Matrix =>
  Array.from({length: count}, (_, query) => {
    const start = ((layer * HEADS + head) * count + query) * count
    return [...weights.subarray(start, start + count)]
  })
const zip = (a: Matrix, b: Matrix, of: (x: number, y: number) => number): Matrix =>
  a.map((row, q) => row.map((x, k) => of(x, b[q]![k]!)))
const average = (all: readonly Matrix[]): Matrix =>
  all
    .reduce((sum, one) => zip(sum, one, (x, y) => x + y))
    .map((row) => row.map((x) => x / all.length))

/** Every cell of a map by the call of the page. */
async function wholeTile(made: TestAttentionContext, changes: Partial<TileRequestInput>) {
  return attentionTile(
    made,
    tileRequestSchema.parse({
      ...{model: MODEL, ids, queries: [0, count], keys: [0, count]},
      ...{rowCount: count, columnCount: count, map: {kind: 'head', layer: 0, head: 0}},
      ...changes,
    })
  )
}

async function expectMap(made: TestAttentionContext, map: AttentionMap, expected: Matrix) {
  const tile = await wholeTile(made, {map})
  expect(tile).toMatchObject({rowCount: count, columnCount: count})
  expected.flat().forEach((value, i) => {
    expect(Math.abs(tile.values[i]! - value)).toBeLessThan(1e-5)
  })
  return tile
}

/** ‖v_j · W_O^h‖ of every position, in plain loops over what the graph caches and stores. */
async function normsByOnnxruntime(layer: number, head: number): Promise<number[]> {
  const bytes = await readFile(join(FIXTURES, MODEL, 'onnx/model.onnx'))
  const {graph} = decodeMessage('Model', bytes)
  const tensor = graph.initializer.find(
    ({name}) => name === `model.layers.${layer}.self_attn.o_proj.weight`
  )!
  const matrix = new Float32Array(new Uint8Array(tensor.rawData!).buffer)
  const width = HEADS * SIZE
  const outputs = await runOnce(join(FIXTURES, MODEL, 'onnx/model.onnx'), {
    input_ids: ['int64', [1, count], [...ids]],
    attention_mask: ['int64', [1, count], [...ids].map(() => 1)],
    position_ids: ['int64', [1, count], [...ids.keys()]],
    ...Object.fromEntries(
      [0, 1].flatMap((one) =>
        ['key', 'value'].map((part) => [
          `past_key_values.${one}.${part}`,
          ['float32', [1, KEY_HEADS, 0, SIZE], []] as const,
        ])
      )
    ),
  })
  const values = outputs[`present.${layer}.value`]!.data as Float32Array
  const keyHead = Math.floor((head * KEY_HEADS) / HEADS)
  return Array.from({length: count}, (_, position) => {
    let squares = 0
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let i = 0; i < SIZE; i++) {
        const value = values[(keyHead * count + position) * SIZE + i]!
        sum += value * matrix[(head * SIZE + i) * width + column]!
      }
      squares += sum * sum
    }
    return Math.sqrt(squares)
  })
}

describe('maps of a text', () => {
  it('are the weights of a head, and the mean and the largest of several', async () => {
    const made = context()
    await expectMap(made, {kind: 'head', layer: 1, head: 2}, plain(1, 2))
    const heads = [ALL_HEADS[1]!, ALL_HEADS[6]!]
    const [a, b] = [plain(0, 1), plain(1, 2)]
    await expectMap(made, {kind: 'aggregate', by: 'mean', heads}, average([a, b]))
    await expectMap(made, {kind: 'aggregate', by: 'max', heads}, zip(a, b, Math.max))
  })

  it('are a difference, signed, with its sink dropped in both heads first', async () => {
    const made = context()
    const map = {kind: 'difference' as const, a: ALL_HEADS[1]!, b: ALL_HEADS[6]!}
    const tile = await expectMap(
      made,
      map,
      zip(plain(0, 1), plain(1, 2), (x, y) => x - y)
    )
    expect(tile.minimum).toBeLessThan(0)
    const withoutSink = (matrix: Matrix): Matrix =>
      matrix.map((row) => {
        const rest = row.slice(1).reduce((sum, x) => sum + x, 0)
        return row.map((x, key) => (key === 0 || rest === 0 ? 0 : x / rest))
      })
    const dropped = await wholeTile(made, {map, filters: {dropSink: true}})
    const expected = zip(withoutSink(plain(0, 1)), withoutSink(plain(1, 2)), (x, y) => x - y)
    expected.flat().forEach((value, i) => {
      expect(Math.abs(dropped.values[i]! - value)).toBeLessThan(1e-5)
    })
  })

  it('are weighted by values through the head’s block of the output projection, and summed', async () => {
    const made = context()
    const heads = [ALL_HEADS[3]!, ALL_HEADS[5]!]
    const parts: Matrix[] = []
    for (const {layer, head} of heads) {
      const norms = await normsByOnnxruntime(layer, head)
      parts.push(plain(layer, head).map((row) => row.map((x, key) => x * norms[key]!)))
    }
    const expected = zip(parts[0]!, parts[1]!, (x, y) => x + y)
    const tile = await expectMap(made, {kind: 'aggregate', by: 'value-weighted', heads}, expected)
    expect(tile.summary).toMatchObject({valueNorms: 'projected', nowhereShare: null})
    expect((await wholeTile(made, {})).summary.valueNorms).toBeUndefined()
  })

  it('are attention rollout through a layer: later factors on the left', async () => {
    const made = context()
    const factor = (layer: number): Matrix =>
      average(Array.from({length: HEADS}, (_, head) => plain(layer, head))).map((row, q) =>
        row.map((x, k) => x / 2 + (q === k ? 0.5 : 0))
      )
    const [first, second] = [factor(0), factor(1)]
    const product = second.map((row) =>
      row.map((_, key) => row.reduce((sum, x, via) => sum + x * first[via]![key]!, 0))
    )
    await expectMap(made, {kind: 'attention-rollout', throughLayer: 1}, product)
    await expectMap(made, {kind: 'attention-rollout', throughLayer: 0}, first)
  })

  it('are pooled to windows of cells', async () => {
    const made = context()
    const tile = await wholeTile(made, {
      queries: [3, 13],
      keys: [1, 12],
      rowCount: 4,
      columnCount: 3,
    })
    const matrix = plain(0, 0)
    for (let r = 0; r < 4; r++) {
      for (let c = 0; c < 3; c++) {
        let largest = 0
        for (let q = 3 + Math.floor((r * 10) / 4); q < 3 + Math.floor(((r + 1) * 10) / 4); q++) {
          for (let k = 1 + Math.floor((c * 11) / 3); k < 1 + Math.floor(((c + 1) * 11) / 3); k++) {
            largest = Math.max(largest, matrix[q]![k]!)
          }
        }
        expect(tile.values[r * 3 + c]).toBeCloseTo(largest, 5)
      }
    }
    expect(tile.summary).toMatchObject({rowCount: 10, hiddenShare: 0, nonFiniteCount: 0})
  })

  it('have lines and edges of the same weights', async () => {
    const made = context()
    const text = {model: MODEL, ids}
    const map = {kind: 'head' as const, layer: 1, head: 3}
    const matrix = plain(1, 3)
    const line = (of: 'query' | 'key', position: number) =>
      attentionLine(made, lineRequestSchema.parse({...text, map, of, position}))
    const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
      expect(actual.length).toBe(expected.length)
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-5)
      }
    }
    near((await line('query', 9)).weights, matrix[9]!)
    near(
      (await line('key', 4)).weights,
      matrix.map((row) => row[4]!)
    )
    const request = edgesRequestSchema.parse({...text, map, maxEdgeCount: 20})
    const edges = await attentionEdges(made, request)
    const all = matrix.flatMap((row, query) => row.map((weight, key) => ({query, key, weight})))
    const there = all.filter(({weight}) => weight > 0)
    const least = there.toSorted((a, b) => b.weight - a.weight)[19]!.weight
    const kept = there.filter(({weight}) => weight >= least).slice(0, 20)
    expect([...edges.query]).toEqual(kept.map(({query}) => query))
    expect([...edges.key]).toEqual(kept.map(({key}) => key))
    near(
      edges.weight,
      kept.map(({weight}) => weight)
    )
    expect(edges.omittedCount).toBe(there.length - 20)
  })

  it('give every head in small, in order', async () => {
    const made = context()
    const request = thumbnailsRequestSchema.parse({model: MODEL, ids, size: 5})
    const all: Thumbnail[] = []
    for await (const event of attentionThumbnails(made, request)) {
      if (event.kind === 'thumbnails') all.push(...event.thumbnails)
    }
    expect(all.map(({layer, head}) => ({layer, head}))).toEqual(ALL_HEADS)
    for (const {layer, head, size, values, maximum} of all) {
      const matrix = plain(layer, head)
      expect(size).toBe(5)
      expect(maximum).toBeCloseTo(Math.max(...matrix.flat()), 5)
      const corner = Math.floor((4 * count) / 5)
      const block = matrix.slice(corner).flatMap((row) => row.slice(corner))
      expect(values.at(-1)).toBeCloseTo(Math.max(...block), 5)
    }
  })

  it('hides in small what the filters hide, and says how much', async () => {
    const made = context()
    const filters = {dropSink: false, threshold: 0, topK: 1}
    const request = thumbnailsRequestSchema.parse({model: MODEL, ids, size: 256, filters})
    for await (const event of attentionThumbnails(made, request)) {
      if (event.kind !== 'thumbnails') continue
      for (const {layer, head, size, values, summary} of event.thumbnails) {
        const matrix = plain(layer, head)
        expect(size).toBe(count)
        const shown = matrix.map((_, q) => values.subarray(q * size, (q + 1) * size))
        expect(shown.every((row) => row.filter((x) => x !== 0).length === 1)).toBe(true)
        const hidden = matrix.map((row) => 1 - Math.max(...row))
        const mean = hidden.reduce((sum, x) => sum + x, 0) / count
        expect(summary.hiddenShare).toBeCloseTo(mean, 4)
      }
    }
  })
})

describe('maps whose layers do not fit the memory all at once', () => {
  it('are made of one layer after another, to the same weights', async () => {
    const roomy = context({chunkLength: 4})
    const capture = 'weights'
    await wholeTile(roomy, {capture, map: {kind: 'aggregate', by: 'mean', heads: ALL_HEADS}})
    // A layer and what a run hands over of it fit, two layers do not.
    const tight = context({chunkLength: 4, maxBytes: 0.95 * 4 * weights.length})
    const maps: AttentionMap[] = [
      {kind: 'aggregate', by: 'mean', heads: ALL_HEADS},
      {kind: 'aggregate', by: 'max', heads: ALL_HEADS},
      {kind: 'aggregate', by: 'value-weighted', heads: ALL_HEADS},
      {kind: 'difference', a: ALL_HEADS[1]!, b: ALL_HEADS[6]!},
      {kind: 'attention-rollout', throughLayer: 1},
    ]
    for (const map of maps) {
      const whole = await wholeTile(roomy, {capture, map})
      const parts = await wholeTile(tight, {capture, map})
      for (const [i, value] of whole.values.entries()) {
        expect(Math.abs(parts.values[i]! - value)).toBeLessThan(1e-5)
      }
      expect(parts.summary.valueNorms).toBe(whole.summary.valueNorms)
    }
    expect(tight.budget.usedBytes).toBeLessThanOrEqual(tight.budget.maxBytes)
    const {key: modelKey} = await tight.graphs.open({model: MODEL})
    expect(tight.store.pin({modelKey, ids, wantsWeights: true}).layerNumbers).toHaveLength(1)
  })
})

describe('what is not as it should be', () => {
  const problemOf = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      () => new Error('it succeeded'),
      (caught: unknown) => caught
    )
    if (error instanceof ProblemError) return error.problem
    throw error
  }

  it('is refused by name: heads, layers, positions, ids', async () => {
    const made = context()
    const cases: [Partial<TileRequestInput>, string, string][] = [
      [{map: {kind: 'head', layer: 0, head: 4}}, 'head', 'L0.H4'],
      [{map: {kind: 'head', layer: 2, head: 0}}, 'layers', '2'],
      [{map: {kind: 'attention-rollout', throughLayer: 2}}, 'layers', '2'],
      [{queries: [0, 1000]}, 'queries', '0:1000'],
      [{keys: [0, 1000]}, 'keys', '0:1000'],
      [{ids: Int32Array.of(1, 99_999), queries: [0, 2], keys: [0, 2]}, 'ids', '99999'],
      [{ids: new Int32Array(0)}, 'ids', 'no ids'],
    ]
    for (const [changes, field, found] of cases) {
      expect(await problemOf(wholeTile(made, changes))).toMatchObject({field, found})
    }
    const line = lineRequestSchema.parse({
      ...{model: MODEL, ids, map: {kind: 'head', layer: 0, head: 0}, of: 'key', position: count},
    })
    expect(await problemOf(attentionLine(made, line))).toMatchObject({field: 'position'})
  })

  it('leaves an empty summary where a threshold hides everything', async () => {
    const {summary, values, maximum} = await wholeTile(context(), {filters: {threshold: 2}})
    expect(summary).toMatchObject({rowCount: count, hiddenShare: 1, nonFiniteCount: 0})
    expect([maximum, values.some((value) => value !== 0)]).toEqual([0, false])
  })

  it('comes back by itself after it was evicted', async () => {
    const made = context()
    const before = await wholeTile(made, {})
    expect(made.budget.makeRoom(made.budget.maxBytes)).toBe(true)
    expect(made.budget.usedBytes).toBe(0)
    expect(await wholeTile(made, {})).toEqual(before)
  })

  it.each(['tile', 'line', 'edges', 'thumbnails'] as const)(
    'of what nobody wants any more the work ends: %s',
    async (kind) => {
      const made = context()
      await wholeTile(made, {})
      const of = {model: MODEL, ids, map: {kind: 'head', layer: 1, head: 2}}
      const whole = {queries: [0, count], keys: [0, count], rowCount: 5, columnCount: 5}
      const calls = {
        tile: (signal?: AbortSignal) =>
          attentionTile(made, tileRequestSchema.parse({...of, ...whole}), signal),
        line: (signal?: AbortSignal) =>
          attentionLine(made, lineRequestSchema.parse({...of, of: 'key', position: 2}), signal),
        edges: (signal?: AbortSignal) =>
          attentionEdges(made, edgesRequestSchema.parse({...of, maxEdgeCount: 9}), signal),
        thumbnails: async (signal?: AbortSignal) => {
          const request = thumbnailsRequestSchema.parse({model: MODEL, ids, size: 4})
          for await (const _ of attentionThumbnails(made, request, signal));
        },
      }
      const controller = new AbortController()
      const {thread} = made
      const run = thread.run.bind(thread)
      // Given up just after the thread has it.
      thread.run = (...job) => {
        const answer = run(...job)
        controller.abort(new DOMException('enough', 'AbortError'))
        return answer
      }
      await expect(calls[kind](controller.signal)).rejects.toThrow('enough')
      thread.run = run
      await expect(calls[kind]()).resolves.not.toThrow()
    }
  )

  it('is captured with its value norms where those are wanted of layers that are there', async () => {
    const made = context()
    const capture = async (withValueNorms: boolean) => {
      const request = captureRequestSchema.parse({model: MODEL, ids, withValueNorms})
      const events = []
      for await (const event of captureAttention(made, request)) events.push(event)
      return events.filter(({kind}) => kind === 'progress').length
    }
    expect(await capture(false)).toBeGreaterThan(0)
    expect(await capture(false)).toBe(0)
    expect(await capture(true)).toBeGreaterThan(0)
    expect(await capture(true)).toBe(0)
  })
})
