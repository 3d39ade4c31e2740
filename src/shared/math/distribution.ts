import {expOfNonPositive} from './exp.ts'

/** One number that a distribution over the vocabulary is turned into probabilities with. */
export interface Normalizer {
  readonly maxLogit: number
  /** ln Σ e^logit, so that logprob = logit − logSumExp. */
  readonly logSumExp: number
}

/** Statistics of one next-token distribution, and of the token that then occurred (definitions). */
export interface RowStatistics extends Normalizer {
  /** ln of the probability of the token that occurred, in nats. */
  readonly logprob: number
  readonly entropyBits: number
  /** KL(p‖U) = log2 V − entropy, U all V tokens alike. */
  readonly klToUniformBits: number
  /** KL(U‖p) = −log2 V − (1/V)·Σ log2 p; NaN where the model forbids a token, since it is infinite there. */
  readonly klFromUniformBits: number
  /** How many tokens are strictly more probable; equally probable tokens share a rank. */
  readonly rank: number
  readonly maxLogprob: number
  /** Total probability of all tokens at least as probable as the one that occurred. */
  readonly topPMass: number
  /** Total probability of the stop ids; NaN where there are none. */
  readonly endProb: number
}

/** Raised for a logit that cannot be read; who knows position and model makes a Problem of it. */
export class NonFiniteLogitError extends Error {
  constructor(
    readonly tokenId: number,
    readonly value: number
  ) {
    super(`the logit of token ${tokenId} is ${value}`)
    this.name = 'NonFiniteLogitError'
  }
}

/**
 * Statistics of the row `logits[start … start + length)` at temperature 1, in float64 over the whole
 * vocabulary: a first pass for the largest logit, a second for everything else.
 * `occurredId` is the token that followed. Throws NonFiniteLogitError.
 */
export function computeRowStatistics(
  logits: Float32Array,
  start: number,
  length: number,
  occurredId: number,
  endIds: readonly number[]
): RowStatistics {
  const end = start + length
  const maxLogit = largestLogit(logits, start, length)
  const occurredLogit = logits[start + occurredId]!
  let sum = 0
  let weightedSum = 0
  let distanceSum = 0
  let topSum = 0
  let rank = 0
  for (let i = start; i < end; i++) {
    const logit = logits[i]!
    const distance = logit - maxLogit
    const weight = expOfNonPositive(distance)
    sum += weight
    weightedSum += weight * distance
    distanceSum += distance
    if (logit >= occurredLogit) {
      topSum += weight
      if (logit > occurredLogit) rank++
    }
  }
  const logSum = Math.log(sum)
  // The two terms cancel where one token has nearly everything; entropy is never below 0.
  const entropyBits = Math.max(0, (logSum - weightedSum / sum) / Math.LN2)
  const isForbidding = distanceSum < MOST_FORBIDDEN
  let endSum = 0
  for (const id of endIds)
    if (id < length) endSum += expOfNonPositive(logits[start + id]! - maxLogit)
  return {
    maxLogit,
    logSumExp: maxLogit + logSum,
    logprob: occurredLogit - maxLogit - logSum,
    entropyBits,
    klToUniformBits: Math.max(0, Math.log2(length) - entropyBits),
    klFromUniformBits: isForbidding
      ? Number.NaN
      : Math.max(0, (logSum - distanceSum / length - Math.log(length)) / Math.LN2),
    rank,
    maxLogprob: 0 - logSum,
    topPMass: topSum / sum,
    endProb: endIds.length > 0 ? endSum / sum : Number.NaN,
  }
}

/** The normalizer of a row for which nothing has occurred yet. Throws NonFiniteLogitError. */
export function computeNormalizer(logits: Float32Array, start: number, length: number): Normalizer {
  const maxLogit = largestLogit(logits, start, length)
  let sum = 0
  for (let i = start; i < start + length; i++) sum += expOfNonPositive(logits[i]! - maxLogit)
  return {maxLogit, logSumExp: maxLogit + Math.log(sum)}
}

/** How many logits of a row are strictly greater than that of `tokenId`. */
export function rankInRow(
  logits: Float32Array,
  start: number,
  length: number,
  tokenId: number
): number {
  const own = logits[start + tokenId]!
  let rank = 0
  for (let i = start; i < start + length; i++) if (logits[i]! > own) rank++
  return rank
}

/** What a model writes −∞ for: as improbable, and still a number that results can hold. */
const LOWEST_FLOAT32 = -3.4028234663852886e38
/** Distances of logits that mean something add up to less than this. */
const MOST_FORBIDDEN = -1e30

/**
 * The largest logit of a row. Entries of −∞, by which a model forbids a token, become the lowest
 * float32 in place: their probability is 0 either way. Throws NonFiniteLogitError for NaN, for +∞ and
 * for a row that forbids everything.
 */
function largestLogit(logits: Float32Array, start: number, length: number): number {
  const end = start + length
  let max = Number.NEGATIVE_INFINITY
  // A finite number less itself is 0; NaN and the infinities turn the sum into NaN.
  let notFinite = 0
  for (let i = start; i < end; i++) {
    const logit = logits[i]!
    notFinite += logit - logit
    if (logit > max) max = logit
  }
  if (notFinite !== 0) lowerForbidden(logits.subarray(start, end), max)
  return max
}

function lowerForbidden(row: Float32Array, max: number): void {
  for (const [id, logit] of row.entries()) {
    if (Number.isFinite(logit)) continue
    const isForbidden = logit === Number.NEGATIVE_INFINITY && max > logit
    if (!isForbidden) throw new NonFiniteLogitError(id, logit)
    row[id] = LOWEST_FLOAT32
  }
}
