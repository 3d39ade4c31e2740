import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {quantileOf} from '../../../shared/math/quantile.ts'
import {createSeededRandom} from '../../../shared/math/seeded-random.ts'
import {replaced, type Subject} from './subject.ts'

/** What a method came to so far; arrays have one entry a position of the subject. */
export interface BaselineEstimate {
  /** NaN where nothing was measured yet. */
  readonly values: Float64Array
  /** 10th and 90th percentile over permutations or draws; NaN of a single one. */
  readonly low: Float64Array
  readonly high: Float64Array
  /** Permutations or draws that are done, or begun where none is. */
  readonly drawCount: number
  /** How much of the work is done, and of how much. */
  readonly done: number
  readonly total: number
}

export interface BaselineOptions {
  /** Draws of a replacement, or permutations. */
  readonly draws: number
  readonly seed: number
}

/** Uniform random numbers in [0, 1): what a method has to be better than. */
export function randomValues(positionCount: number, seed: number): Float64Array {
  const random = createSeededRandom(seedOfRow(seed, 'random values'))
  return Float64Array.from({length: positionCount}, () => random.nextUnit())
}

/** Variants of the text that are scored together, before what they gave is told. */
const TOGETHER = 16

/** What the target loses when one position at a time is replaced: p⁰ − p, mean over draws. */
export async function* occludeByReplacing(
  subject: Subject,
  {draws, seed}: BaselineOptions,
  signal?: AbortSignal
): AsyncGenerator<BaselineEstimate, void, undefined> {
  const start = (await subject.score([subject.ids])).prob[0]!
  const {positions} = subject
  const losses: Float64Array[] = []
  for (let draw = 0; draw < draws; draw++) {
    const random = createSeededRandom(seedOfRow(seed, `occlusion ${draw}`))
    const variantOf = (i: number) => replaced(subject, [positions[i]!], random)
    const loss = new Float64Array(positions.length).fill(Number.NaN)
    for (let first = 0; first < loss.length; first += TOGETHER) {
      signal?.throwIfAborted()
      const end = Math.min(first + TOGETHER, loss.length)
      const sequences: Int32Array[] = []
      for (let i = first; i < end; i++) sequences.push(await variantOf(i))
      const {prob} = await subject.score(sequences)
      loss.set(
        prob.map((after) => start - after),
        first
      )
      if (end === loss.length) losses.push(loss)
      // A draw that is begun counts only where no other is done: a mean is of whole draws.
      const known = losses.length > 0 ? losses : [loss]
      yield estimateOf(known, {done: draw * loss.length + end, total: draws * loss.length})
    }
  }
}

/**
 * What the target loses without each of `count` positions, p⁰ − p: `probWithout` gives p without each of some of them,
 * by their indices.
 */
export async function* occludeEach(
  start: number,
  count: number,
  probWithout: (indices: readonly number[]) => Promise<Float64Array>,
  signal?: AbortSignal
): AsyncGenerator<BaselineEstimate, void, undefined> {
  const loss = new Float64Array(count).fill(Number.NaN)
  for (let first = 0; first < count; first += TOGETHER) {
    signal?.throwIfAborted()
    const end = Math.min(first + TOGETHER, count)
    const probs = await probWithout(Array.from({length: end - first}, (_, i) => first + i))
    loss.set(
      probs.map((after) => start - after),
      first
    )
    yield estimateOf([loss], {done: end, total: count})
  }
}

/**
 * Shapley values by sampling permutations (Castro et al. 2009), each followed by its reverse (antithetic): what the
 * target gains as the tokens come back one by one, in the order of the permutation, in place of replacements that are
 * drawn once a pair. Of each permutation the gains sum to p of the whole text less p of none of it.
 */
export async function* shapleyValues(
  subject: Subject,
  {draws, seed}: BaselineOptions,
  signal?: AbortSignal
): AsyncGenerator<BaselineEstimate, void, undefined> {
  const {ids, positions} = subject
  const gains: Float64Array[] = []
  for (let draw = 0; draw < draws; draw++) {
    signal?.throwIfAborted()
    const pair = draw >> 1
    const random = createSeededRandom(seedOfRow(seed, `permutation ${pair}`))
    const order = permutation(positions.length, () => random.nextUnit())
    if (draw % 2 === 1) order.reverse()
    let sequence = await replaced(subject, positions, random)
    const sequences = [sequence]
    for (const at of order) {
      sequence = sequence.slice()
      sequence[positions[at]!] = ids[positions[at]!]!
      sequences.push(sequence)
    }
    const {prob} = await subject.score(sequences)
    const gain = new Float64Array(positions.length)
    order.forEach((at, i) => {
      gain[at] = prob[i + 1]! - prob[i]!
    })
    gains.push(gain)
    yield estimateOf(gains, {done: gains.length, total: draws})
  }
}

/** 0 … count − 1 in random order (Fisher and Yates). */
export function permutation(count: number, nextUnit: () => number): number[] {
  const order = Array.from({length: count}, (_, i) => i)
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(nextUnit() * (last + 1))
    ;[order[last], order[chosen]] = [order[chosen]!, order[last]!]
  }
  return order
}

function estimateOf(
  draws: readonly Float64Array[],
  progress: Pick<BaselineEstimate, 'done' | 'total'>
): BaselineEstimate {
  const length = draws[0]?.length ?? 0
  const column = (numberOf: (values: number[]) => number) =>
    Float64Array.from({length}, (_, at) => numberOf(draws.map((draw) => draw[at]!)))
  const percentile = (share: number) =>
    column((values) => (draws.length > 1 ? quantileOf(values, share) : Number.NaN))
  return {
    values: column((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    low: percentile(0.1),
    high: percentile(0.9),
    drawCount: draws.length,
    ...progress,
  }
}
