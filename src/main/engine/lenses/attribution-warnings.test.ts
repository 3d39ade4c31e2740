import {expect, test} from 'vitest'
import {sampleRow} from '../../../shared/figures/attribution/sample-result.ts'
import type {AttributionMethod, AttributionRow} from '../../../shared/lenses/attribute.ts'
import {rowWarnings} from './attribution-warnings.ts'

const PLAN = {contextPositions: [1, 2, 3, 4, 5, 6], readPositions: [6]}

function codesOf(
  method: AttributionMethod,
  changes: Partial<AttributionRow> = {},
  {plan = PLAN, preset = 'ours' as 'ours' | 'token'} = {}
) {
  const warnings = rowWarnings(sampleRow([0, 0, 0, 0, 0, 0], changes), {
    ...{request: {method, preset}, plan, otherProb: 0.25},
  })
  return warnings.map(({code}) => code)
}

const probes = (...steps: number[]) => ({
  probes: steps.map((stepCount) => ({stepCount, converged: true, probDrop: 0.1})),
})

test('bars of probes of few steps are said to be so where most are, above what stopped early', () => {
  expect(codesOf('reagent', probes(12, 40, 90))).toEqual([])
  expect(codesOf('reagent', probes(3, 40, 90))).toEqual(['stopped-early'])
  expect(codesOf('reagent', probes(3, 9, 10))).toEqual(['stopped-early', 'short-probes'])
  expect(codesOf('reagent', probes(3, 9, 10, 10))).toEqual(['stopped-early'])
  expect(codesOf('shapley', probes(1, 1, 1))).toEqual([])
  const advice = (preset: 'ours' | 'token') =>
    rowWarnings(sampleRow([0], probes(1)), {
      ...{request: {method: 'reagent', preset}, plan: PLAN, otherProb: 0.25},
    }).at(-1)!.message
  expect(advice('ours')).toContain('token preset')
  expect(advice('token')).not.toContain('token preset')
})

test('attention and random numbers say that they never look at a contrast', () => {
  const target = {...sampleRow([0]).target, contrastId: 4, contrastProb: 0.1}
  for (const method of ['attention-rollout', 'last-attention', 'random'] as const) {
    expect(codesOf(method, {target})).toEqual(['contrast-unseen'])
    expect(codesOf(method)).toEqual([])
  }
  expect(codesOf('shapley', {target})).toEqual([])
})

test('a first token with more than half of the attention is said', () => {
  expect(codesOf('attention-rollout', {firstTokenShare: 0.5})).toEqual([])
  expect(codesOf('attention-rollout', {firstTokenShare: 0.51})).toEqual(['first-token-dominates'])
})

test('masking says where its 0 is no finding, and that position 0 is the sink', () => {
  expect(codesOf('occlusion-mask')).toEqual(['own-diagonal'])
  const bare = {contextPositions: [0, 1, 2], readPositions: [2]}
  expect(codesOf('occlusion-mask', {}, {plan: bare})).toEqual(['removes-sink', 'own-diagonal'])
  // Of a span the later tokens still read what stands before it.
  const span = {contextPositions: [1, 2, 3], readPositions: [3, 4]}
  expect(codesOf('occlusion-mask', {}, {plan: span})).toEqual([])
  expect(codesOf('occlusion-delete', {}, {plan: bare})).toEqual([])
})
