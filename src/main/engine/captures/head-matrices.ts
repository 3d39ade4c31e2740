import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {Priority} from '../jobs/run-queue.ts'
import type {MatrixText} from '../runtime/matrix-protocol.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {
  AttentionCapturer,
  type CaptureContext,
  type CaptureProgress,
  type CaptureWish,
} from './attention-capturer.ts'
import type {CapturedFacts} from './attention-store.ts'
import {type HeadNorms, normsOfHead} from './head-norms.ts'
import type {KeptTile} from './kept-tiles.ts'
import type {RowSource} from './row-source.ts'

/** Numbers of one answer of the matrix thread; the coordinator copies them together. */
const MOST_PIECE_NUMBERS = 1 << 22

/**
 * The attention matrices of one text, head by head: from what is kept, else by capturing what is missing.
 * They are computed on a thread of their own. Pins the capture until `close`.
 */
export class HeadMatrices implements RowSource {
  private readonly capturer: AttentionCapturer

  /** Throws a Problem where a layer has no room or no attention. */
  constructor(
    private readonly context: CaptureContext,
    model: GraphedModel,
    wish: Omit<CaptureWish, 'isKept'>
  ) {
    this.capturer = new AttentionCapturer(context, model, {...wish, isKept: true})
  }

  /** Positions of the text: a row is as long. */
  get tokenCount(): number {
    return this.capturer.kept.key.ids.length
  }

  /** A whole matrix that was pooled before, to so many cells a side or to finer ones; null where there is none. */
  tile(key: string, size: number): KeptTile | null {
    return this.capturer.kept.tiles.get(key, size)
  }

  keepTile(key: string, tile: KeptTile): void {
    this.context.store.addTile(this.capturer.kept, key, tile)
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

  /** Layers as the matrix thread takes them; null where they do not fit the memory all at once. */
  async text(layers: readonly number[], signal?: AbortSignal): Promise<MatrixText | null> {
    for (const layer of layers) await this.have(layer, signal)
    const {kept} = this.capturer
    const found = layers.map((layer) => kept.layerOf(layer))
    const there = found.filter((layer) => layer !== null)
    return there.length === found.length ? {tokenCount: this.tokenCount, layers: there} : null
  }

  /**
   * Weights [query, key] of queries [from, to) of a head, each row over all positions: 0 where a query
   * cannot see a key, NaN where the model's numbers are none. The array is the caller's. What a person does
   * not wait for goes behind pictures.
   */
  async rows(
    layer: number,
    head: number,
    from: number,
    to: number,
    signal?: AbortSignal,
    priority: Priority = 'batch'
  ): Promise<Float32Array<ArrayBuffer>> {
    const text = (await this.text([layer], signal))!
    const ask = (start: number, end: number) => {
      const job = {text, layer, head, from: start, to: end}
      return this.context.thread.run('rows', job, {priority, signal})
    }
    const {tokenCount} = this
    const step = Math.max(1, Math.floor(MOST_PIECE_NUMBERS / tokenCount))
    if (to - from <= step) return ask(from, to)
    const whole = new Float32Array((to - from) * tokenCount)
    for (let start = from; start < to; start += step) {
      whole.set(await ask(start, Math.min(to, start + step)), (start - from) * tokenCount)
    }
    return whole
  }

  /** Resolves once no picture that a person waits for is computed: what can wait goes on then. */
  quiet(): Promise<void> {
    return this.context.thread.quiet()
  }

  /** Norms of a head's value vectors; null where they were not asked for or cannot be had. */
  async valueNorms(layer: number, head: number, signal?: AbortSignal): Promise<HeadNorms | null> {
    await this.have(layer, signal)
    const {tokenCount} = this
    return normsOfHead([this.capturer.kept.layerOf(layer)!.layer], {layer, head, tokenCount})
  }

  /**
   * Attention rollout through a layer, [query, key] (Abnar & Zuidema 2020); kept, since it is the product of
   * all layers before. Do not change it.
   */
  async rollout(throughLayer: number, signal?: AbortSignal): Promise<Float32Array> {
    const {store, thread} = this.context
    const {kept} = this.capturer
    const layers = this.layers.filter((layer) => layer <= throughLayer)
    const done = layers.findLastIndex((layer) => store.rollouts.get(kept, layer) !== null)
    let rollout = done < 0 ? null : store.rollouts.get(kept, layers[done]!)
    for (const layer of layers.slice(done + 1)) {
      const headCount = await this.headCount(layer, signal)
      const text = (await this.text([layer], signal))!
      const job = {text, layer, headCount, before: rollout}
      const next = await thread.run('rollout', job, {signal})
      rollout = store.rollouts.add(kept, layer, next)
    }
    if (!rollout) throw new RangeError('no layers to multiply')
    return rollout
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
