import type {GraphIndex} from './graph-index.ts'
import type {OnnxNode} from './schema.ts'
import {dimensionsOf, type StaticShapes} from './static-shapes.ts'

/** Operators that make lengths from tensors: what flows through them is not the tensors' content. */
const LENGTH_OPERATORS = new Set(['Shape', 'Size'])

const EMBEDDING_OPERATORS = new Set(['Gather', 'GatherBlockQuantized', 'EmbedLayerNormalization'])
/** What may stand between token ids and the look-up of their embeddings. */
const KEEPS_IDS = new Set([
  'Cast',
  'Identity',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Clip',
  'Slice',
])

/** A node's inputs whose content flows into what it makes. */
export function contentInputs(index: GraphIndex, node: OnnxNode): string[] {
  if (LENGTH_OPERATORS.has(node.opType)) return []
  return index.inputsOf(node).filter((input) => {
    const producer = index.producerOf(input)
    // Its second output is the number of tokens of each row.
    return !(producer?.opType === 'EmbedLayerNormalization' && producer.output[1] === input)
  })
}

/** Tensors that depend on what a run is fed, and not on weights and lengths alone. */
export function fedTensors(index: GraphIndex): ReadonlySet<string> {
  const fed = new Set(index.graphInputs.map(({name}) => name))
  for (const node of index.nodes) {
    if (!contentInputs(index, node).some((input) => fed.has(input))) continue
    for (const output of node.output) fed.add(output)
  }
  return fed
}

/**
 * Where content enters: the look-ups of token embeddings by the ids that are fed, or else what takes an
 * input of floats that is no mask and no cache (`inputs_embeds`, pixels).
 */
export function findEmbeddings(
  index: GraphIndex,
  shapes: StaticShapes,
  inputIds: string | null
): OnnxNode[] {
  const lookUps = inputIds === null ? [] : lookUpsOf(index, shapes, inputIds)
  if (lookUps.length > 0) return lookUps
  const contents = index.graphInputs.filter(
    ({name, type}) =>
      [1, 10, 16].includes(type?.tensorType?.elemType ?? 0) && !/mask|past|cache|bias/i.test(name)
  )
  return contents.flatMap(({name}) => index.consumersOf(name))
}

/** The look-ups of embeddings that choose rows by an input, as it is or reshaped. */
export function lookUpsOf(index: GraphIndex, shapes: StaticShapes, input: string): OnnxNode[] {
  const found: OnnxNode[] = []
  const waiting = [input]
  const seen = new Set(waiting)
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    for (const node of index.consumersOf(tensor)) {
      if (EMBEDDING_OPERATORS.has(node.opType)) {
        const isChoosing = node.input[node.opType === 'EmbedLayerNormalization' ? 0 : 1] === tensor
        if (isChoosing && isTable(index, shapes, node)) found.push(node)
      } else if (KEEPS_IDS.has(node.opType) && node.input[0] === tensor) {
        const output = node.output[0]
        if (output && !seen.has(output)) {
          seen.add(output)
          waiting.push(output)
        }
      }
    }
  }
  return found
}

function isTable(index: GraphIndex, shapes: StaticShapes, node: OnnxNode): boolean {
  if (node.opType !== 'Gather') return true
  const table = node.input[0]
  const initializer = index.initializerOf(table)
  if (initializer) return dimensionsOf(initializer).length === 2
  // A table that is dequantized or cast on the way.
  return shapes.rankOf(table) === 2 && !index.inputOf(table)
}
