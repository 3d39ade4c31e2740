import {ProblemError} from '../../../shared/domain/problem.ts'
import {type AttributeValue, newAttribute} from './attribute-value.ts'
import {domainOf} from './check-graph.ts'
import {cloneMessage} from './clone-message.ts'
import {copyOf} from './graph-copy.ts'
import {ancestorsOf, deadParts, renameUses} from './graph-names.ts'
import type {NamePool} from './name-pool.ts'
import {
  elementTypeNumber,
  numberOfInt64,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from './schema.ts'
import type {ModelGraph} from './structure.ts'
import {tensorByteLength} from './tensor-bytes.ts'
import {type Dimension, valueInfo} from './value-info.ts'

export interface NewNode {
  readonly opType: string
  /** '' or absent is ai.onnx; com.microsoft is imported where the model does not do that. */
  readonly domain?: string
  /** '' stands for an optional input that is left out. */
  readonly inputs: readonly string[]
  /** How many outputs, 1 unless stated. */
  readonly outputs?: number
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}
/** Entries as they lie in memory; float16 and bfloat16 as their bits. */
export type ConstantValues =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint16Array
  | Int32Array
  | BigInt64Array

/**
 * Edits a copy of a graph; the graph it is made from is never changed. Nodes are named by their objects
 * in that graph, which is what the finders hand out, or by those of `model`: both mean the copy. Every
 * name that is made begins with `probe.` and collides with none, not even in a subgraph. Names that are not
 * in the graph and nodes of another graph are bugs of the caller and throw a RangeError.
 */
export class GraphEditor implements ModelGraph {
  readonly path: string
  /** The edited model, to be encoded. */
  readonly model: OnnxModel
  private readonly graph: OnnxGraph
  private readonly names: NamePool
  private readonly copies: Map<OnnxNode, OnnxNode>

  constructor(source: ModelGraph) {
    this.path = source.path
    const {model, nodes, names} = copyOf(source)
    this.model = model
    this.graph = model.graph
    this.copies = nodes
    this.names = names
    // An editor of an edited graph knows the nodes that the first one knew.
    if (source instanceof GraphEditor) {
      for (const [original, between] of source.copies) {
        const copy = this.copies.get(between)
        if (copy) this.copies.set(original, copy)
      }
    }
  }

  /** The editor's copy of a node of the graph that it was made from. */
  nodeOf(node: OnnxNode): OnnxNode {
    const copy = this.copies.get(node)
    if (!copy) throw new RangeError(`a node of another graph: ${node.name} (${node.opType})`)
    return copy
  }

  /** The version of a domain's operators, '' for ai.onnx; 0 where the model imports none. */
  opset(domain = ''): number {
    const imports = this.model.opsetImport.filter((one) => domainOf(one) === domainOf({domain}))
    return imports.length === 0 ? 0 : numberOfInt64(imports.at(-1)?.version)
  }

  /**
   * Makes sure that operators of a domain are there at a version or a later one: a domain that the model
   * does not import is added. Throws a Problem where it imports an older version, since raising that
   * would change what the model's own nodes mean.
   */
  requireOpset(domain: string, version: number): void {
    const found = this.opset(domain)
    if (found >= version) return
    if (found > 0 || domainOf({domain}) === '') {
      throw new ProblemError({
        code: 'opset-too-old',
        message: 'The operators of the model are too old for what is to be added to it.',
        file: this.path,
        field: `operator set of ${domain || 'ai.onnx'}`,
        found: String(found),
        expected: `${version} or later`,
        advice: `Export the model again with operator set ${version} or later.`,
      })
    }
    const {opsetImport} = this.model
    const empty = opsetImport.find((one) => domainOf(one) === domain)
    if (empty) empty.version = version
    else opsetImport.push({domain, version})
  }

  /** A name that nothing in the graph or in a subgraph has, taken from now on. */
  freshName(purpose: string): string {
    return this.names.fresh(purpose)
  }

  /** Adds a node; returns its outputs, whose names are new. */
  addNode({opType, domain = '', inputs, outputs = 1, attributes = {}}: NewNode): string[] {
    if (domainOf({domain}) !== '') this.requireOpset(domain, 1)
    for (const input of inputs) if (input !== '') this.names.requireTensor(input)
    const node: OnnxNode = {
      name: this.freshName(opType),
      opType,
      input: [...inputs],
      output: Array.from({length: outputs}, (_, index) =>
        this.names.freshTensor(`${opType}.${index}`)
      ),
      attribute: attributesOf(attributes),
    }
    if (domain !== '') node.domain = domain
    this.insert(node)
    return [...node.output]
  }

  /** Adds a constant; returns its name. Throws a RangeError unless the values fill the dimensions. */
  addConstant(values: ConstantValues, dims: readonly number[], dtype: string): string {
    const dataType = elementTypeNumber(dtype)
    if (tensorByteLength(dataType, dims) !== values.byteLength) {
      throw new RangeError(`${values.byteLength} bytes for ${dtype} [${dims.join(', ')}]`)
    }
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
    const name = this.names.freshTensor('constant')
    this.graph.initializer.push({name, dims: [...dims], dataType, rawData})
    // Up to IR 3 an initializer is the default of an input.
    if (numberOfInt64(this.model.irVersion) < 4) {
      this.graph.input.push(valueInfo(name, dtype, dims))
    }
    return name
  }

  /** Adds a graph input, named after `purpose`; returns its name. */
  addInput(purpose: string, dtype: string, dims: readonly Dimension[]): string {
    const name = this.names.freshTensor(purpose)
    this.graph.input.push(valueInfo(name, dtype, dims))
    return name
  }

  /**
   * Makes a tensor of the main graph a graph output, unless it is one; returns its name. onnxruntime
   * infers type and shape, except of MultiHeadAttention's scores: those need the type.
   */
  addOutput(tensor: string, type: {dtype?: string; dims?: readonly Dimension[]} = {}): string {
    this.names.requireTensor(tensor)
    const {output} = this.graph
    if (!output.some(({name}) => name === tensor)) {
      const known = this.graph.valueInfo?.find(({name}) => name === tensor)
      output.push(
        type.dtype ? valueInfo(tensor, type.dtype, type.dims ?? null) : (known ?? {name: tensor})
      )
    }
    return tensor
  }

  /** Says a tensor's type where onnxruntime does not infer it; dimensions only where they are sure. */
  setType(tensor: string, dtype: string, dims: readonly Dimension[] | null = null): void {
    this.names.requireTensor(tensor)
    const others = (this.graph.valueInfo ?? []).filter(({name}) => name !== tensor)
    this.graph.valueInfo = [...others, valueInfo(tensor, dtype, dims)]
  }

  /** Gives one node another tensor as its input; inputs in between are left out. */
  replaceInput(node: OnnxNode, index: number, tensor: string): void {
    if (tensor !== '') this.names.requireTensor(tensor)
    const {input} = this.nodeOf(node)
    while (input.length < index) input.push('')
    input[index] = tensor
  }

  /**
   * Gives everything that uses a tensor, in subgraphs too, the tensor `by` instead. Nodes that `by` is made
   * from keep the old one, and so do those in `except`. With `outputs`, a graph output of that name becomes
   * `by` as well, under the same name. Returns the name that the old tensor goes by afterwards.
   */
  replaceConsumers(
    tensor: string,
    by: string,
    {except = [], outputs = false}: {except?: readonly OnnxNode[]; outputs?: boolean} = {}
  ): string {
    this.names.requireTensor(tensor)
    this.names.requireTensor(by)
    const kept = ancestorsOf(this.graph, by)
    for (const node of except) kept.add(this.nodeOf(node))
    const to = new Map([[tensor, by]])
    for (const node of this.graph.node) if (!kept.has(node)) renameUses(node, to)
    const isOutput = this.graph.output.some(({name}) => name === tensor)
    if (!outputs || !isOutput) return tensor
    const producer = this.graph.node.find(({output}) => output.includes(tensor))
    if (!producer) throw new RangeError(`${tensor} is given to the graph, not made by it`)
    const renamed = this.names.freshTensor('replaced')
    producer.output = producer.output.map((name) => (name === tensor ? renamed : name))
    const back = new Map([[tensor, renamed]])
    for (const node of this.graph.node) renameUses(node, back)
    this.insert({
      name: this.freshName('Identity'),
      opType: 'Identity',
      input: [by === tensor ? renamed : by],
      output: [tensor],
      attribute: [],
    })
    return renamed
  }

  /** Makes a node another operator that gives the same tensors; more outputs are padded or cut off. */
  replaceNode(
    node: OnnxNode,
    {opType, domain = '', inputs, outputs, attributes = {}}: NewNode
  ): void {
    if (domainOf({domain}) !== '') this.requireOpset(domain, 1)
    for (const input of inputs) if (input !== '') this.names.requireTensor(input)
    const copy = this.nodeOf(node)
    copy.opType = opType
    copy.domain = domain
    copy.input = [...inputs]
    copy.attribute = attributesOf(attributes)
    if (outputs !== undefined) copy.output = copy.output.slice(0, outputs)
  }

  /** Sets an attribute, whether it was there or not; null takes it away. */
  setAttribute(node: OnnxNode, name: string, value: AttributeValue | null): void {
    const copy = this.nodeOf(node)
    const others = (copy.attribute ?? []).filter((attribute) => attribute.name !== name)
    copy.attribute = value === null ? others : [...others, newAttribute(name, value)]
  }

  /** An output of a node by its index, made if the node left it out; returns its name. */
  setOutput(node: OnnxNode, index: number): string {
    const {output, opType} = this.nodeOf(node)
    const known = output[index]
    if (known) return known
    while (output.length < index) output.push('')
    const name = this.names.freshTensor(`${opType}.${index}`)
    output[index] = name
    return name
  }

  /**
   * Clones nodes, in any order, with outputs of new names: what reads a tensor in `replacements` reads
   * what stands there, what reads a cloned output its clone, and the rest is shared. Returns the clones by
   * the names of the tensors that they are clones of.
   */
  cloneRegion(
    nodes: readonly OnnxNode[],
    replacements: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  ): Map<string, string> {
    const given = replacements instanceof Map ? replacements : new Map(Object.entries(replacements))
    for (const tensor of given.values()) this.names.requireTensor(tensor as string)
    const copies = nodes.map((node) => cloneMessage(this.nodeOf(node)))
    const clones = new Map<string, string>()
    for (const copy of copies) {
      for (const output of copy.output) {
        if (output !== '') clones.set(output, this.names.freshTensor(`clone.${output}`))
      }
    }
    const to = new Map([...clones, ...given])
    for (const copy of copies) {
      renameUses(copy, to)
      copy.output = copy.output.map((output) => clones.get(output) ?? '')
      copy.name = this.freshName(copy.opType)
      this.insert(copy)
    }
    this.cloneTypes(clones)
    return clones
  }

  /**
   * Leaves these graph outputs, in this order, and takes away what none of them needs: nodes, inputs,
   * initializers and the types of what is gone.
   */
  removeDeadNodes(keepOutputs: readonly string[]): void {
    const {graph} = this
    const byName = new Map(graph.output.map((output) => [output.name, output]))
    graph.output = keepOutputs.map((name) => {
      const output = byName.get(name)
      if (!output) throw new RangeError(`${name} is no graph output`)
      return output
    })
    const {nodes, tensors} = deadParts(graph)
    graph.node = graph.node.filter((node) => !nodes.has(node))
    graph.initializer = graph.initializer.filter(({name}) => !tensors.has(name ?? ''))
    graph.input = graph.input.filter(({name}) => !tensors.has(name))
    graph.valueInfo = (graph.valueInfo ?? []).filter(({name}) => !tensors.has(name))
    this.names.forgetTensors(tensors)
  }

  private insert(node: OnnxNode): void {
    this.graph.node.push(node)
    this.copies.set(node, node)
  }

  /** Types that the file states because they cannot be inferred hold for clones; shapes may not. */
  private cloneTypes(clones: ReadonlyMap<string, string>): void {
    for (const {name, type} of [...(this.graph.valueInfo ?? [])]) {
      const clone = clones.get(name)
      const elemType = type?.tensorType?.elemType
      if (!clone || !elemType) continue
      this.graph.valueInfo?.push({name: clone, type: {tensorType: {elemType}}})
    }
  }
}

function attributesOf(values: Readonly<Record<string, AttributeValue>>): OnnxAttribute[] {
  return Object.entries(values).map(([name, value]) => newAttribute(name, value))
}
