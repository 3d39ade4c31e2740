import {
  ATTRIBUTE_TYPE,
  elementTypeNumber,
  encodeMessage,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './schema.ts'
import {type Dimension, valueInfo} from './value-info.ts'

/** A graph of one float input `x` and one output, with what a test puts into it. */
export function testGraph(parts: Partial<OnnxGraph>): OnnxGraph {
  return {
    name: 'test',
    node: [],
    initializer: [],
    input: [value('x', [2])],
    output: [value('y', [2])],
    ...parts,
  }
}

export function testModel(graph: OnnxGraph, parts: Partial<OnnxModel> = {}): OnnxModel {
  return {irVersion: 8, opsetImport: [{domain: '', version: 17}], graph, ...parts}
}

export function testNode(
  opType: string,
  input: string[],
  output: string[],
  parts: Partial<OnnxNode> = {}
): OnnxNode {
  return {opType, name: `make ${output[0]}`, input, output, ...parts}
}

export function value(
  name: string,
  dims: readonly Dimension[] | null,
  dtype = 'float32'
): OnnxValueInfo {
  return valueInfo(name, dtype, dims)
}

export function floats(name: string, values: Float32Array, dims?: number[]): OnnxTensor {
  return {
    name,
    dims: dims ?? [values.length],
    dataType: elementTypeNumber('float32'),
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  }
}

/** An If with these branches; both give as many outputs as the node has. */
export function testIf(
  condition: string,
  output: string[],
  thenBranch: OnnxGraph,
  elseBranch: OnnxGraph
): OnnxNode {
  return testNode('If', [condition], output, {
    attribute: [
      {name: 'then_branch', type: ATTRIBUTE_TYPE.graph, g: thenBranch},
      {name: 'else_branch', type: ATTRIBUTE_TYPE.graph, g: elseBranch},
    ],
  })
}

/** A graph without inputs, for a branch. */
export function branch(name: string, node: OnnxNode[], output: string): OnnxGraph {
  return {name, node, initializer: [], input: [], output: [value(output, null)]}
}

export const bytesOf = (model: OnnxModel): Uint8Array => encodeMessage('Model', model)
