import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {exportPath, listExports, readReference} from '../../../../fixtures/exports/read-export.ts'
import {COMBINATIONS} from '../../../../fixtures/families/combinations.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {SHAPE} from '../../../../fixtures/families/traits.ts'
import {inspectRequestSchema} from '../../../shared/lenses/inspect.ts'
import {interveneRequestSchema} from '../../../shared/lenses/intervene.ts'
import {runInspect} from './inspect.ts'
import {runIntervene} from './intervene.ts'
import {archiveOf, arrayOf, attentionContext, eventsOf} from './test-attention.ts'
import {writeFamilyFolder, writeModelFolder} from './test-family-folder.ts'

const TOKEN_IDS = [5, 17, 3, 60, 42, 7, 61, 29]
/** Shorter than the text, so that the cache is continued. */
const CHUNK_LENGTH = 3

const context = attentionContext({chunkLength: CHUNK_LENGTH})
let temporary: TemporaryFolder
let family: string
let exported: string
const cell = COMBINATIONS.find(
  (one) => one.cache === 'merged' && one.family === 'llama' && one.dtype === 'float32'
)!
const facts = listExports().find(({hasCacheBranch}) => hasCacheBranch)!

beforeAll(async () => {
  temporary = await temporaryFolder()
  family = await writeFamilyFolder(temporary.path, cell)
  const config = await readFile(join(exportPath(facts), '../config.json'), 'utf8')
  exported = await writeModelFolder(
    join(temporary.path, 'exported'),
    await readFile(exportPath(facts)),
    JSON.parse(config)
  )
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const textOf = (model: string, ids: readonly number[]) => ({
  ...{model, prompt: '', noSpecialTokens: true},
  completionIds: [...ids],
})

async function attentionOf(model: string, ids: readonly number[]) {
  const archive = await archiveOf(context, textOf(model, ids))
  return arrayOf(archive, 'weights').values
}

describe('a merged decoder in the lenses', () => {
  it.each(['family', 'exported'] as const)(
    'is inspected as what it is, and agrees with the file run as it is: %s',
    async (name) => {
      const request = inspectRequestSchema.parse({
        ...{model: name === 'family' ? family : exported, verify: true},
      })
      for await (const event of runInspect(context, request)) {
        if (event.kind !== 'completed') continue
        const {kvCache, warnings, problems, lenses, checks = [], layers} = event.result
        expect(kvCache?.isMerged).toBe(true)
        expect(kvCache?.tensors).toHaveLength(4)
        expect(warnings.map(({code}) => code)).toContain('merged-decoder')
        expect(problems).toEqual([])
        expect(layers).toHaveLength(2)
        expect(lenses.every(({available}) => available)).toBe(true)
        expect(checks.filter(({passed, value}) => !passed || value === null)).toEqual([])
        expect(checks.map(({check}) => check)).toContain('lens-equal')
        expect(checks).toHaveLength(9)
      }
    }
  )

  it('gives its attention, run by run through the cache', async () => {
    const [tokenized] = (await eventsOf(context, textOf(family, TOKEN_IDS))).filter(
      ({kind}) => kind === 'tokenized'
    )
    expect(tokenized).toMatchObject({warnings: [{code: 'merged-decoder'}]})
    const {layers} = runReference(cell, {tokenIds: TOKEN_IDS})
    const found = await attentionOf(family, TOKEN_IDS)
    const expected = layers.flatMap(({attentionWeights}) =>
      attentionWeights.flatMap((rows) => rows.flatMap((row) => Array.from(row)))
    )
    expect(largestDifference(found, expected)).toBeLessThan(1e-5)

    const reference = readReference(facts)
    const ofExport = await attentionOf(exported, reference.inputIds)
    const tolerance = Math.max(1e-5, facts.tolerance.attention)
    expect(largestDifference(ofExport, reference.attention.values)).toBeLessThan(tolerance)
  })

  it('is changed as a reference is', async () => {
    const request = interveneRequestSchema.parse({
      ...textOf(family, TOKEN_IDS),
      ...{maskKeys: [2], headsOff: [{layer: 1, head: 3}], topK: SHAPE.vocabularySize},
    })
    const {logits} = runReference(
      cell,
      {tokenIds: TOKEN_IDS},
      {
        keyBias: (_layer, _head, query, key) =>
          key === 2 && query !== 2 ? Number.NEGATIVE_INFINITY : 0,
        headGate: (layer, head) => ({gate: layer === 1 && head === 3 ? 0 : 1}),
      }
    )
    const last = Array.from(logits.at(-1)!)
    const sum = last.reduce((total, logit) => total + Math.exp(logit), 0)
    for await (const event of runIntervene(context, request)) {
      if (event.kind !== 'completed') continue
      const {after, warnings} = event.result
      expect(warnings.map(({code}) => code)).toEqual(['merged-decoder'])
      expect(after.next).toHaveLength(SHAPE.vocabularySize)
      for (const {id, prob} of after.next) expect(prob).toBeCloseTo(Math.exp(last[id]!) / sum, 5)
    }
  })
})

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found).toHaveLength(expected.length)
  let largest = 0
  for (let i = 0; i < found.length; i++) {
    largest = Math.max(largest, Math.abs(found[i]! - expected[i]!))
  }
  return largest
}
