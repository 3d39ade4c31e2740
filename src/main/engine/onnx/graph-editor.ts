import {type AttributeValue, attributeOf} from './attribute-value.ts'
import {cloneMessage} from './clone-message.ts'
import {elementTypeNumber, type OnnxModel, type OnnxNode, type OnnxValueInfo} from './schema.ts'
import type {ModelGraph} from './structure.ts'
import {graphsWithin} from './walk-graph.ts'

/** Prefix of every name that an editor makes. */
const PREFIX = 'probe.'

export interface NewNode {
  readonly opType: string
  /** '' or absent is ai.onnx. */
  readonly domain?: string
  /** '' stands for an optional input that is left out. */
  readonly inputs: readonly string[]
  /** How many outputs, 1 unless stated. */
  readonly outputs?: number
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}
export type ConstantValues = Float32Array | Int32Array | BigInt64Array | Uint8Array

/**
 * Edits a copy of a graph; the graph it is made from is never changed. Nodes are named by the objects
 * of that graph (which the finders hand out) or by what the editor gave back: both mean the copy.
 */
export class GraphEditor implements ModelGraph {
  readonly path: string
  readonly model: OnnxModel
  private readonly names = new Set<string>()
  private readonly copies = new Map<object, object>()
  private readonly nextNumbers = new Map<string, number>()

  constructor(graph: ModelGraph) {
    this.path = graph.path
    this.model = cloneMessage(graph.model, (original, copy) => {
      if ('opType' in original) this.copies.set(original, copy)
    })
    for (const {node, initializer, input, output} of graphsWithin(this.model.graph)) {
      for (const {name} of [...initializer, ...input, ...output, ...node])
        this.names.add(name ?? '')
      for (const one of node) {
        for (const name of [...one.input, ...one.output]) this.names.add(name)
      }
    }
  }

  /** A name that nothing in the graph or in a subgraph has, taken from now on. */
  freshName(purpose: string): string {
    for (;;) {
      const number = this.nextNumbers.get(purpose) ?? 0
      this.nextNumbers.set(purpose, number + 1)
      const name = `${PREFIX}${purpose}.${number}`
      if (this.names.has(name)) continue
      this.names.add(name)
      return name
    }
  }

  /** Adds a node; returns its outputs, whose names are new. */
  addNode({opType, domain = '', inputs, outputs = 1, attributes = {}}: NewNode): string[] {
    const name = this.freshName(opType)
    const output = Array.from({length: outputs}, (_, index) => this.freshName(`${opType}.${index}`))
    const node: OnnxNode = {
      name,
      opType,
      input: [...inputs],
      output,
      attribute: Object.entries(attributes).map(([key, value]) => attributeOf(key, value)),
    }
    if (domain !== '') node.domain = domain
    this.model.graph.node.push(node)
    return output
  }

  /** Adds a constant of these dimensions; returns its name. */
  addConstant(values: ConstantValues, dims: readonly number[], dtype: string): string {
    const name = this.freshName('constant')
    this.model.graph.initializer.push({
      name,
      dims: [...dims],
      dataType: elementTypeNumber(dtype),
      rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(),
    })
    return name
  }

  /** Adds a graph input; `name` gets the editor's prefix. Returns the name. Null is an unknown length. */
  addInput(name: string, dtype: string, dims: readonly (number | string | null)[]): string {
    const input = this.freshName(name)
    this.model.graph.input.push(valueInfo(input, dtype, dims))
    return input
  }

  /** Makes a tensor a graph output, unless it is one; returns its name. onnxruntime infers type and shape. */
  addOutput(
    tensor: string,
    type: {dtype?: string; dims?: readonly (number | string | null)[]} = {}
  ): string {
    const {output} = this.model.graph
    if (!output.some(({name}) => name === tensor)) {
      output.push(type.dtype ? valueInfo(tensor, type.dtype, type.dims ?? null) : {name: tensor})
    }
    return tensor
  }
}

function valueInfo(
  name: string,
  dtype: string,
  dims: readonly (number | string | null)[] | null
): OnnxValueInfo {
  const elemType = elementTypeNumber(dtype)
  if (dims === null) return {name, type: {tensorType: {elemType}}}
  const dim = dims.map((length) => {
    if (length === null) return {}
    return typeof length === 'number' ? {dimValue: length} : {dimParam: length}
  })
  return {name, type: {tensorType: {elemType, shape: {dim}}}}
}
