import {describe, expect, it} from 'vitest'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {SHAPE} from '../../../../fixtures/families/traits.ts'
import {captureByteLength} from '../captures/attention-capture.ts'
import {captureBytes} from '../captures/capture-bytes.ts'
import {
  allRows,
  outputNumbers,
  planAll,
  readStructure,
  withModel,
} from '../captures/test-capture.ts'
import {planCapture} from './capture-plan.ts'
import {findStructure} from './find-structure.ts'
import {GraphEditor} from './graph-editor.ts'
import {COUNT, cellOf, runCell} from './test-run-cell.ts'

describe('keys before rotary', () => {
  it.each([
    'neox eager float32 past',
    'llama eager float32 merged',
    'llama GroupQueryAttention float32 past',
    'llama MultiHeadAttention float32 past',
    'qwen3 GroupQueryAttention float32 past',
    'gemma2 ai.onnx.Attention float32 none',
    'phi GroupQueryAttention float32 past',
  ])('of %s', async (name) => {
    const cell = cellOf(name)
    const cuts = cell.cache === 'none' ? [[COUNT]] : [[COUNT], [3, 4, COUNT]]
    const run = await runCell(cell, {wants: {keysBeforeRotary: true}}, {cuts})
    expect(run.plan.problems).toEqual([])
    for (const {capture} of run.captures) {
      for (const {layer, sites} of capture.layers) {
        const {values, headCount, size} = sites[0]!.keysBeforeRotary!
        const expected = run.reference.layers[layer]!.keysBeforeRotary
        expect(headCount).toBe(expected.length)
        expected.forEach((rows, head) => {
          rows.forEach((row, position) => {
            row.forEach((value, i) => {
              const actual = values[(head * COUNT + position) * size + i]!
              expect(Math.abs(actual - value)).toBeLessThan(1e-5)
            })
          })
        })
      }
    }
  })

  it('are said to be missing where nothing is turned', async () => {
    const {plan} = await runCell(cellOf('gpt2 eager float32 none'), {
      wants: {keysBeforeRotary: true},
    })
    expect(plan.problems.map(({code, field}) => [code, field])).toEqual([
      ['keys-before-rotary-not-found', 'layer 0'],
      ['keys-before-rotary-not-found', 'layer 1'],
    ])
    expect(plan.layers).toHaveLength(2)
  })
})

describe('the residual stream', () => {
  it.each([
    'gpt2 eager float32 past',
    'opt eager float32 none',
    'gemma2 GroupQueryAttention float32 past',
    'bert Attention float32 none',
  ])('of %s', async (name) => {
    const {plan, captures, reference} = await runCell(cellOf(name), {wants: {residual: true}})
    expect(plan.residual.map(({layer}) => layer)).toEqual([0, 1, 2])
    for (const {layer, output} of plan.residual) {
      const expected = reference.residual[layer]!.flatMap((row) => [...row])
      const actual = outputNumbers(captures[0]!.outputs[0]![output]!)
      const worst = expected.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - actual[i]!)),
        0
      )
      expect(worst).toBeLessThan(2e-5)
    }
  })
})

describe('padding', () => {
  it.each([
    ['gpt2 eager float32 past', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['llama eager float32 past', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['llama ai.onnx.Attention float32 past', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['gpt2 Attention float32 past', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['llama MultiHeadAttention float32 past', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['bert eager float32 none', [1, 1, 1, 1, 1, 1, 0, 0]],
    ['bert Attention float32 none', [1, 1, 1, 1, 1, 1, 0, 0]],
    ['bert MultiHeadAttention float32 none', [1, 1, 1, 1, 1, 1, 0, 0]],
    ['bert ai.onnx.Attention float32 none', [1, 1, 1, 1, 1, 1, 0, 0]],
  ] as const)(
    'of %s is seen by no token, and the first layer’s rows are right',
    async (name, mask) => {
      for (const route of ['queries-keys', 'weights'] as const) {
        const {captures, reference} = await runCell(cellOf(name), {route}, {mask})
        for (let layer = 0; layer < SHAPE.layerCount; layer++) {
          for (let head = 0; head < SHAPE.queryHeadCount; head++) {
            const rows = allRows(captures[0]!.capture, layer, head)
            const expected = reference.layers[layer]!.attentionWeights[head]!
            for (let query = 0; query < COUNT; query++) {
              if (mask[query] === 0) continue
              for (let key = 0; key < COUNT; key++) {
                const actual = rows[query * COUNT + key]!
                if (mask[key] === 0) expect(actual).toBe(0)
                // What padding itself attends to differs between models, and only padding reads it.
                expect(Math.abs(actual - expected[query]![key]!)).toBeLessThan(1e-5)
              }
            }
          }
        }
      }
    }
  )
})

describe('planCapture', () => {
  const cell = cellOf('llama eager float32 past')

  it('adds outputs of the requested layers alone, each once', async () => {
    const one = await runCell(cell, {layers: [1]})
    const both = await runCell(cell, {})
    expect(one.plan.layers.map(({layer}) => layer)).toEqual([1])
    // The mask is shared between the layers.
    expect(one.plan.outputs).toHaveLength(3)
    expect(both.plan.outputs).toHaveLength(5)
    expect(new Set(both.plan.outputs).size).toBe(5)
    expect(Object.keys(one.captures[0]!.outputs[0]!)).toEqual(
      expect.arrayContaining([...one.plan.outputs, 'logits'])
    )
    expect([...allRows(one.captures[0]!.capture, 1, 3)]).toEqual([
      ...allRows(both.captures[0]!.capture, 1, 3),
    ])
  })

  it('hands out the keys of new positions alone', async () => {
    for (const name of ['llama eager float32 past', 'gpt2 Attention float32 past']) {
      const {plan, captures} = await runCell(cellOf(name), {}, {cuts: [[3, 4, COUNT]]})
      const {key, isWholeRun} = plan.layers[0]!.sites[0]!.queryKey!
      expect(isWholeRun).toBe(false)
      expect(captures[0]!.outputs.map((outputs) => outputs[key]!.dims[2])).toEqual([
        3,
        1,
        COUNT - 4,
      ])
    }
  })

  it('estimates what a capture keeps', async () => {
    for (const route of ['queries-keys', 'weights'] as const) {
      const wants = {valueNorms: true, keysBeforeRotary: true}
      const {plan, captures} = await runCell(cell, {route, wants})
      const kept = captureByteLength(captures[0]!.capture)
      const estimate = captureBytes(plan, COUNT, 'float32')!
      expect(Math.abs(estimate / kept - 1)).toBeLessThan(0.05)
    }
  })

  it('estimates the keys that each run keeps anew, where each has all of them', async () => {
    const {plan} = await runCell(cell, {})
    const [layer] = plan.layers
    const [site] = layer!.sites
    const whole = {...site!, queryKey: {...site!.queryKey!, isWholeRun: true}}
    const again = {...plan, layers: [{...layer!, sites: [whole]}]}
    const once = captureBytes(again, COUNT, 'float32')!
    const runs = captureBytes(again, COUNT, 'float32', 3)!
    // Runs end at 3, 6, 9, … and at the end of the text.
    const ends = Array.from({length: Math.ceil(COUNT / 3)}, (_, i) => Math.min(COUNT, 3 * (i + 1)))
    const more = ends.reduce((sum, end) => sum + end, 0) - COUNT
    expect(runs - once).toBe(more * layer!.keyValueHeadCount! * layer!.headSize! * 4)
    expect(captureBytes(plan, COUNT, 'float32', 3)).toBe(captureBytes(plan, COUNT, 'float32'))
  })

  it('keeps half the bytes where queries and keys are halves, with rows within 2e-3', async () => {
    const whole = await runCell(cell, {}, {cuts: [[3, COUNT]]})
    const halves = await runCell(cell, {}, {cuts: [[3, COUNT]], dtype: 'float16'})
    const [a, b] = [whole, halves].map(({captures}) => captures[0]!.capture)
    expect(captureByteLength(b!) / captureByteLength(a!)).toBeLessThan(0.52)
    let worst = 0
    for (let layer = 0; layer < SHAPE.layerCount; layer++) {
      for (let head = 0; head < SHAPE.queryHeadCount; head++) {
        const rows = allRows(b!, layer, head)
        allRows(a!, layer, head).forEach((weight, i) => {
          worst = Math.max(worst, Math.abs(weight - rows[i]!))
        })
      }
    }
    expect(worst).toBeGreaterThan(0)
    expect(worst).toBeLessThan(2e-3)
  })

  it('keeps a model of 1B parameters at 4,096 tokens under the budget', async () => {
    const {plan} = await runCell(cell, {})
    const [layer] = plan.layers
    const layers = Array.from({length: 16}, (_, at) => ({
      ...layer!,
      layer: at,
      queryHeadCount: 32,
      keyValueHeadCount: 8,
      headSize: 64,
    }))
    expect(captureBytes({...plan, layers}, 4096, 'float32')).toBeLessThan(0.75e9)
    expect(captureBytes({...plan, layers}, 4096, 'float16')).toBeLessThan(0.4e9)
  })

  it('plans a graph whose names it would have taken', async () => {
    await withModel(buildFamilyModel(cell).bytes, async (path) => {
      const read = await readStructure(path)
      const first = planAll(read)
      // The same structure in a graph that has all the names of the first plan.
      const second = planCapture(first.graph, findStructure(read.graph), {
        layers: [0],
        route: 'weights',
      })
      const names = second.graph.model.graph.output.map(({name}) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(first.graph).toBeInstanceOf(GraphEditor)
    })
  })

  it('leaves the graph that it is given as it is', async () => {
    await withModel(buildFamilyModel(cell).bytes, async (path) => {
      const read = await readStructure(path)
      const before = JSON.stringify(read.graph.model.graph.output)
      const nodeCount = read.graph.model.graph.node.length
      planAll(read, {route: 'weights', wants: {valueNorms: true}})
      expect(JSON.stringify(read.graph.model.graph.output)).toBe(before)
      expect(read.graph.model.graph.node).toHaveLength(nodeCount)
    })
  })

  it('says of a layer why it cannot be had, and captures the others', async () => {
    await withModel(buildFamilyModel(cell).bytes, async (path) => {
      const {graph, structure} = await readStructure(path)
      const problem = {code: 'scores-not-replayable', message: 'A step.', advice: 'Use weights.'}
      const layers = structure.layers.map((layer) =>
        layer.layer === 0
          ? {...layer, sites: layer.sites.map((site) => ({...site, queryKey: problem}))}
          : layer
      )
      const plan = planCapture(
        graph,
        {...structure, layers},
        {layers: [0, 1], route: 'queries-keys'}
      )
      expect(plan.layers.map(({layer}) => layer)).toEqual([1])
      expect(plan.problems).toEqual([{...problem, field: 'layer 0'}])
      const byWeights = planCapture(
        graph,
        {...structure, layers},
        {layers: [0, 1], route: 'weights'}
      )
      expect(byWeights.layers).toHaveLength(2)
      expect(() => planCapture(graph, structure, {layers: [2], route: 'weights'})).toThrow(
        RangeError
      )
    })
  })
})
