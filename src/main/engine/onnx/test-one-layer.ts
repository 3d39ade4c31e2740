import {expect} from 'vitest'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {NormalSource} from '../../../../fixtures/random.ts'
import {findStructure} from './find-structure.ts'
import {decodeMessage} from './schema.ts'
import type {AttentionLayer, AttentionSite, ModelStructure, QueryKeySource} from './structure.ts'

export const WIDTH = 16
export const HEADS = 4
export const SIZE = 4

/** Builds one layer around what a test writes: embedding, projections, mixing, sum, head. */
export class OneLayer {
  readonly graph = new GraphBuilder()
  private readonly source = new NormalSource(7)

  constructor(private readonly opset = 17) {}

  structure(mix: (states: string) => string): ModelStructure {
    return findStructure({path: 'model.onnx', model: decodeMessage('Model', this.bytes(mix))})
  }

  /** `mix` takes [batch, sequence, 16] and gives the heads' outputs in the same shape. */
  bytes(mix: (states: string) => string): Uint8Array {
    const {graph} = this
    const ids = graph.input('input_ids', 'int64', ['batch', 'sequence'])
    const states = graph.node('Gather', [this.weight('embed', 32, WIDTH), ids])
    const mixed = graph.node('MatMul', [mix(states), this.weight('out', WIDTH, WIDTH)])
    const sum = graph.node('Add', [states, mixed])
    graph.node('MatMul', [sum, this.weight('head', WIDTH, 32)], {}, 'logits')
    graph.output('logits', 'float32', ['batch', 'sequence', 32])
    return graph.build(this.opset)
  }

  /** The same around a whole stack of blocks, which gives the stream that leaves the last one. */
  stack(blocks: (states: string) => string): ModelStructure {
    const {graph} = this
    const ids = graph.input('input_ids', 'int64', ['batch', 'sequence'])
    const states = graph.node('Gather', [this.weight('embed', 32, WIDTH), ids])
    graph.node('MatMul', [blocks(states), this.weight('head', WIDTH, 32)], {}, 'logits')
    graph.output('logits', 'float32', ['batch', 'sequence', 32])
    const model = decodeMessage('Model', graph.build(this.opset))
    return findStructure({path: 'model.onnx', model})
  }

  weight(name: string, ...dims: number[]): string {
    const count = dims.reduce((product, length) => product * length, 1)
    return this.graph.weight(name, dims, this.source.normals(count, 0.1))
  }

  project(states: string, name: string, width = WIDTH): string {
    return this.graph.node('MatMul', [states, this.weight(name, WIDTH, width)])
  }

  /** [batch, head, sequence, size]. */
  heads(states: string, name: string, count = HEADS): string {
    const {graph} = this
    const flat = this.project(states, name, count * SIZE)
    const apart = graph.node('Reshape', [flat, graph.ints([0, 0, count, SIZE])])
    return graph.node('Transpose', [apart], {perm: [0, 2, 1, 3]})
  }

  swapped(heads: string): string {
    return this.graph.node('Transpose', [heads], {perm: [0, 1, 3, 2]})
  }

  join(heads: string): string {
    const {graph} = this
    const rows = graph.node('Transpose', [heads], {perm: [0, 2, 1, 3]})
    return graph.node('Reshape', [rows, graph.ints([0, 0, WIDTH])])
  }

  /** The usual way, but for what is done to scores and to weights. */
  usual(
    states: string,
    score: (scores: string) => string,
    guard = (weights: string) => weights
  ): string {
    const {graph} = this
    const keys = this.swapped(this.heads(states, 'key'))
    const scores = graph.node('MatMul', [this.heads(states, 'query'), keys])
    const weights = graph.node('Softmax', [score(scores)], {axis: -1})
    return this.join(graph.node('MatMul', [guard(weights), this.heads(states, 'value')]))
  }
}

/** Of a structure that has just one. */
export function onlyLayer({layers}: ModelStructure): AttentionLayer {
  expect(layers).toHaveLength(1)
  return layers[0]!
}

/** The one site of the one layer. */
export function onlySite(structure: ModelStructure): AttentionSite {
  const {sites} = onlyLayer(structure)
  expect(sites).toHaveLength(1)
  return sites[0]!
}

/** Its queries and keys, which must be had. */
export function sourceOf(structure: ModelStructure): QueryKeySource {
  const {queryKey} = onlySite(structure)
  expect(queryKey).toHaveProperty('steps')
  return queryKey as QueryKeySource
}
