import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {assembleTokens} from '../lenses/assemble-tokens.ts'
import type {BytesResult} from '../lenses/bytes.ts'
import {type TokensEvent, type TokensResult, tokensRequestSchema} from '../lenses/tokens.ts'
import {sampleCaptionOf, sampleOfResult} from './caption.ts'
import {filledCaption, numberIn, type Slots} from './sample.ts'
import {TOKENS_SAMPLES} from './tokens-samples.ts'

const assets = join(import.meta.dirname, '../../../assets')

/** Claims are about the models that ship, so these are the tests that read them. */
describe('tokens samples on the shipped models', () => {
  let handlers: EngineHandlers
  const results = new Map<string, TokensResult>()

  const run = async (model: string, prompt: string, position?: number) => {
    const request = {model, prompt, position}
    const events: TokensEvent[] = []
    const client = createRouterClient(handlers.router)
    for await (const event of await client.tokens.run(request)) events.push(event)
    return assembleTokens(tokensRequestSchema.parse(request), events)!
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
    for (const {id, model, prompt} of TOKENS_SAMPLES) results.set(id, await run(model, prompt))
  }, 60_000)
  afterAll(() => handlers.close())

  it.each(TOKENS_SAMPLES)('$id: $claim.name', ({id, claim}) => {
    const slots = claim.measure(results.get(id)!)
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(claim.holds(slots!), JSON.stringify(slots)).toBe(true)
    const caption = filledCaption(claim.caption, slots!)
    expect(caption.map(({text}) => text).join('')).not.toMatch(/[{}—]/u)
  })

  it.each(TOKENS_SAMPLES)('$id: its selection is the token that it names', ({id, selection}) => {
    const {tokens, promptTokenCount} = results.get(id)!
    const position = selection.position === 'end' ? promptTokenCount - 1 : selection.position
    expect(tokens[position]?.text).toBe(selection.text)
  })

  it('the numbers of two captions, from the tokens one by one', () => {
    // By perplexities instead of means of bits: 2 to the mean is the geometric mean of 1/p.
    const {tokens} = results.get('induction')!
    const geometric = (from: number, to: number) => {
      const inverse = tokens.slice(from, to).map(({logprob}) => Math.exp(-logprob!))
      return inverse.reduce((product, value) => product * value, 1) ** (1 / inverse.length)
    }
    const induction = TOKENS_SAMPLES.find(({id}) => id === 'induction')!
    const slots = induction.claim.measure(results.get('induction')!) as Slots
    const numbers = Object.fromEntries(
      Object.entries(slots).map(([name, slot]) => [name, slot.kind === 'bits' ? slot.value : null])
    )
    expect(2 ** numbers.first!).toBeCloseTo(geometric(3, 21), 6)
    expect(2 ** numbers.second!).toBeCloseTo(geometric(22, 39), 6)
  })

  it('the wrong plan has in the table after “we” what its caption says', async () => {
    const {claim, model, prompt, selection} = TOKENS_SAMPLES.find(({id}) => id === 'wrong-plan')!
    const [best, other] = (await run(model, prompt, selection.position as number)).next
    expect([best?.text, other?.text]).toEqual([' add', ' subtract'])
    const slots = claim.measure(results.get('wrong-plan')!) as Slots
    expect(numberIn(slots, 'otherProb')).toBeCloseTo(best!.rawProb, 6)
    expect(numberIn(slots, 'planProb')).toBeCloseTo(other!.rawProb, 6)
  })

  it('the sum is left open, and what goes on is the first digit of its answer', () => {
    const {prompt, title, claim} = TOKENS_SAMPLES.find(({id}) => id === 'sum')!
    // Nothing is made hotter here: a prompt is all that a sample sets.
    expect(title).toBe('A sum left open')
    const [, first, second] = /(\d+) \+ (\d+) = $/u.exec(prompt)!
    const {digit} = claim.measure(results.get('sum')!)!
    const bytesHex = Buffer.from(String(Number(first) + Number(second))[0]!).toString('hex')
    expect(digit).toEqual({kind: 'token', token: {bytesHex}})
  })

  it('the sample that is cut in mid-word: tokens go on oddly, bytes with the rest of the word', async () => {
    const {prompt} = TOKENS_SAMPLES.find(({id}) => id === 'mid-word')!
    const client = createRouterClient(handlers.router)
    const found: BytesResult[] = []
    for await (const event of await client.bytes.run({model: 'micro-base', prompt})) {
      if (event.kind === 'completed') found.push(event.result)
    }
    const {bytes, totalVariation} = found[0]!
    const row = bytes['t'.charCodeAt(0)]!
    // “copper lan” was “copper lantern” before.
    expect(row.prob).toBeGreaterThan(0.9)
    expect(row.tokenProb).toBeLessThan(0.1)
    expect(totalVariation).toBeGreaterThan(0.8)
  })

  it('a caption stands only over its own sample, unchanged', async () => {
    const result = results.get('retrieval')!
    expect(sampleCaptionOf(result)).not.toBeNull()
    const changed = {...result, request: {...result.request, prompt: `${result.text} `}}
    expect(sampleOfResult(changed, 'tokens')).toBeNull()
    expect(sampleCaptionOf(changed)).toBeNull()
    const other = {...result, model: {...result.model, id: 'another'}}
    expect(sampleCaptionOf(other)).toBeNull()
    const cut = {...result, request: {...result.request, truncate: 'left' as const}}
    expect(sampleCaptionOf(cut)).toBeNull()
  })

  it('a claim that does not hold is not made', async () => {
    // The decoy is asked for, so the sample's own answer is not the likeliest any more.
    const retrieval = TOKENS_SAMPLES.find(({id}) => id === 'retrieval')!
    const prompt = retrieval.prompt.replace(/lemon lamps =$/u, 'silver lamps =')
    expect(retrieval.claim.measure(await run('micro-base', prompt))).toBeNull()
    const result = results.get('induction')!
    const tokens = result.tokens.map((entry) => ({...entry, surprisalBits: 5}))
    expect(sampleCaptionOf({...result, tokens})).toBeNull()
  })
})
