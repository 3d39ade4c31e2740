import {afterAll, describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type InterveneRequestInput,
  type InterveneResult,
  interveneRequestSchema,
  interveneResultSchema,
} from '../../../shared/lenses/intervene.ts'
import {runIntervene} from './intervene.ts'
import {scoringJob} from './rows.ts'
import {attentionContext} from './test-attention.ts'

const context = attentionContext({chunkLength: 4})
afterAll(() => context.close())

const KV = {model: 'tiny-decoder-kv', prompt: 'The queen walks', topK: 5}
const PLAIN = {...KV, model: 'tiny-decoder-plain'}

async function intervene(request: InterveneRequestInput): Promise<InterveneResult> {
  let result: InterveneResult | null = null
  for await (const event of runIntervene(context, interveneRequestSchema.parse(request))) {
    if (event.kind === 'completed') result = event.result
  }
  return interveneResultSchema.parse(result)
}

async function problemOf(request: InterveneRequestInput) {
  const error = await intervene(request).catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem
  throw error
}

const probs = ({next}: InterveneResult['before']) => next.map(({id, prob}) => [id, prob])

describe('an intervention', () => {
  it('without anything changed gives what the model gives, and no divergence', async () => {
    for (const request of [KV, PLAIN]) {
      const {before, after, divergence, position, tokenCount} = await intervene(request)
      expect([after, divergence]).toEqual([before, {klBits: 0, totalVariation: 0}])
      expect(position).toBe(tokenCount - 1)
      const model = await context.models.load({model: request.model})
      const {ids} = await context.models
        .text({model: request.model})
        .then(({tokenizer}) => tokenizer.encode(request.prompt))
        .then(({parts}) => ({ids: Int32Array.from(parts, ({id}) => id)}))
      let row: Float32Array | null = null
      await model.session.run(scoringJob(ids, model), {
        onEvent: (event) => {
          if (event.kind === 'row') row = event.logits
        },
      })
      const logits = [...row!] as number[]
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
      for (const {id, prob} of before.next) expect(prob).toBeCloseTo(Math.exp(logits[id]!) / sum, 5)
    }
  })

  it('with tokens deleted is the model on the shorter text', async () => {
    const whole = await intervene({...KV, completionIds: [9, 11, 13], deleteTokens: [3]})
    // The text is its begin token, some of the prompt's, and 9, 11, 13.
    const ids = await context.models.text({model: KV.model}).then(async ({tokenizer}) => {
      const {parts} = await tokenizer.encode(KV.prompt)
      return [...parts.map(({id}) => id), 9, 11, 13].filter((_, at) => at !== 3)
    })
    const shorter = await intervene({
      ...{model: KV.model, topK: 5, prompt: '', noSpecialTokens: true},
      completionIds: ids,
    })
    for (const [i, {id, prob}] of shorter.before.next.entries()) {
      expect(whole.after.next[i]?.id).toBe(id)
      expect(whole.after.next[i]?.prob).toBeCloseTo(prob, 5)
    }
    expect(whole.warnings.map(({code}) => code)).toContain('positions-shift')
    expect(whole.divergence.totalVariation).toBeGreaterThan(0)
  })

  it('says the same with and without a cache, whichever kind it is', async () => {
    for (const change of [
      {maskKeys: [2]},
      {cutEdges: [{layer: 1, head: 'all' as const, query: 3, key: 1}], position: 3},
      {headsOff: [{layer: 0, head: 2}]},
      {scaleEmbeddings: 0.5},
      {exitLayer: 0},
    ]) {
      const cached = await intervene({...KV, ...change})
      const plain = await intervene({...PLAIN, ...change})
      expect(cached.divergence.klBits).toBeGreaterThan(0)
      expect(cached.divergence.klBits).toBeCloseTo(plain.divergence.klBits, 4)
      expect(probs(cached.after).map(([id]) => id)).toEqual(probs(plain.after).map(([id]) => id))
    }
  })

  it('that cannot be made is refused by name', async () => {
    expect((await problemOf({...KV, maskKeys: [1000]})).field).toBeDefined()
    expect((await problemOf({...KV, headsOff: [{layer: 9, head: 0}]})).found).toBeDefined()
    expect((await problemOf({...KV, position: 500})).code).toBe('position-out-of-range')
    expect((await problemOf({...KV, deleteTokens: [1], position: 1})).code).toBe('position-deleted')
    expect((await problemOf({model: 'tiny-encoder', prompt: 'a'})).code).toBe('model-is-encoder')
  })
})
