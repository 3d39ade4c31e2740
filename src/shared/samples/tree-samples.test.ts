import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../lenses/assemble-tree.ts'
import {type TreeRequestInput, type TreeResult, treeRequestSchema} from '../lenses/tree.ts'
import {filledCaption, numberIn, type Slots} from './sample.ts'
import {TREE_SAMPLES, type TreeSample} from './tree-samples.ts'

const assets = join(import.meta.dirname, '../../../assets')
const [HOTTER, KNOWING] = TREE_SAMPLES as [TreeSample, TreeSample]

/** The claims are about the models that ship, so these are tests that read them. */
/** Of one line in the narrowest window that the page is made for. */
const MOST_LETTERS = 160

describe('tree samples on the shipped models', () => {
  let handlers: EngineHandlers

  async function tree(request: TreeRequestInput): Promise<TreeResult> {
    const run = startTreeRun(treeRequestSchema.parse(request))
    const client = createRouterClient(handlers.router)
    for await (const event of await client.trees.run(run.request)) foldTreeEvent(run, event)
    return treeResultOf(run, 'completed')!
  }
  const runsOf = async (
    {model, prompt, runs}: TreeSample,
    change: Partial<TreeRequestInput> = {}
  ) => {
    const results: TreeResult[] = []
    for (const run of runs) results.push(await tree({...run, model, prompt, ...change}))
    return results
  }
  const wordsOf = ({claim}: TreeSample, slots: Slots) =>
    filledCaption(claim.caption, slots)
      .map(({text}) => text)
      .join('')

  beforeAll(() => {
    handlers = createHandlers(
      {
        version: '0.0.0',
        builtinModelsFolder: join(assets, 'models'),
        tokenizersFolder: join(assets, 'tokenizers'),
        fontsFolder: join(assets, 'fonts'),
        stateFolder: null,
        threads: 1,
        maxMemoryBytes: 256e6,
        startCount: 1,
        lastExit: null,
      },
      {blobs: createBlobs()}
    )
  })
  afterAll(() => handlers.close())

  it('a sum, hotter: stubs swell, the answer stays first, what is cut is hollow', async () => {
    const [cold, hot] = await runsOf(HOTTER)
    const slots = HOTTER.claim.measure([cold!, hot!])!
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(HOTTER.claim.holds(slots)).toBe(true)
    expect(wordsOf(HOTTER, slots)).toMatch(
      /^At temperature 1\.50 the stubs beside ·95\. swell from <0\.001 to 0\.0\d/u
    )
    expect(wordsOf(HOTTER, slots).length).toBeLessThan(MOST_LETTERS)

    // From the model's logits in one plain run of the answer, through no tree.
    const ids = hot!.tokens.map(({id}) => id)
    const byText = (text: string) =>
      hot!.nodes.find((node) => node.tokenId !== null && node.text === text)
    const path = [' ', '9', '5', '.'].map((text) => byText(text)!.tokenId!)
    const client = createRouterClient(handlers.router)
    for (const [T, name] of [
      [0.3, 'before'],
      [1.5, 'after'],
    ] as const) {
      let total = 1
      for (const [i, tokenId] of path.entries()) {
        const {rawLogprobs, tokens} = await client.tokens.next({
          ...{model: HOTTER.model, ids: Int32Array.from([...ids, ...path.slice(0, i)])},
          ...{position: ids.length + i - 1, topK: 1000},
        })
        const weights = Array.from(rawLogprobs, (logprob) => Math.exp(logprob / T))
        const own = weights[tokens.ids.indexOf(tokenId)]!
        expect(own).toBe(Math.max(...weights))
        total *= own / weights.reduce((sum, weight) => sum + weight, 0)
      }
      expect(Math.abs(numberIn(slots, name) - total)).toBeLessThan(2e-3)
    }
  })

  it('a sum, hotter: does not hold of a text whose end nobody knows', async () => {
    const results = await runsOf(HOTTER, {prompt: 'Mira keeps'})
    const slots = HOTTER.claim.measure(results)
    expect(slots === null || !HOTTER.claim.holds(slots)).toBe(true)
  })

  it('a draft that knows: one node a copied token, the others behind', async () => {
    const results = await runsOf(KNOWING)
    const slots = KNOWING.claim.measure(results)!
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(KNOWING.claim.holds(slots)).toBe(true)
    expect(wordsOf(KNOWING, slots)).toMatch(/^Sure of ·Odo·keeps, of no answer /u)
    expect(wordsOf(KNOWING, slots).length).toBeLessThan(MOST_LETTERS)

    // Which step it is, counted anew: levels of the first draft.
    const levels = (result: TreeResult) => {
      const widths: number[] = []
      for (const node of result.nodes) {
        if (node.tokenId === null || node.step > 0 || /correction|bonus/u.test(node.status))
          continue
        widths[node.depth - 1] = (widths[node.depth - 1] ?? 0) + 1
      }
      return widths
    }
    expect(levels(results[0]!)).toEqual([1, 1, 14])
    expect(levels(results[1]!)).toEqual(new Array(16).fill(1))
    expect(levels(results[2]!)).toEqual([4, 4, 4, 4])
    expect(numberIn(slots, 'spread')).toBe(8)
    expect(numberIn(slots, 'chained')).toBe(13)
    // The draft's own numbers, asked of it by itself.
    const client = createRouterClient(handlers.router)
    const ids = results[0]!.tokens.map(({id}) => id)
    const next = await client.tokens.next({
      ...{model: 'micro-draft', ids: Int32Array.from(ids), position: ids.length - 1, topK: 1},
    })
    const first = results[0]!.nodes.find((node) => node.tokenId === next.tokens.ids[0])!
    expect(first.tokenId !== null && first.draftProb).toBeCloseTo(Math.exp(next.rawLogprobs[0]!), 4)
  })

  it('a draft that knows: does not hold where nothing is copied', async () => {
    const results = await runsOf(KNOWING, {prompt: 'Mira keeps coins. Tom keeps'})
    const slots = KNOWING.claim.measure(results)
    expect(slots === null || !KNOWING.claim.holds(slots)).toBe(true)
  })
})
