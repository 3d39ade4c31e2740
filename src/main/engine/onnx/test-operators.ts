import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {NormalSource} from '../../../../fixtures/random.ts'

/** Sizes of the models below. */
export const OPERATOR_SHAPE = {
  queryHeadCount: 4,
  keyValueHeadCount: 2,
  headSize: 16,
  width: 64,
  vocabularySize: 20,
  tokenIds: [3, 17, 0, 9, 9, 12, 5],
} as const

const {width, vocabularySize, tokenIds, headSize} = OPERATOR_SHAPE

/** What an attention operator is made of in a test. */
export interface OperatorParts {
  readonly graph: GraphBuilder
  /** Token embeddings [1, position, width]. */
  readonly states: string
  /** A product of the states with a matrix that is made by its name, [1, position, columns]. */
  project(name: string, columns: number): string
  /** Deviates by name; the same name has the same ones. */
  normals(name: string, dimensions: readonly number[], deviation?: number): string
}

/**
 * A model of one attention: embedding, what `write` writes, a projection, logits. `write` names its output
 * [1, position, query heads × size] and the values that it mixes [1, position, key-value heads × size], which
 * become the outputs `mixed` and `values`.
 */
export function operatorModel(
  write: (parts: OperatorParts) => {readonly mixed: string; readonly values: string},
  opset = 17
): Uint8Array {
  const graph = new GraphBuilder()
  const ids = graph.input('input_ids', 'int64', [1, 'sequence'])
  const normals = (name: string, dimensions: readonly number[], deviation = 1) => {
    const length = dimensions.reduce((a, b) => a * b, 1)
    const seed = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7)
    return graph.weight(name, dimensions, new NormalSource(seed).normals(length, deviation))
  }
  const states = graph.node('Gather', [normals('embedding', [vocabularySize, width]), ids])
  const project = (name: string, columns: number) =>
    graph.node('MatMul', [states, normals(name, [width, columns], 1.5 / Math.sqrt(width))])
  const {mixed, values} = write({graph, states, project, normals})
  graph.node('Identity', [mixed], {}, 'mixed')
  graph.node('Identity', [values], {}, 'values')
  const projected = graph.node('MatMul', [mixed, normals('output', [width, width], 0.1)])
  const stream = graph.node('Add', [states, projected])
  const head = normals('head', [width, vocabularySize], 0.1)
  graph.node('MatMul', [stream, head], {}, 'logits')
  graph.output('logits', 'float32', [1, 'sequence', vocabularySize])
  graph.output('mixed', 'float32', [1, 'sequence', width])
  graph.output('values', 'float32', [1, 'sequence', 'value width'])
  return graph.build(opset)
}

export const OPERATOR_FEEDS = {
  input_ids: {
    type: 'int64',
    data: BigInt64Array.from(tokenIds, BigInt),
    dimensions: [1, tokenIds.length],
  },
}

/** int32 constant; the counts and masks of the com.microsoft operators. */
export function int32s(
  graph: GraphBuilder,
  name: string,
  dimensions: readonly number[],
  values: readonly number[]
): string {
  return graph.tensor(name, 'int32', dimensions, Int32Array.from(values))
}

/** Tables of rotary angles [positions, size / 2]. */
export function rotaryTables(graph: GraphBuilder): {cos: string; sin: string} {
  const half = headSize / 2
  const angles = Array.from(
    {length: 16 * half},
    (_, i) => Math.floor(i / half) * 100 ** (-(i % half) / half)
  )
  return {
    cos: graph.weight('cos', [16, half], Float32Array.from(angles, Math.cos)),
    sin: graph.weight('sin', [16, half], Float32Array.from(angles, Math.sin)),
  }
}
