import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {COMBINATIONS} from '../../../../fixtures/families/combinations.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {type FamilyCell, SHAPE} from '../../../../fixtures/families/traits.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type InterveneRequestInput,
  type InterveneResult,
  interveneRequestSchema,
  interveneResultSchema,
} from '../../../shared/lenses/intervene.ts'
import {SAMPLES} from '../../../shared/samples/samples.ts'
import {runIntervene} from './intervene.ts'
import {attentionContext} from './test-attention.ts'
import {writeFamilyFolder} from './test-family-folder.ts'

const TOKEN_IDS = [5, 17, 3, 60, 42, 7]
const REFERENCE_IDS = [9, 2, 80, 33, 1, 70, 8, 8, 64, 12, 90]
const HEADS_OFF = [
  {layer: 0, head: 1},
  {layer: 1, head: 2},
  {layer: 1, head: 3},
]

/** How the tokenizers’ Whitespace splits: runs of letters, marks, digits and joiners, and of what is none. */
const WORDS =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\s]+/gu

/** Heads that share keys, with and without a cache, unfused and fused. */
const CELLS = COMBINATIONS.filter(
  ({family, dtype, style, cache}) =>
    dtype === 'float32' &&
    ((family === 'llama' && style === 'GroupQueryAttention' && cache === 'past') ||
      (family === 'gpt2' && style === 'eager' && cache === 'none'))
)

const context = attentionContext({chunkLength: 4})
let temporary: TemporaryFolder
const folders = new Map<FamilyCell, string>()
beforeAll(async () => {
  temporary = await temporaryFolder()
  for (const cell of CELLS) folders.set(cell, await writeFamilyFolder(temporary.path, cell))
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const textOf = (ids: readonly number[]) => ids.map((id) => `w${id}`).join(' ')

async function intervene(
  cell: FamilyCell,
  change: Partial<InterveneRequestInput>
): Promise<InterveneResult> {
  let result: InterveneResult | null = null
  const request = interveneRequestSchema.parse({
    ...{model: folders.get(cell)!, prompt: textOf(TOKEN_IDS)},
    ...{headsOff: HEADS_OFF, topK: SHAPE.vocabularySize, ...change},
  })
  const shares: number[] = []
  for await (const event of runIntervene(context, request)) {
    if (event.kind === 'completed') result = event.result
    else if (event.phase === 'capturing') shares.push(event.done / event.total)
  }
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
  return interveneResultSchema.parse(result)
}

/** What the reference puts in a head's place: its mean over every position of some texts. */
function expectedMean(cell: FamilyCell, texts: readonly (readonly number[])[]) {
  const runs = texts.map((tokenIds) => runReference(cell, {tokenIds: [...tokenIds]}).layers)
  return (layer: number, head: number): number[] => {
    const rows = runs.flatMap((layers) => layers[layer]!.headOutputs[head]!)
    return Array.from(rows[0]!, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length)
  }
}

function expectAfter(
  cell: FamilyCell,
  {after}: InterveneResult,
  meanOf: (layer: number, head: number) => number[]
): void {
  const isOff = (layer: number, head: number) =>
    HEADS_OFF.some((one) => one.layer === layer && one.head === head)
  const {logits} = runReference(
    cell,
    {tokenIds: TOKEN_IDS},
    {
      headGate: (layer, head) =>
        isOff(layer, head) ? {gate: 0, mean: meanOf(layer, head)} : {gate: 1},
    }
  )
  const last = Array.from(logits.at(-1)!)
  const sum = last.reduce((total, logit) => total + Math.exp(logit), 0)
  expect(after.next).toHaveLength(SHAPE.vocabularySize)
  for (const {id, prob} of after.next) expect(prob).toBeCloseTo(Math.exp(last[id]!) / sum, 5)
}

describe.each(CELLS.map((cell) => [`${cell.family} ${cell.style} ${cell.cache}`, cell] as const))(
  'heads of %s replaced by their mean',
  (_, cell) => {
    it('over a text of one’s own', async () => {
      const referenceText = {name: 'mine.txt', text: textOf(REFERENCE_IDS)}
      const result = await intervene(cell, {headValue: 'mean-of', referenceText})
      expectAfter(cell, result, expectedMean(cell, [REFERENCE_IDS]))
      expect(result.headMean).toEqual({
        ...{kind: 'mean-of', name: 'mine.txt', textCount: 1},
        positionCount: REFERENCE_IDS.length,
      })
      expect(result.warnings).toEqual([])
    })

    it('over the prompt, which is said to look ahead', async () => {
      const result = await intervene(cell, {headValue: 'mean-of-prompt'})
      expectAfter(cell, result, expectedMean(cell, [TOKEN_IDS]))
      expect(result.headMean?.positionCount).toBe(TOKEN_IDS.length)
      expect(result.warnings.map(({code}) => code)).toEqual(['non-causal-mean'])
    })

    it('over the samples that fit its context', async () => {
      const result = await intervene(cell, {headValue: 'mean'})
      // Words of the samples are none of this tokenizer's: all are its token 0.
      const prompts = [...new Set(SAMPLES.map(({prompt}) => prompt))]
      const texts = prompts
        .map((prompt) => new Array<number>(prompt.match(WORDS)?.length ?? 0).fill(0))
        .filter(({length}) => length <= SHAPE.contextLength)
      expect(texts.length).toBeGreaterThan(1)
      expect(result.headMean).toMatchObject({
        textCount: texts.length,
        positionCount: texts.flat().length,
      })
      expectAfter(cell, result, expectedMean(cell, texts))
    })
  }
)

describe('means that cannot be taken', () => {
  it('are refused by name', async () => {
    const [cell] = CELLS as [FamilyCell]
    const codeOf = async (change: Partial<InterveneRequestInput>) => {
      const error = await intervene(cell, change).catch((caught: unknown) => caught)
      return error instanceof ProblemError ? error.problem.code : error
    }
    expect(await codeOf({headValue: 'mean-of'})).toBe('reference-text-missing')
    for (const text of ['', 'word '.repeat(SHAPE.contextLength + 1)]) {
      const referenceText = {name: 'mine.txt', text}
      expect(await codeOf({headValue: 'mean-of', referenceText})).toBe('reference-text-length')
    }
  })
})
