import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {quantileOf} from '../../../shared/math/quantile.ts'
import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'
import {descendingOrder, overlapOf, type Probability, scoreShift, softmaxOf} from './importance.ts'
import {replaced, type Subject} from './subject.ts'

export interface ReagentOptions {
  /** Share of the context that a step replaces, each position by itself. */
  readonly ratio: number
  /** Highest positions that the stopping test keeps. */
  readonly keepCount: number
  readonly overlap: number
  readonly maxSteps: number
  readonly probes: number
  /** The stopping test is made at every so many steps, and at the last. 1 is the method; more is a change of it. */
  readonly testEvery: number
  readonly seed: number
}

/** What has come of it so far. Arrays have one entry a position of the subject. */
export interface ReagentEstimate {
  readonly start: Probability
  /**
   * Ours: mean over probes of (u − u⁰) / steps, in nats per step, signed; then its 10th and 90th percentile over
   * probes that stopped, NaN before one has. It does not collapse when many steps are made.
   */
  readonly values: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** As released: mean over stopped probes of softmax(u); over all while none has stopped. */
  readonly released: Float64Array
  /** The highest entry of `released` before the first step. */
  readonly startLevel: number
  readonly probes: readonly {
    readonly stepCount: number
    readonly hasStopped: boolean
    /** p⁰ − p in its last step; null before one. */
    readonly probDrop: number | null
    /** The explained probability with its highest positions alone, in its last stopping test; null before one. */
    readonly keptProb: number | null
  }[]
  /** Indices into the subject's positions. */
  readonly rationale: readonly number[]
  /** Sequences that were scored. */
  readonly sequenceCount: number
  /**
   * How near a decision came to going otherwise: the least distance from 0 of a stopping test's margin, and from each
   * other of two scores that the border of the kept ones runs between.
   */
  readonly closestCall: number
}

/**
 * ReAGent (Zhao and Shan 2024, as in the authors' released code): probes that each start from random scores u, replace
 * a random part of the context, and move u by how much the target's probability falls; a probe stops when the target
 * is among the likeliest with only its highest positions kept. All probes that have not stopped run as one batch.
 * Yields after every step. Every probe has random streams of its own, so nothing depends on how runs are batched.
 */
export async function* runReagent(
  subject: Subject,
  options: ReagentOptions,
  signal?: AbortSignal
): AsyncGenerator<Reagent, Reagent, undefined> {
  const scores = await subject.score([subject.ids])
  const reagent = new Reagent(subject, options, {
    prob: scores.prob[0]!,
    otherProb: scores.otherProb[0]!,
  })
  for (let step = 1; step <= options.maxSteps && reagent.hasLiveProbes; step++) {
    signal?.throwIfAborted()
    await reagent.perturb()
    signal?.throwIfAborted()
    if (step % options.testEvery === 0 || step === options.maxSteps) await reagent.test()
    yield reagent
  }
  return reagent
}

/** The state of all probes. */
export class Reagent {
  private readonly probes: readonly Probe[]
  private sequenceCount = 1
  private closestCall = Number.POSITIVE_INFINITY

  constructor(
    private readonly subject: Subject,
    private readonly options: ReagentOptions,
    private readonly start: Probability
  ) {
    this.probes = Array.from(
      {length: options.probes},
      (_, index) => new Probe(subject.positions.length, options.seed, index)
    )
  }

  get hasLiveProbes(): boolean {
    return this.probes.some(({hasStopped}) => !hasStopped)
  }

  /** Replaces a random part of the context in every live probe, and moves the scores. */
  async perturb(): Promise<void> {
    const {subject, options, start} = this
    const live = this.live()
    const masks = live.map((probe) => probe.drawMask(options.ratio))
    const sequences: Int32Array[] = []
    for (const [i, probe] of live.entries()) {
      const positions = subject.positions.filter((_, at) => masks[i]![at] === 1)
      sequences.push(await replaced(subject, positions, probe.replacements))
    }
    const {prob, otherProb} = await subject.score(sequences)
    this.sequenceCount += sequences.length
    live.forEach((probe, i) => {
      const after = {prob: prob[i]!, otherProb: otherProb[i]!}
      probe.move(masks[i]!, scoreShift(start, after), start.prob - after.prob)
    })
  }

  /** Stops every live probe whose highest positions alone leave the target among the likeliest. */
  async test(): Promise<void> {
    const {subject, options} = this
    const live = this.live()
    const sequences: Int32Array[] = []
    for (const probe of live) {
      const order = descendingOrder(probe.scores)
      const [last, next] = [order[options.keepCount - 1], order[options.keepCount]]
      if (last !== undefined && next !== undefined) {
        this.noteCall(probe.scores[last]! - probe.scores[next]!)
      }
      const kept = new Set(order.slice(0, options.keepCount))
      const positions = subject.positions.filter((_, at) => !kept.has(at))
      sequences.push(await replaced(subject, positions, probe.tests))
    }
    const {margin, prob} = await subject.score(sequences)
    this.sequenceCount += sequences.length
    live.forEach((probe, i) => {
      this.noteCall(margin[i]!)
      probe.keptProb = prob[i]!
      if (margin[i]! >= 0) probe.hasStopped = true
    })
  }

  estimate(): ReagentEstimate {
    const {probes, options, subject} = this
    const stopped = probes.filter(({hasStopped}) => hasStopped)
    const counted = stopped.length > 0 ? stopped : probes
    const rates = probes.map((probe) => probe.rates())
    const stoppedRates = rates.filter((_, i) => probes[i]!.hasStopped)
    const column = (valueAt: (at: number) => number) =>
      Float64Array.from({length: subject.positions.length}, (_, at) => valueAt(at))
    const percentile = (share: number) =>
      column((at) =>
        quantileOf(
          stoppedRates.map((rate) => rate[at]!),
          share
        )
      )
    const meanSoftmax = (scores: readonly Float64Array[]) => {
      const all = scores.map(softmaxOf)
      return column((at) => meanOf(all.map((one) => one[at]!)))
    }
    return {
      start: this.start,
      values: column((at) => meanOf(rates.map((rate) => rate[at]!))),
      low: percentile(0.1),
      high: percentile(0.9),
      released: meanSoftmax(counted.map(({scores}) => scores)),
      startLevel: Math.max(...meanSoftmax(probes.map(({startScores}) => startScores))),
      probes: probes.map(({stepCount, hasStopped, probDrop, keptProb}) => ({
        ...{stepCount, hasStopped, probDrop, keptProb},
      })),
      rationale: overlapOf(
        counted.map(({scores}) => descendingOrder(scores).slice(0, options.keepCount)),
        options.overlap
      ),
      sequenceCount: this.sequenceCount,
      closestCall: this.closestCall,
    }
  }

  private live(): Probe[] {
    return this.probes.filter(({hasStopped}) => !hasStopped)
  }

  private noteCall(distance: number): void {
    this.closestCall = Math.min(this.closestCall, Math.abs(distance))
  }
}

class Probe {
  /** Natural-logarithm scores u, one a position, and those that it started from. */
  readonly scores: Float64Array
  readonly startScores: Float64Array
  stepCount = 0
  hasStopped = false
  probDrop: number | null = null
  keptProb: number | null = null
  readonly replacements: SeededRandom
  /** The test's own, so that leaving tests out changes no step. */
  readonly tests: SeededRandom
  private readonly masks: SeededRandom

  constructor(positionCount: number, seed: number, index: number) {
    const stream = (name: string) => createSeededRandom(seedOfRow(seed, `probe ${index} ${name}`))
    this.masks = stream('masks')
    this.replacements = stream('replacements')
    this.tests = stream('tests')
    this.startScores = Float64Array.from({length: positionCount}, () => this.masks.nextUnit())
    this.scores = this.startScores.slice()
  }

  /** 1 where a position is to be replaced, each with the probability `ratio`. */
  drawMask(ratio: number): Uint8Array {
    return Uint8Array.from(this.scores, () => (this.masks.nextUnit() < ratio ? 1 : 0))
  }

  move(mask: Uint8Array, shift: number, probDrop: number): void {
    for (let at = 0; at < mask.length; at++) {
      this.scores[at]! += mask[at] === 1 ? shift : -shift
    }
    this.stepCount++
    this.probDrop = probDrop
  }

  /** (u − u⁰) / steps; 0 before the first. */
  rates(): Float64Array {
    const {scores, startScores} = this
    const steps = Math.max(1, this.stepCount)
    return scores.map((score, at) => (score - startScores[at]!) / steps)
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
