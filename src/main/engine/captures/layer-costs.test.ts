import {expect, it} from 'vitest'
import {COUNT, cellOf, runCell} from '../onnx/test-run-cell.ts'
import type {CapturePart} from './capture-parts.ts'
import {captureParts} from './capture-parts.ts'
import {layerCosts} from './layer-costs.ts'

const RUN_LENGTH = 4

it.each([
  ['llama eager float32 past', 'queries-keys'],
  ['llama eager float32 past', 'weights'],
  ['opt eager int8 past', 'queries-keys'],
  ['gemma2 eager float32 past', 'queries-keys'],
  ['gemma2 GroupQueryAttention float32 past', 'queries-keys'],
  ['gpt2 Attention float32 past', 'queries-keys'],
  ['gpt2 eager float32 past', 'weights'],
  ['bert eager float32 none', 'queries-keys'],
] as const)(
  'what runs of %s hand over for %s is foreseen, and not by far too much',
  async (name, route) => {
    const cell = cellOf(name)
    const isWhole = cell.cache === 'none'
    const {plan, captures} = await runCell(
      cell,
      {route},
      {cuts: [isWhole ? [COUNT] : [RUN_LENGTH, COUNT]]}
    )
    const costs = layerCosts(plan, {
      tokenCount: COUNT,
      runLength: isWhole ? COUNT : RUN_LENGTH,
      config: null,
    })!
    expect(costs.map(({layer}) => layer)).toEqual(plan.layers.map(({layer}) => layer))
    const foreseen = costs.reduce((sum, {runBytes}) => sum + runBytes, 0)
    const handedOver = captures[0]!.outputs.map((outputs) =>
      plan.outputs.reduce((sum, output) => {
        const {length} = outputs[output]!.data
        // The number of keys of an operator is one number.
        return length === 1 ? sum : sum + 4 * length
      }, 0)
    )
    // The runtime holds it, and so does the array that it is copied to.
    expect(foreseen).toBeGreaterThanOrEqual(2 * Math.max(...handedOver))
    // What layers share is counted for each of them, and no more.
    expect(foreseen).toBeLessThanOrEqual(2 * plan.layers.length * Math.max(...handedOver))
  }
)

it('a long text over the budget is run a few times, not once for every layer or two', async () => {
  const {plan} = await runCell(cellOf('llama eager float32 past'), {})
  const layers = Array.from({length: 16}, (_, layer) => ({
    ...plan.layers[0]!,
    ...{layer, queryHeadCount: 32, keyValueHeadCount: 8, headSize: 64},
  }))
  const costs = layerCosts({...plan, layers}, {tokenCount: 4096, runLength: 256, config: null})!
  const partsIn = (budgetBytes: number): CapturePart[] =>
    captureParts(costs, {budgetBytes, isKept: true})
  expect(partsIn(2e9).map(({dtype}) => dtype)).toEqual(['float32'])
  const parts = partsIn(0.5e9)
  expect(new Set(parts.map(({dtype}) => dtype))).toEqual(new Set(['float16']))
  expect(parts.length).toBeLessThanOrEqual(3)
})
