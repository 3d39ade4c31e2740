import type {CapturePlan, LayerCapture, SiteCapture} from '../onnx/capture-plan.ts'
import type {AttentionCapture, CaptureDtype, CapturedLayer} from './attention-capture.ts'
import type {FetchedOutputs} from './fetched-outputs.ts'
import {FetchedRun} from './fetched-outputs.ts'
import {SiteRecorder} from './site-recorder.ts'

/** Collects what runs of an instrumented graph give into the capture of one text. */
export class CaptureRecorder {
  private readonly layers: readonly {plan: LayerCapture; sites: readonly SiteRecorder[]}[]
  private queryEnd = 0

  /** `tokenCount` is the length of the whole text, `dtype` what queries and keys are stored as. */
  constructor(
    plan: CapturePlan,
    private readonly options: {readonly tokenCount: number; readonly dtype: CaptureDtype}
  ) {
    this.layers = plan.layers.map((layer) => ({
      plan: layer,
      sites: layer.sites.map((site: SiteCapture) => new SiteRecorder(site, options)),
    }))
  }

  /**
   * Begins after a text that was captured before by the same plan and in the same storage: its numbers are
   * copied, and the next run is of what follows it.
   */
  begin(layers: readonly CapturedLayer[], tokenCount: number): void {
    for (const {plan, sites} of this.layers) {
      const before = layers.find(({layer}) => layer === plan.layer)
      if (before?.sites.length !== sites.length) throw new RangeError(`no layer ${plan.layer}`)
      for (const [at, site] of sites.entries()) site.begin(before.sites[at]!, tokenCount)
    }
    this.queryEnd = tokenCount
  }

  /**
   * Takes a run over the next positions of the text, from its outputs by name; of a batch, one row. Copies
   * what it keeps. Throws a Problem on shapes that do not fit together.
   */
  append(
    outputs: FetchedOutputs,
    {batchRow = 0, batchCount = 1}: {batchRow?: number; batchCount?: number} = {}
  ): void {
    const run = new FetchedRun(outputs, {batchRow, batchCount, queryStart: this.queryEnd})
    let queryCount = 0
    for (const {sites} of this.layers) {
      for (const site of sites) queryCount = site.append(run)
    }
    this.queryEnd += queryCount
  }

  /** Nothing was taken yet. */
  get isEmpty(): boolean {
    return this.queryEnd === 0
  }

  /** What was captured so far. */
  get capture(): AttentionCapture {
    const {dtype, tokenCount} = this.options
    const layers = this.layers.map(({plan: {layer}, sites}) => {
      const captured = sites.map((site) => site.captured)
      const queryHeadCount = captured.reduce((sum, one) => sum + one.queryHeadCount, 0)
      return {layer, queryHeadCount, sites: captured}
    })
    return {dtype, tokenCount, layers}
  }
}
