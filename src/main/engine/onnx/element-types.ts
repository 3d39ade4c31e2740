import {intAttribute} from './attributes.ts'
import type {GraphIndex} from './graph-index.ts'
import {elementTypeName} from './schema.ts'

const MAKES_BOOLEANS = new Set([
  'And',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Not',
  'Or',
  'Xor',
])
const KEEPS_TYPE = new Set([
  'Concat',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'Identity',
  'Pad',
  'Reshape',
  'ScatterND',
  'Slice',
  'Squeeze',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
])
const MAX_WALK_LENGTH = 64

/** Whether a tensor holds booleans: as the file declares it, or as the operators that make it have it. */
export function isBoolean(index: GraphIndex, tensor: string): boolean {
  let at = tensor
  for (let length = 0; length < MAX_WALK_LENGTH; length++) {
    const declared = index.valueInfoOf(at)?.type?.tensorType?.elemType
    if (declared) return elementTypeName(declared) === 'bool'
    const weight = index.initializerOf(at)
    if (weight) return elementTypeName(weight.dataType) === 'bool'
    const node = index.producerOf(at)
    if (!node) return false
    if (MAKES_BOOLEANS.has(node.opType)) return true
    if (node.opType === 'Cast') return elementTypeName(intAttribute(node, 'to', 0)) === 'bool'
    const source = node.opType === 'Where' ? node.input[1] : node.input[0]
    if (!source || !(KEEPS_TYPE.has(node.opType) || node.opType === 'Where')) return false
    at = source
  }
  return false
}
