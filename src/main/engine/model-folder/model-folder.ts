import type {ModelKind, ModelListing} from '../../../shared/domain/model.ts'
import type {Warning} from '../../../shared/domain/problem.ts'
import type {StructureInputs} from '../onnx/structure.ts'

/** A model folder that was read: config normalised, graph header read, nothing loaded. */
export interface ModelFolder {
  readonly id: string
  readonly path: string
  readonly source: ModelListing['source']
  readonly kind: ModelKind
  readonly family: string
  readonly layerCount: number
  readonly queryHeadCount: number
  readonly keyValueHeadCount: number
  readonly headSize: number
  readonly hiddenSize: number | null
  readonly vocabularySize: number
  readonly contextLength: number
  readonly dtype: string
  readonly parameterCount: number | null
  readonly beginId: number | null
  readonly stopIds: readonly number[]
  /** The chosen model file, relative to `path`, and its absolute path. */
  readonly file: string
  readonly filePath: string
  /** External data files of the graph, absolute real paths, in the order of their names. */
  readonly dataPaths: readonly string[]
  readonly bytes: number
  readonly tokenizerPath: string
  readonly graph: GraphFacts
  readonly warnings: readonly Warning[]
}

/** A graph's inputs or outputs: a symbolic dimension is its name, an unknown one null. */
export interface GraphValue {
  readonly name: string
  /** ONNX element type as onnxruntime names it: `float32`, `float16`, `int64`, … */
  readonly dtype: string
  readonly dimensions: readonly (number | string | null)[]
}

/** What the first reading of a graph gives, without its weights. */
export interface GraphHeader {
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
  readonly opsets: Readonly<Record<string, number>>
  readonly nodeCount: number
  /** Elements of all float and quantized initializers of rank 2 and more. */
  readonly parameterCount: number
  /** Distinct lengths along the axes of weights of rank 2 and more, ascending. */
  readonly matrixLengths: readonly number[]
  /** Locations of external data, as written in the graph. */
  readonly externalLocations: readonly string[]
  /** Bytes that each external file must have at least, by its location. */
  readonly externalByteLengths: Readonly<Record<string, number>>
}

/** A graph's inputs and outputs by what they are for, and the sizes that follow from them. */
export interface GraphRoles extends StructureInputs {
  /** Scores of the whole vocabulary; null where the graph gives none. */
  readonly logits: string | null
  /** Of the cache, or of the attention itself; null where that leaves them open. */
  readonly layerCount: number | null
  readonly keyValueHeadCount: number | null
  readonly headSize: number | null
}

/** A graph's header with what its inputs and outputs are for. */
export interface GraphFacts extends GraphHeader {
  readonly roles: GraphRoles
}
