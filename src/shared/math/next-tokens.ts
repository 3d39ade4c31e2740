import {computeNormalizer} from './distribution.ts'
import {expOfNonPositive} from './exp.ts'
import {selectTopIds} from './partial-selection.ts'

/** The numbers of a next-token table; entry i of every column belongs to `ids[i]`. */
export interface NextTokenColumns {
  readonly ids: Int32Array<ArrayBuffer>
  readonly logits: Float32Array<ArrayBuffer>
  readonly rawLogprobs: Float64Array<ArrayBuffer>
  /** After temperature and top-p, renormalised; 0 where top-p cuts the token. */
  readonly sampledProbs: Float64Array<ArrayBuffer>
  /** Mass of all tokens without a row, under either distribution. */
  readonly rawRestProb: number
  readonly sampledRestProb: number
  readonly restCount: number
  /** How many tokens top-p keeps. */
  readonly keptCount: number
  /** Raw probability of the tokens that top-p cuts. */
  readonly cutRawProb: number
}

/** The tokens that top-p keeps. */
export interface Nucleus {
  /** Likeliest first; null where it is the whole vocabulary. */
  readonly ids: Int32Array | null
  readonly keptCount: number
  /** Σ e^((logit − maxLogit) / temperature) over the tokens kept. */
  readonly keptWeight: number
}

const FIRST_NUCLEUS_SIZE = 64
const NUCLEUS_GROWTH = 16

/**
 * The `topK` likeliest tokens of one row of logits, under the raw distribution (temperature 1) and
 * as sampled (temperature, then top-p), both over the whole vocabulary. Of equally likely tokens the
 * lower id comes first. Rests are sums over the other tokens, not differences from 1, so a small one
 * keeps its digits. Throws NonFiniteLogitError.
 */
export function computeNextTokens(
  logits: Float32Array,
  {topK, temperature, topP}: {topK: number; temperature: number; topP: number}
): NextTokenColumns {
  const {maxLogit} = computeNormalizer(logits, 0, logits.length)
  const ids = selectTopIds(logits, topK)
  const nucleus = selectNucleus(logits, maxLogit, temperature, topP)

  const hasRow = new Uint8Array(logits.length)
  for (const id of ids) hasRow[id] = 1
  let rawSum = 0
  let rawRest = 0
  for (let id = 0; id < logits.length; id++) {
    const weight = expOfNonPositive(logits[id]! - maxLogit)
    rawSum += weight
    if (hasRow[id] === 0) rawRest += weight
  }

  // The table and the nucleus are both heads of the same order: one contains the other.
  const keptRowCount = Math.min(ids.length, nucleus.keptCount)
  const sampledProbs = new Float64Array(ids.length)
  for (let i = 0; i < keptRowCount; i++) {
    sampledProbs[i] =
      expOfNonPositive((logits[ids[i]!]! - maxLogit) / temperature) / nucleus.keptWeight
  }
  return {
    ids,
    logits: Float32Array.from(ids, (id) => logits[id]!),
    rawLogprobs: Float64Array.from(ids, (id) => logits[id]! - maxLogit - Math.log(rawSum)),
    sampledProbs,
    rawRestProb: rawRest / rawSum,
    sampledRestProb:
      sumOfUnlistedKept(logits, maxLogit, temperature, nucleus, hasRow) / nucleus.keptWeight,
    restCount: logits.length - ids.length,
    keptCount: nucleus.keptCount,
    cutRawProb: sumOfCut(logits, maxLogit, nucleus) / rawSum,
  }
}

/**
 * The smallest set of likeliest tokens whose probability at `temperature` reaches `topP`; at least
 * one token, and at `topP` 1 all of them.
 */
export function selectNucleus(
  logits: Float32Array,
  maxLogit: number,
  temperature: number,
  topP: number
): Nucleus {
  let total = 0
  for (let id = 0; id < logits.length; id++) {
    total += expOfNonPositive((logits[id]! - maxLogit) / temperature)
  }
  const whole: Nucleus = {ids: null, keptCount: logits.length, keptWeight: total}
  if (topP >= 1) return whole
  for (let size = FIRST_NUCLEUS_SIZE; ; size *= NUCLEUS_GROWTH) {
    const ids = selectTopIds(logits, size)
    let sum = 0
    for (let i = 0; i < ids.length; i++) {
      sum += expOfNonPositive((logits[ids[i]!]! - maxLogit) / temperature)
      if (sum >= topP * total) {
        return {ids: ids.subarray(0, i + 1), keptCount: i + 1, keptWeight: sum}
      }
    }
    // Added up in another order the whole may fall short of itself by rounding.
    if (ids.length === logits.length) return whole
  }
}

function sumOfUnlistedKept(
  logits: Float32Array,
  maxLogit: number,
  temperature: number,
  nucleus: Nucleus,
  hasRow: Uint8Array
): number {
  let sum = 0
  const add = (id: number) => {
    if (hasRow[id] === 0) sum += expOfNonPositive((logits[id]! - maxLogit) / temperature)
  }
  if (nucleus.ids) nucleus.ids.forEach(add)
  else for (let id = 0; id < logits.length; id++) add(id)
  return sum
}

function sumOfCut(logits: Float32Array, maxLogit: number, nucleus: Nucleus): number {
  if (!nucleus.ids) return 0
  const isKept = new Uint8Array(logits.length)
  for (const id of nucleus.ids) isKept[id] = 1
  let sum = 0
  for (let id = 0; id < logits.length; id++) {
    if (isKept[id] === 0) sum += expOfNonPositive(logits[id]! - maxLogit)
  }
  return sum
}
