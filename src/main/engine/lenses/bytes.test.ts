import {join} from 'node:path'
import {createRouterClient} from '@orpc/server'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {
  type BytesRequestInput,
  type BytesResult,
  bytesEventSchema,
} from '../../../shared/lenses/bytes.ts'
import {createBlobs} from '../blobs.ts'
import {createHandlers, type EngineHandlers} from '../handlers.ts'

const ROOT = join(import.meta.dirname, '../../../..')

let handlers: EngineHandlers
beforeAll(() => {
  handlers = createHandlers(
    {
      version: '0.0.0',
      builtinModelsFolder: join(ROOT, 'assets/models'),
      tokenizersFolder: join(ROOT, 'assets/tokenizers'),
      fontsFolder: join(ROOT, 'assets/fonts'),
      ...{stateFolder: null, threads: 1, maxMemoryBytes: 64e6, startCount: 1, lastExit: null},
    },
    {blobs: createBlobs()}
  )
})
afterAll(() => handlers.close())

async function bytesAfter(request: BytesRequestInput): Promise<BytesResult> {
  for await (const event of await createRouterClient(handlers.router).bytes.run(request)) {
    if (bytesEventSchema.parse(event).kind === 'completed') {
      return (event as {result: BytesResult}).result
    }
  }
  throw new Error('the run did not complete')
}

const total = ({bytes, endProb, leakProb}: BytesResult) =>
  bytes.reduce((sum, {prob}) => sum + prob, endProb + leakProb)

describe('the bytes lens on the built-in model', () => {
  it.each<Omit<BytesRequestInput, 'model'>>([
    {prompt: ''},
    {prompt: 'Mira has a la'},
    {prompt: 'Mira has a lamp'},
    {prompt: 'Mira has a lamp. '},
    {prompt: 'Mira has a  '},
    {prompt: 'two\n\n'},
    {prompt: '12 + 3'},
    {prompt: 'a ', prefixHex: 'f09f'},
    {prompt: 'na', prefixHex: 'c3'},
  ])('gives everything after %j to a byte, to the end or to the leak', async (request) => {
    const exact = await bytesAfter({model: 'micro-base', ...request})
    expect(Math.abs(total(exact) - 1)).toBeLessThan(1e-9)
    expect(exact.leakProb).toBeGreaterThanOrEqual(0)
    expect(new Set(exact.covers.map(({ids}) => ids.join())).size).toBe(exact.coverCount)
    const fast = await bytesAfter({model: 'micro-base', ...request, mode: 'fast'})
    expect(Math.abs(total(fast) - 1)).toBeLessThan(1e-9)
    expect(fast.leakProb).toBeLessThanOrEqual(exact.leakProb + 1e-12)
  })

  it('agrees with a prefix one byte longer: P(xc) / P(x) is the probability of c', async () => {
    const x = await bytesAfter({model: 'micro-base', prompt: 'Mira has a l'})
    const xc = await bytesAfter({model: 'micro-base', prompt: 'Mira has a la'})
    expect(xc.prefix.fixedByteEnd).toBe(x.prefix.fixedByteEnd)
    expect(x.bytes[0x61]!.prob).toBeCloseTo(Math.exp(xc.prefixLogprob - x.prefixLogprob), 6)
  })

  it('agrees with tokens where a word ends: a space comes from the text’s own encoding alone', async () => {
    const prompt = 'Mira has a lamp'
    const {bytes, covers, prefix, prefixLogprob} = await bytesAfter({model: 'micro-base', prompt})
    const client = createRouterClient(handlers.router)
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt})
    const own = [...tokens.ids].slice(prefix.fixedIds.length).join()
    const {logprob} = covers.find(({ids}) => ids.join() === own)!
    // P(x, space) = P(encode(x)) · Σ P(v | encode(x)) over the tokens that start with a space.
    const {prob, tokenProb} = bytes[0x20]!
    expect(prob).toBeCloseTo(Math.exp(logprob - prefixLogprob) * tokenProb!, 9)
  })

  it('is not what prompting with tokens gives within a word', async () => {
    const {totalVariation, coverCount} = await bytesAfter({
      model: 'micro-base',
      prompt: 'Mira has a l',
    })
    expect(coverCount).toBeGreaterThan(1)
    expect(totalVariation).toBeGreaterThan(0.01)
  })
})
