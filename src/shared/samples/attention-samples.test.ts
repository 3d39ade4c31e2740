import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {assembleTokens} from '../lenses/assemble-tokens.ts'
import type {HeadStatistics} from '../lenses/attention-statistics.ts'
import type {InterveneResult} from '../lenses/intervene.ts'
import {type TokensEvent, tokensRequestSchema} from '../lenses/tokens.ts'
import {ATTENTION_SAMPLES, type AttentionSampleResult} from './attention-samples.ts'
import {filledCaption, numberIn} from './sample.ts'

const assets = join(import.meta.dirname, '../../../assets')
const {model, prompt, selection, claim} = ATTENTION_SAMPLES[0]!

/** The claim is about the model that ships, so this is a test that reads it. */
describe('the attention sample on the shipped model', () => {
  let handlers: EngineHandlers
  let result: AttentionSampleResult

  /** Everything that the claim looks at, with some head shown and switched off. */
  async function look(layer: number, head: number): Promise<AttentionSampleResult> {
    const client = createRouterClient(handlers.router)
    const events: TokensEvent[] = []
    for await (const event of await client.tokens.run({model, prompt})) events.push(event)
    const tokens = assembleTokens(tokensRequestSchema.parse({model, prompt}), events)!
    const ids = Int32Array.from(tokens.tokens, ({id}) => id)
    const heads: HeadStatistics[] = []
    for await (const event of await client.attention.heads({model, ids, layers: [layer]})) {
      if (event.kind === 'heads') heads.push(...event.heads)
    }
    let headOff: InterveneResult | null = null
    const request = {model, prompt, headsOff: [{layer, head}]}
    for await (const event of await client.interventions.run(request)) {
      if (event.kind === 'completed') headOff = event.result
    }
    return {tokens, head: heads.find((one) => one.head === head)!, headOff: headOff!}
  }
  beforeAll(async () => {
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
    result = await look(selection.layer, selection.head)
  }, 60_000)
  afterAll(() => handlers.close())

  it('its claim holds, and its caption is filled from the results', () => {
    const slots = claim.measure(result)
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(claim.holds(slots!), JSON.stringify(slots)).toBe(true)
    const words = filledCaption(claim.caption, slots!).map(({text}) => text)
    expect(words.join('')).not.toMatch(/[{}—]/u)
    expect(claim.caption.replace(/\{\w+\}/gu, '')).not.toMatch(/\d/u)
  })

  it('its selection is the token that it names', () => {
    const {tokens, promptTokenCount} = result.tokens
    expect(tokens[promptTokenCount - 1]?.text).toBe(selection.text)
  })

  it('its numbers, from the tables themselves', () => {
    const slots = claim.measure(result)!
    const {before, after} = result.headOff
    expect(before.next[0]?.text).toBe(' anchor')
    expect(numberIn(slots, 'before')).toBe(before.next[0]?.prob)
    const found = after.next.find(({text}) => text === ' anchor')
    expect(numberIn(slots, 'after')).toBe(found?.prob ?? after.next.at(-1)?.prob)
    // Without the head the next word costs about as much as any word of the list.
    expect(-Math.log2(numberIn(slots, 'after'))).toBeGreaterThan(numberIn(slots, 'list') / 2)
  })

  it('is not said of another head', async () => {
    const slots = claim.measure(await look(2, 1))
    expect(slots && claim.holds(slots)).toBe(false)
  }, 60_000)
})
