import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {tinyDecoderFiles, writeModelFiles} from '../../../../fixtures/tiny-models.ts'
import {
  type AttributeRequestInput,
  attributionMethodSchema,
} from '../../../shared/lenses/attribute.ts'
import {attribute, attributeContext, attributeProblem} from './test-attribute.ts'

const context = attributeContext({chunkLength: 64})
let temporary: TemporaryFolder
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await context.close()
  await temporary.remove()
})

const RUN = {
  ...{prompt: 'The queen walks in the garden', sampler: 'uniform' as const},
  ...{probes: 2, maxSteps: 6, seed: 3},
}

describe('probabilities at their ends', () => {
  let model: string
  beforeAll(async () => {
    const files = tinyDecoderFiles({hasKvCache: true, logitSpread: 200_000})
    model = await writeModelFiles(join(temporary.path, 'certain'), files)
  })

  it('of exactly 1 are said; every method gives numbers, and replacing what matters loses all of it', async () => {
    for (const method of attributionMethodSchema.options) {
      const {target, values, released, warnings, low} = await (async () => {
        const result = await attribute(context, {...RUN, model, method})
        return {...result, low: result.values!.map((entry) => entry.low)}
      })()
      expect(target!.prob, method).toBe(1)
      expect(warnings.map(({code}) => code)).toContain('probability-one')
      expect(
        values!.every(({value}) => Number.isFinite(value)),
        method
      ).toBe(true)
      expect(low.every((value) => value === null || Number.isFinite(value))).toBe(true)
      const sum = released?.reduce((total, {value}) => total + value, 0) ?? 1
      expect(sum).toBeCloseTo(1, 9)
    }
    // A token is kept or lost as a whole here: what any replacement loses is 0 or 1.
    const {values} = await attribute(context, {
      ...{...RUN, model, method: 'occlusion-replace', probes: 1},
    })
    for (const {value} of values!) expect(Math.min(Math.abs(value), Math.abs(1 - value))).toBe(0)
    expect(Math.max(...values!.map(({value}) => value))).toBe(1)
  })

  it('of exactly 0 are said, and nothing can lower them', async () => {
    const likeliest = await attribute(context, {...RUN, model, method: 'random'})
    const [best] = likeliest.target!.tokenIds
    const result = await attribute(context, {...RUN, model, targetToken: (best! + 1) % 60})
    expect(result.target!.prob).toBe(0)
    expect(result.warnings.map(({code}) => code)).toContain('probability-zero')
    const {values, released} = result
    expect(values!.every(({value}) => Number.isFinite(value))).toBe(true)
    expect(released!.reduce((sum, {value}) => sum + value, 0)).toBeCloseTo(1, 9)
    const {values: lost} = await attribute(context, {
      ...{...RUN, model, targetToken: (best! + 1) % 60, method: 'occlusion-delete'},
    })
    for (const {value} of lost!) expect(value).toBeLessThanOrEqual(0)
    // Faithfulness and curves are numbers too.
    const checked = await attribute(context, {
      ...{...RUN, model, faithfulness: true, draws: 2, curves: true},
    })
    for (const one of checked.faithfulness!) expect(Number.isFinite(one.value)).toBe(true)
    expect(Number.isFinite(checked.curves!.deletionArea)).toBe(true)
  })
})

describe('replacements', () => {
  it('that no sampler has are a problem that names sampler and position', async () => {
    const files = tinyDecoderFiles({hasKvCache: true})
    // Whatever is encoded begins with another letter, so no token is ever made of its own text.
    const json = files.get('tokenizer.json') as Record<string, unknown>
    files.set('tokenizer.json', {...json, normalizer: {type: 'Prepend', prepend: 'q'}})
    const model = await writeModelFiles(join(temporary.path, 'no-singles'), files)
    for (const sampler of ['uniform', 'pos', 'self'] as const) {
      const problem = await attributeProblem(context, {...RUN, model, sampler})
      expect(problem.code, sampler).toBe('no-valid-replacement')
      expect(problem.field).toMatch(/^position \d+$/u)
      expect(problem.advice).not.toBe('')
    }
    // What replaces nothing works as ever.
    const {values} = await attribute(context, {...RUN, model, method: 'occlusion-delete'})
    expect(values!.length).toBeGreaterThan(1)
  })

  it('never stand for special tokens, wherever these are, and that is said', async () => {
    const request: AttributeRequestInput = {
      ...{...RUN, model: 'tiny-decoder-kv', parseSpecial: true},
      prompt: 'The queen </s> walks in',
    }
    const result = await attribute(context, {...request, faithfulness: true, draws: 2})
    const special = result.tokens.filter(({isSpecial}) => isSpecial).map(({position}) => position)
    expect(special.length).toBe(2)
    expect(result.values!.map(({position}) => position)).toEqual(
      result.tokens.map(({position}) => position).filter((position) => !special.includes(position))
    )
    const said = result.warnings.find(({code}) => code === 'special-tokens-kept')!
    expect(said.message).toContain(`positions ${special.join(', ')}`)
    expect(new Set(result.faithfulness!.map((one) => one.specialsPerturbed)).size).toBe(2)
  })

  it('of the same part of speech are said to be another tagger’s', async () => {
    const request = {...RUN, model: 'tiny-decoder-kv', sampler: 'pos' as const}
    const {warnings, settings} = await attribute(context, request)
    expect(settings.sampler).toBe('pos')
    const said = warnings.find(({code}) => code === 'other-tagger')!
    expect(said.message).toContain('compromise')
    expect(said.message).toContain('NLTK')
  })
})
