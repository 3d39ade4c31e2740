import type {HeadStatistics} from '../../lenses/attention-maps.ts'
import type {TextFacts} from './token-repeats.ts'
import type {VisibleKeys} from './visible-keys.ts'

/** Above this share on key 0 a mean distance without it rests on too little. */
const MOSTLY_FIRST = 0.9
/** Rows of a softmax in half precision sum to 1 within this. */
const ROW_SUM_ERROR = 2e-3

/** The numbers of a head, without which head it is. */
export type ScoresOfHead = Omit<HeadStatistics, 'layer' | 'head'>

/** A mean of what was seen so far, beside what uniform attention would have. */
class ScoreMean {
  count = 0
  private sum = 0
  private chanceSum = 0

  add(score: number, chance: number): void {
    this.count++
    this.sum += score
    this.chanceSum += chance
  }

  get score(): number | null {
    return this.count === 0 ? null : this.sum / this.count
  }

  get chance(): number | null {
    return this.count === 0 ? null : this.chanceSum / this.count
  }
}

/**
 * Statistics of one head (definitions: heads), row by row, in any order and each row once; nothing of a row
 * is kept. Rows from query 1 on count, and those with a weight that is no number do not: they are counted.
 */
export class HeadAccumulator {
  private rowCount = 0
  private nonFiniteCount = 0
  private readonly entropy = new ScoreMean()
  private readonly normalizedEntropy = new ScoreMean()
  private readonly distance = new ScoreMean()
  private readonly distanceWithoutFirst = new ScoreMean()
  private readonly nowhere = new ScoreMean()
  private largestNowhere = 0
  private readonly first = new ScoreMean()
  private readonly previous = new ScoreMean()
  private readonly duplicate = new ScoreMean()
  private readonly induction = new ScoreMean()

  constructor(
    private readonly text: TextFacts,
    private readonly keys: VisibleKeys
  ) {}

  /**
   * Takes in rows of consecutive queries.
   * @param weights [query, key], each row over all positions of the text.
   */
  add(firstQuery: number, weights: Float32Array): void {
    const {tokenCount} = this.text
    for (let at = 0, query = firstQuery; at < weights.length; at += tokenCount, query++) {
      if (query >= 1) this.addRow(query, weights, at)
    }
  }

  private addRow(query: number, weights: Float32Array, at: number): void {
    const start = this.keys.starts[query]!
    const end = this.keys.ends[query]!
    const own = Math.min(end, query + 1)
    let sum = 0
    let powerLog = 0
    let place = 0
    for (let i = at + start; i < at + own; i++) {
      const weight = weights[i]!
      sum += weight
      if (weight > 0) powerLog += weight * Math.log(weight)
      place += weight * (i - at)
    }
    let distance = query * sum - place
    for (let i = at + Math.max(start, own); i < at + end; i++) {
      const weight = weights[i]!
      sum += weight
      if (weight > 0) powerLog += weight * Math.log(weight)
      distance += weight * (i - at - query)
    }
    if (!Number.isFinite(sum)) {
      this.countNonFinite(weights.subarray(at + start, at + end))
      return
    }
    this.rowCount++
    const first = start === 0 && end > 0 ? weights[at]! : 0
    this.addShape({query, count: end - start, sum, powerLog, distance, first})
    this.addRepeats(query, weights, at)
  }

  /** What a row is like as a distribution. */
  private addShape({query, count, sum, powerLog, distance, first}: RowSums): void {
    this.nowhere.add(1 - sum, 0)
    this.largestNowhere = Math.max(this.largestNowhere, 1 - sum)
    this.distance.add(distance, 0)
    this.first.add(first, this.seesFirst(query) ? 1 / count : 0)
    if (sum <= 0) return
    // Of the row divided by its sum: −Σ (A/r) log2 (A/r).
    const entropy = Math.max(0, (Math.log(sum) - powerLog / sum) * Math.LOG2E)
    this.entropy.add(entropy, 0)
    if (count >= 2) this.normalizedEntropy.add(entropy / Math.log2(count), 0)
    const rest = sum - first
    // Below this it is what adding up left over.
    if (rest > 1e-12 * sum) this.distanceWithoutFirst.add((distance - first * query) / rest, 0)
  }

  /** What a row has on the token before, and on where its token occurred. */
  private addRepeats(query: number, weights: Float32Array, at: number): void {
    const {previousSame, isLeftOut, isFirstInserted} = this.text
    const start = this.keys.starts[query]!
    const end = this.keys.ends[query]!
    const chance = end > start ? 1 / (end - start) : 0
    if (query >= (isFirstInserted ? 2 : 1)) {
      const isSeen = query - 1 >= start && query - 1 < end
      this.previous.add(isSeen ? weights[at + query - 1]! : 0, isSeen ? chance : 0)
    }
    let duplicate = 0
    let duplicateCount = 0
    let induction = 0
    let inductionCount = 0
    let isInduced = false
    let earlier = previousSame[query]!
    if (earlier < 0) return
    for (; earlier >= 0; earlier = previousSame[earlier]!) {
      if (earlier >= start && earlier < end) {
        duplicate += weights[at + earlier]!
        duplicateCount++
      }
      const after = earlier + 1
      if (after >= query - 1 || isLeftOut[after] === 1) continue
      isInduced = true
      if (after < start || after >= end) continue
      induction += weights[at + after]!
      inductionCount++
    }
    this.duplicate.add(duplicate, duplicateCount * chance)
    if (isInduced) this.induction.add(induction, inductionCount * chance)
  }

  private seesFirst(query: number): boolean {
    return this.keys.starts[query] === 0 && this.keys.ends[query]! > 0
  }

  private countNonFinite(row: Float32Array): void {
    for (const weight of row) if (!Number.isFinite(weight)) this.nonFiniteCount++
  }

  /** The numbers of the rows so far; null where no position is eligible. */
  get scores(): ScoresOfHead {
    const {first, previous, duplicate, induction} = this
    const isMostlyFirst = (first.score ?? 0) > MOSTLY_FIRST
    return {
      entropyBits: this.entropy.score,
      normalizedEntropy: this.normalizedEntropy.score,
      meanDistance: this.distance.score,
      meanDistanceWithoutSink: isMostlyFirst ? null : this.distanceWithoutFirst.score,
      previousTokenScore: previous.score,
      firstTokenScore: first.score,
      duplicateTokenScore: duplicate.score,
      inductionScore: induction.score,
      chance: {
        previousTokenScore: previous.chance,
        firstTokenScore: first.chance,
        duplicateTokenScore: duplicate.chance,
        inductionScore: induction.chance,
      },
      positionCounts: {
        rows: this.rowCount,
        previousTokenScore: previous.count,
        firstTokenScore: first.count,
        duplicateTokenScore: duplicate.count,
        inductionScore: induction.count,
      },
      nowhereShare: this.largestNowhere > ROW_SUM_ERROR ? this.nowhere.score : null,
      nonFiniteCount: this.nonFiniteCount,
    }
  }
}

interface RowSums {
  readonly query: number
  /** Keys that are visible. */
  readonly count: number
  readonly sum: number
  /** Σ A ln A. */
  readonly powerLog: number
  readonly distance: number
  /** On key 0. */
  readonly first: number
}
