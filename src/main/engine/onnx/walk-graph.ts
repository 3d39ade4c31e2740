import type {OnnxGraph, OnnxNode, OnnxTensor} from './schema.ts'
import type {ModelGraph} from './structure.ts'

/** Graphs among a node's attributes: the branches of an If, the body of a Loop or Scan. */
export function subgraphsOf(node: OnnxNode): OnnxGraph[] {
  const graphs: OnnxGraph[] = []
  for (const attribute of node.attribute ?? []) {
    if (attribute.g) graphs.push(attribute.g)
    if (attribute.graphs) graphs.push(...attribute.graphs)
  }
  return graphs
}

/** A graph and all graphs inside it, outer ones first. */
export function* graphsWithin(graph: OnnxGraph): Generator<OnnxGraph> {
  yield graph
  for (const node of graph.node) {
    for (const subgraph of subgraphsOf(node)) yield* graphsWithin(subgraph)
  }
}

/** Every tensor that a model holds, in subgraphs and attributes too; those of functions are left out. */
export function* tensorsOf(model: ModelGraph['model']): Generator<OnnxTensor> {
  for (const graph of graphsWithin(model.graph)) {
    yield* graph.initializer
    for (const {values, indices} of graph.sparseInitializer ?? []) {
      if (values) yield values
      if (indices) yield indices
    }
    for (const node of graph.node) {
      for (const attribute of node.attribute ?? []) {
        if (attribute.t) yield attribute.t
        if (attribute.tensors) yield* attribute.tensors
      }
    }
  }
}

/** Where a tensor's data lies, if it is external. `location` is as it stands in the tensor. */
export interface ExternalRange {
  readonly location: string
  readonly offset: number
  /** Null where the tensor does not say: then its type and dimensions do. */
  readonly byteLength: number | null
}

/** The range of external data of a tensor; null of one that holds its data itself. */
export function externalRangeOf(tensor: OnnxTensor): ExternalRange | null {
  if (tensor.dataLocation !== 1) return null
  const entries = new Map(tensor.externalData?.map(({key, value}) => [key, value]))
  const length = entries.get('length')
  return {
    location: entries.get('location') ?? '',
    offset: Number(entries.get('offset') ?? 0),
    byteLength: length === undefined ? null : Number(length),
  }
}

/** Makes a tensor refer to a range of a file; other entries (a checksum) stay. */
export function setExternalRange(
  tensor: OnnxTensor,
  range: {location: string; offset: number; byteLength: number}
): void {
  const entries = new Map(tensor.externalData?.map(({key, value}) => [key, value]))
  entries.set('location', range.location)
  entries.set('offset', String(range.offset))
  entries.set('length', String(range.byteLength))
  tensor.externalData = [...entries].map(([key, value]) => ({key, value}))
  tensor.dataLocation = 1
}
