import {describe, expect, it} from 'vitest'
import {allRows, planAll, readStructure, runPlan, withModel} from '../captures/test-capture.ts'
import type {CaptureRoute} from './capture-plan.ts'
import {
  int32s,
  OPERATOR_FEEDS,
  OPERATOR_SHAPE,
  type OperatorParts,
  operatorModel,
  rotaryTables,
} from './test-operators.ts'

const {queryHeadCount, keyValueHeadCount, headSize, width, tokenIds} = OPERATOR_SHAPE
const COUNT = tokenIds.length
const KEY_WIDTH = keyValueHeadCount * headSize

interface OperatorCase {
  readonly write: (parts: OperatorParts) => {mixed: string; values: string}
  readonly opset?: number
  readonly hasSink?: boolean
  /** Key-value heads, where they are as many as query heads. */
  readonly valueHeadCount?: number
}

type Attributes = Parameters<OperatorParts['graph']['node']>[2]

/** GroupQueryAttention over a whole text, with what a test adds. */
function groupQuery(
  attributes: Attributes,
  more: (parts: OperatorParts) => Readonly<Record<number, string>> = () => ({}),
  isPacked = false
): OperatorCase {
  return {
    write: (parts) => {
      const {graph, project} = parts
      const query = project('q', width)
      const key = project('k', KEY_WIDTH)
      const values = project('v', KEY_WIDTH)
      const inputs = isPacked
        ? [graph.node('Concat', [query, key, values], {axis: 2}), '', '']
        : [query, key, values]
      inputs.push('', '')
      inputs.push(int32s(graph, 'last', [1], [COUNT - 1]), int32s(graph, 'total', [1], [COUNT]))
      for (const [at, name] of Object.entries(more(parts))) {
        while (inputs.length < Number(at)) inputs.push('')
        inputs[Number(at)] = name
      }
      const [mixed] = graph.nodes('GroupQueryAttention', inputs, {
        domain: 'com.microsoft',
        attributes: {num_heads: queryHeadCount, kv_num_heads: keyValueHeadCount, ...attributes},
        outputs: ['attention', 'present_key', 'present_value'],
      })
      return {mixed: mixed!, values}
    },
  }
}

/** com.microsoft Attention with a mask of some rank. */
function merged(
  attributes: Attributes,
  mask: (parts: OperatorParts) => string = () => ''
): OperatorCase {
  return {
    valueHeadCount: queryHeadCount,
    write: (parts) => {
      const {graph, states, normals} = parts
      const matrix = normals('qkv', [width, 3 * width], 0.2)
      const bias = normals('qkv.bias', [3 * width], 0.1)
      const [mixed] = graph.nodes('Attention', [states, matrix, bias, mask(parts)], {
        domain: 'com.microsoft',
        attributes: {num_heads: queryHeadCount, ...attributes},
      })
      const all = graph.node('Add', [graph.node('MatMul', [states, matrix]), bias])
      const columns = [graph.ints([2 * width]), graph.ints([3 * width]), graph.ints([2])]
      return {mixed: mixed!, values: graph.node('Slice', [all, ...columns])}
    },
  }
}

/** com.microsoft MultiHeadAttention. */
function multiHead(
  attributes: Attributes,
  more: (parts: OperatorParts) => Readonly<Record<number, string>> = () => ({})
): OperatorCase {
  return {
    valueHeadCount: queryHeadCount,
    write: (parts) => {
      const {graph, project} = parts
      const values = project('v', width)
      const inputs = [project('q', width), project('k', width), values]
      for (const [at, name] of Object.entries(more(parts))) {
        while (inputs.length < Number(at)) inputs.push('')
        inputs[Number(at)] = name
      }
      const [mixed] = graph.nodes('MultiHeadAttention', inputs, {
        domain: 'com.microsoft',
        attributes: {num_heads: queryHeadCount, ...attributes},
      })
      return {mixed: mixed!, values}
    },
  }
}

/** ai.onnx Attention, of three axes or of four. */
function standard(
  attributes: Attributes,
  {
    mask,
    isTaken = false,
    hasFourAxes = false,
  }: {
    mask?: (parts: OperatorParts) => string
    isTaken?: boolean
    hasFourAxes?: boolean
  } = {}
): OperatorCase {
  return {
    opset: 23,
    write: (parts) => {
      const {graph, project} = parts
      const values = project('v', KEY_WIDTH)
      const apart = (tensor: string, count: number) =>
        hasFourAxes
          ? graph.node(
              'Transpose',
              [graph.node('Reshape', [tensor, graph.ints([0, 0, count, headSize])])],
              {perm: [0, 2, 1, 3]}
            )
          : tensor
      const inputs = [
        apart(project('q', width), queryHeadCount),
        apart(project('k', KEY_WIDTH), keyValueHeadCount),
        apart(values, keyValueHeadCount),
        ...(mask ? [mask(parts)] : []),
      ]
      const counts: Attributes = hasFourAxes
        ? {}
        : {q_num_heads: queryHeadCount, kv_num_heads: keyValueHeadCount}
      const [output] = graph.nodes('Attention', inputs, {
        attributes: {...counts, ...attributes},
        outputs: isTaken ? ['attention', '', '', 'raw'] : ['attention'],
      })
      if (isTaken) graph.output('raw', 'float32', [1, queryHeadCount, 'sequence', 'sequence'])
      const mixed = hasFourAxes
        ? graph.node('Reshape', [
            graph.node('Transpose', [output!], {perm: [0, 2, 1, 3]}),
            graph.ints([0, 0, width]),
          ])
        : output!
      return {mixed, values}
    },
  }
}

/** One Softmax for each head, of three axes, as hand-written models have them. */
const HEAD_BY_HEAD: OperatorCase = {
  valueHeadCount: queryHeadCount,
  write: ({graph, project}) => {
    const values: string[] = []
    const heads = Array.from({length: queryHeadCount}, (_, head) => {
      const key = graph.node('Transpose', [project(`k${head}`, headSize)], {perm: [0, 2, 1]})
      const product = graph.node('MatMul', [project(`q${head}`, headSize), key])
      const scaled = graph.node('Mul', [product, graph.float(0.25)])
      values.push(project(`v${head}`, headSize))
      const weights = graph.node('Softmax', [scaled], {axis: -1})
      return graph.node('MatMul', [weights, values[head]!])
    })
    return {
      mixed: graph.node('Concat', heads, {axis: 2}),
      values: graph.node('Concat', values, {axis: 2}),
    }
  },
}

const bias = ({normals}: OperatorParts) => normals('bias', [1, queryHeadCount, COUNT, COUNT], 0.5)
const oneBias = ({normals}: OperatorParts) => normals('bias', [1, 1, COUNT, COUNT], 0.5)
const rotary = ({graph}: OperatorParts) => {
  const {cos, sin} = rotaryTables(graph)
  return {7: cos, 8: sin}
}
const norms = ({normals}: OperatorParts) => ({
  14: normals('q_norm', [headSize], 1),
  15: normals('k_norm', [headSize], 1),
})
const booleans = ({graph}: OperatorParts) =>
  graph.tensor(
    'allowed',
    'bool',
    [1, 1, COUNT, COUNT],
    Uint8Array.from({length: COUNT ** 2}, (_, i) =>
      i % COUNT <= Math.floor(i / COUNT) && (i * 7) % 3 > 0 ? 1 : i % COUNT === 0 ? 1 : 0
    )
  )
const square = (isSeen: (query: number, key: number) => boolean, size: number = COUNT) =>
  Array.from({length: size * size}, (_, i) => (isSeen(Math.floor(i / size), i % size) ? 1 : 0))

const CASES: Readonly<Record<string, OperatorCase>> = {
  GroupQueryAttention: groupQuery({}),
  'GroupQueryAttention, packed, turned': groupQuery({do_rotary: 1}, rotary, true),
  'GroupQueryAttention, turned in pairs': groupQuery({do_rotary: 1, rotary_interleaved: 1}, rotary),
  'GroupQueryAttention, a window': groupQuery({local_window_size: 3}),
  'GroupQueryAttention, a cache that slides': groupQuery({
    local_window_size: 3,
    sliding_window_cache: 1,
  }),
  'GroupQueryAttention, soft cap and scale': groupQuery({
    softcap: {float: 1.5},
    scale: {float: 0.4},
  }),
  'GroupQueryAttention, a bias': groupQuery({}, (parts) => ({10: bias(parts)})),
  'GroupQueryAttention, a sink by head': {
    ...groupQuery({}, ({normals}) => ({11: normals('sink', [queryHeadCount], 1)})),
    hasSink: true,
  },
  'GroupQueryAttention, smooth softmax': {...groupQuery({smooth_softmax: 1}), hasSink: true},
  MultiHeadAttention: multiHead({}),
  'MultiHeadAttention, causal, biases': multiHead({unidirectional: 1}, ({normals}) => ({
    3: normals('qkv.bias', [3 * width], 0),
  })),
  'MultiHeadAttention, a length': multiHead({mask_filter_value: {float: -1e9}}, ({graph}) => ({
    4: int32s(graph, 'lengths', [1], [COUNT - 2]),
  })),
  'MultiHeadAttention, a mask': multiHead({mask_filter_value: {float: -1e9}}, ({graph}) => ({
    4: int32s(graph, 'mask', [1, COUNT], [0, 1, 1, 0, 1, 1, 1]),
  })),
  'MultiHeadAttention, a bias': multiHead({}, (parts) => ({5: oneBias(parts)})),
  Attention: merged({}),
  'Attention, causal': merged({unidirectional: 1}),
  'Attention, a length': merged({mask_filter_value: {float: -1e9}}, ({graph}) =>
    int32s(graph, 'lengths', [1], [COUNT - 2])
  ),
  'Attention, an end and a start': merged({mask_filter_value: {float: -1e9}}, ({graph}) =>
    int32s(graph, 'lengths', [2], [COUNT - 1, 2])
  ),
  'Attention, a mask': merged({unidirectional: 1}, ({graph}) =>
    int32s(graph, 'mask', [1, COUNT], [1, 1, 0, 1, 1, 1, 0])
  ),
  'Attention, a mask by query': merged({mask_filter_value: {float: -1e9}}, ({graph}) =>
    int32s(
      graph,
      'mask',
      [1, COUNT, COUNT],
      square((query, key) => (query + key) % 3 !== 1)
    )
  ),
  'ai.onnx Attention': standard({}),
  'ai.onnx Attention, causal, scaled': standard({is_causal: 1, scale: {float: 0.4}}),
  'ai.onnx Attention, four axes, soft cap': standard({softcap: {float: 1.5}}, {hasFourAxes: true}),
  'ai.onnx Attention, a mask of booleans': standard({}, {mask: booleans}),
  'ai.onnx Attention, a bias': standard({}, {mask: bias}),
  'ai.onnx Attention, its raw scores used': standard({is_causal: 1}, {isTaken: true}),
  'a Softmax for each head': HEAD_BY_HEAD,
}

/** Attention weights times values of each head, against what the operator gave: [position, head × size]. */
function expectMixed(
  rowsOf: (head: number) => Float32Array,
  values: Float32Array,
  mixed: Float32Array,
  valueHeadCount: number
): void {
  let worst = 0
  for (let head = 0; head < queryHeadCount; head++) {
    const rows = rowsOf(head)
    const valueHead = Math.floor((head * valueHeadCount) / queryHeadCount)
    for (let query = 0; query < COUNT; query++) {
      for (let i = 0; i < headSize; i++) {
        let sum = 0
        for (let key = 0; key < COUNT; key++) {
          const at = (key * valueHeadCount + valueHead) * headSize + i
          sum += rows[query * COUNT + key]! * values[at]!
        }
        const given = mixed[(query * queryHeadCount + head) * headSize + i]!
        worst = Math.max(worst, Math.abs(sum - given))
      }
    }
  }
  expect(worst).toBeLessThan(1e-5)
}

async function capture(bytes: Uint8Array, route: CaptureRoute) {
  return withModel(bytes, async (path) => {
    const plan = planAll(await readStructure(path), {route})
    expect(plan.problems).toEqual([])
    expect(plan.layers).toHaveLength(1)
    return (await runPlan(plan, () => OPERATOR_FEEDS, [[COUNT]]))[0]!
  })
}

describe.each(Object.entries(CASES))('%s', (_, {write, opset, hasSink, valueHeadCount}) => {
  const bytes = operatorModel(write, opset)

  it.each(['queries-keys', 'weights'] as const)(
    'gives what it mixes values by, by %s',
    async (route) => {
      const found = await capture(bytes, route)
      const {values, mixed} = found.outputs[0]!
      expectMixed(
        (head) => allRows(found.capture, 0, head),
        values!.data as Float32Array,
        mixed!.data as Float32Array,
        valueHeadCount ?? keyValueHeadCount
      )
      const sums = Array.from({length: queryHeadCount}, (_, head) =>
        allRows(found.capture, 0, head)
          .subarray(-COUNT)
          .reduce((a, b) => a + b, 0)
      )
      for (const sum of sums) {
        if (hasSink) expect(sum).toBeLessThan(1 - 1e-4)
        else expect(Math.abs(sum - 1)).toBeLessThan(1e-5)
      }
    }
  )
})

describe('norms inside GroupQueryAttention', () => {
  it('become nodes before it, without which no CPU runs the graph', async () => {
    const turned = (parts: OperatorParts) => ({...rotary(parts), ...norms(parts)})
    for (const isPacked of [false, true]) {
      const {write} = groupQuery({do_rotary: 1}, turned, isPacked)
      const bytes = operatorModel(write)
      const byRows = await capture(bytes, 'queries-keys')
      const byWeights = await capture(bytes, 'weights')
      for (const found of [byRows, byWeights]) {
        const {values, mixed} = found.outputs[0]!
        expectMixed(
          (head) => allRows(found.capture, 0, head),
          values!.data as Float32Array,
          mixed!.data as Float32Array,
          keyValueHeadCount
        )
      }
    }
  })
})
