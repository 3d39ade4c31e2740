import {expect, test} from 'vitest'
import {estimateContrast} from './contrastive-estimate.ts'
import {DPO_LOSSES, dpoWeights} from './dpo-weights.ts'

/** The worked example of contrastive estimation: p⁺ = (.6, .3, .1), p⁻ = (.2, .7, .1), β = 1. */
const ESTIMATES = [0, 1, 2].map(
  (tokenId) =>
    estimateContrast(
      Float32Array.from([0.6, 0.3, 0.1], Math.log),
      Float32Array.from([0.2, 0.7, 0.1], Math.log),
      {tokenId, beta: 1}
    ).estimate
)

function expectWeights(found: readonly number[], expected: readonly number[]) {
  expect(found).toHaveLength(expected.length)
  for (const [i, weight] of expected.entries()) expect(found[i]).toBeCloseTo(weight, 6)
}

test('a rejected response has 1 − s in both forms', () => {
  for (const form of ['released', 'paper'] as const) {
    expectWeights(
      dpoWeights(ESTIMATES, {form, role: 'rejected'}),
      // 1 less 1.8, .9/7 and .1 over their sum.
      [1 - 0.887324, 1 - 0.06338, 1 - 0.049296]
    )
  }
})

test('a chosen response has s in the paper’s form, and 1 in the released one', () => {
  expectWeights(
    dpoWeights(ESTIMATES, {form: 'paper', role: 'chosen'}),
    [0.887324, 0.06338, 0.049296]
  )
  expect(dpoWeights(ESTIMATES, {form: 'released', role: 'chosen'})).toEqual([1, 1, 1])
})

test('each form is labelled with its loss', () => {
  expect(DPO_LOSSES.released).toContain('position by position')
  expect(DPO_LOSSES.paper).not.toContain('position by position')
})
