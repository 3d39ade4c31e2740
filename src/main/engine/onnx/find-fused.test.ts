import {describe, expect, it} from 'vitest'
import {HEADS, OneLayer, onlyLayer, onlySite, SIZE, sourceOf, WIDTH} from './test-one-layer.ts'

describe('fused attention', () => {
  const domain = 'com.microsoft'
  const COUNTS = {num_heads: HEADS}

  it('takes queries, keys and values of GroupQueryAttention apart', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const packed = layer.project(states, 'qkv', (HEADS + 2 * 2) * SIZE)
      const counts = [graph.input('seqlens', 'int32', ['batch']), graph.input('total', 'int32', [])]
      const tables = [layer.weight('cos', 8, 2), layer.weight('sin', 8, 2)]
      const inputs = [
        packed,
        '',
        '',
        '',
        '',
        ...counts,
        ...tables,
        '',
        '',
        layer.weight('sinks', HEADS),
      ]
      const attributes = {
        ...COUNTS,
        kv_num_heads: 2,
        do_rotary: 1,
        local_window_size: 3,
        softcap: {float: 5},
      }
      return graph.node('Identity', [
        graph.nodes('GroupQueryAttention', inputs, {domain, attributes})[0]!,
      ])
    })
    const {query, key, steps, sink} = sourceOf(structure)
    const rotary = {kind: 'rotary', cos: 'cos', sin: 'sin', positions: null, total: 'total'}
    expect(query.preparation).toMatchObject([
      {kind: 'columns', start: 0, end: 16},
      {kind: 'split-heads', headCount: 4},
      rotary,
    ])
    expect(key.preparation).toMatchObject([
      {kind: 'columns', start: 16, end: 24},
      {kind: 'split-heads', headCount: 2},
      rotary,
    ])
    expect(onlySite(structure).values?.value.preparation).toMatchObject([
      {kind: 'columns', start: 24, end: 32},
      {kind: 'split-heads', headCount: 2},
    ])
    expect(steps).toMatchObject([
      {kind: 'mul', operand: {value: 0.5}},
      {kind: 'div', operand: {value: 5}},
      {kind: 'tanh'},
      {kind: 'mul', operand: {value: 5}},
      {kind: 'causal', window: 3, alignment: 'end'},
      {kind: 'key-count', count: 'seqlens', added: 1},
    ])
    expect(sink).toEqual({kind: 'tensor', tensor: 'sinks', axes: ['head']})
  })

  it('takes what MultiHeadAttention packs into one tensor apart', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const flat = layer.project(states, 'qkv', 3 * WIDTH)
      const packed = graph.node('Reshape', [flat, graph.ints([0, 0, HEADS, 3, SIZE])])
      const [mixed] = graph.nodes('MultiHeadAttention', [packed], {domain, attributes: COUNTS})
      return mixed!
    })
    const layout = ['batch', 'position', 'head', 'size']
    const entry = (index: number) => ({layout, preparation: [{kind: 'entry', axis: 3, index}]})
    expect(sourceOf(structure)).toMatchObject({query: entry(0), key: entry(1)})
    expect(onlySite(structure).values).toMatchObject({value: entry(2)})
    expect(onlyLayer(structure)).toMatchObject({queryHeadCount: 4, headSize: 4})
  })

  it('has the keys of com.microsoft Attention in what it stacks', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const past = graph.input('past_0', 'float32', [2, 'batch', HEADS, 'past', SIZE])
      const mask = graph.input('attention_mask', 'int32', ['batch', 'total'])
      const inputs = [states, layer.weight('qkv', WIDTH, 48), layer.weight('b', 48), mask, past]
      const attributes = {...COUNTS, unidirectional: 1, mask_filter_value: {float: -100}}
      const outputs = ['mixed', 'present_0']
      graph.output('present_0', 'float32', [2, 'batch', HEADS, 'total', SIZE])
      return graph.nodes('Attention', inputs, {domain, attributes, outputs})[0]!
    })
    const {query, key, steps} = sourceOf(structure)
    expect(query.preparation).toEqual([
      {kind: 'project', weights: 'qkv', start: 0, end: 16},
      {kind: 'bias', tensor: 'b', start: 0, end: 16},
      {kind: 'split-heads', headCount: 4},
    ])
    expect(key).toMatchObject({tensor: 'present_0', preparation: [{kind: 'entry', index: 0}]})
    expect(steps).toEqual([
      {kind: 'mul', operand: {kind: 'constant', value: 0.5}},
      {kind: 'key-mask', mask: 'attention_mask', rank: 2, filter: -100},
      {kind: 'causal', window: null, alignment: 'end'},
    ])
    expect(structure.inputs.kvCache).toEqual([{input: 'past_0', output: 'present_0', axis: 3}])
  })

  it.each([
    ['QAttention', 'attention-not-exposed'],
    ['LinearAttention', 'attention-without-softmax'],
  ])('names %s, which shows nothing', (opType, code) => {
    const layer = new OneLayer()
    const structure = layer.structure(
      (states) => layer.graph.nodes(opType, [states], {domain, attributes: COUNTS})[0]!
    )
    const found = `com.microsoft.${opType}`
    expect(onlyLayer(structure)).toMatchObject({sites: [], queryHeadCount: 4, problem: {code}})
    expect(structure.problems).toMatchObject([{file: 'model.onnx', code, found}])
    expect(structure.residual?.points).toHaveLength(2)
  })

  it('refuses what is not restated: rotary positions inside com.microsoft Attention', () => {
    const layer = new OneLayer()
    const structure = layer.structure(
      (states) =>
        layer.graph.nodes('Attention', [states, layer.weight('qkv', WIDTH, 48)], {
          domain,
          attributes: {...COUNTS, do_rotary: 1},
        })[0]!
    )
    expect(onlySite(structure).queryKey).toMatchObject({code: 'operands-not-rebuilt'})
  })
})
