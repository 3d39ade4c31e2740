import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {exportPath, listExports, readReference} from '../../../../fixtures/exports/read-export.ts'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {type FamilyCell, SHAPE} from '../../../../fixtures/families/traits.ts'
import {withoutNames} from '../../../../fixtures/rename-graph.ts'
import {inspectRequestSchema} from '../../../shared/lenses/inspect.ts'
import {interveneRequestSchema} from '../../../shared/lenses/intervene.ts'
import {readModelListing} from '../model-folder/read-model-folder.ts'
import {runInspect} from './inspect.ts'
import {runIntervene} from './intervene.ts'
import {scoringJob} from './rows.ts'
import {archiveOf, arrayOf, attentionContext} from './test-attention.ts'
import {configOfFamily, writeModelFolder} from './test-family-folder.ts'

const TOKEN_IDS = [5, 17, 3, 60, 42, 7, 61, 29]
/** Shorter than the text, so that a cache is continued. */
const CHUNK_LENGTH = 3

const context = attentionContext({chunkLength: CHUNK_LENGTH})
let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const CELLS = COMBINATIONS.filter(
  ({family, style, dtype, cache}) =>
    dtype === 'float32' &&
    [
      'gpt2 eager none',
      'gpt2 Attention past',
      'opt eager past',
      'llama eager past',
      'llama eager merged',
      'llama GroupQueryAttention past',
      'llama MultiHeadAttention past',
      'qwen3 ai.onnx.Attention past',
    ].includes(`${family} ${style} ${cache}`)
)

/** The folder of a cell whose inputs, outputs and dimensions have names that say nothing. */
async function folderOf(cell: FamilyCell): Promise<string> {
  const name = cellName(cell).replaceAll(/[^a-z0-9]+/gi, '-')
  const {bytes, facts} = buildFamilyModel(cell)
  return writeModelFolder(
    join(temporary.path, name),
    withoutNames(bytes).bytes,
    configOfFamily(cell, facts)
  )
}

const textOf = (model: string, ids: readonly number[]) => ({
  ...{model, prompt: '', noSpecialTokens: true},
  completionIds: [...ids],
})

/** Logits of every position, as the tokens lens gets them. */
async function logitsOf(name: string, useKvCache: boolean): Promise<number[]> {
  const model = await context.models.load({model: name})
  const logits: number[] = []
  const job = scoringJob(Int32Array.from(TOKEN_IDS), model)
  await model.session.run(
    {...job, useKvCache, keepLogits: true},
    {
      onEvent: (event) => {
        if (event.kind === 'rows') logits.push(...(event.logits ?? []))
      },
    }
  )
  return logits
}

describe.each(CELLS.map((cell) => [cellName(cell), cell] as const))(
  'without names: %s',
  (_, cell) => {
    it('opens, runs, is captured and is changed as the reference has it', async () => {
      const model = await folderOf(cell)
      const listing = await readModelListing(model, {id: 'it', source: 'recent'})
      expect(listing).toMatchObject({kind: 'decoder', problem: null})

      const reference = runReference(cell, {tokenIds: TOKEN_IDS})
      const expected = reference.logits.flatMap((row) => Array.from(row))
      for (const useKvCache of cell.cache === 'none' ? [false] : [true, false]) {
        expect(largestDifference(await logitsOf(model, useKvCache), expected)).toBeLessThan(1e-4)
      }

      const weights = arrayOf(await archiveOf(context, textOf(model, TOKEN_IDS)), 'weights')
      const rows = reference.layers.flatMap(({attentionWeights}) =>
        attentionWeights.flatMap((head) => head.flatMap((row) => Array.from(row)))
      )
      expect(largestDifference(weights.values, rows)).toBeLessThan(1e-5)

      const request = interveneRequestSchema.parse({
        ...textOf(model, TOKEN_IDS),
        ...{maskKeys: [2], topK: SHAPE.vocabularySize},
      })
      const masked = runReference(
        cell,
        {tokenIds: TOKEN_IDS},
        {
          keyBias: (_layer, _head, query, key) =>
            key === 2 && query !== 2 ? Number.NEGATIVE_INFINITY : 0,
        }
      )
      const last = Array.from(masked.logits.at(-1)!)
      const sum = last.reduce((total, logit) => total + Math.exp(logit), 0)
      for await (const event of runIntervene(context, request)) {
        if (event.kind !== 'completed') continue
        const {next} = event.result.after
        expect(next).toHaveLength(SHAPE.vocabularySize)
        for (const {id, prob} of next) expect(prob).toBeCloseTo(Math.exp(last[id]!) / sum, 5)
      }
    })

    it('passes every check', async () => {
      const model = join(temporary.path, cellName(cell).replaceAll(/[^a-z0-9]+/gi, '-'))
      for await (const event of runInspect(
        context,
        inspectRequestSchema.parse({model, verify: true})
      )) {
        if (event.kind !== 'completed') continue
        const {checks = [], lenses, kvCache} = event.result
        expect(lenses.filter(({available}) => !available)).toEqual([])
        expect(checks.filter(({passed}) => passed === false)).toEqual([])
        expect(kvCache !== null).toBe(cell.cache !== 'none')
      }
    })
  }
)

describe('a real export without names', () => {
  const facts = listExports().find(({id}) => id === 'gpt2-torchscript-past')!

  it('gives the attention of its trainer', async () => {
    const config = JSON.parse(await readFile(join(exportPath(facts), '../config.json'), 'utf8'))
    const {bytes} = withoutNames(new Uint8Array(await readFile(exportPath(facts))))
    const model = await writeModelFolder(join(temporary.path, facts.id), bytes, config)
    const {inputIds, attention} = readReference(facts)
    const weights = arrayOf(await archiveOf(context, textOf(model, inputIds)), 'weights')
    expect(largestDifference(weights.values, attention.values)).toBeLessThan(
      Math.max(1e-5, facts.tolerance.attention)
    )
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
