import {afterEach, beforeAll, describe, expect, it} from 'vitest'
import {
  type AttentionMap,
  type CaptureRequest,
  captureRequestSchema,
  type TileRequestInput,
  tileRequestSchema,
} from '../../../shared/lenses/attention-maps.ts'
import {attentionTile, captureAttention} from './attention-maps.ts'
import {
  attentionContext,
  eventsOf,
  type TestAttentionContext,
  weightsByOnnxruntime,
} from './test-attention.ts'

const MODEL = 'tiny-decoder-kv'
const [LAYERS, HEADS] = [2, 4]
const ALL_HEADS = Array.from({length: LAYERS * HEADS}, (_, i) => ({
  layer: Math.floor(i / HEADS),
  head: i % HEADS,
}))

let ids: Int32Array
let count: number
/** [layer, head, query, key] by plain onnxruntime. */
let weights: Float32Array
let contexts: TestAttentionContext[] = []
function context() {
  const made = attentionContext({chunkLength: 7})
  contexts.push(made)
  return made
}
beforeAll(async () => {
  const made = attentionContext()
  const events = await eventsOf(made, {model: MODEL, prompt: 'The queen walks to the river. 2+2=4'})
  ids = events.find((event) => event.kind === 'tokenized')!.tokens.ids
  count = ids.length
  weights = await weightsByOnnxruntime(MODEL, ids)
  await made.close()
})
afterEach(async () => {
  await Promise.all(contexts.map((one) => one.close()))
  contexts = []
})

const plain = (layer: number, head: number): number[][] =>
  Array.from({length: count}, (_, query) => {
    const start = ((layer * HEADS + head) * count + query) * count
    return [...weights.subarray(start, start + count)]
  })

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

describe('a text that goes on', () => {
  const runsOf = async (
    made: TestAttentionContext,
    upTo: number,
    changes: Partial<CaptureRequest> = {}
  ) => {
    const request = captureRequestSchema.parse({
      ...{model: MODEL, ids: ids.slice(0, upTo), ...changes},
    })
    const doneCounts: number[] = []
    for await (const event of captureAttention(made, request)) {
      if (event.kind === 'progress') doneCounts.push(event.done)
    }
    return doneCounts
  }

  for (const capture of ['qk', 'weights'] as const) {
    it(`is run from where its capture ends, to what one pass gives (${capture})`, async () => {
      const made = context()
      const options = {capture, withValueNorms: true}
      expect(count).toBe(24)
      expect(await runsOf(made, 18, options)).toEqual([0, 7, 14, 18])
      // Six tokens, one after another: one run each.
      for (let upTo = count - 5; upTo <= count; upTo++) {
        expect(await runsOf(made, upTo, options)).toEqual([0, upTo])
      }
      const whole = context()
      const maps: AttentionMap[] = [
        {kind: 'head', layer: 0, head: 3},
        {kind: 'head', layer: 1, head: 2},
        {kind: 'aggregate', by: 'value-weighted', heads: ALL_HEADS},
      ]
      for (const map of maps) {
        const stitched = await wholeTile(made, {map, capture})
        const once = await wholeTile(whole, {map, capture})
        for (const [i, value] of once.values.entries()) {
          expect(Math.abs(stitched.values[i]! - value)).toBeLessThan(1e-5)
        }
      }
      const tile = await wholeTile(made, {map: {kind: 'head', layer: 1, head: 2}, capture})
      for (const [i, value] of plain(1, 2).flat().entries()) {
        expect(Math.abs(tile.values[i]! - value)).toBeLessThan(1e-5)
      }
      // The shorter texts are in the longest one.
      const {key: modelKey} = await made.graphs.open({model: MODEL})
      const shorter = {modelKey, ids: ids.slice(0, count - 1), wantsWeights: capture === 'weights'}
      expect(made.store.pin(shorter).layerNumbers).toEqual([])
    })
  }

  it('is run as a whole where the cache is gone, or another text was run in between', async () => {
    const made = context()
    await runsOf(made, 10)
    // Another use needs all the room there is: the cache goes, and the capture with it.
    expect(made.budget.makeRoom(made.budget.maxBytes)).toBe(true)
    expect(made.budget.usedBytes).toBe(0)
    expect(await runsOf(made, 12)).toEqual([0, 7, 12])
    await runsOf(made, 9, {layers: [0]})
    expect(await runsOf(made, 14)).toEqual([0, 7, 14])
    const tile = await wholeTile(made, {ids: ids.slice(0, 14), queries: [0, 14], keys: [0, 14]})
    expect(tile.values.length).toBe(14 * 14)
    for (const [i, value] of plain(0, 0)
      .slice(0, 14)
      .flatMap((row) => row.slice(0, 14))
      .entries()) {
      expect(Math.abs(tile.values[i]! - value)).toBeLessThan(1e-5)
    }
  })
})
