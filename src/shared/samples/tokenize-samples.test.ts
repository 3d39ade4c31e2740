import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {createBlobs} from '../../main/engine/blobs.ts'
import {createHandlers, type EngineHandlers} from '../../main/engine/handlers.ts'
import {type AlignedRow, layoutColumns} from '../figures/tokenize/columns.ts'
import {numberIn} from './sample.ts'
import {cutTextOf, TOKENIZE_SAMPLES, tokenizeSampleCaption} from './tokenize-samples.ts'

const assets = join(import.meta.dirname, '../../../assets')

/** Claims are about the tokenizers that ship, so these are the tests that read them. */
describe('tokenizer samples on the shipped tokenizers', () => {
  let handlers: EngineHandlers
  const columns = new Map<string, ReturnType<typeof layoutColumns>>()

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
    const client = createRouterClient(handlers.router)
    for (const {id, prompt, settings} of TOKENIZE_SAMPLES) {
      const rows: AlignedRow[] = []
      const request = {text: prompt, tokenizers: [...settings!.tokenizers], maxTokens: 1000}
      for await (const event of await client.tokenizers.compare(request)) {
        if (event.kind === 'tokens') rows.push({tokenizer: event.tokenizer, tokens: event.tokens})
      }
      columns.set(
        id,
        layoutColumns(Buffer.from(prompt), rows, () => true, 1000)
      )
    }
  }, 240_000)
  afterAll(() => handlers.close())

  it.each(TOKENIZE_SAMPLES)('$id: $claim.name', ({id, claim, prompt}) => {
    const slots = claim.measure(cutTextOf(columns.get(id)!))
    expect(slots, 'what the claim is about is there').not.toBeNull()
    expect(claim.holds(slots!), JSON.stringify(slots)).toBe(true)
    const caption = tokenizeSampleCaption(prompt, columns.get(id)!)!
    expect(caption.map(({text}) => text).join('')).not.toMatch(/[{}—]/u)
    expect(tokenizeSampleCaption(`${prompt} `, columns.get(id)!)).toBeNull()
  })

  it('their numbers are the published ones', () => {
    const {pieces} = cutTextOf(columns.get('digit-columns')!)
    expect(pieces.gpt2!.join('|')).toBe('123|45|678|+|23|45|67|89')
    expect(pieces.cl100k!.join('|')).toBe('123|456|78|+|234|567|89')
    expect(pieces.o200k).toEqual(pieces.cl100k)
    const slotsOfSample = (name: string) =>
      TOKENIZE_SAMPLES.find(({id}) => id === name)!.claim.measure(cutTextOf(columns.get(name)!))!
    const space = slotsOfSample('one-space')
    expect(['spaced', 'bare', 'other'].map((slot) => numberIn(space, slot))).toEqual([1, 2, 5])
    const bill = slotsOfSample('six-times')
    expect(['most', 'middle', 'few'].map((slot) => numberIn(bill, slot))).toEqual([30, 20, 5])
    expect(['glyphMost', 'glyphMiddle', 'glyphFew'].map((slot) => numberIn(bill, slot))).toEqual([
      11, 10, 7,
    ])
  })
})
