import {describe, expect, it} from 'vitest'
import {FAMILY_SEED} from '../../../../fixtures/families/family-model.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {type FamilyCell, SHAPE, TRAITS} from '../../../../fixtures/families/traits.ts'
import {
  BLOCK_LENGTH,
  FamilyWeights,
  quantizeInt4,
  quantizeInt8,
} from '../../../../fixtures/families/weights.ts'
import {COUNT, cellOf, runCell, TOKEN_IDS} from './test-run-cell.ts'

/** A layer's output projection [width, width] as the cell's dtype keeps it. */
function outputMatrix({dtype}: FamilyCell, layer: number): Float64Array {
  const {width} = SHAPE
  const floats = new FamilyWeights(FAMILY_SEED, dtype).matrix(
    `layers.${layer}.attention.o`,
    ...([width, width] as const)
  )
  if (dtype === 'int8') {
    const {levels, scales} = quantizeInt8(floats, width, width)
    return Float64Array.from(levels, (level, cell) => level * scales[cell % width]!)
  }
  if (dtype === '4-bit') {
    const {levels, scales} = quantizeInt4(floats, width, width)
    const blockCount = width / BLOCK_LENGTH
    return Float64Array.from(levels, (level, cell) => {
      const block = Math.floor(cell / width / BLOCK_LENGTH)
      return (level - 8) * scales[(cell % width) * blockCount + block]!
    })
  }
  return Float64Array.from(floats)
}

/** ‖v · W_O‖ in plain loops: W_O's rows of one query head. */
function projectedNorm(vector: Float64Array, matrix: Float64Array, head: number): number {
  const {width, headSize} = SHAPE
  let sum = 0
  for (let column = 0; column < width; column++) {
    let product = 0
    for (let i = 0; i < headSize; i++) {
      product += vector[i]! * matrix[(head * headSize + i) * width + column]!
    }
    sum += product * product
  }
  return Math.sqrt(sum)
}

describe('value norms', () => {
  it.each([
    'gpt2 eager float32 none',
    'gpt2 Attention float32 past',
    'llama eager float32 past',
    'llama GroupQueryAttention float32 past',
    'phi MultiHeadAttention float32 past',
    'qwen3 ai.onnx.Attention float32 past',
    'gpt2 eager int8 past',
    'llama eager int8 past',
    'bert MultiHeadAttention int8 none',
    'llama eager 4-bit past',
    'qwen3 GroupQueryAttention 4-bit past',
    'llama GroupQueryAttention float16 past',
  ])('of %s are those of values through each head’s block', async (name) => {
    const cell = cellOf(name)
    const cuts = cell.cache === 'none' ? [[COUNT]] : [[COUNT], [3, 4, COUNT]]
    for (const route of ['queries-keys', 'weights'] as const) {
      const run = await runCell(cell, {route, wants: {valueNorms: true}}, {cuts})
      expect(run.plan.problems).toEqual([])
      const groupSize = SHAPE.queryHeadCount / TRAITS[cell.family].keyValueHeadCount
      for (const [cut, {capture}] of run.captures.entries()) {
        // Rounded to bytes by the run, states depend on where a text is cut.
        const ends = cuts[cut]!
        const runLengths = ends.map((end, i) => end - (ends[i - 1] ?? 0))
        const reference = runReference(cell, {tokenIds: TOKEN_IDS, runLengths})
        for (const {layer, sites} of capture.layers) {
          expect(run.plan.layers[layer]!.sites[0]!.valueNorms!.kind).toBe('projected')
          const matrix = outputMatrix(cell, layer)
          const norms = sites[0]!.valueNorms!
          for (let head = 0; head < SHAPE.queryHeadCount; head++) {
            const values = reference.layers[layer]!.values[Math.floor(head / groupSize)]!
            values.forEach((vector, position) => {
              const expected = projectedNorm(vector, matrix, head)
              const actual = norms.values[head * COUNT + position]!
              const bound = cell.dtype === 'float16' ? 2e-3 : 1e-5
              expect(Math.abs(actual / expected - 1)).toBeLessThan(bound)
            })
          }
        }
      }
    }
  })

  it('are those of the values alone where the projection is not understood', async () => {
    const {plan, captures, reference} = await runCell(
      cellOf('llama eager 4-bit past'),
      {wants: {valueNorms: true}},
      {forget: 'outputProjection'}
    )
    expect(plan.layers[0]!.sites[0]!.valueNorms!.kind).toBe('basis-dependent')
    const norms = captures[0]!.capture.layers[0]!.sites[0]!.valueNorms!
    // One for each value: the heads that share it have no others.
    expect(norms.values).toHaveLength(TRAITS.llama.keyValueHeadCount * COUNT)
    reference.layers[0]!.values.forEach((rows, head) => {
      rows.forEach((vector, position) => {
        const expected = Math.hypot(...vector)
        expect(Math.abs(norms.values[head * COUNT + position]! / expected - 1)).toBeLessThan(1e-5)
      })
    })
  })
})
