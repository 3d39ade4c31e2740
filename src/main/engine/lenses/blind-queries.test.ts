import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {TRAITS} from '../../../../fixtures/families/traits.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {interveneRequestSchema} from '../../../shared/lenses/intervene.ts'
import {runIntervene} from './intervene.ts'
import {attentionContext} from './test-attention.ts'
import {writeFamilyFolder} from './test-family-folder.ts'

const TOKEN_IDS = [5, 17, 3, 60, 42, 7, 61, 29, 11, 31]
const LAST = TOKEN_IDS.length - 1

const context = attentionContext({chunkLength: 4})
let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const WINDOWED = ['eager', 'GroupQueryAttention'].map(
  (style) =>
    COMBINATIONS.find(
      (cell) =>
        cell.style === style &&
        cell.dtype === 'float32' &&
        TRAITS[cell.family].windows.some((window) => window !== null)
    )!
)

describe.each(WINDOWED.map((cell) => [cellName(cell), cell] as const))('%s', (_, cell) => {
  const {windows} = TRAITS[cell.family]
  const layer = windows.findIndex((window) => window !== null)
  const window = windows[layer]!
  let model: string
  beforeAll(async () => {
    model = await writeFamilyFolder(temporary.path, cell)
  })

  async function codeOf(changes: object): Promise<string> {
    const request = interveneRequestSchema.parse({
      ...{model, prompt: '', noSpecialTokens: true, completionIds: TOKEN_IDS},
      ...changes,
    })
    try {
      for await (const _ of runIntervene(context, request));
      return 'made'
    } catch (error) {
      if (error instanceof ProblemError) return error.problem.code
      throw error
    }
  }
  const edges = (keys: readonly number[], where: {layer: number; head: number | 'all'}) =>
    keys.map((key) => ({...where, query: LAST, key}))
  /** The keys that the last token sees through the window. */
  const seen = Array.from({length: window}, (_, back) => LAST - back)

  it('refuses to take all keys of a window from a query, of one head or of all', async () => {
    for (const head of [1, 'all'] as const) {
      expect(await codeOf({cutEdges: edges(seen, {layer, head})})).toBe('query-without-keys')
    }
  })

  it('takes all but one of them, and all of them where there is no window', async () => {
    expect(await codeOf({cutEdges: edges(seen.slice(0, -1), {layer, head: 1})})).toBe('made')
    const whole = windows.indexOf(null)
    if (whole >= 0) {
      expect(await codeOf({cutEdges: edges(seen, {layer: whole, head: 1})})).toBe('made')
    }
  })

  it('counts masked keys as gone, and a deleted token as none of the window', async () => {
    const oldest = seen.at(-1)!
    const cutEdges = edges(
      seen.filter((key) => key !== oldest),
      {layer, head: 1}
    )
    expect(await codeOf({cutEdges, maskKeys: [oldest]})).toBe('query-without-keys')
    // The one before the window moves into it.
    expect(await codeOf({cutEdges, deleteTokens: [oldest]})).toBe('made')
    const further = {layer, head: 1, query: LAST, key: oldest - 1}
    expect(await codeOf({cutEdges: [...cutEdges, further], deleteTokens: [oldest]})).toBe(
      'query-without-keys'
    )
  })
})
