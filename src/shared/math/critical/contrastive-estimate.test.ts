import {expect, it} from 'vitest'
import {estimateContrast} from './contrastive-estimate.ts'

const logitsOf = (probs: readonly number[], shift = 0) =>
  Float32Array.from(probs, (prob) => Math.log(prob) + shift)
const POSITIVE = [0.6, 0.3, 0.1]
const NEGATIVE = [0.2, 0.7, 0.1]
const estimates = (beta: number, shift = 0) =>
  POSITIVE.map(
    (_, tokenId) =>
      estimateContrast(logitsOf(POSITIVE, shift), logitsOf(NEGATIVE, -shift), {tokenId, beta})
        .estimate
  )

it('has the constants of the notes at β = 1, whatever the logits are shifted by', () => {
  const unnormalised = [1.8, 0.128571, 0.1]
  const sum = unnormalised.reduce((a, b) => a + b)
  for (const shift of [0, 3]) {
    for (const [i, value] of estimates(1, shift).entries()) {
      expect(value).toBeCloseTo([0.887324, 0.06338, 0.049296][i]!, 5)
      expect(value).toBeCloseTo(unnormalised[i]! / sum, 5)
    }
  }
})

it('is p⁺ at β = 0', () => {
  for (const [i, value] of estimates(0).entries()) expect(value).toBeCloseTo(POSITIVE[i]!, 6)
})

it('of two models that are the same is their own probability, and the difference 0', () => {
  for (const beta of [0, 1, 2.5]) {
    for (let tokenId = 0; tokenId < 3; tokenId++) {
      const same = logitsOf(NEGATIVE)
      const {estimate, difference} = estimateContrast(same, same, {tokenId, beta})
      expect(estimate).toBeCloseTo(NEGATIVE[tokenId]!, 6)
      expect(difference).toBe(0)
    }
  }
})

it('the difference is ln p⁻ − ln p⁺', () => {
  for (let tokenId = 0; tokenId < 3; tokenId++) {
    const {difference} = estimateContrast(logitsOf(POSITIVE, 2), logitsOf(NEGATIVE), {
      tokenId,
      beta: 1,
    })
    expect(difference).toBeCloseTo(Math.log(NEGATIVE[tokenId]! / POSITIVE[tokenId]!), 5)
  }
})
