import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {
  type AttentionArchiveEvent,
  attentionArchiveRequestSchema,
} from '../../../shared/lenses/attention.ts'
import {edgesRequestSchema, tileRequestSchema} from '../../../shared/lenses/attention-maps.ts'
import type {InspectResult} from '../../../shared/lenses/inspect.ts'
import {valueNormWords} from '../../../shared/lenses/value-norms.ts'
import {HEADS, OneLayer} from '../onnx/test-one-layer.ts'
import {archiveAttention} from './attention.ts'
import {attentionEdges, attentionTile} from './attention-maps.ts'
import {runInspect} from './inspect.ts'
import {archiveOf, arrayOf, attentionContext, type TestAttentionContext} from './test-attention.ts'
import {writeModelFolder} from './test-family-folder.ts'

let temporary: TemporaryFolder
let context: TestAttentionContext
beforeAll(async () => {
  temporary = await temporaryFolder()
  context = attentionContext()
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const COUNT = 6
const PROMPT = 'w3 w9 w1 w30 w7 w2'
const IDS = Int32Array.of(3, 9, 1, 30, 7, 2)

/** A model whose heads go to the output projection as they are, or by way of something that no matrix does. */
function modelOf(name: string, isBent: boolean): Promise<string> {
  const layer = new OneLayer()
  const bytes = layer.bytes((states) => {
    const mixed = layer.usual(states, (scores) => scores)
    return isBent ? layer.graph.node('Abs', [mixed]) : mixed
  })
  // It states no vocabulary, so the inspection tries ids that the model does not have.
  return writeModelFolder(join(temporary.path, name), bytes, {max_position_embeddings: 64})
}

async function inspected(model: string): Promise<InspectResult> {
  for await (const event of runInspect(context, {command: 'inspect', model, verify: false})) {
    if (event.kind === 'completed') return event.result
  }
  throw new Error('it did not complete')
}

async function archived(model: string, change: object): Promise<AttentionArchiveEvent[]> {
  const events: AttentionArchiveEvent[] = []
  const request = attentionArchiveRequestSchema.parse({model, prompt: PROMPT, ...change})
  for await (const event of archiveAttention(context, request)) events.push(event)
  return events
}
const warningsIn = (events: readonly AttentionArchiveEvent[]) =>
  events.flatMap((event) => (event.kind === 'warning' ? [event.warning.code] : []))

it('value norms without an output projection are named by the inspection, by maps and by archives', async () => {
  const model = await modelOf('bent', true)
  const {layers} = await inspected(model)
  expect(layers.map(({attention}) => attention.valueNorms)).toEqual(['basis-dependent'])
  expect(valueNormWords(layers)).toBe(
    'basis-dependent ‖v‖ in every layer: the output projection was not found'
  )

  const map = {kind: 'aggregate', by: 'value-weighted', heads: [{layer: 0, head: 2}]}
  const whole = {queries: [0, COUNT], keys: [0, COUNT]}
  const text = {model, ids: IDS, map}
  const tile = await attentionTile(
    context,
    tileRequestSchema.parse({...text, ...whole, rowCount: COUNT, columnCount: COUNT})
  )
  expect(tile.summary.valueNorms).toBe('basis-dependent')
  const edges = await attentionEdges(
    context,
    edgesRequestSchema.parse({...text, queries: [0, COUNT], maxEdgeCount: 50})
  )
  expect(edges.summary.valueNorms).toBe('basis-dependent')

  expect(warningsIn(await archived(model, {aggregate: 'value-weighted'}))).toEqual([
    'basis-dependent',
  ])
  expect(warningsIn(await archived(model, {aggregate: 'mean'}))).toEqual([])

  // Of one head the map is its weights, each column times one number: the length of that key's value.
  const heads = arrayOf(await archiveOf(context, {model, prompt: PROMPT}), 'weights')
  const weighted = arrayOf(
    await archiveOf(context, {model, prompt: PROMPT, heads: [2], aggregate: 'value-weighted'}),
    'weights'
  )
  expect(heads.shape).toEqual([1, HEADS, COUNT, COUNT])
  expect(weighted.shape).toEqual([1, 1, COUNT, COUNT])
  for (let key = 0; key < COUNT; key++) {
    const norms = Array.from({length: COUNT}, (_, query) => {
      const at = query * COUNT + key
      return weighted.values[at]! / heads.values[2 * COUNT * COUNT + at]!
    })
    expect(Math.min(...norms)).toBeGreaterThan(0.01)
    expect(Math.max(...norms) / Math.min(...norms) - 1).toBeLessThan(1e-5)
  }
})

it('norms through the output projection are not', async () => {
  const model = await modelOf('straight', false)
  const {layers} = await inspected(model)
  expect(valueNormWords(layers)).toBe('‖v · W_O‖ in every layer')
  expect(warningsIn(await archived(model, {aggregate: 'value-weighted'}))).toEqual([])
})

it('layers are told apart in words', () => {
  const words = (...kinds: ('projected' | 'basis-dependent' | null)[]) =>
    valueNormWords(kinds.map((valueNorms, layer) => ({layer, attention: {valueNorms}})))
  expect(words('projected', 'basis-dependent', 'projected')).toBe(
    '‖v · W_O‖ in layers 0, 2; basis-dependent ‖v‖ in layer 1: the output projection was not found'
  )
  expect(words(null, null, null, 'projected')).toBe(
    '‖v · W_O‖ in layer 3; not found in layers 0 to 2'
  )
  expect(words()).toBe('not found')
})
