import type {OnnxGraph, OnnxModel, OnnxNode, OnnxTensor} from './schema.ts'

/**
 * A deep copy of a decoded message, unknown fields included, so that the copy may be edited. Bytes and
 * 64-bit numbers are shared with the original, as nobody writes into them. `onCopy` is told each pair.
 */
export function cloneMessage<Value>(
  value: Value,
  onCopy?: (original: object, copy: object) => void
): Value {
  return cloneValue(value, onCopy) as Value
}

function cloneValue(value: unknown, onCopy?: (original: object, copy: object) => void): unknown {
  if (Array.isArray(value)) return value.map((item) => cloneValue(item, onCopy))
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array || 'toNumber' in value) return value
  const copy = shallowCopy(value) as Record<string, unknown>
  for (const key in copy) {
    const field = copy[key]
    if (typeof field === 'object' && Object.hasOwn(copy, key)) copy[key] = cloneValue(field, onCopy)
  }
  onCopy?.(value, copy)
  return copy
}

/** A copy of one decoded message that shares what it holds. */
export function shallowCopy<Message extends object>(message: Message): Message {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message)), message) as Message
  // protobufjs keeps what it does not know in a property that is not listed.
  const unknown = (message as {$unknowns?: Uint8Array[]}).$unknowns
  if (unknown) Object.defineProperty(copy, '$unknowns', {value: [...unknown], writable: true})
  return copy
}

/** A copy of a model in which `change` has made every tensor anew; what holds no tensor is shared. */
export function mapTensors(
  model: OnnxModel,
  change: (tensor: OnnxTensor) => OnnxTensor
): OnnxModel {
  const copy = shallowCopy(model)
  copy.graph = mapGraph(model.graph, change)
  return copy
}

function mapGraph(graph: OnnxGraph, change: (tensor: OnnxTensor) => OnnxTensor): OnnxGraph {
  const copy = shallowCopy(graph)
  copy.initializer = graph.initializer.map(change)
  copy.node = graph.node.map((node) => {
    const holds = node.attribute?.some(({t, g, tensors, graphs}) => {
      return t || g || tensors?.length || graphs?.length
    })
    return holds ? mapNode(node, change) : node
  })
  return copy
}

function mapNode(node: OnnxNode, change: (tensor: OnnxTensor) => OnnxTensor): OnnxNode {
  const copy = shallowCopy(node)
  copy.attribute = node.attribute?.map((attribute) => {
    const one = shallowCopy(attribute)
    if (attribute.t) one.t = change(attribute.t)
    if (attribute.g) one.g = mapGraph(attribute.g, change)
    if (attribute.tensors) one.tensors = attribute.tensors.map(change)
    if (attribute.graphs) one.graphs = attribute.graphs.map((graph) => mapGraph(graph, change))
    return one
  })
  return copy
}
