import type {OnnxGraph, OnnxNode} from './schema.ts'
import {subgraphsOf} from './walk-graph.ts'

/** Tensors of the graph around it that a node uses: its inputs, and what its subgraphs take. */
export function usesOf(node: OnnxNode): Set<string> {
  const uses = new Set(node.input)
  for (const graph of subgraphsOf(node)) for (const name of capturedBy(graph)) uses.add(name)
  uses.delete('')
  return uses
}

/** Tensors that a graph has of its own, not those of the graphs around it or inside it. */
export function tensorNamesOf(graph: OnnxGraph): Set<string> {
  const own = new Set<string>()
  for (const {name} of graph.initializer) own.add(name ?? '')
  for (const {values} of graph.sparseInitializer ?? []) own.add(values?.name ?? '')
  for (const {name} of graph.input) own.add(name)
  for (const node of graph.node) for (const name of node.output) own.add(name)
  own.delete('')
  return own
}

/** Every name that stands in a graph, of tensors and nodes; not those in graphs inside it. */
export function* namesOf(graph: OnnxGraph): Generator<string> {
  yield* tensorNamesOf(graph)
  for (const node of graph.node) {
    yield node.name ?? ''
    yield* node.input
  }
  for (const {name} of graph.output) yield name
}

function capturedBy(graph: OnnxGraph): Set<string> {
  const captured = new Set<string>()
  for (const node of graph.node) for (const name of usesOf(node)) captured.add(name)
  for (const {name} of graph.output) captured.add(name)
  for (const name of tensorNamesOf(graph)) captured.delete(name)
  return captured
}

/**
 * Changes the names of tensors that a node uses, also deep in its subgraphs, where a name that the
 * subgraph makes itself is another tensor.
 */
export function renameUses(node: OnnxNode, to: ReadonlyMap<string, string>): void {
  node.input = node.input.map((name) => to.get(name) ?? name)
  for (const graph of subgraphsOf(node)) {
    const captured = capturedBy(graph)
    const inner = new Map([...to].filter(([name]) => captured.has(name)))
    if (inner.size === 0) continue
    for (const one of graph.node) renameUses(one, inner)
    for (const output of graph.output) output.name = inner.get(output.name) ?? output.name
  }
}

/** What no output of a graph needs: nodes, and all tensors that nothing left uses. */
export function deadParts(graph: OnnxGraph): {nodes: Set<OnnxNode>; tensors: Set<string>} {
  const producers = new Map<string, OnnxNode>()
  for (const node of graph.node) {
    for (const name of node.output) if (name !== '') producers.set(name, node)
  }
  const needed = new Set<string>()
  const alive = new Set<OnnxNode>()
  const open = graph.output.map(({name}) => name)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    needed.add(name)
    const node = producers.get(name)
    if (!node || alive.has(node)) continue
    alive.add(node)
    open.push(...usesOf(node))
  }
  const nodes = new Set(graph.node.filter((node) => !alive.has(node)))
  const tensors = new Set([...nodes].flatMap(({output}) => output.filter((name) => name !== '')))
  for (const {name} of [...graph.input, ...graph.initializer]) {
    if (!needed.has(name ?? '')) tensors.add(name ?? '')
  }
  return {nodes, tensors}
}

/** Every node that a tensor of a graph is made from, the one that makes it included. */
export function ancestorsOf(graph: OnnxGraph, tensor: string): Set<OnnxNode> {
  const producers = new Map<string, OnnxNode>()
  for (const node of graph.node) for (const name of node.output) producers.set(name, node)
  const ancestors = new Set<OnnxNode>()
  const open = [tensor]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = producers.get(name)
    if (!node || name === '' || ancestors.has(node)) continue
    ancestors.add(node)
    open.push(...usesOf(node))
  }
  return ancestors
}
