import {ProblemError} from '../../../shared/domain/problem.ts'
import {operatorOf} from './attributes.ts'
import {type ConstantTensor, constantOfNode, constantOfTensor} from './constants.ts'
import {usesOf} from './graph-names.ts'
import type {OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo} from './schema.ts'

const NONE: readonly OnnxNode[] = []

/**
 * Who makes and who uses each tensor of a graph, its nodes in topological order, and the values of its
 * small constants. Built in time linear in the nodes and their inputs. Throws a Problem on a graph with a
 * cycle, with a tensor that nothing makes, or with one that two nodes make.
 */
export class GraphIndex {
  readonly graph: OnnxGraph
  /** Every node after those whose tensors it uses. */
  readonly nodes: readonly OnnxNode[]
  private readonly producers = new Map<string, OnnxNode>()
  private readonly consumers = new Map<string, OnnxNode[]>()
  private readonly initializers = new Map<string, OnnxTensor>()
  private readonly inputs = new Map<string, OnnxValueInfo>()
  private readonly outputs: ReadonlySet<string>
  private readonly valueInfos = new Map<string, OnnxValueInfo>()
  private readonly uses = new Map<OnnxNode, readonly string[]>()
  private readonly positions = new Map<OnnxNode, number>()
  private readonly constants = new Map<string, ConstantTensor | null>()
  private readonly opsets = new Map<string, number>()

  constructor(model: OnnxModel) {
    const {graph} = model
    this.graph = graph
    for (const {domain = '', version} of model.opsetImport) {
      this.opsets.set(domain === 'ai.onnx' ? '' : domain, Number(version))
    }
    for (const tensor of graph.initializer) this.initializers.set(tensor.name ?? '', tensor)
    for (const {values} of graph.sparseInitializer ?? []) {
      if (values?.name) this.initializers.set(values.name, values)
    }
    for (const input of graph.input) {
      // Before IR 4 every initializer was listed as an input as well.
      if (!this.initializers.has(input.name)) this.inputs.set(input.name, input)
    }
    this.outputs = new Set(graph.output.map((output) => output.name))
    for (const info of [...(graph.valueInfo ?? []), ...graph.input, ...graph.output]) {
      this.valueInfos.set(info.name, info)
    }
    for (const node of graph.node) this.addNode(node)
    this.nodes = this.sorted()
    this.nodes.forEach((node, position) => {
      this.positions.set(node, position)
      const constant = constantOfNode(node, (tensor) => this.constantOf(tensor))
      if (constant && node.output[0]) this.constants.set(node.output[0], constant)
    })
  }

  /** The version of the operators of a domain that the graph asks for; 0 where it asks for none. */
  opset(domain = ''): number {
    return this.opsets.get(domain) ?? 0
  }

  /** The node that makes a tensor; null of graph inputs, initializers and unknown names. */
  producerOf(tensor: string | undefined): OnnxNode | null {
    return (tensor && this.producers.get(tensor)) || null
  }

  /** Nodes that use a tensor, also from within their subgraphs, each once, in the graph's order. */
  consumersOf(tensor: string): readonly OnnxNode[] {
    return this.consumers.get(tensor) ?? NONE
  }

  /** Tensors that a node uses, each once, also those that its subgraphs take from outside. */
  inputsOf(node: OnnxNode): readonly string[] {
    const known = this.uses.get(node)
    if (known) return known
    const uses = isPlain(node) ? node.input : [...usesOf(node)]
    this.uses.set(node, uses)
    return uses
  }

  initializerOf(tensor: string | undefined): OnnxTensor | null {
    return (tensor && this.initializers.get(tensor)) || null
  }

  /** A graph input that has to be fed. */
  inputOf(tensor: string | undefined): OnnxValueInfo | null {
    return (tensor && this.inputs.get(tensor)) || null
  }

  get graphInputs(): readonly OnnxValueInfo[] {
    return [...this.inputs.values()]
  }

  isGraphOutput(tensor: string): boolean {
    return this.outputs.has(tensor)
  }

  /** What the file says about a tensor's type and shape, where it says something. */
  valueInfoOf(tensor: string): OnnxValueInfo | null {
    return this.valueInfos.get(tensor) ?? null
  }

  /** Place in topological order. */
  positionOf(node: OnnxNode): number {
    return this.positions.get(node) ?? -1
  }

  /**
   * A small constant's values, where the tensor is an initializer or made from one by Constant, Identity,
   * Cast, Reshape, Squeeze or Unsqueeze; null otherwise, and of constants too large to be a parameter.
   */
  constantOf(tensor: string | undefined): ConstantTensor | null {
    if (!tensor) return null
    const known = this.constants.get(tensor)
    if (known !== undefined) return known
    const initializer = this.initializers.get(tensor)
    const constant = initializer ? constantOfTensor(initializer) : null
    if (initializer) this.constants.set(tensor, constant)
    return constant
  }

  /** The one value of a constant whose entries are all the same; null otherwise. */
  scalarOf(tensor: string | undefined): number | null {
    const constant = this.constantOf(tensor)
    const first = constant?.values[0]
    if (first === undefined) return null
    return constant?.values.every((value) => Object.is(value, first)) ? first : null
  }

  private addNode(node: OnnxNode): void {
    for (const output of node.output) {
      if (output === '') continue
      if (this.producers.has(output) || this.inputs.has(output) || this.initializers.has(output)) {
        throw damaged(`the tensor ${JSON.stringify(output)} made twice`, node)
      }
      this.producers.set(output, node)
    }
    for (const input of this.inputsOf(node)) {
      const users = this.consumers.get(input)
      if (users) users.push(node)
      else this.consumers.set(input, [node])
    }
  }

  /** Kahn's algorithm: exporters mostly write nodes in order, editors and mergers do not. */
  private sorted(): OnnxNode[] {
    const waiting = new Map<OnnxNode, number>()
    const ready: OnnxNode[] = []
    for (const node of this.graph.node) {
      let count = 0
      for (const input of this.inputsOf(node)) {
        if (this.producers.has(input)) count++
        else if (!this.inputs.has(input) && !this.initializers.has(input)) {
          throw damaged(`the tensor ${JSON.stringify(input)}, which nothing makes`, node)
        }
      }
      waiting.set(node, count)
      if (count === 0) ready.push(node)
    }
    const order: OnnxNode[] = []
    for (let next = 0; next < ready.length; next++) {
      const node = ready[next]!
      order.push(node)
      for (const output of node.output) {
        for (const user of this.consumers.get(output) ?? NONE) {
          const left = waiting.get(user)! - 1
          waiting.set(user, left)
          if (left === 0) ready.push(user)
        }
      }
    }
    if (order.length < this.graph.node.length) {
      const stuck = this.graph.node.find((node) => waiting.get(node)! > 0)!
      throw damaged('a cycle of nodes', stuck)
    }
    return order
  }
}

/** Whether a node uses just what it lists: few inputs, all different, none left out, no graphs inside. */
function isPlain({input, attribute}: OnnxNode): boolean {
  if (input.length > 8 || attribute?.some(({g, graphs}) => g || graphs?.length)) return false
  return input.every((name, at) => name !== '' && input.indexOf(name) === at)
}

function damaged(found: string, node: OnnxNode): ProblemError {
  return new ProblemError({
    code: 'graph-inconsistent',
    message: 'The graph does not hold together.',
    field: `node ${JSON.stringify(node.name || node.output[0])} (${operatorOf(node)})`,
    found,
    expected: 'nodes without a cycle that use what others make, each tensor made once',
    advice: 'Export the model again.',
  })
}
