import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {
  type AttentionRequestInput,
  attentionArchiveRequestSchema,
} from '../../../shared/lenses/attention.ts'
import {type AttentionMap, tileRequestSchema} from '../../../shared/lenses/attention-maps.ts'
import {archiveAttention} from './attention.ts'
import {attentionTile} from './attention-maps.ts'
import {attentionContext} from './test-attention.ts'
import {writeBrokenModel} from './test-broken-model.ts'

const ids = Int32Array.from({length: 12}, (_, i) => 20 + i)
const count = ids.length
const heads = [0, 1].map((head) => ({layer: 0, head}))

const context = attentionContext({chunkLength: 7})
afterAll(() => context.close())

const wholeTile = (model: string, map: AttentionMap) =>
  attentionTile(
    context,
    tileRequestSchema.parse({
      ...{model, ids, map, queries: [0, count], keys: [0, count]},
      ...{rowCount: count, columnCount: count},
    })
  )

describe('a model whose weights are no numbers', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'broken-head-'))
    await writeBrokenModel(folder)
  })
  afterAll(() => rm(folder, {recursive: true}))

  it('shows the broken head as such, counted, and the others as they are', async () => {
    const broken = await wholeTile(folder, {kind: 'head', layer: 0, head: 1})
    expect(broken.summary).toMatchObject({rowCount: 0, hiddenShare: 0, sinkOnlyRowCount: 0})
    expect(broken.summary.nonFiniteCount).toBe((count * (count + 1)) / 2)
    expect(Number.isNaN(broken.values[0])).toBe(true)
    expect(broken).toMatchObject({minimum: 0, maximum: 0})
    const sound = await wholeTile(folder, {kind: 'head', layer: 0, head: 0})
    expect(sound.summary.nonFiniteCount).toBe(0)
    expect(sound.maximum).toBe(1)
    const mean = await wholeTile(folder, {kind: 'aggregate', by: 'max', heads})
    expect(mean.summary.nonFiniteCount).toBe((count * (count + 1)) / 2)
  })

  const warningsOf = async (request: Partial<AttentionRequestInput>) => {
    const parsed = attentionArchiveRequestSchema.parse({
      ...{model: folder, prompt: 'abcdef', noSpecialTokens: true, withTokenIds: true},
      ...request,
    })
    let tokenCount = 0
    const warnings: {code: string; message: string}[] = []
    for await (const event of archiveAttention(context, parsed)) {
      if (event.kind === 'warning') warnings.push(event.warning)
      if (event.kind === 'piece') tokenCount = shapeOf(event.bytes)?.at(-1) ?? tokenCount
    }
    return {warnings, tokenCount}
  }

  it('warns of an archive with such weights, and counts them', async () => {
    // A row of the broken head is NaN for every key that it may see.
    for (const request of [{}, {mass: 1}]) {
      const {warnings, tokenCount} = await warningsOf({layers: [0], ...request})
      expect(tokenCount).toBeGreaterThan(1)
      const seen = (tokenCount * (tokenCount + 1)) / 2
      expect(warnings).toMatchObject([
        {
          code: 'weights-not-finite',
          message: expect.stringMatching(`^${seen} attention weights are NaN`),
        },
      ])
    }
    expect((await warningsOf({layers: [0], heads: [0]})).warnings).toEqual([])
  })
})

/** The axes of an array that a piece of an archive begins, written as numpy does. */
function shapeOf(bytes: Uint8Array): number[] | null {
  const text = new TextDecoder('latin1').decode(bytes)
  const shape = /'shape': \(([\d, ]+)\)/
    .exec(text)?.[1]
    ?.split(',')
    .filter((one) => one.trim())
  return shape && shape.length === 4 ? shape.map(Number) : null
}
