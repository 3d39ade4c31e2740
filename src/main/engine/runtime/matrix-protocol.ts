import type {Problem} from '../../../shared/domain/problem.ts'
import type {
  AttentionFilters,
  AttentionMap,
  HeadRef,
  MapSummary,
} from '../../../shared/lenses/attention-maps.ts'
import type {LayerFound} from '../../../shared/math/attention/graph-columns.ts'
import type {KeptEdges} from '../../../shared/math/heaviest-edges.ts'
import type {TileShape} from '../../../shared/math/tile-cells.ts'
import type {CaptureDtype, CapturedLayer} from '../captures/attention-capture.ts'

/** Layers of a text's attention, their numbers in shared memory. */
export interface MatrixText {
  readonly tokenCount: number
  readonly layers: readonly {readonly layer: CapturedLayer; readonly dtype: CaptureDtype}[]
}

/** A map of a text, filtered; rows of `queries` alone. */
export interface MapJob {
  readonly text: MatrixText
  readonly map: AttentionMap
  readonly filters: AttentionFilters
  readonly queries: readonly [start: number, end: number]
  /** Rows of `queries`, where the map was made as a whole before. */
  readonly whole: Float32Array | null
}

/** What a matrix thread computes, by kind: what it is asked, and what it answers. */
export interface MatrixJobs {
  rows: {
    job: {text: MatrixText; layer: number; head: number; from: number; to: number}
    result: Float32Array<ArrayBuffer>
  }
  tile: {
    job: MapJob & {shape: TileShape}
    result: {
      values: Float32Array<ArrayBuffer>
      minimum: number
      maximum: number
      summary: MapSummary
    }
  }
  /** Weights on one key of each query of `queries`; of all keys of one query where `key` is null. */
  line: {job: MapJob & {key: number | null}; result: Float32Array<ArrayBuffer>}
  edges: {job: MapJob & {maxEdgeCount: number}; result: KeptEdges & {summary: MapSummary}}
  /** Edges of one layer between columns of tokens, of the mean of some of its heads. */
  graph: {
    job: {
      text: MatrixText
      heads: readonly HeadRef[]
      filters: AttentionFilters
      starts: Int32Array
      /** What reaches each token after the layer; null where weights themselves are wanted. */
      reach: Float64Array | null
      maxEdgeCount: number
    }
    result: LayerFound & {summary: MapSummary}
  }
  /** The factor of a layer times what the layers before gave; the factor itself where that is null. */
  rollout: {
    job: {text: MatrixText; layer: number; headCount: number; before: Float32Array | null}
    result: Float32Array
  }
  /** Rows of a map times a factor, added to those in shared memory or compared with them: a map made in parts. */
  gather: {
    job: Pick<MapJob, 'text' | 'map' | 'queries'> & {
      into: Float32Array
      factor: number
      takesLarger: boolean
      dropsSink: boolean
    }
    result: null
  }
}
export type MatrixJobKind = keyof MatrixJobs

export type MatrixCommand =
  | {
      readonly kind: 'job'
      readonly name: MatrixJobKind
      readonly job: MatrixJobs[MatrixJobKind]['job']
      /** One Int32; not 0 asks the job to end at the next block. */
      readonly cancelFlag: SharedArrayBuffer
    }
  | {readonly kind: 'release'}

export type MatrixMessage =
  | {readonly kind: 'done'; readonly result: MatrixJobs[MatrixJobKind]['result']}
  | {readonly kind: 'cancelled'}
  | {readonly kind: 'failed'; readonly problem: Problem | null; readonly stack: string}
  | {readonly kind: 'released'}
