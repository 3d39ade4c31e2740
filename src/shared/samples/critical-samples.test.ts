import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {criticalResultOf, foldCriticalEvent, startCriticalRun} from '../lenses/assemble-critical.ts'
import {type CriticalResult, criticalRequestSchema} from '../lenses/critical.ts'
import {CRITICAL_SAMPLES} from './critical-samples.ts'
import {filledCaption, numberIn} from './sample.ts'

const assets = join(import.meta.dirname, '../../../assets')
const {model, prompt, response, settings, claim} = CRITICAL_SAMPLES[0]!
const MARKER = 'Answer:'

/** The claim is about the model that ships, so this is a test that reads it. */
describe('the critical sample on the shipped model', () => {
  let handlers: EngineHandlers
  let result: CriticalResult

  async function look(text: string, answer: string): Promise<CriticalResult> {
    const client = createRouterClient(handlers.router)
    const request = criticalRequestSchema.parse({
      ...{model, prompt, response: text, answer, counterfactual: true},
      checker: {kind: 'number', marker: MARKER},
    })
    let run = startCriticalRun(request)
    for await (const event of await client.criticals.run(request)) {
      run = foldCriticalEvent(run, event)
    }
    return criticalResultOf(run, 'completed')!
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
    result = await look(response, settings!.answer)
  }, 240_000)
  afterAll(() => handlers.close())

  it('its claim holds, and its caption is filled from the result', () => {
    const slots = claim.measure(result)!
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(claim.holds(slots)).toBe(true)
    const words = filledCaption(claim.caption, slots)
      .map(({text}) => text)
      .join('')
    expect(words).toContain('·add')
    expect(words).not.toMatch(/\{|\}/u)
  })

  it('is about a response that is wrong by what the prompt says', () => {
    const [has, , loses] = prompt.match(/\d+/gu)!.map(Number)
    expect(Number(settings!.answer)).toBe(has! - loses!)
    expect(response).toContain(`${has} + ${loses} = ${has! + loses!}`)
    expect(result.verdict).toBe('wrong')
  })

  it('the counts of its claim are those of the completions that are shown', () => {
    const at = result.critical.find(({rule}) => rule === 'released')!.position
    const right = ` ${settings!.answer}.`
    for (const {position, isRight, bytesHex} of result.examples) {
      const text = Buffer.from(bytesHex, 'hex').toString()
      expect(text.slice(text.lastIndexOf(MARKER) + MARKER.length) === right).toBe(isRight)
      if (position >= at) expect(isRight).toBe(false)
    }
  })

  it('does not hold of the right plan', async () => {
    const right = await look(' So we subtract. 38 - 7 = 31. Answer: 31.', '31')
    expect(claim.measure(right)).toBeNull()
    const numbers = numberIn(claim.measure(result)!, 'ahead')
    expect(claim.holds({...claim.measure(result)!, ahead: {kind: 'count', value: -numbers}})).toBe(
      false
    )
  }, 120_000)
})
