import type {Sampling, StopReason} from '../../../shared/lenses/tokens.ts'
import {tokenLaw} from '../../../shared/math/sample.ts'
import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'
import type {BranchingModel} from './branching-model.ts'
import {SharedText} from './shared-texts.ts'

/** Beside any other its exponential is 0. */
const FORBIDDEN_LOGIT = -1e30
/** Others begin while fewer texts than this part of the width are run: those that begin alike soon differ. */
const FILLED_SHARE = 0.5
/** What was run for texts that are over is forgotten once it is more than these rows. */
const LEAST_FORGOTTEN = 512

/** Where a sampled completion begins. */
export interface RolloutStart {
  /** Tokens after the branching model's prompt; the completion follows them. */
  readonly path: readonly number[]
  /** Of its own stream of numbers: with the same seed it is the same completion whatever else is sampled. */
  readonly seed: number
  /**
   * A token that the completion may not begin with: its first is drawn from what is left of the model's own
   * distribution, at temperature 1 and without top-p.
   */
  readonly forbiddenId?: number
}

export interface RolloutOptions extends Sampling {
  readonly maxNewTokens: number
  readonly stopIds: readonly number[]
  /** Tokens that the context has for a path and its completion together. */
  readonly roomCount: number
  /** Completions that begin together; about as many texts that differ are run side by side. */
  readonly width: number
}

/** A completion that was sampled. */
export interface Rollout {
  /** Of its start among those that were given. */
  readonly index: number
  /** The stop id among them where it ended by one. */
  readonly ids: readonly number[]
  readonly stopReason: StopReason
}

interface Live {
  readonly index: number
  readonly start: RolloutStart
  readonly random: SeededRandom
  readonly firstCount: number
  text: SharedText
}

/**
 * Samples completions side by side, as branches of one prompt: what they share is computed once, and while they are
 * the same text they are one. Where some have ended others begin, so that runs stay full. Each has a stream of
 * numbers of its own, so that neither the width nor the others change it. They are given as they end, which is not in
 * the order of their starts.
 */
export async function* rollOut(
  model: BranchingModel,
  starts: readonly RolloutStart[],
  options: RolloutOptions
): AsyncGenerator<Rollout, void, undefined> {
  const rollouts = new Rollouts(model, starts, options)
  while (rollouts.isGoing) {
    yield* rollouts.admit()
    await rollouts.advance()
    yield* rollouts.ended()
  }
}

class Rollouts {
  private readonly root = SharedText.empty()
  private readonly stops: ReadonlySet<number>
  /** Oldest first. */
  private live: Live[] = []
  private nextStart = 0
  private round = 0
  private rowCount = 0

  constructor(
    private readonly model: BranchingModel,
    private readonly starts: readonly RolloutStart[],
    private readonly options: RolloutOptions
  ) {
    this.stops = new Set(options.stopIds)
  }

  get isGoing(): boolean {
    return this.live.length > 0 || this.nextStart < this.starts.length
  }

  /** Lets others begin where there is room; gives those that end at once. */
  admit(): Rollout[] {
    const {starts, options, root, nextStart} = this
    if (nextStart >= starts.length || !this.hasRoom()) return []
    const isFirst = nextStart === 0
    this.nextStart = Math.min(starts.length, nextStart + options.width)
    for (let index = nextStart; index < this.nextStart; index++) {
      const start = starts[index]!
      const text = root.withAll(start.path)
      text.hold()
      const random = createSeededRandom(start.seed)
      this.live.push({index, start, random, firstCount: start.path.length, text})
    }
    // Of an earlier call nothing else is needed.
    if (isFirst || this.isWasteful()) this.forget()
    return this.ended()
  }

  /** Draws the next token of as many as find room together, the oldest first. */
  async advance(): Promise<void> {
    const texts = this.chosen()
    if (texts.length === 0) return
    const rows = await this.model.logitsAfter(texts.map(({tokens}) => tokens))
    this.rowCount += texts.length
    const law = {temperature: this.options.temperature, topP: this.options.topP}
    const drawOf = new Map(texts.map((text, i) => [text, tokenLaw(rows[i]!, law)]))
    const rowOf = new Map(texts.map((text, i) => [text, rows[i]!]))
    for (const one of this.live) {
      const {text, start, random, firstCount} = one
      const draw = drawOf.get(text)
      if (!draw) continue
      const isForbidden = start.forbiddenId !== undefined && text.length === firstCount
      const token = isForbidden
        ? drawWithout(start.forbiddenId!, rowOf.get(text)!, random)
        : draw(random)
      one.text = text.with(token)
      one.text.hold()
      text.release()
    }
  }

  /** Takes out those that have come to their end. */
  ended(): Rollout[] {
    const found: Rollout[] = []
    this.live = this.live.filter((one) => {
      const stopReason = this.stopOf(one)
      if (!stopReason) return true
      found.push({
        index: one.index,
        ids: one.text.tokens.slice(one.firstCount),
        stopReason,
      })
      one.text.release()
      return false
    })
    return found
  }

  /**
   * Whether others may begin. As rows of a batch all have to begin alike, with a cache that holds what they share;
   * under a tree mask texts of any length run together.
   */
  private hasRoom(): boolean {
    const {live, options, model} = this
    if (live.length === 0) return true
    if (model.method === 'paths') return false
    const {textCount, placeCount} = this.extent()
    return textCount < FILLED_SHARE * options.width && placeCount < FILLED_SHARE * options.roomCount
  }

  /** Texts that are run next. Side by side they have to find room in one sequence; the others wait. */
  private chosen(): SharedText[] {
    const {options} = this
    const stamp = ++this.round
    const texts = new Set<SharedText>()
    let placeCount = 0
    for (const {text} of this.live) {
      if (texts.has(text)) continue
      placeCount += text.countNew(stamp) + 1
      if (texts.size > 0 && placeCount > options.roomCount) break
      texts.add(text)
    }
    return [...texts]
  }

  /** Texts that differ, and places that they and their next tokens take. */
  private extent(): {textCount: number; placeCount: number} {
    const stamp = ++this.round
    const texts = new Set(this.live.map(({text}) => text))
    let placeCount = texts.size
    for (const text of texts) placeCount += text.countNew(stamp)
    return {textCount: texts.size, placeCount}
  }

  private isWasteful(): boolean {
    return this.rowCount > 2 * this.extent().placeCount + LEAST_FORGOTTEN
  }

  private forget(): void {
    const texts = new Set(this.live.map(({text}) => text))
    this.model.retain([...texts].map(({tokens}) => tokens))
    this.rowCount = this.extent().placeCount
  }

  private stopOf({text, firstCount}: Live): StopReason | null {
    const {maxNewTokens, roomCount} = this.options
    const count = text.length - firstCount
    if (count > 0 && this.stops.has(text.token)) return 'stop-id'
    if (count >= maxNewTokens) return 'count'
    return text.length >= roomCount ? 'context-full' : null
  }
}

/** A token other than this one, from what is left of the model's own distribution. */
function drawWithout(forbiddenId: number, row: Float32Array, random: SeededRandom): number {
  const left = row.slice()
  left[forbiddenId] = FORBIDDEN_LOGIT
  return tokenLaw(left, {temperature: 1, topP: 1})(random)
}
