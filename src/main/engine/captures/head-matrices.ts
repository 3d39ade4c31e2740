import {setImmediate as nextTurn} from 'node:timers/promises'
import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {
  AttentionCapturer,
  type CaptureContext,
  type CaptureProgress,
  type CaptureWish,
} from './attention-capturer.ts'
import type {CapturedFacts, HeadNorms} from './attention-store.ts'

/** Multiplications that rows may take before the coordinator answers others. */
const SLICE_PRODUCTS = 4e6
/** Of a head's vectors, where nothing is known yet. */
const ASSUMED_SIZE = 64

/**
 * The attention matrices of one text, head by head: from what is kept, else by capturing what is missing.
 * Pins the capture until `close`.
 */
export class HeadMatrices {
  private readonly capturer: AttentionCapturer

  /** Throws a Problem where a layer has no room or no attention. */
  constructor(context: CaptureContext, model: GraphedModel, wish: Omit<CaptureWish, 'isKept'>) {
    this.capturer = new AttentionCapturer(context, model, {...wish, isKept: true})
  }

  /** Positions of the text: a row is as long. */
  get tokenCount(): number {
    return this.capturer.kept.key.ids.length
  }

  /** Layers that are there or will be captured, ascending. */
  get layers(): readonly number[] {
    return this.capturer.layers
  }

  /** Captures the part that holds a layer, unless it is there; says how far it is. */
  ensure(layer: number, signal?: AbortSignal): AsyncGenerator<CaptureProgress, void, undefined> {
    return this.capturer.ensure(layer, signal)
  }

  /** Captures a layer silently, unless it is there. */
  async have(layer: number, signal?: AbortSignal): Promise<CapturedFacts> {
    for await (const _ of this.ensure(layer, signal)) signal?.throwIfAborted()
    signal?.throwIfAborted()
    return this.capturer.kept.factsOf(layer)!
  }

  /** Query heads of a layer. */
  async headCount(layer: number, signal?: AbortSignal): Promise<number> {
    return (await this.have(layer, signal)).queryHeadCount
  }

  /**
   * Weights [query, key] of queries [from, to) of a head, each row over all positions: 0 where a query
   * cannot see a key, NaN where the model's numbers are none. The array is the caller's.
   */
  async rows(
    layer: number,
    head: number,
    from: number,
    to: number,
    signal?: AbortSignal
  ): Promise<Float32Array<ArrayBuffer>> {
    await this.have(layer, signal)
    const {kept} = this.capturer
    const {tokenCount} = this
    const stepCount = Math.max(1, Math.floor(SLICE_PRODUCTS / (tokenCount * ASSUMED_SIZE)))
    const whole = new Float32Array((to - from) * tokenCount)
    for (let start = from; start < to; start += stepCount) {
      const end = Math.min(to, start + stepCount)
      const rows = kept.rows({layer, head, queryStart: start, queryEnd: end})
      if (!rows) throw new Error(`layer ${layer} is not captured`)
      whole.set(rows, (start - from) * tokenCount)
      await nextTurn()
      signal?.throwIfAborted()
    }
    return whole
  }

  /** Norms of a head's value vectors; null where they were not asked for or cannot be had. */
  async valueNorms(layer: number, head: number, signal?: AbortSignal): Promise<HeadNorms | null> {
    await this.have(layer, signal)
    return this.capturer.kept.valueNorms(layer, head)
  }

  /** Which keys each query of a head can see. */
  async visibleKeys(layer: number, head: number, signal?: AbortSignal): Promise<VisibleKeys> {
    await this.have(layer, signal)
    return this.capturer.kept.visibleKeys(layer, head)!
  }

  /** Key vectors of a layer, [position, size]; null where only its weights can be had. */
  async keyVectors(
    layer: number,
    signal?: AbortSignal
  ): Promise<{values: Float64Array; size: number} | null> {
    await this.have(layer, signal)
    return this.capturer.kept.keyVectors(layer)
  }

  /** Lets go of what was captured: of texts that nobody looks at. */
  forget(): void {
    this.capturer.forget()
  }

  close(): void {
    this.capturer.close()
  }
}
