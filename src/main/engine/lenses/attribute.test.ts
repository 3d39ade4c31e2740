import {afterAll, describe, expect, it} from 'vitest'
import {
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../../../shared/lenses/assemble-attribute.ts'
import {
  type AttributeRequestInput,
  type AttributeResult,
  attributeRequestSchema,
} from '../../../shared/lenses/attribute.ts'
import {
  type InterveneRequestInput,
  interveneRequestSchema,
} from '../../../shared/lenses/intervene.ts'
import {runAttribute, tryChanges} from './attribute.ts'
import {runIntervene} from './intervene.ts'
import {scoringJob} from './rows.ts'
import {attribute, attributeContext, attributeProblem} from './test-attribute.ts'

const context = attributeContext({chunkLength: 64})
afterAll(() => context.close())

const KV: AttributeRequestInput = {
  ...{model: 'tiny-decoder-kv', prompt: 'The queen walks in the garden'},
  ...{probes: 3, maxSteps: 12, seed: 3},
}
const PLAIN = {...KV, model: 'tiny-decoder-plain'}

/** ln p of each token of a sequence by the model's own session, which no attribution uses. */
async function logprobsOf(model: string, ids: readonly number[]): Promise<number[]> {
  const loaded = await context.models.load({model})
  const logprobs: number[] = []
  await loaded.session.run(scoringJob(Int32Array.from(ids), loaded), {
    onEvent: (event) => {
      if (event.kind === 'rows') logprobs.push(...event.columns.logprob)
    },
  })
  return logprobs
}
/** The tables of the intervention lens, over the whole vocabulary. */
async function maskedTables(request: InterveneRequestInput) {
  const asked = interveneRequestSchema.parse({...request, topK: 1000})
  for await (const event of runIntervene(context, asked)) {
    if (event.kind === 'completed') return event.result
  }
  throw new Error('no result')
}

const idsOf = ({tokens}: AttributeResult) => tokens.map(({id}) => id)

describe('targets', () => {
  it('are the likeliest next token unless one is named', async () => {
    const result = await attribute(context, KV)
    const {target} = result
    const ids = idsOf(result)
    expect(target!.positions).toEqual([ids.length])
    const logprobs = await logprobsOf('tiny-decoder-kv', [...ids, target!.tokenIds[0]!])
    expect(target!.prob).toBeCloseTo(Math.exp(logprobs.at(-1)!), 5)
    const others = await Promise.all(
      [4, 40, 90].map(async (id) => (await logprobsOf('tiny-decoder-kv', [...ids, id])).at(-1)!)
    )
    for (const other of others) expect(other).toBeLessThanOrEqual(logprobs.at(-1)!)
    expect(result.warnings.map(({code}) => code)).toContain('special-tokens-kept')
    expect(result.values!.map(({position}) => position)).not.toContain(0)
  })

  it('may be a token of the text, a forced one, a span and a contrast, each with the model’s probability', async () => {
    const at = await attribute(context, {...KV, targetPosition: 5})
    const ids = idsOf(at)
    const logprobs = await logprobsOf('tiny-decoder-kv', ids)
    expect(at.target!.prob).toBeCloseTo(Math.exp(logprobs[5]!), 5)
    expect(at.target).toMatchObject({positions: [5], tokenIds: [ids[5]]})
    expect(at.values!.map(({position}) => position)).toEqual([1, 2, 3, 4])

    const forced = await attribute(context, {...KV, targetToken: 77})
    const last = await logprobsOf('tiny-decoder-kv', [...ids, 77])
    expect(forced.target!.prob).toBeCloseTo(Math.exp(last.at(-1)!), 6)

    const span = await attribute(context, {...KV, targetSpan: [4, 7]})
    const mean = [4, 5, 6].reduce((sum, position) => sum + Math.exp(logprobs[position]!) / 3, 0)
    expect(span.target!.prob).toBeCloseTo(mean, 5)
    expect(span.target!.tokenIds).toEqual(ids.slice(4, 7))
    // The tokens of the span are never replaced.
    expect(span.values!.map(({position}) => position)).toEqual([1, 2, 3])

    const contrast = await attribute(context, {...KV, contrast: [77, 78]})
    const other = await logprobsOf('tiny-decoder-kv', [...ids, 78])
    expect(contrast.target!.prob).toBeCloseTo(Math.exp(last.at(-1)!), 6)
    expect(contrast.target!.contrastProb).toBeCloseTo(Math.exp(other.at(-1)!), 6)
  })

  it('may be every generated token, a row each, with all before it as its context', async () => {
    const result = await attribute(context, {...KV, generate: 3, allGenerated: true})
    const {rows, promptTokenCount, tokens} = result
    expect(rows).toHaveLength(3)
    expect(tokens).toHaveLength(promptTokenCount + 3)
    rows!.forEach((row, i) => {
      expect(row.target.positions).toEqual([promptTokenCount + i])
      expect(row.values.at(-1)!.position).toBe(promptTokenCount + i - 1)
    })
    expect(result.values).toEqual(rows![0]!.values)
    const alone = await attribute(context, {
      ...KV,
      generate: 3,
      targetPosition: promptTokenCount + 1,
    })
    expect(rows![1]!.values.map(({value}) => value)).toEqual(alone.values!.map(({value}) => value))
  })
})

describe('methods', () => {
  it('of occlusion are what the model loses without each token', async () => {
    const replaced = await attribute(context, {
      ...KV,
      method: 'occlusion-delete',
      targetPosition: 6,
    })
    const ids = idsOf(replaced).slice(0, 7)
    const whole = Math.exp((await logprobsOf('tiny-decoder-kv', ids)).at(-1)!)
    for (const {position, value, low} of replaced.values!) {
      const rest = ids.filter((_, at) => at !== position)
      const without = Math.exp((await logprobsOf('tiny-decoder-kv', rest)).at(-1)!)
      expect(value).toBeCloseTo(whole - without, 5)
      expect(low).toBeNull()
    }
    for (const model of ['tiny-decoder-kv', 'tiny-decoder-plain']) {
      const next = {...KV, model, method: 'occlusion-mask' as const}
      const {values, target} = await attribute(context, next)
      for (const {position, value} of values!.slice(0, 3)) {
        const tables = await maskedTables({model, prompt: KV.prompt, maskKeys: [position]})
        const probIn = ({next: rows}: (typeof tables)['before']) =>
          rows.find(({id}) => id === target!.tokenIds[0])!.prob
        expect(value).toBeCloseTo(probIn(tables.before) - probIn(tables.after), 5)
      }
    }
  })

  it('of masking are exactly 0 where the target is read, which is said', async () => {
    const {values, warnings} = await attribute(context, {...KV, method: 'occlusion-mask'})
    expect(values!.at(-1)!.value).toBeCloseTo(0, 6)
    expect(warnings.map(({code}) => code)).toContain('own-diagonal')
    const bare = {...KV, noSpecialTokens: true, method: 'occlusion-mask' as const}
    expect((await attribute(context, bare)).warnings.map(({code}) => code)).toContain(
      'removes-sink'
    )
  })

  it('of Shapley sum to what the whole context does, with and without a cache alike', async () => {
    const request = {...KV, method: 'shapley' as const, probes: 4, sampler: 'uniform' as const}
    const kv = await attribute(context, request)
    const plain = await attribute(context, {...request, model: 'tiny-decoder-plain'})
    kv.values!.forEach(({value}, i) => {
      expect(value).toBeCloseTo(plain.values![i]!.value, 4)
    })
    expect(kv.probes).toHaveLength(4)
    expect(kv.work!.sequenceCount).toBe(4 * (kv.values!.length + 1))
  })

  it('of attention sum to 1 with the tokens that have no value, and random ones come of the seed', async () => {
    for (const method of ['attention-rollout', 'last-attention'] as const) {
      const {values, tokens, firstTokenShare, events} = await attribute(context, {...KV, method})
      const sum = values!.reduce((total, {value}) => total + value, 0)
      expect(values).toHaveLength(tokens.length - 1)
      expect(sum).toBeGreaterThan(0)
      expect(sum).toBeLessThan(1)
      // The begin token alone has no value.
      expect(sum + firstTokenShare!).toBeCloseTo(1, 5)
      // What is not known yet is not shown as zeros.
      const estimates = events.filter((event) => event.kind === 'estimate')
      expect(estimates.map((one) => one.values.some(Boolean))).toEqual([true])
    }
    const random = await attribute(context, {...KV, method: 'random'})
    expect((await attribute(context, {...KV, method: 'random'})).values).toEqual(random.values)
    expect((await attribute(context, {...KV, method: 'random', seed: 4})).values).not.toEqual(
      random.values
    )
  })

  it('are the same of the same seed, whatever the batches', async () => {
    const once = await attribute(context, {...KV, sampler: 'uniform'})
    const narrow = attributeContext({chunkLength: 1})
    const again = await attribute(narrow, {...KV, sampler: 'uniform'})
    await narrow.close()
    expect(again.probes!.map(({stepCount}) => stepCount)).toEqual(
      once.probes!.map(({stepCount}) => stepCount)
    )
    once.values!.forEach(({value}, i) => {
      expect(again.values![i]!.value).toBeCloseTo(value, 4)
    })
    expect(once.redrawnCount).toBe(again.redrawnCount)
  })
})

describe('a run', () => {
  it('streams estimates that lead to its row, and says what it did', async () => {
    const {events, ...result} = await attribute(context, {...KV, sampler: 'uniform'})
    const estimates = events.filter((event) => event.kind === 'estimate')
    expect(estimates.length).toBeGreaterThan(0)
    const last = estimates.at(-1)!
    expect([...last.values]).toEqual(result.values!.map(({value}) => value))
    expect([...last.released]).toEqual(result.released!.map(({value}) => value))
    expect(last.released.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
    const steps = [...last.probeSteps]
    expect(result.stepCount).toBe(Math.max(...steps))
    const perStep = 2 * steps.reduce((sum, count) => sum + count, 0)
    expect(result.work!.sequenceCount).toBe(1 + perStep)
    expect(result.work!.tokenCount).toBe((1 + perStep) * result.tokens.length)
    expect(result.stopReason).toBe([...last.probeStopped].includes(1) ? 'converged' : 'max-steps')
  })

  it('that is left half-way keeps its last estimate, which is labelled', async () => {
    const request = attributeRequestSchema.parse({
      ...{...KV, sampler: 'uniform', stopK: 1, targetToken: 3, maxSteps: 2000},
    })
    const controller = new AbortController()
    let run = startAttributeRun(request)
    const reading = async () => {
      for await (const event of runAttribute(context, request, controller.signal)) {
        run = foldAttributeEvent(run, event)
        if (event.kind === 'estimate') controller.abort(new Error('enough'))
      }
    }
    await expect(reading()).rejects.toThrow('enough')
    const result = attributeResultOf(run, 'cancelled')!
    expect(result.stopReason).toBe('cancelled')
    expect(result.values).toHaveLength(result.tokens.length - 1)
    expect(result.probes!.every(({converged}) => !converged)).toBe(true)
    // The start and two texts a probe and step, each of the whole context; the rationale is of all probes' highest.
    const perStep = 2 * result.probes!.reduce((sum, {stepCount}) => sum + stepCount, 0)
    expect(result.work!.sequenceCount).toBe(1 + perStep)
    expect(result.work!.tokenCount).toBe((1 + perStep) * result.tokens.length)
    expect(result.rationale!.length).toBeGreaterThan(0)
    for (const position of result.rationale!) {
      expect(result.values!.map((entry) => entry.position)).toContain(position)
    }
  })

  it('with a sparse test says what it saved, and how alike it is', async () => {
    const request = {...KV, sampler: 'uniform' as const, testEvery: 4}
    const sparse = await attribute(context, {...request, compareExact: true})
    expect(sparse.warnings.map(({code}) => code)).toContain('sparse-test')
    const exact = await attribute(context, {...request, testEvery: 1})
    expect(sparse.sparse!.savedShare).toBeCloseTo(
      1 - sparse.work!.tokenCount / exact.work!.tokenCount,
      9
    )
    expect(sparse.sparse!.rankCorrelation).toBeGreaterThanOrEqual(-1)
    expect((await attribute(context, request)).sparse).toMatchObject({savedShare: null})
  })

  it('is checked by both metrics in both forms, with specials and without, and by curves', async () => {
    const result = await attribute(context, {
      ...{...KV, faithfulness: true, draws: 2, curves: true, sampler: 'uniform'},
    })
    expect(result.faithfulness).toHaveLength(8)
    for (const one of result.faithfulness!) {
      expect(one.value).toBeGreaterThanOrEqual(0)
      expect(one.draws).toBe(2)
    }
    const {deletion, insertion} = result.curves!
    expect(deletion[0]!.prob).toBeCloseTo(result.target!.prob, 5)
    expect(insertion.at(-1)!.prob).toBeCloseTo(result.target!.prob, 5)
    // With everything replaced both are the same text.
    expect(deletion.at(-1)!.prob).toBeCloseTo(insertion[0]!.prob, 5)
  })

  it('tells what becomes of a target when tokens are changed by hand', async () => {
    const {tokens} = await attribute(context, {...KV, method: 'random'})
    const ids = Int32Array.from(tokens, ({id}) => id)
    const trial = {targetPositions: [ids.length], targetTokenIds: [77], contrastId: null}
    const changes = [{position: 2, id: 90}]
    const {before, after} = await tryChanges(
      context,
      {model: 'tiny-decoder-kv', ids},
      {...trial, changes}
    )
    const changed = ids.map((id, position) => (position === 2 ? 90 : id))
    const [plain, other] = await Promise.all(
      [ids, changed].map((one) => logprobsOf('tiny-decoder-kv', [...one, 77]))
    )
    expect(before).toBeCloseTo(Math.exp(plain!.at(-1)!), 6)
    expect(after).toBeCloseTo(Math.exp(other!.at(-1)!), 6)
  })
})

describe('bad input', () => {
  it.each<[string, AttributeRequestInput, string]>([
    ['a target that the text does not have', {...KV, targetPosition: 99}, 'position-out-of-range'],
    ['a span beyond the text', {...KV, targetSpan: [2, 99]}, 'position-out-of-range'],
    ['a token of no vocabulary', {...KV, targetToken: 9999}, 'unknown-token-id'],
    ['a contrast of no vocabulary', {...KV, contrast: [5, 9999]}, 'unknown-token-id'],
    ['two targets', {...KV, targetToken: 5, contrast: [5, 6]}, 'several-targets'],
    ['nothing generated', {...KV, allGenerated: true}, 'nothing-generated'],
    ['a prompt of one token', {...KV, prompt: '', completionIds: [77]}, 'context-too-short'],
    ['nothing but what is inserted', {...KV, prompt: ''}, 'context-too-short'],
    ['a first target', {...KV, targetPosition: 1}, 'context-too-short'],
    ['a rationale that is larger than the context', {...KV, keep: 50}, 'rationale-too-large'],
    ['a masked model that is not there', {...KV, sampler: 'mlm'}, 'not-found'],
    [
      'parts of speech of Greek',
      {...KV, sampler: 'pos', prompt: 'Η βασίλισσα πάει'},
      'not-english',
    ],
    ['a model that predicts nothing', {...KV, model: 'tiny-encoder'}, 'model-is-encoder'],
    ['a masked model with no logits', {...KV, mlm: 'tiny-encoder'}, 'no-masked-model'],
  ])('%s', async (_, request, code) => {
    const problem = await attributeProblem(context, request)
    expect(problem.advice).not.toBe('')
    expect(problem.code).toBe(code)
  })

  it('a preset’s rationale that is larger is cut, which is said', async () => {
    const {warnings, settings, values} = await attribute(context, {
      ...{...KV, preset: 'token', probes: 2, sampler: 'uniform', targetPosition: 5},
    })
    expect([settings.keepCount, values!.length]).toEqual([4, 4])
    expect(warnings.map(({code}) => code)).toContain('rationale-is-everything')
  })

  it('no masked model for the tokenizer leaves uniform replacements, which is said', async () => {
    const {warnings, settings} = await attribute(context, PLAIN)
    expect(settings).toMatchObject({sampler: 'uniform', mlm: null})
    expect(warnings.map(({code}) => code)).toContain('uniform-replacements')
  })

  it('no probe that stops is a result that is said', async () => {
    const result = await attribute(context, {
      ...{...KV, sampler: 'uniform', stopK: 1, targetToken: 3, maxSteps: 3},
    })
    expect(result.stopReason).toBe('max-steps')
    expect(result.warnings.map(({code}) => code)).toContain('not-converged')
    expect(result.values!.every(({value, low}) => Number.isFinite(value) && low === null)).toBe(
      true
    )
  })
})
