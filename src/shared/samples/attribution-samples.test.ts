import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../lenses/assemble-attribute.ts'
import {
  type AttributeResult,
  type AttributionMethod,
  type AttributionRow,
  attributeRequestSchema,
} from '../lenses/attribute.ts'
import {ATTRIBUTION_SAMPLES, type AttributionSampleResult} from './attribution-samples.ts'
import {filledCaption, numberIn} from './sample.ts'

const assets = join(import.meta.dirname, '../../../assets')
const {model, prompt, claim, settings} = ATTRIBUTION_SAMPLES[0]!

/** The claim is about the model that ships, so this is a test that reads it. */
describe('the attribution sample on the shipped model', () => {
  let handlers: EngineHandlers
  let result: AttributionSampleResult

  async function attribute(method: AttributionMethod, text = prompt): Promise<AttributeResult> {
    const client = createRouterClient(handlers.router)
    const {preset} = settings!
    const request = attributeRequestSchema.parse({model, prompt: text, method, preset})
    let run = startAttributeRun(request)
    for await (const event of await client.attributions.run(request)) {
      run = foldAttributeEvent(run, event)
    }
    return attributeResultOf(run, 'completed')!
  }
  async function look(text = prompt): Promise<AttributionSampleResult> {
    const reagent = await attribute('reagent', text)
    const masked = await attribute('occlusion-mask', text)
    const rollout = await attribute('attention-rollout', text)
    return {
      tokens: masked.tokens,
      reagent: reagent as AttributionRow,
      masked: masked as AttributionRow,
      rollout: rollout as AttributionRow,
    }
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
    result = await look()
  }, 120_000)
  afterAll(() => handlers.close())

  it('its claim holds, and its caption is filled from the results', () => {
    const slots = claim.measure(result)!
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(claim.holds(slots)).toBe(true)
    const words = filledCaption(claim.caption, slots)
      .map(({text}) => text)
      .join('')
    expect(words).toMatch(
      /^Masking any of 6 tokens takes ·singer from 1\.00 down by at least 1\.00/u
    )
    expect(words).not.toMatch(/[{}]/u)
  })

  it('the six that decide are the six that lose most, whatever the claim says', () => {
    const sorted = [...result.masked.values].sort((a, b) => b.value - a.value)
    const text = (position: number) => result.tokens[position]!.text
    expect(
      sorted
        .slice(0, 6)
        .map(({position}) => text(position))
        .sort()
    ).toEqual([' =', ' lamps', ' lamps', ' lemon', ' lemon', ' singer'].sort())
    expect(sorted[5]!.value).toBeGreaterThan(0.9)
    expect(sorted[6]!.value).toBeLessThan(0.05)
  })

  it('ReAGent has the key that is asked, the key in the list and the value among its six highest', () => {
    const {values, stopReason} = result.reagent
    expect(stopReason).toBe('converged')
    const sorted = [...values].sort((a, b) => b.value - a.value).slice(0, 6)
    const texts = sorted.map(({position}) => result.tokens[position]!.text)
    const end = result.tokens.length - 1
    expect(texts).toContain(' singer')
    expect(texts.filter((text) => text === ' lemon' || text === ' lamps').length).toBeGreaterThan(1)
    expect(sorted.some(({position}) => position === end - 1 || position === end - 2)).toBe(true)
    const hits = numberIn(claim.measure(result)!, 'hits')
    const decisive = new Set(
      result.masked.values.filter(({value}) => value > 0.5).map(({position}) => position)
    )
    expect(sorted.filter(({position}) => decisive.has(position)).length).toBe(hits)
  })

  it('masking the value is what a run without it gives', async () => {
    const client = createRouterClient(handlers.router)
    const value = result.masked.values.find(({position}) => {
      return result.tokens[position]!.text === ' singer'
    })!
    const answerId = result.masked.target.tokenIds[0]!
    for await (const event of await client.interventions.run({
      ...{model, prompt, maskKeys: [value.position], topK: 1000},
    })) {
      if (event.kind !== 'completed') continue
      const probIn = (next: readonly {id: number; prob: number}[]) =>
        next.find(({id}) => id === answerId)?.prob ?? 0
      const lost = probIn(event.result.before.next) - probIn(event.result.after.next)
      expect(Math.abs(lost - value.value)).toBeLessThan(1e-3)
    }
  })

  it('does not hold of a list without the key', async () => {
    const slots = claim.measure(await look(prompt.replace(' lemon lamps = singer,', '')))
    expect(slots === null || !claim.holds(slots)).toBe(true)
  }, 120_000)

  it('says where attention has the value, from 1', () => {
    const slots = claim.measure(result)!
    const value = result.tokens.findIndex(({text}) => text === ' singer')
    const sorted = [...result.rollout.values].sort((a, b) => b.value - a.value)
    expect(numberIn(slots, 'place')).toBe(1 + sorted.findIndex(({position}) => position === value))
  })
})
