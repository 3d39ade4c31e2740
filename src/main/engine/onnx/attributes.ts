import {numberOfInt64, type OnnxAttribute, type OnnxNode} from './schema.ts'

/** A node's attribute of that name, or null. */
export function attributeOf(node: OnnxNode, name: string): OnnxAttribute | null {
  return node.attribute?.find((attribute) => attribute.name === name) ?? null
}

export function intAttribute<Missing>(
  node: OnnxNode,
  name: string,
  missing: Missing
): number | Missing {
  const attribute = attributeOf(node, name)
  return attribute ? safeNumber(attribute.i) : missing
}

export function floatAttribute<Missing>(
  node: OnnxNode,
  name: string,
  missing: Missing
): number | Missing {
  const attribute = attributeOf(node, name)
  return attribute ? (attribute.f ?? 0) : missing
}

export function intsAttribute(node: OnnxNode, name: string): number[] | null {
  return attributeOf(node, name)?.ints?.map(safeNumber) ?? null
}

export function stringAttribute(node: OnnxNode, name: string): string | null {
  const bytes = attributeOf(node, name)?.s
  return bytes ? new TextDecoder().decode(bytes) : null
}

/** Slice ends of 2^63 − 1 mean "to the end": what is beyond 2^53 counts as infinite. */
function safeNumber(value: OnnxAttribute['i']): number {
  try {
    return numberOfInt64(value)
  } catch {
    return String(value).startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
}

/** `Softmax`, `com.microsoft.MultiHeadAttention`: the operator as messages and tables name it. */
export function operatorOf(node: OnnxNode): string {
  const {domain} = node
  return domain && domain !== 'ai.onnx' ? `${domain}.${node.opType}` : node.opType
}
