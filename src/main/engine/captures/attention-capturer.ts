import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import type {CaptureChoice} from '../../../shared/lenses/attention.ts'
import type {CaptureRequest, CaptureRoute} from '../onnx/capture-plan.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {MatrixThread} from '../runtime/matrix-thread.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CaptureDtype, CapturedLayer} from './attention-capture.ts'
import type {AttentionStore, KeptCapture} from './attention-store.ts'
import {type CapturePart, captureParts} from './capture-parts.ts'
import {CaptureRecorder} from './capture-recorder.ts'
import {HeldCache, heldCacheBytes} from './held-cache.ts'
import {layerCosts} from './layer-costs.ts'
import {layersByRoute} from './layer-routes.ts'
import type {MemoryBudget} from './memory-budget.ts'
import {plannedCapture} from './planned-capture.ts'
import {runPlan} from './run-plan.ts'

/** What captures are made with. */
export interface CaptureContext {
  readonly sessions: InstrumentedSessions
  readonly store: AttentionStore
  readonly budget: MemoryBudget
  /** Where matrices are computed. */
  readonly thread: MatrixThread
}

/** Which attention is wanted, of which text. */
export interface CaptureWish {
  readonly ids: Int32Array
  /** Ascending. */
  readonly layers: readonly number[]
  readonly choice: CaptureChoice
  /**
   * All layers are to be there afterwards, so that any row can be asked for. Off: each is used and dropped
   * before the next part is captured.
   */
  readonly isKept: boolean
  /** The norms of value vectors as well, where they can be had. */
  readonly withValueNorms?: boolean
}

/** How far a capture is, in positions run of those that all its parts run. */
export interface CaptureProgress {
  readonly done: number
  readonly total: number
  /** Until all parts are captured, an upper estimate; null before anything was measured. */
  readonly secondsLeft: number | null
}

/** What is kept of a shorter text that another one goes on. */
interface Beginning {
  readonly capture: KeptCapture
  readonly layers: readonly CapturedLayer[]
  readonly tokenCount: number
}

/** Machines have slow spells: what is left is estimated from above. */
const UPPER_FACTOR = 1.3

/** One run of the text, with the route of its layers. */
interface RoutedPart extends CapturePart {
  readonly route: CaptureRoute
}

/**
 * The capture of one text, made part by part as layers are asked for: planned so that what is captured at
 * once fits the memory that captures may take. Pins its place in the store until `close`.
 */
export class AttentionCapturer {
  readonly kept: KeptCapture
  readonly parts: RoutedPart[]
  /** Layers that are captured or will be, ascending. */
  readonly layers: readonly number[]
  private doneCount = 0
  /** Why a layer that has attention cannot be captured on any route. */
  private readonly refusals: Problem[] = []
  private heldCache: HeldCache | null = null

  /** Throws a Problem where a layer has no room, and where it has no attention to be captured. */
  constructor(
    private readonly context: CaptureContext,
    private readonly model: GraphedModel,
    private readonly wish: CaptureWish
  ) {
    this.kept = context.store.pin({
      modelKey: model.key,
      ids: wish.ids,
      wantsWeights: wish.choice === 'weights',
    })
    try {
      this.parts = this.plannedParts(wish.layers)
      const captured = new Set(this.parts.flatMap(({layers}) => layers))
      this.layers = wish.layers.filter((layer) => captured.has(layer) || this.has(layer))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Whether a layer is there with all that is wished of it. */
  has(layer: number): boolean {
    return this.kept.has(layer, {withValueNorms: this.wish.withValueNorms ?? false})
  }

  /** Captures the part that holds a layer, unless it is there. */
  async *ensure(
    layer: number,
    signal?: AbortSignal
  ): AsyncGenerator<CaptureProgress, void, undefined> {
    if (this.has(layer)) return
    if (!this.layers.includes(layer)) throw this.refusalOf(layer)
    let part = this.parts.find(({layers}) => layers.includes(layer))
    if (!part) {
      // It was there when this was planned, and has been let go of since.
      const [planned] = this.plannedParts([layer])
      part = planned!
      this.parts.push(part)
    }
    yield* this.run(part, signal)
  }

  /** Lets go of a layer that was used, where layers are not to be kept and nobody else looks at this text. */
  release(layer: number): void {
    if (!this.wish.isKept && this.kept.pinCount === 1) this.context.store.drop(this.kept, [layer])
  }

  /** Lets go of all layers, and of the cache that they left. */
  forget(): void {
    this.heldCache?.evict()
    this.context.store.drop(this.kept, this.kept.layerNumbers)
  }

  close(): void {
    this.context.store.unpin(this.kept)
  }

  /** Parts for what is missing, in the room that is left beside what is there; else for everything anew. */
  private plannedParts(layers: readonly number[]): RoutedPart[] {
    const {kept, context} = this
    const missing = layers.filter((layer) => !this.has(layer))
    if (missing.length > 0) context.store.dropTiles(kept)
    try {
      return this.partsOf(missing, context.budget.maxBytes - kept.byteLength)
    } catch (error) {
      if (!(error instanceof ProblemError) || kept.byteLength === 0) throw error
      context.store.drop(kept, kept.layerNumbers)
      return this.partsOf(layers, context.budget.maxBytes)
    }
  }

  private partsOf(layers: readonly number[], budgetBytes: number): RoutedPart[] {
    const {model, wish, context} = this
    const hasCache = model.structure.inputs.kvCache.length > 0
    const routes = layersByRoute(model.structure, layers, wish.choice)
    const parts: RoutedPart[] = []
    let refused: readonly number[] = []
    for (const route of ['queries-keys', 'weights'] as const) {
      // Where queries and keys turn out not to be had, the weights may be.
      const routed = [...routes[route], ...refused].sort((a, b) => a - b)
      if (routed.length === 0) continue
      const plan = plannedCapture(model, this.requestOf({layers: routed, route}))
      this.refusals.push(...plan.problems)
      const planned = plan.layers.map(({layer}) => layer)
      refused = routed.filter((layer) => !planned.includes(layer))
      if (planned.length === 0) continue
      const costs = layerCosts(plan, {
        tokenCount: wish.ids.length,
        runLength: hasCache ? context.sessions.chunkLengthOf(model) : wish.ids.length,
        config: model.files.config,
      })
      const cut = costs
        ? captureParts(costs, {budgetBytes, isKept: wish.isKept})
        : [{layers: planned, dtype: 'float32' as CaptureDtype}]
      parts.push(...cut.map((part) => ({...part, route})))
    }
    return parts.sort((a, b) => a.layers[0]! - b.layers[0]!)
  }

  private refusalOf(layer: number): Error {
    const isOfIt = ({field}: Problem) => /^layer (\d+)/.exec(field ?? '')?.[1] === String(layer)
    const problem = this.refusals.findLast(isOfIt)
    if (problem) return new ProblemError({file: this.model.files.filePath, ...problem})
    return new RangeError(`layer ${layer} was not asked for`)
  }

  private requestOf({layers, route}: Pick<RoutedPart, 'layers' | 'route'>): CaptureRequest {
    return {layers, route, wants: {valueNorms: this.wish.withValueNorms ?? false}}
  }

  /** What is kept of a shorter text that this one goes on, where it is the whole of what a part captures. */
  private beginningOf({layers, dtype}: RoutedPart): Beginning | null {
    if (this.parts.length > 1) return null
    const found = this.context.store.beginningOf(this.kept.key)
    if (!found) return null
    const withValueNorms = this.wish.withValueNorms ?? false
    const before: CapturedLayer[] = []
    for (const layer of layers) {
      const one = found.has(layer, {withValueNorms}) ? found.layerOf(layer) : null
      if (one?.dtype !== dtype) return null
      before.push(one.layer)
    }
    return {capture: found, layers: before, tokenCount: found.key.ids.length}
  }

  /** Of what is left of a part, and of the parts that are not there yet. */
  private secondsLeft(current: RoutedPart, doneCount: number): number | null {
    const {sessions} = this.context
    const {model, wish} = this
    const {length} = wish.ids
    const hasCache = model.structure.inputs.kvCache.length > 0
    const runLength = hasCache ? sessions.chunkLengthOf(model) : length
    let seconds = 0
    for (const part of this.parts) {
      if (part !== current && part.layers.every((layer) => this.has(layer))) continue
      const first = part === current ? doneCount : 0
      const calibration = sessions.calibrations.of(model.key, part.route)
      const more = calibration.secondsFor(length, runLength, first)
      if (more === null) return null
      seconds += more
    }
    return UPPER_FACTOR * seconds
  }

  private async *run(
    part: RoutedPart,
    signal: AbortSignal | undefined
  ): AsyncGenerator<CaptureProgress, void, undefined> {
    const {model, wish, context} = this
    const total = this.parts.length * wish.ids.length
    const plan = plannedCapture(model, this.requestOf(part))
    const recorder = new CaptureRecorder(plan, {tokenCount: wish.ids.length, dtype: part.dtype})
    const beginning = this.beginningOf(part)
    const cacheBytes =
      wish.isKept && this.parts.length === 1
        ? heldCacheBytes(model, wish.ids.length, context.budget)
        : null
    context.thread.warm()
    const before = this.doneCount
    yield {done: before, total, secondsLeft: this.secondsLeft(part, 0)}
    const run = runPlan(context.sessions, model, plan, wish.ids, {
      signal,
      knownCount: beginning?.tokenCount ?? 0,
      keepsCache: cacheBytes !== null,
      // Taken in as it arrives: nothing waits for a reader of the progress.
      onCaptured({firstPosition, tensors}) {
        // Where its cache is gone the text is run from its first position on.
        if (recorder.isEmpty && firstPosition > 0) {
          recorder.begin(beginning!.layers, beginning!.tokenCount)
        }
        recorder.append(Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor])))
      },
    })
    for await (const count of run) {
      yield {done: before + count, total, secondsLeft: this.secondsLeft(part, count)}
    }
    this.doneCount = before + wish.ids.length
    if (cacheBytes !== null)
      this.heldCache = new HeldCache(context.budget, context.sessions, cacheBytes)
    const {capture} = recorder
    const asked = {hasAskedNorms: wish.withValueNorms ?? false}
    if (context.store.add(this.kept, capture, asked)) {
      // All of it is in the longer text, which may go on growing token by token.
      if (beginning) context.store.forgetUnused(beginning.capture)
      return
    }
    // Where not all that is wanted fits, what was captured first gives way: it can be captured again.
    context.store.drop(this.kept, this.kept.layerNumbers)
    if (!context.store.add(this.kept, capture, asked))
      throw overBudget(part, context.budget.maxBytes)
  }
}

function overBudget({layers}: CapturePart, budgetBytes: number): ProblemError {
  const problem: Problem = {
    code: 'capture-over-budget',
    message: 'The captured attention takes more memory than captures may take.',
    field: `layers ${layers.join(', ')}`,
    found: 'more than was estimated before it was run',
    expected: `at most ${Math.floor(budgetBytes / 1e6)} MB`,
    advice: 'Allow captures more memory, take fewer layers, or a shorter prompt.',
  }
  return new ProblemError(problem)
}
