import type {ModelKind, ModelListing} from '../../../shared/domain/model.ts'
import type {Warning} from '../../../shared/domain/problem.ts'

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
  readonly graph: GraphHeader
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
