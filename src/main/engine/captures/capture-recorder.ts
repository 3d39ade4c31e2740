import type {CapturePlan} from '../onnx/capture-plan.ts'
import type {AttentionCapture, CaptureDtype} from './attention-capture.ts'

/** A fetched graph output; onnxruntime's Tensor is one. */
export interface FetchedTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}
export type FetchedOutputs = Readonly<Record<string, FetchedTensor>>

/** Collects what runs of an instrumented graph give into the capture of one text. */
export class CaptureRecorder {
  constructor(
    protected readonly plan: CapturePlan,
    protected readonly options: {
      /** Positions of the whole text. */
      readonly tokenCount: number
      readonly dtype: CaptureDtype
    }
  ) {}

  /**
   * Takes a run over the next positions of the text. Copies what it keeps, so the outputs may be reused.
   * Throws a Problem on shapes that do not fit together.
   */
  append(_outputs: FetchedOutputs, _batchRow = 0): void {}

  /** What was captured so far. */
  get capture(): AttentionCapture {
    return {dtype: this.options.dtype, tokenCount: this.options.tokenCount, layers: []}
  }
}
