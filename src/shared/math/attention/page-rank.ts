import type {ImportanceRequest} from '../../lenses/attention-maps.ts'
import type {VisibleKeys} from './visible-keys.ts'

/**
 * Weighted PageRank over the attention graph of one layer (Wang, Dedhia & Jha 2024, "Zero-TPrune", I-stage):
 * tokens vote for what they attend to, with as much as they were voted for. Scores of a head sum to the
 * number of tokens that take part.
 */
export type RankVariant = ImportanceRequest['variant']

/** Heads whose scores vary less or more are left out in models that look both ways. */
const LEAST_VARIANCE = 0.01
const MOST_VARIANCE = 0.7
const DAMPING = 0.85
/** Of position-corrected scores the last ones rest on fewer rows than this. */
const HOLLOW_COUNT = 3

/** Rounds of voting in the first, middle and last third of a model's layers. */
const ROUNDS_BY_THIRD = [50, 10, 1] as const

/** Rounds of voting in a layer; position-corrected votes once everywhere (definitions: importance). */
export function roundCount(variant: RankVariant, layer: number, layerCount: number): number {
  if (variant === 'position-corrected') return 1
  const third = Math.min(2, Math.floor((3 * layer) / layerCount))
  return ROUNDS_BY_THIRD[third]!
}

/** The first token that takes part: token 0 is dropped where it is a sink that would hide the rest. */
export function firstRemaining(variant: RankVariant): number {
  return variant === 'position-corrected' || variant === 'drop-sink' ? 1 : 0
}

/** Share of its score that a token passes on; the rest is given to all alike. */
export function dampingOf(variant: RankVariant): number {
  return variant === 'damped' ? DAMPING : 1
}

/** Which tokens take part: those from `first` on that are not dropped. */
export interface RankedTokens {
  readonly tokenCount: number
  readonly first: number
  /** 1 where a token was taken out before; null where none was. */
  readonly isDropped: Uint8Array | null
}

export function takesPart({first, isDropped}: RankedTokens, position: number): boolean {
  return position >= first && isDropped?.[position] !== 1
}

export function remainingCount(tokens: RankedTokens): number {
  let count = 0
  for (let position = 0; position < tokens.tokenCount; position++) {
    if (takesPart(tokens, position)) count++
  }
  return count
}

/** Scores before any vote: 1 for each token that takes part, 0 for the others. */
export function startScores(tokens: RankedTokens): Float64Array<ArrayBuffer> {
  return Float64Array.from({length: tokens.tokenCount}, (_, at) => (takesPart(tokens, at) ? 1 : 0))
}

/**
 * Adds the votes of consecutive queries: column sums of A, each row over the tokens that take part and
 * divided by its sum, times the voter's score. A row that has nothing on them does not vote.
 * @param weights [query, key], each row over all positions.
 * @returns How many queries had no vote, among them those whose weights are no numbers.
 */
export function addVotes(
  votes: Float64Array,
  {
    weights,
    firstQuery,
    keys,
    scores,
    tokens,
  }: {
    weights: Float32Array
    firstQuery: number
    keys: VisibleKeys
    scores: Float64Array
    tokens: RankedTokens
  }
): number {
  const {tokenCount, first, isDropped} = tokens
  let mutedCount = 0
  for (let at = 0, query = firstQuery; at < weights.length; at += tokenCount, query++) {
    if (!takesPart(tokens, query)) continue
    const start = at + Math.max(first, keys.starts[query]!)
    const end = at + keys.ends[query]!
    let sum = 0
    for (let i = start; i < end; i++) sum += weights[i]!
    if (isDropped) {
      for (let i = start; i < end; i++) if (isDropped[i - at] === 1) sum -= weights[i]!
    }
    if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) {
      mutedCount++
      continue
    }
    const factor = scores[query]! / sum
    for (let i = start; i < end; i++) votes[i - at]! += weights[i]! * factor
  }
  if (isDropped) for (let i = 0; i < tokenCount; i++) if (isDropped[i] === 1) votes[i] = 0
  return mutedCount
}

/** What votes become: damped, and scaled so that they sum to the number of tokens again. */
export function scoresOfVotes(
  votes: Float64Array,
  damping: number,
  tokens: RankedTokens
): Float64Array<ArrayBuffer> {
  const count = remainingCount(tokens)
  let sum = 0
  for (const vote of votes) sum += vote
  const scale = sum > 0 ? count / sum : 0
  return votes.map((vote, at) =>
    takesPart(tokens, at) ? damping * vote * scale + (1 - damping) : 0
  )
}

/** The same votes under attention that is uniform over what each query sees: what position alone gives. */
export function uniformVotes(keys: VisibleKeys, tokens: RankedTokens): Float64Array<ArrayBuffer> {
  const {tokenCount} = tokens
  const before = new Int32Array(tokenCount + 1)
  for (let at = 0; at < tokenCount; at++) {
    before[at + 1] = before[at]! + (takesPart(tokens, at) ? 1 : 0)
  }
  // What each key gets more than the one before it.
  const steps = new Float64Array(tokenCount + 1)
  for (let query = 0; query < tokenCount; query++) {
    const [start, end] = [keys.starts[query]!, keys.ends[query]!]
    if (!takesPart(tokens, query) || start >= end) continue
    const count = before[end]! - before[start]!
    if (count === 0) continue
    steps[start]! += 1 / count
    steps[end]! -= 1 / count
  }
  let votes = 0
  return Float64Array.from({length: tokenCount}, (_, at) => {
    votes += steps[at]!
    return takesPart(tokens, at) ? votes : 0
  })
}

/** Population variance of the scores of the tokens that take part, whose mean is 1. */
export function scoreVariance(scores: Float64Array, tokens: RankedTokens): number {
  let sum = 0
  for (const [at, score] of scores.entries()) if (takesPart(tokens, at)) sum += (score - 1) ** 2
  return sum / remainingCount(tokens)
}

/** Whether a head's scores vary as much as those of a head that tells tokens apart (VHF). */
export function passesVarianceFilter(variance: number): boolean {
  return variance >= LEAST_VARIANCE && variance <= MOST_VARIANCE
}

/** Heads of a layer in one score a token: the root of the mean of squares (EIR). */
export function rootMeanSquare(heads: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const [first] = heads
  if (!first) throw new RangeError('no heads')
  return first.map((_, at) => {
    let sum = 0
    for (const scores of heads) sum += scores[at]! ** 2
    return Math.sqrt(sum / heads.length)
  })
}

/**
 * Weighted PageRank of one head whose whole matrix is at hand.
 * @param weights [query, key] of all positions.
 */
export function pageRank(
  weights: Float32Array,
  {
    keys,
    tokens,
    rounds,
    damping,
  }: {keys: VisibleKeys; tokens: RankedTokens; rounds: number; damping: number}
): Float64Array<ArrayBuffer> {
  let scores = startScores(tokens)
  for (let round = 0; round < rounds; round++) {
    const votes = new Float64Array(tokens.tokenCount)
    addVotes(votes, {weights, firstQuery: 0, keys, scores, tokens})
    scores = scoresOfVotes(votes, damping, tokens)
  }
  return scores
}

/** Positions that are drawn hollow: of position-corrected scores the last ones. */
export function hollowPositions(variant: RankVariant, tokenCount: number): number[] {
  if (variant !== 'position-corrected') return []
  const first = Math.max(firstRemaining(variant), tokenCount - HOLLOW_COUNT)
  return Array.from({length: Math.max(0, tokenCount - first)}, (_, at) => first + at)
}
