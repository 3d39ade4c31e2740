import type {Distribution} from '../../../shared/lenses/next-tokens.ts'
import type {TreeLaw} from '../../../shared/lenses/tree.ts'
import {expOfNonPositive} from '../../../shared/math/exp.ts'
import {log} from '../../../shared/math/log.ts'
import {topIds} from './top-ids.ts'

/** Probabilities over a vocabulary; they sum to 1. */
export type Law = Float64Array

/** What follows paths of token ids: how trees see a model, or a toy in its place. */
export interface LawSource {
  /**
   * Natural log-probabilities over the vocabulary, at temperature 1, after each path; −∞ where a token is
   * impossible. Paths start at the root of the tree, which is the empty path. The paths of one call are
   * computed together.
   */
  logprobsAfter(paths: readonly (readonly number[])[]): Promise<readonly Float64Array[]>
}

/** One next-token law as it is, after temperature, and truncated besides. */
export interface ShapedLaw {
  /** Natural log-probability of a token; −∞ where it cannot be drawn. */
  logprob(id: number, distribution: Distribution): number
  /** Probability of a token after temperature and truncation, from which is drawn. */
  drawnProb(id: number): number
  /** Tokens that truncation keeps, the likeliest first; null for all of them. */
  readonly keptIds: readonly number[] | null
  readonly keptCount: number
  isKept(id: number): boolean
  /** What all tokens but some have together, under each distribution: a sum over them, so that little keeps its digits. */
  without(ids: ReadonlySet<number>): Readonly<Record<Distribution, number>>
  /** All probabilities. */
  law(distribution: Distribution): Law
  /** The likeliest tokens; the order is that of every distribution. Of equal ones the lower id first. */
  top(count: number): readonly number[]
  readonly vocabularySize: number
}

/**
 * Temperature, then truncation: of the likeliest tokens the shortest list that top-k, top-p and min-p all
 * allow, each asked of the law after temperature; renormalised. Temperature 0 keeps the likeliest token.
 */
export function shapeLaw(raw: Float64Array, options: TreeLaw): ShapedLaw {
  const {temperature} = options
  const best = likeliest(raw)
  const bestLogprob = raw[best]!
  const weight = (id: number) =>
    temperature === 0
      ? Number(id === best)
      : expOfNonPositive((raw[id]! - bestLogprob) / temperature)
  const weights = new Float64Array(raw.length)
  if (temperature === 1) {
    for (let id = 0; id < raw.length; id++) weights[id] = expOfNonPositive(raw[id]! - bestLogprob)
  } else {
    for (let id = 0; id < raw.length; id++) weights[id] = weight(id)
  }
  const total = sumWithout(weights, [])
  const kept = keptTokens(raw, weight, total, options)
  const isKept = kept.ids && new Set(kept.ids)
  return {
    drawnProb: (id) => (isKept && !isKept.has(id) ? 0 : weights[id]! / kept.weight),
    logprob(id, distribution) {
      if (distribution === 'raw') return raw[id]!
      if (distribution === 'truncated' && isKept && !isKept.has(id)) return Number.NEGATIVE_INFINITY
      const sum = distribution === 'truncated' ? kept.weight : total
      // Not by way of the probability, which may be too small for a number.
      if (temperature > 0) return (raw[id]! - bestLogprob) / temperature - log(sum)
      return id === best ? 0 : Number.NEGATIVE_INFINITY
    },
    keptIds: kept.ids,
    keptCount: kept.ids?.length ?? raw.length,
    isKept: (id) => isKept?.has(id) ?? true,
    without(ids) {
      const sum = sumWithout(weights, ids)
      let rawSum = 0
      // At temperature 1 weights are the model's own probabilities over that of the likeliest.
      if (temperature === 1) rawSum = sum * expOfNonPositive(bestLogprob)
      else rawSum = sumWithout(raw.map(expOfNonPositive), ids)
      let truncated = sum / total
      if (kept.ids) {
        truncated = 0
        for (const id of kept.ids) if (!ids.has(id)) truncated += weights[id]! / kept.weight
      }
      return {raw: rawSum, temperature: sum / total, truncated}
    },
    law(distribution) {
      if (distribution === 'raw') return normalized(raw.map(expOfNonPositive))
      if (distribution === 'temperature' || !kept.ids) return normalized(weights.slice())
      const probs = new Float64Array(raw.length)
      for (const id of kept.ids) probs[id] = weights[id]!
      return normalized(probs)
    },
    top: (count) => topIds(raw, count),
    vocabularySize: raw.length,
  }
}

/** A sum over all entries but some; those are set aside meanwhile. */
function sumWithout(values: Float64Array, ids: Iterable<number>): number {
  const aside = Array.from(ids, (id) => [id, values[id]!] as const)
  for (const [id] of aside) values[id] = 0
  let sum = 0
  for (let id = 0; id < values.length; id++) sum += values[id]!
  for (const [id, value] of aside) values[id] = value
  return sum
}

/** What is drawn from: after temperature and truncation. */
export function processedLaw(raw: Float64Array, options: TreeLaw): Law {
  return shapeLaw(raw, options).law('truncated')
}

function keptTokens(
  raw: Float64Array,
  weight: (id: number) => number,
  total: number,
  {temperature, topK, topP = 1, minP = 0}: TreeLaw
): {ids: readonly number[] | null; weight: number} {
  const most = Math.min(topK ?? raw.length, raw.length)
  if (temperature === 0) return {ids: topIds(raw, 1), weight: 1}
  if (most === raw.length && topP >= 1 && minP === 0) return {ids: null, weight: total}
  for (let size = Math.min(most, 64); ; size = Math.min(most, 16 * size)) {
    const ids = topIds(raw, size)
    let sum = 0
    for (const [at, id] of ids.entries()) {
      // The likeliest token has weight 1, and always stays.
      if (at > 0 && weight(id) < minP) return {ids: ids.slice(0, at), weight: sum}
      sum += weight(id)
      if (topP < 1 && sum >= topP * total) return {ids: ids.slice(0, at + 1), weight: sum}
    }
    if (size === most) return {ids, weight: sum}
  }
}

/** The id of the largest entry; of equal ones the lowest. */
export function likeliest(values: Float64Array): number {
  let best = 0
  for (let id = 1; id < values.length; id++) if (values[id]! > values[best]!) best = id
  return best
}

/** Divided by its sum, in place. Throws a RangeError where there is nothing to divide. */
export function normalized(weights: Float64Array): Law {
  let sum = 0
  for (let id = 0; id < weights.length; id++) sum += weights[id]!
  if (!(sum > 0)) throw new RangeError('a law without mass')
  for (let id = 0; id < weights.length; id++) weights[id]! /= sum
  return weights
}

/** norm([p − q]+): what is left to be drawn after a draw of q was rejected; null where nothing is. */
export function residualOf(p: Law, q: Law): Law | null {
  const rest = new Float64Array(p.length)
  let sum = 0
  for (let id = 0; id < p.length; id++) {
    const more = p[id]! - q[id]!
    if (more > 0) sum += rest[id] = more
  }
  if (!(sum > 0)) return null
  for (let id = 0; id < rest.length; id++) rest[id]! /= sum
  return rest
}

/** The law without a token, renormalised; null where that was all of it. */
export function withoutToken(law: Law, tokenId: number): Law | null {
  const rest = law.slice()
  rest[tokenId] = 0
  let sum = 0
  for (let id = 0; id < rest.length; id++) sum += rest[id]!
  if (!(sum > 0)) return null
  for (let id = 0; id < rest.length; id++) rest[id]! /= sum
  return rest
}

/** The token at which the running sum passes `uniform`, which is in [0, 1). */
export function drawFrom(law: Law, uniform: number): number {
  let left = uniform
  let last = 0
  for (let id = 0; id < law.length; id++) {
    const prob = law[id]!
    if (prob === 0) continue
    left -= prob
    if (left < 0) return id
    last = id
  }
  // Rounding may leave a sliver after the last token.
  return last
}
