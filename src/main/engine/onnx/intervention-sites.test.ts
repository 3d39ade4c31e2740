import {describe, expect, it} from 'vitest'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {NormalSource} from '../../../../fixtures/random.ts'
import type {Intervention} from '../../../shared/domain/intervention.ts'
import {openSession, runFeeds} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {interventionFeeds} from './intervention-feeds.ts'
import {buildInterventionGraph} from './intervention-graph.ts'
import {encodeOverlay} from './overlay.ts'
import {decodeMessage} from './schema.ts'

const WIDTH = 32
const HEADS = 4
const SIZE = 8
const TOKEN_IDS = [3, 14, 15, 9, 26]
const COUNT = TOKEN_IDS.length

type Part = 'query' | 'key' | 'value'

/** Writes attention of four heads in one of its forms; all of them are the same function of the states. */
class Mixer {
  constructor(
    readonly graph: GraphBuilder,
    private readonly weights: Readonly<Record<Part, Float32Array>>,
    readonly states: string
  ) {}

  project(part: Part): string {
    const weight = this.graph.weight(part, [WIDTH, WIDTH], this.weights[part])
    return this.graph.node('MatMul', [this.states, weight])
  }

  projectHead(part: Part, head: number): string {
    const columns = Float32Array.from(
      {length: WIDTH * SIZE},
      (_, i) => this.weights[part][Math.floor(i / SIZE) * WIDTH + head * SIZE + (i % SIZE)]!
    )
    const weight = this.graph.weight(`${part}.${head}`, [WIDTH, SIZE], columns)
    return this.graph.node('MatMul', [this.states, weight])
  }

  /** [1, head, position, size]. */
  heads(part: Part): string {
    return this.transpose(this.reshape(this.project(part), [0, 0, HEADS, SIZE]), [0, 2, 1, 3])
  }

  reshape(tensor: string, lengths: readonly number[]): string {
    return this.graph.node('Reshape', [tensor, this.graph.ints(lengths)])
  }

  transpose(tensor: string, perm: readonly number[]): string {
    return this.graph.node('Transpose', [tensor], {perm})
  }

  softmax(scores: string): string {
    return this.graph.node('Softmax', [scores], {axis: -1})
  }

  product(left: string, right: string): string {
    return this.graph.node('MatMul', [left, right])
  }

  join(heads: string): string {
    return this.reshape(this.transpose(heads, [0, 2, 1, 3]), [0, 0, WIDTH])
  }
}

const FORMS: Readonly<Record<string, (mixer: Mixer) => string>> = {
  'heads in an axis': (mixer) => {
    const columns = mixer.transpose(mixer.heads('key'), [0, 1, 3, 2])
    const weights = mixer.softmax(mixer.product(mixer.heads('query'), columns))
    return mixer.join(mixer.product(weights, mixer.heads('value')))
  },
  'a Softmax for each head': (mixer) => {
    const heads = Array.from({length: HEADS}, (_, head) => {
      const columns = mixer.transpose(mixer.projectHead('key', head), [0, 2, 1])
      const weights = mixer.softmax(mixer.product(mixer.projectHead('query', head), columns))
      return mixer.product(weights, mixer.projectHead('value', head))
    })
    return mixer.graph.node('Concat', heads, {axis: -1})
  },
  'batch and heads in one axis': (mixer) => {
    const merged = (part: Part) => {
      const rows = mixer.transpose(mixer.project(part), [1, 0, 2])
      return mixer.transpose(mixer.reshape(rows, [COUNT, -1, SIZE]), [1, 0, 2])
    }
    const columns = mixer.transpose(merged('key'), [0, 2, 1])
    const weights = mixer.softmax(mixer.product(merged('query'), columns))
    const rows = mixer.transpose(mixer.product(weights, merged('value')), [1, 0, 2])
    return mixer.transpose(mixer.reshape(rows, [COUNT, -1, WIDTH]), [1, 0, 2])
  },
  'groups of heads': (mixer) => {
    const groups = (part: Part) => mixer.reshape(mixer.heads(part), [0, 2, 2, -1, SIZE])
    const columns = mixer.transpose(groups('key'), [0, 1, 2, 4, 3])
    const weights = mixer.softmax(mixer.product(groups('query'), columns))
    const mixed = mixer.product(weights, groups('value'))
    return mixer.join(mixer.reshape(mixed, [0, HEADS, -1, SIZE]))
  },
  Einsum: (mixer) => {
    const apart = (part: Part) => mixer.reshape(mixer.project(part), [0, 0, HEADS, SIZE])
    const einsum = (inputs: string[], equation: string) =>
      mixer.graph.node('Einsum', inputs, {equation})
    const scores = einsum([apart('query'), apart('key')], 'bqhd,bkhd->bhqk')
    const mixed = einsum([mixer.softmax(scores), apart('value')], 'bhqk,bkhd->bqhd')
    return mixer.reshape(mixed, [0, 0, WIDTH])
  },
  MultiHeadAttention: (mixer) =>
    mixer.graph.nodes(
      'MultiHeadAttention',
      [mixer.project('query'), mixer.project('key'), mixer.project('value')],
      {domain: 'com.microsoft', attributes: {num_heads: HEADS, scale: {float: 1}}}
    )[0]!,
}

const SINKS = Float32Array.of(0.5, -0.3, 1, 0)
const SINK_FORMS: Readonly<Record<string, (mixer: Mixer) => string>> = {
  'a column of its own': (mixer) => {
    const {graph} = mixer
    const columns = mixer.transpose(mixer.heads('key'), [0, 1, 3, 2])
    const scores = mixer.product(mixer.heads('query'), columns)
    const sinks = graph.weight('sinks', [1, HEADS, 1, 1], SINKS)
    const sink = graph.node('Expand', [sinks, graph.ints([1, HEADS, COUNT, 1])])
    const all = graph.node('Concat', [scores, sink], {axis: -1})
    const largest = graph.node('ReduceMax', [all], {axes: [-1], keepdims: 1})
    const weights = mixer.softmax(graph.node('Sub', [all, largest]))
    const kept = graph.node('Slice', [weights, graph.ints([0]), graph.ints([-1]), graph.ints([3])])
    return mixer.join(mixer.product(kept, mixer.heads('value')))
  },
  GroupQueryAttention: (mixer) => {
    const {graph} = mixer
    const counts = [
      graph.tensor('last', 'int32', [1], Int32Array.of(COUNT - 1)),
      graph.scalar('int32', Int32Array.of(COUNT)),
    ]
    const sinks = graph.weight('sinks', [HEADS], SINKS)
    const projected = [mixer.project('query'), mixer.project('key'), mixer.project('value')]
    return graph.nodes(
      'GroupQueryAttention',
      [...projected, '', '', ...counts, '', '', '', '', sinks],
      {
        domain: 'com.microsoft',
        attributes: {num_heads: HEADS, kv_num_heads: HEADS, scale: {float: 1}, causal: 0},
        outputs: ['mixed', 'keys', 'values'],
      }
    )[0]!
  },
}

async function logitsOf(
  mix: (mixer: Mixer) => string,
  intervention: Intervention
): Promise<Float32Array> {
  const source = new NormalSource(11)
  const weights = {
    query: source.normals(WIDTH ** 2, 0.2),
    key: source.normals(WIDTH ** 2, 0.2),
    value: source.normals(WIDTH ** 2, 0.2),
  }
  const graph = new GraphBuilder()
  const ids = graph.input('input_ids', 'int64', [1, COUNT])
  const table = graph.weight('embed', [32, WIDTH], source.normals(32 * WIDTH, 1))
  const states = graph.node('Gather', [table, ids])
  const out = graph.weight('out', [WIDTH, WIDTH], source.normals(WIDTH ** 2, 0.3))
  const mixed = graph.node('MatMul', [mix(new Mixer(graph, weights, states)), out])
  const head = graph.weight('head', [WIDTH, 32], source.normals(WIDTH * 32, 0.3))
  graph.node('MatMul', [graph.node('Add', [states, mixed]), head], {}, 'logits')
  graph.output('logits', 'float32', [1, COUNT, 32])
  const model = {path: '/nowhere/model.onnx', model: decodeMessage('Model', graph.build(17))}
  const built = buildInterventionGraph(model, findStructure(model), {
    sharedBias: true,
    layerBias: [0],
    allHeadsBias: [0],
    headGates: [0],
  })
  expect(built.problems).toEqual([])
  const session = await openSession(encodeOverlay(built.graph))
  const data = BigInt64Array.from(TOKEN_IDS, BigInt)
  const layers = [{queryHeadCount: HEADS, headSize: SIZE}]
  const outputs = await runFeeds(session, {
    input_ids: {type: 'int64', data, dimensions: [1, COUNT]},
    ...interventionFeeds(intervention, built.inputs, layers, {pastCount: 0, length: COUNT}, WIDTH),
  })
  await session.release()
  return outputs.logits!.data as Float32Array
}

const INTERVENTIONS: Readonly<Record<string, Intervention>> = {
  nothing: {},
  'a masked key': {maskKeys: [1]},
  'edges of two heads': {
    cutEdges: [
      {layer: 0, head: 3, query: 4, key: 2},
      {layer: 0, head: 0, query: 1, key: 1},
    ],
  },
  'heads off': {
    headsOff: [
      {layer: 0, head: 1},
      {layer: 0, head: 2, mean: [1, -1, 2, 0.5, 0, 3, -2, 1]},
    ],
  },
}

describe.each([
  ['attention', FORMS],
  ['attention with a sink', SINK_FORMS],
])('%s in any form', (_, forms) => {
  it.each(Object.entries(INTERVENTIONS))('answers the same with %s', async (name, intervention) => {
    const answers = await Promise.all(
      Object.values(forms).map((mix) => logitsOf(mix, intervention))
    )
    const [first, ...others] = answers as [Float32Array, ...Float32Array[]]
    for (const [at, other] of others.entries()) {
      const worst = other.reduce((most, value, i) => Math.max(most, Math.abs(value - first[i]!)), 0)
      expect(worst, Object.keys(forms)[at + 1]).toBeLessThan(1e-5)
    }
    const plain = await logitsOf(Object.values(forms)[0]!, {})
    const moved = first.reduce((most, value, i) => Math.max(most, Math.abs(value - plain[i]!)), 0)
    if (name === 'nothing') expect(moved).toBe(0)
    else expect(moved).toBeGreaterThan(1e-2)
  })
})
