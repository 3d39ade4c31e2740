import {expect, it} from 'vitest'
import {SAMPLES, sampleOfPrompt} from './samples.ts'

it('samples have ids and, in their lens, prompts of their own', () => {
  expect(new Set(SAMPLES.map(({id}) => id)).size).toBe(SAMPLES.length)
  for (const sample of SAMPLES) expect(sampleOfPrompt(sample.prompt, sample.lens)).toBe(sample)
  const [tokens] = SAMPLES.filter(({lens}) => lens === 'tokens')
  expect(sampleOfPrompt(tokens!.prompt, 'attention')).toBeNull()
})

it('captions carry no number of their own', () => {
  for (const {claim} of SAMPLES) {
    expect(claim.caption.replace(/\{\w+\}/gu, '')).not.toMatch(/\d/u)
    expect(claim.name).not.toMatch(/\d/u)
  }
})
