import fc from 'fast-check'
import {expect, test} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {captureParts, type LayerCost} from './capture-parts.ts'

const cost = (layer: number, keptBytes = 100, runBytes = 20): LayerCost => ({
  layer,
  keptBytes,
  keptBytesInFloat16: keptBytes / 2,
  runBytes,
})
const layers = (count: number) => Array.from({length: count}, (_, layer) => cost(layer))

test('all layers are one run where they fit', () => {
  for (const isKept of [true, false]) {
    expect(captureParts(layers(3), {budgetBytes: 360, isKept})).toEqual([
      {layers: [0, 1, 2], dtype: 'float32'},
    ])
  }
})

test('fewer at a time where they do not, in order; a part that was used up counts no more', () => {
  expect(captureParts(layers(5), {budgetBytes: 250, isKept: false})).toEqual([
    {layers: [0, 1], dtype: 'float32'},
    {layers: [2, 3], dtype: 'float32'},
    {layers: [4], dtype: 'float32'},
  ])
})

test('where all are kept, what is held leaves less room for the next run', () => {
  // 300 are held in the end; the first run may use 320, the second has 320 less 200.
  expect(captureParts(layers(3), {budgetBytes: 320, isKept: true})).toEqual([
    {layers: [0, 1], dtype: 'float32'},
    {layers: [2], dtype: 'float32'},
  ])
})

test('float16 where that makes room for all that is kept, or for a layer by itself', () => {
  expect(captureParts(layers(4), {budgetBytes: 280, isKept: true})[0]?.dtype).toBe('float16')
  expect(captureParts([cost(0), cost(1, 300)], {budgetBytes: 200, isKept: false})).toEqual([
    {layers: [0], dtype: 'float32'},
    {layers: [1], dtype: 'float16'},
  ])
})

test('a layer without any room is refused with its number', () => {
  const refused = () => captureParts([cost(0), cost(7, 1000)], {budgetBytes: 400, isKept: false})
  expect(refused).toThrow(ProblemError)
  try {
    refused()
  } catch (error) {
    expect((error as ProblemError).problem).toMatchObject({
      code: 'capture-over-budget',
      field: 'layer 7',
    })
  }
})

test('every layer is captured once, in order, and no run takes more than the budget', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({min: 1, max: 50}), fc.integer({min: 0, max: 20})), {
        maxLength: 12,
      }),
      fc.integer({min: 50, max: 300}),
      fc.boolean(),
      (sizes, budgetBytes, isKept) => {
        const costs = sizes.map(([kept, run], layer) => cost(layer, 2 * kept, run))
        fc.pre(costs.every((one) => one.keptBytesInFloat16 + one.runBytes <= budgetBytes))
        const parts = captureParts(costs, {budgetBytes, isKept})
        expect(parts.flatMap((part) => part.layers)).toEqual(costs.map(({layer}) => layer))
        for (const part of parts) {
          const bytes = part.layers.reduce((sum, layer) => {
            const {keptBytes, keptBytesInFloat16, runBytes} = costs[layer]!
            return sum + runBytes + (part.dtype === 'float16' ? keptBytesInFloat16 : keptBytes)
          }, 0)
          expect(bytes).toBeLessThanOrEqual(budgetBytes)
        }
      }
    )
  )
})
