import {describe, expect, it} from 'vitest'
import {HEADS, OneLayer, onlyLayer, onlySite, SIZE, sourceOf, WIDTH} from './test-one-layer.ts'

describe('attention through a Softmax', () => {
  it('takes the weights behind the guard against rows without keys', () => {
    const layer = new OneLayer()
    let guarded = ''
    const structure = layer.structure((states) =>
      layer.usual(
        states,
        (scores) => scores,
        (weights) => {
          const isEmpty = layer.graph.node('IsNaN', [weights])
          guarded = layer.graph.node('Where', [isEmpty, layer.graph.float(0), weights])
          return layer.graph.node('Cast', [guarded], {to: 1})
        }
      )
    )
    expect(onlySite(structure).weights).toBe(guarded)
    expect(onlyLayer(structure)).toMatchObject({queryHeadCount: HEADS, headSize: SIZE})
  })

  it('takes weights that are changed after the softmax as they are changed, and says by what', () => {
    const change: Readonly<Record<string, (layer: OneLayer, weights: string) => string>> = {
      'a gate of each head': ({graph}, weights) =>
        graph.node('Mul', [
          weights,
          graph.weight('gate', [1, HEADS, 1, 1], Float32Array.of(1, 0.5, 0.2, 0.9)),
        ]),
      'one factor': ({graph}, weights) => graph.node('Mul', [weights, graph.float(0.5)]),
      'a mask that the softmax did not see': ({graph}, weights) => {
        const mask = graph.input('mask', 'bool', ['batch', 1, 'sequence', 'sequence'])
        return graph.node('Mul', [weights, graph.node('Cast', [mask], {to: 1})])
      },
      'a threshold': ({graph}, weights) => {
        const isSmall = graph.node('Less', [weights, graph.float(0.1)])
        return graph.node('Where', [isSmall, graph.float(0), weights])
      },
      'something else than zero': ({graph}, weights) => {
        const isEmpty = graph.node('IsNaN', [weights])
        return graph.node('Where', [isEmpty, graph.float(0.1), weights])
      },
    }
    for (const [name, guard] of Object.entries(change)) {
      const layer = new OneLayer()
      let changed = ''
      const structure = layer.structure((states) =>
        layer.usual(
          states,
          (scores) => scores,
          (weights) => {
            changed = guard(layer, weights)
            return changed
          }
        )
      )
      const site = onlySite(structure)
      expect(site.weights, name).toBe(changed)
      expect(site.queryKey, name).toMatchObject({
        code: 'weights-changed',
        found: expect.stringMatching(/^(Mul|Where)$/),
      })
    }
  })

  it('recomputes rows that a mask hides once more what it hid from the softmax', () => {
    for (const opType of ['Mul', 'Where']) {
      const layer = new OneLayer()
      const {graph} = layer
      const structure = layer.structure((states) => {
        const mask = graph.input('mask', 'bool', ['batch', 1, 'sequence', 'sequence'])
        return layer.usual(
          states,
          (scores) => graph.node('Where', [mask, scores, graph.float(-1e9)]),
          (weights) =>
            opType === 'Mul'
              ? graph.node('Mul', [weights, graph.node('Cast', [mask], {to: 1})])
              : graph.node('Where', [graph.node('Not', [mask]), graph.float(0), weights])
        )
      })
      expect(sourceOf(structure).steps, opType).toHaveLength(1)
    }
  })

  it('restates scale, soft cap, causal mask and distances of ALiBi', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const mask = graph.input('mask', 'bool', ['batch', 1, 'sequence', 'sequence'])
      const slopes = layer.weight('slopes', 1, HEADS, 1, 1)
      const distances = graph.input('distances', 'float32', [1, 1, 'sequence', 'sequence'])
      return layer.usual(states, (scores) => {
        const scaled = graph.node('Div', [scores, graph.float(2)])
        const capped = graph.node('Mul', [
          graph.float(30),
          graph.node('Tanh', [graph.node('Div', [scaled, graph.float(30)])]),
        ])
        const masked = graph.node('Where', [mask, capped, graph.float(-1e9)])
        return graph.node('Add', [graph.node('Mul', [slopes, distances], {}, 'alibi'), masked])
      })
    })
    const axes = ['batch', 'head', 'query', 'key']
    const constant = (value: number) => ({kind: 'constant', value})
    expect(sourceOf(structure).steps).toEqual([
      {kind: 'div', operand: constant(2), isReversed: false},
      {kind: 'div', operand: constant(30), isReversed: false},
      {kind: 'tanh'},
      {kind: 'mul', operand: constant(30)},
      {
        kind: 'where',
        condition: {kind: 'tensor', tensor: 'mask', axes},
        other: constant(-1e9),
        keepsFalse: false,
      },
      {kind: 'add', operand: {kind: 'tensor', tensor: 'alibi', axes}},
    ])
  })

  it('names an operator on the way that cannot be replayed, and still has the weights', () => {
    const layer = new OneLayer()
    const site = onlySite(
      layer.structure((states) =>
        layer.usual(states, (scores) => layer.graph.node('Sigmoid', [scores]))
      )
    )
    expect(site.queryKey).toMatchObject({code: 'scores-not-replayable', found: 'Sigmoid'})
    expect(site.weights).toBe(site.node.output[0])
  })

  it('does not choose between two products that are added', () => {
    const layer = new OneLayer()
    const site = onlySite(
      layer.structure((states) =>
        layer.usual(states, (scores) => {
          const other = layer.swapped(layer.heads(states, 'relative.key'))
          const product = layer.graph.node('MatMul', [layer.heads(states, 'relative'), other])
          return layer.graph.node('Add', [scores, product])
        })
      )
    )
    expect(site.queryKey).toMatchObject({code: 'scores-not-replayable'})
  })

  it('walks keys and values back through every way of repeating them', () => {
    const ways: Readonly<Record<string, (layer: OneLayer, heads: string) => string>> = {
      expand: ({graph}, heads) => {
        const apart = graph.node('Unsqueeze', [heads, graph.ints([2])])
        const spread = graph.node('Expand', [apart, graph.ints([1, 1, 2, 1, 1])])
        return graph.node('Reshape', [spread, graph.ints([0, HEADS, -1, SIZE])])
      },
      tile: ({graph}, heads) => {
        const apart = graph.node('Unsqueeze', [heads, graph.ints([2])])
        const spread = graph.node('Tile', [apart, graph.ints([1, 1, 2, 1, 1])])
        return graph.node('Reshape', [spread, graph.ints([0, HEADS, -1, SIZE])])
      },
      concat: ({graph}, heads) => {
        const apart = graph.node('Unsqueeze', [heads, graph.ints([2])])
        const spread = graph.node('Concat', [apart, apart], {axis: 2})
        return graph.node('Reshape', [spread, graph.ints([0, HEADS, -1, SIZE])])
      },
      gather: ({graph}, heads) =>
        graph.node('Gather', [heads, graph.ints([0, 0, 1, 1])], {axis: 1}),
    }
    for (const [name, repeat] of Object.entries(ways)) {
      const layer = new OneLayer()
      const {graph} = layer
      let key = ''
      let value = ''
      const structure = layer.structure((states) => {
        key = graph.node('Identity', [layer.heads(states, 'key', 2)], {}, 'key heads')
        value = layer.heads(states, 'value', 2)
        const columns = layer.swapped(repeat(layer, graph.node('Relu', [key], {}, 'turned')))
        const scores = graph.node('MatMul', [
          layer.heads(states, 'query'),
          graph.node('Mul', [columns, graph.float(0.5)]),
        ])
        const weights = graph.node('Softmax', [scores], {axis: -1})
        return layer.join(graph.node('MatMul', [weights, repeat(layer, value)]))
      })
      expect(sourceOf(structure).key, name).toMatchObject({
        tensor: 'turned',
        factor: 0.5,
        layout: ['batch', 'head', 'position', 'size'],
      })
      const layout = onlySite(structure).values?.value.layout
      expect(layout, name).toEqual(['batch', 'position', 'head', 'size'])
      expect(onlyLayer(structure), name).toMatchObject({queryHeadCount: 4, keyValueHeadCount: 2})
    }
  })

  it('does not take keys repeated one after the other for grouped heads', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const keys = layer.heads(states, 'key', 2)
      const repeated = graph.node('Gather', [keys, graph.ints([0, 1, 0, 1])], {axis: 1}, 'repeated')
      const scores = graph.node('MatMul', [layer.heads(states, 'query'), layer.swapped(repeated)])
      const weights = graph.node('Softmax', [scores], {axis: -1})
      return layer.join(graph.node('MatMul', [weights, layer.heads(states, 'value')]))
    })
    expect(sourceOf(structure).key.tensor).toBe('repeated')
    expect(onlyLayer(structure).keyValueHeadCount).toBe(4)
  })

  it('has groups of queries that share a key by broadcasting', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const groups = (heads: string, count: number) =>
        graph.node('Reshape', [heads, graph.ints([0, 2, count, -1, SIZE])])
      const keys = graph.node('Unsqueeze', [layer.heads(states, 'key', 2), graph.ints([2])])
      const columns = graph.node('Transpose', [keys], {perm: [0, 1, 2, 4, 3]})
      const scores = graph.node('MatMul', [groups(layer.heads(states, 'query'), 2), columns])
      const weights = graph.node('Softmax', [scores], {axis: -1})
      const values = graph.node('Unsqueeze', [layer.heads(states, 'value', 2), graph.ints([2])])
      const mixed = graph.node('MatMul', [weights, values])
      return layer.join(graph.node('Reshape', [mixed, graph.ints([0, HEADS, -1, SIZE])]))
    })
    expect(onlyLayer(structure)).toMatchObject({
      queryHeadCount: 4,
      keyValueHeadCount: 2,
      headSize: 4,
    })
    const {query, key} = sourceOf(structure)
    expect(query.layout).toEqual(['batch', 'head', 'group', 'position', 'size'])
    // Back to before the heads' transposition.
    expect(key.layout).toEqual(['batch', 'position', 'head', 'size'])
  })

  it('sees batch rows and heads in one axis, as torch writes them', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const merged = (name: string) => {
        const flat = graph.node('Transpose', [layer.project(states, name)], {perm: [1, 0, 2]})
        const length = graph.node('Shape', [flat], {start: 0, end: 1})
        const target = graph.node('Concat', [length, graph.ints([-1, SIZE])], {axis: 0})
        return graph.node('Transpose', [graph.node('Reshape', [flat, target])], {perm: [1, 0, 2]})
      }
      const columns = graph.node('Transpose', [merged('key')], {perm: [0, 2, 1]})
      const weights = graph.node('Softmax', [graph.node('MatMul', [merged('query'), columns])])
      const mixed = graph.node('MatMul', [weights, merged('value')])
      const rows = graph.node('Transpose', [mixed], {perm: [1, 0, 2]})
      const shape = graph.node(
        'Concat',
        [graph.node('Shape', [rows], {start: 0, end: 1}), graph.ints([-1, WIDTH])],
        {axis: 0}
      )
      const flat = graph.node('Reshape', [rows, shape])
      return graph.node('Transpose', [flat], {perm: [1, 0, 2]})
    })
    expect(onlyLayer(structure)).toMatchObject({
      queryHeadCount: 4,
      keyValueHeadCount: 4,
      headSize: 4,
    })
    expect(sourceOf(structure).query.layout).toEqual(['batch-heads', 'position', 'size'])
  })

  it('makes one layer of heads that each have a Softmax', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const heads = Array.from({length: HEADS}, (_, head) => {
        const part = (name: string) => layer.project(states, `${name}.${head}`, SIZE)
        const columns = graph.node('Transpose', [part('key')], {perm: [0, 2, 1]})
        const weights = graph.node('Softmax', [graph.node('MatMul', [part('query'), columns])])
        return graph.node('MatMul', [weights, part('value')])
      })
      return graph.node('Concat', heads, {axis: -1})
    })
    expect(structure.layers).toMatchObject([{queryHeadCount: 4, keyValueHeadCount: 4, headSize: 4}])
    expect(onlyLayer(structure).sites).toHaveLength(4)
    expect(onlyLayer(structure).sites[0]?.outputProjection?.tensor).toBe('out')
  })

  it('reads products written as Einsum, on either side', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const apart = (name: string) =>
        graph.node('Reshape', [layer.project(states, name), graph.ints([0, 0, HEADS, SIZE])])
      const scores = graph.node('Einsum', [apart('query'), apart('key')], {
        equation: 'bqhd,bkhd->bhqk',
      })
      const weights = graph.node('Softmax', [scores], {axis: -1})
      const mixed = graph.node('Einsum', [weights, apart('value')], {equation: 'bhqk,bkhd->bqhd'})
      return graph.node('Reshape', [mixed, graph.ints([0, 0, WIDTH])])
    })
    const layout = ['batch', 'position', 'head', 'size']
    expect(sourceOf(structure)).toMatchObject({query: {layout}, key: {layout}})
    expect(onlySite(structure).values).toMatchObject({value: {layout}, productLayout: layout})
    expect(onlyLayer(structure)).toMatchObject({
      queryHeadCount: 4,
      keyValueHeadCount: 4,
      headSize: 4,
    })
  })

  it('reads products of bytes, which round their operands', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const rounded = (tensor: string) => graph.nodes('DynamicQuantizeLinear', [tensor], {outputs: 3})
    const product = (left: string, right: string) => {
      const [a, aScale, aZero] = rounded(left)
      const [b, bScale, bZero] = rounded(right)
      const whole = graph.node('MatMulInteger', [a!, b!, aZero!, bZero!])
      const scale = graph.node('Mul', [aScale!, bScale!])
      return graph.node('Mul', [graph.node('Cast', [whole], {to: 1}), scale])
    }
    const structure = layer.structure((states) => {
      const keys = layer.swapped(graph.node('Relu', [layer.heads(states, 'key')], {}, 'turned'))
      const scores = product(layer.heads(states, 'query'), keys)
      const weights = graph.node('Softmax', [scores], {axis: -1}, 'weights')
      return layer.join(product(weights, layer.heads(states, 'value')))
    })
    const {query, key} = sourceOf(structure)
    expect(query.preparation).toMatchObject([{kind: 'quantize'}])
    expect(key).toMatchObject({tensor: 'turned', preparation: [{kind: 'quantize'}]})
    expect(onlySite(structure).weights).toBe('weights')
  })

  it('finds a learned sink, and the weights without its column', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const sink = graph.node(
        'Expand',
        [layer.weight('sinks', 1, HEADS, 1, 1), graph.ints([1, 1, 1, 1])],
        {},
        'sink'
      )
      return layer.usual(
        states,
        (scores) => {
          const all = graph.node('Concat', [scores, sink], {axis: -1})
          const largest = graph.node('ReduceMax', [all], {axes: [-1], keepdims: 1})
          return graph.node('Sub', [all, largest])
        },
        (weights) =>
          graph.node(
            'Slice',
            [weights, graph.ints([0]), graph.ints([-1]), graph.ints([3])],
            {},
            'kept'
          )
      )
    })
    expect(sourceOf(structure)).toMatchObject({steps: [], sink: {kind: 'tensor', tensor: 'sink'}})
    expect(onlySite(structure).weights).toBe('kept')
  })

  it('takes the last axis by its number too, as old exports write it, and refuses any other', () => {
    for (const [axis, siteCount] of [
      [3, 1],
      [2, 0],
    ] as const) {
      const layer = new OneLayer(11)
      const {graph} = layer
      const structure = layer.structure((states) => {
        const keys = layer.swapped(layer.heads(states, 'key'))
        const scores = graph.node('MatMul', [layer.heads(states, 'query'), keys])
        const weights = graph.node('Softmax', [scores], {axis})
        return layer.join(graph.node('MatMul', [weights, layer.heads(states, 'value')]))
      })
      expect(onlyLayer(structure).sites).toHaveLength(siteCount)
    }
  })

  it('is not a router of experts, nor a softmax over the vocabulary', () => {
    const layer = new OneLayer()
    const {graph} = layer
    const structure = layer.structure((states) => {
      const routes = graph.node('Softmax', [layer.project(states, 'router', 4)], {axis: -1})
      return graph.node('MatMul', [routes, layer.weight('experts', 4, WIDTH)])
    })
    expect(structure.layers).toEqual([])
    expect(structure.problems.map(({code}) => code)).toEqual(['no-attention'])
  })
})
