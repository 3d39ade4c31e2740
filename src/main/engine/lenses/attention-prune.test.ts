import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {importanceRequestSchema, pruneRequestSchema} from '../../../shared/lenses/attention-maps.ts'
import {runImportance} from './attention-importance.ts'
import {runPrune} from './attention-prune.ts'
import {archiveOf, arrayOf, attentionContext} from './test-attention.ts'

const KV = 'tiny-decoder-kv'
const PROMPT = 'The queen walks to the river. The queen walks'

const context = attentionContext({chunkLength: 7})
let ids: Int32Array<ArrayBuffer>
beforeAll(async () => {
  const archive = await archiveOf(context, {model: KV, prompt: PROMPT})
  ids = Int32Array.from(arrayOf(archive, 'tokenIds').values)
})
afterAll(() => context.close())

async function importanceValues(): Promise<ArrayLike<number>> {
  const request = importanceRequestSchema.parse({model: KV, ids})
  for await (const event of runImportance(context, request)) {
    if (event.kind === 'importance') return event.importance.values
  }
  throw new Error('no importance')
}

async function problemOf(work: Promise<unknown>) {
  const error = await work.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught
  )
  if (error instanceof ProblemError) return error.problem
  throw error
}

const from = (start: number, end: number) => Array.from({length: end - start}, (_, i) => start + i)

describe('what Zero-TPrune would keep', () => {
  async function prune(keepCount: number) {
    const request = pruneRequestSchema.parse({model: KV, ids, keepCount})
    for await (const event of runPrune(context, request)) {
      if (event.kind === 'pruned') {
        return {
          kept: [...event.kept],
          byImportance: [...event.droppedByImportance],
          bySimilarity: [...event.droppedBySimilarity],
        }
      }
    }
    throw new Error('nothing was pruned')
  }

  it('of one token too many the least important goes', async () => {
    const values = await importanceValues()
    const n = ids.length
    const {kept, byImportance, bySimilarity} = await prune(n - 1)
    const least = from(1, n - 1).reduce((a, b) => (values[b]! < values[a]! ? b : a))
    expect([byImportance, bySimilarity]).toEqual([[least], []])
    expect(kept).toEqual(from(0, n).filter((at) => at !== least))
  })

  it('keeps as many as it may, the first and the last among them', async () => {
    const n = ids.length
    for (const keepCount of [2, 5, Math.floor(n / 2), n]) {
      const {kept, byImportance, bySimilarity} = await prune(keepCount)
      expect(kept).toHaveLength(keepCount)
      expect([kept[0], kept.at(-1)]).toEqual([0, n - 1])
      expect([...kept, ...byImportance, ...bySimilarity].sort((a, b) => a - b)).toEqual(from(0, n))
      expect(bySimilarity.length).toBe(Math.floor((n - keepCount) / 2))
    }
    expect((await problemOf(prune(1))).code).toBe('budget-out-of-range')
    expect((await problemOf(prune(n + 1))).code).toBe('budget-out-of-range')
  })
})
