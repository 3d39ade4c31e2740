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

async function idsOf({prompt, completionIds = []}: {prompt: string; completionIds?: number[]}) {
  const {tokenizer} = await context.models.text({model: KV.model})
  const {parts} = await tokenizer.encode(prompt)
  return Int32Array.from([...parts.map(({id}) => id), ...completionIds])
}

/** What the model predicts after a position, by the session of the tokens lens. */
async function plainRow(ids: Int32Array, position: number, name = KV.model): Promise<number[]> {
  const model = await context.models.load({model: name})
  let row: number[] = []
  await model.session.run(scoringJob(ids.subarray(0, position + 1), model), {
    onEvent: (event) => {
      if (event.kind === 'row') row = [...event.logits]
    },
  })
  return row
}

function softmaxOf(logits: readonly number[]): number[] {
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
  return logits.map((logit) => Math.exp(logit) / sum)
}

const probs = ({next}: InterveneResult['before']) => next.map(({id, prob}) => [id, prob])

describe('an intervention', () => {
  it('without anything changed gives what the model gives, and no divergence', async () => {
    for (const request of [KV, PLAIN]) {
      const {before, after, divergence, position, tokenCount} = await intervene(request)
      expect([after, divergence]).toEqual([before, {klBits: 0, totalVariation: 0}])
      expect(position).toBe(tokenCount - 1)
      const row = await plainRow(await idsOf(request), position, request.model)
      const expected = softmaxOf(row)
      for (const {id, prob} of before.next) expect(prob).toBeCloseTo(expected[id]!, 5)
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

  it('gives the row of a middle position behind a deleted token, where that now stands', async () => {
    const request = {...KV, completionIds: [9, 11, 13, 17, 19], topK: 20}
    const ids = await idsOf(request)
    const changed = await intervene({...request, deleteTokens: [4], position: 6})
    const shorter = Int32Array.from(ids.filter((_, at) => at !== 4))
    expect(changed.position).toBe(6)
    expect(ids[6]).toBe(shorter[5])
    const rows = {before: await plainRow(ids, 6), after: await plainRow(shorter, 5)}
    for (const side of ['before', 'after'] as const) {
      const probs = softmaxOf(rows[side])
      for (const {id, prob} of changed[side].next) expect(prob).toBeCloseTo(probs[id]!, 5)
    }
    // The row beside it is another one, so the place matters.
    const beside = softmaxOf(await plainRow(shorter, 6))
    const {id, prob} = changed.after.next[0]!
    expect(Math.abs(beside[id]! - prob)).toBeGreaterThan(1e-4)
    const klBits = rows.before.reduce((sum, _, i) => {
      const [p, q] = [softmaxOf(rows.before)[i]!, softmaxOf(rows.after)[i]!]
      return sum + p * Math.log2(p / q)
    }, 0)
    expect(changed.divergence.klBits).toBeCloseTo(klBits, 5)
  })

  it('takes edges of every head as those of all', async () => {
    const edge = {layer: 1, query: 3, key: 1}
    const cutEdges = [0, 1, 2, 3].map((head) => ({...edge, head}))
    const each = await intervene({...KV, cutEdges, position: 3})
    const all = await intervene({...KV, cutEdges: [{...edge, head: 'all'}], position: 3})
    expect(each.after).toEqual(all.after)
    // With an edge of a single head beside them, both ways are taken at once.
    const more = {...edge, head: 2, key: 0}
    const mixed = await intervene({...KV, cutEdges: [...cutEdges, more], position: 3})
    const single = await intervene({
      ...{...KV, position: 3},
      cutEdges: [...cutEdges.slice(1), {...edge, head: 0}, more],
    })
    expect(mixed.after).toEqual(single.after)
    expect(mixed.divergence.klBits).not.toBe(all.divergence.klBits)
  })

  it('says how long is left once something was measured', async () => {
    const fresh = attentionContext({chunkLength: 2})
    const left: (number | null)[] = []
    for (let run = 0; run < 2; run++) {
      for await (const event of runIntervene(fresh, interveneRequestSchema.parse(KV))) {
        if (event.kind === 'progress' && event.phase === 'capturing') left.push(event.secondsLeft)
      }
    }
    await fresh.close()
    expect(left.length).toBeGreaterThan(4)
    expect(left.every((seconds) => seconds !== null && seconds >= 0)).toBe(true)
    expect(left[0]).toBeGreaterThan(0)
    expect(left.at(-1)).toBe(0)
  })

  it('is refused where a run has no room, with what takes it', async () => {
    const tight = attentionContext({maxBytes: 1e4})
    const cutEdges = [{layer: 0, head: 1, query: 3, key: 1}]
    const request = interveneRequestSchema.parse({...PLAIN, cutEdges})
    const error = await (async () => {
      for await (const _ of runIntervene(tight, request));
    })().catch((caught: unknown) => caught)
    await tight.close()
    expect((error as ProblemError).problem.code).toBe('intervention-over-budget')
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

  it('is the same on ids as on the text that they are of, whatever is changed', async () => {
    const {tokenizer} = await context.models.text({model: KV.model})
    const {parts} = await tokenizer.encode(KV.prompt)
    const byIds = {
      ...{model: KV.model, topK: 5, prompt: '', noSpecialTokens: true},
      completionIds: parts.map(({id}) => id),
    }
    for (const change of [
      {maskKeys: [2]},
      {deleteTokens: [2]},
      {cutEdges: [{layer: 0, head: 1, query: 3, key: 1}], position: 3},
      {cutEdges: [{layer: 0, head: 'all' as const, query: 3, key: 1}], position: 3},
      {headsOff: [{layer: 1, head: 3}]},
      {headsOff: [{layer: 1, head: 3}], headValue: 'mean-of-prompt' as const},
    ]) {
      const [text, ids] = [
        await intervene({...KV, ...change}),
        await intervene({...byIds, ...change}),
      ]
      expect(ids.before).toEqual(text.before)
      expect(ids.after).toEqual(text.after)
      expect(ids.divergence.klBits).toBeGreaterThan(0)
    }
  })

  it('masking the first token says that it removes the sink, and gives numbers everywhere', async () => {
    for (const request of [KV, PLAIN]) {
      for (const position of [0, 1, 'last'] as const) {
        const {after, divergence, warnings} = await intervene({...request, maskKeys: [0], position})
        const sum = after.next.reduce((total, {prob}) => total + prob, after.restProb)
        expect(sum).toBeCloseTo(1, 6)
        expect(Number.isFinite(divergence.klBits)).toBe(true)
        expect(warnings.map(({code}) => code)).toContain('removes-sink')
        // Its own diagonal stays, so after the first token nothing changes.
        if (position === 0) expect(divergence.klBits).toBeCloseTo(0, 9)
        else expect(divergence.klBits).toBeGreaterThan(0)
      }
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
