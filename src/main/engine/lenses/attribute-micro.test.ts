import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {plainReagent} from '../attribution/plain-reagent.ts'
import {type Reagent, type ReagentOptions, runReagent} from '../attribution/reagent.ts'
import {SingleTokens} from '../attribution/single-tokens.ts'
import type {ScoreSequences, Subject} from '../attribution/subject.ts'
import {AttributedModel} from './attribution-model.ts'
import {chooseSampler, prepareSampler} from './attribution-sampler.ts'
import {planTarget} from './attribution-target.ts'
import {scoringJob} from './rows.ts'
import {attribute, attributeContext} from './test-attribute.ts'

/** The shipped models share a tokenizer, and one of them fills in what is hidden: only they show samplers at work. */
const MODELS = join(import.meta.dirname, '../../../../assets/models')
const BASE = join(MODELS, 'micro-base')
const MLM = join(MODELS, 'micro-mlm')
const PROMPT = 'Mira visits Korvu. Tom keeps lamps. Mira keeps coins.\nWhat keeps Mira? Mira keeps'

const context = attributeContext()
afterAll(() => context.close())

const OPTIONS: ReagentOptions = {
  ...{ratio: 0.3, keepCount: 6, overlap: 2, maxSteps: 25},
  ...{probes: 3, testEvery: 1, seed: 11},
}

async function planOf(prompt: string) {
  const model = await context.graphs.open({model: BASE})
  const tokenizer = (await context.graphs.tokenizer(model))!
  const {parts} = await tokenizer.encode(prompt)
  const ids = Int32Array.from(parts, ({id}) => id)
  const text = {
    ...{ids, promptTokenCount: ids.length, vocabularySize: 1832, contextLength: 2048},
    isFixed: (position: number) => parts[position]?.isSpecial === true,
  }
  const attributed = new AttributedModel(context.sessions, model, undefined)
  const found = await attributed.likeliest(ids, [ids.length - 1], 1)
  const target = found.get(ids.length - 1)!.ids
  return {tokenizer, attributed, plan: planTarget(text, ids.length, target)}
}

/** One sequence a run of the model's own session, which knows nothing of batches; top 3 by sorting. */
async function plainScorer(targetId: number): Promise<ScoreSequences> {
  const model = await context.models.load({model: BASE})
  return async ([ids]) => {
    let row: Float32Array | null = null
    await model.session.run(scoringJob(ids!, model), {
      onEvent: (event) => {
        if (event.kind === 'row') row = event.logits
      },
    })
    const logits = [...row!] as number[]
    const weights = logits.map((logit) => Math.exp(logit))
    const others = weights.reduce((sum, weight, id) => sum + (id === targetId ? 0 : weight), 0)
    const all = others + weights[targetId]!
    const rivals = logits.filter((_, id) => id !== targetId).sort((a, b) => b - a)
    return {
      prob: Float64Array.of(weights[targetId]! / all),
      otherProb: Float64Array.of(others / all),
      margin: Float64Array.of(logits[targetId]! - rivals[2]!),
    }
  }
}

describe('on micro-base', () => {
  it('a batched run makes the masks and, to 1e−3, the scores of one call at a time', async () => {
    const {tokenizer, attributed, plan} = await planOf(PROMPT)
    const choice = await chooseSampler(
      context,
      {sampler: 'uniform'},
      {
        ...{text: PROMPT, tokenizer, tokenCount: 30},
      }
    )
    const at = {plan, tokenizer, attributed}
    const seen: {readonly batched: string[]; readonly plain: string[]} = {batched: [], plain: []}
    const subjectOf = async (name: keyof typeof seen, score: ScoreSequences): Promise<Subject> => ({
      ids: plan.ids,
      positions: plan.contextPositions,
      sampler: (await prepareSampler(context, choice, at)).sampler,
      score: (sequences) => {
        seen[name].push(...sequences.map(String))
        return score(sequences)
      },
    })
    const batched = await subjectOf('batched', attributed.scorer(plan, 3))
    let reagent: Reagent | null = null
    for await (const step of runReagent(batched, OPTIONS)) reagent = step
    const estimate = reagent!.estimate()
    const plain = await plainReagent(
      await subjectOf('plain', await plainScorer(plan.tokenIds[0]!)),
      OPTIONS
    )
    if (estimate.closestCall < 1e-4) {
      // Which way such a decision falls is rounding's to say.
      console.warn(`near-tie of ${estimate.closestCall}: the runs may differ`)
      return
    }
    // The same masks with the same draws are the same sequences.
    expect([...seen.batched].sort()).toEqual([...seen.plain].sort())
    expect(estimate.probes.map(({stepCount}) => stepCount)).toEqual(
      plain.probes.map(({stepCount}) => stepCount)
    )
    plain.released.forEach((share, i) => {
      expect(Math.abs(share - estimate.released[i]!)).toBeLessThan(1e-3)
      expect(Math.abs(plain.values[i]! - estimate.values[i]!)).toBeLessThan(1e-3)
    })
  })

  it('replacements come of the masked model that shares the tokenizer, each one token and another', async () => {
    const {tokenizer, attributed, plan} = await planOf(PROMPT)
    const tokens = new SingleTokens(tokenizer)
    for (const sampler of ['mlm', 'mlm-prefix', 'self'] as const) {
      const text = {text: PROMPT, tokenizer, tokenCount: plan.ids.length}
      const choice = await chooseSampler(context, {sampler, mlm: MLM}, text)
      expect(choice.name).toBe(sampler)
      const prepared = await prepareSampler(context, choice, {plan, tokenizer, attributed})
      expect(prepared.setupTokenCount).toBeGreaterThan(0)
      const drawn = await prepared.sampler.draw(plan.contextPositions, createSeededRandom(1))
      for (const [i, id] of drawn.entries()) {
        expect(await tokens.has(id)).toBe(true)
        if (sampler === 'mlm') expect(id).not.toBe(plan.ids[plan.contextPositions[i]!])
      }
    }
  })

  it('a token of the same part of speech stands for a name, a verb, a thing and a sign', async () => {
    const {tokenizer, attributed, plan} = await planOf(PROMPT)
    const text = {text: PROMPT, tokenizer, tokenCount: plan.ids.length}
    const choice = await chooseSampler(context, {sampler: 'pos'}, text)
    expect(choice.warnings.map(({code}) => code)).toEqual(['other-tagger'])
    const {sampler} = await prepareSampler(context, choice, {plan, tokenizer, attributed})
    const textOf = (id: number) => Buffer.from(tokenizer.bytesOf(id)).toString()
    const random = createSeededRandom(2)
    const drawn = async (word: string) => {
      const position = plan.ids.findIndex((id) => textOf(id) === word)
      const ids = await sampler.draw(new Array(60).fill(position), random)
      return ids.map(textOf)
    }
    expect((await drawn('.')).every((word) => !/[\p{L}\p{N}]/u.test(word))).toBe(true)
    const things = await drawn(' lamps')
    expect(things.filter((word) => /^ ?\w+s$/u.test(word)).length).toBeGreaterThan(50)
    // A verb of the third person may be a plural noun's twin; both end alike.
    expect((await drawn(' keeps')).filter((word) => /s$/u.test(word)).length).toBeGreaterThan(50)
    const tokens = new SingleTokens(tokenizer)
    const whole = await sampler.draw(plan.contextPositions, random)
    for (const id of whole) expect(await tokens.has(id)).toBe(true)
  })

  it('a masked model replaces a token by what fits there: after “keeps” stand things', async () => {
    const {tokenizer, attributed, plan} = await planOf(
      'Mira keeps coins. Tom keeps lamps. Mira keeps'
    )
    const text = {text: '', tokenizer, tokenCount: plan.ids.length}
    const choice = await chooseSampler(context, {mlm: MLM}, text)
    expect(choice.name).toBe('mlm')
    const {sampler} = await prepareSampler(context, choice, {plan, tokenizer, attributed})
    const textOf = (id: number) => Buffer.from(tokenizer.bytesOf(id)).toString()
    const coins = plan.ids.findIndex((id) => textOf(id) === ' coins')
    const random = createSeededRandom(3)
    const words: string[] = []
    for (let i = 0; i < 40; i++) words.push(textOf((await sampler.draw([coins], random))[0]!))
    // Things of this world are plural words.
    expect(words.filter((word) => /^ \w+s$/u.test(word)).length).toBeGreaterThan(30)
  })

  it('what is asked for is found: the thing and the name that say what Mira keeps', async () => {
    const result = await attribute(context, {
      ...{model: BASE, mlm: MLM, prompt: PROMPT, method: 'shapley', probes: 8},
    })
    const best = [...result.values!].sort((a, b) => b.value - a.value)[0]!
    expect(result.tokens[best.position]!.text).toBe(' coins')
    expect(result.settings).toMatchObject({sampler: 'mlm'})
  })
})
