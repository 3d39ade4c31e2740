import type {
  HeadName,
  HeadStatistics,
  ProbedHead,
  RepeatProbe,
} from '../../lenses/attention-maps.ts'
import {createSeededRandom} from '../seeded-random.ts'
import type {ScoresOfHead} from './head-statistics.ts'

/** A name rests on at least so many random texts (definitions: heads). */
export const LEAST_SEEDS_FOR_NAMES = 5

/**
 * What a head's score must be above its chance level, on the mean over seeds, to be called by a name: half of
 * its attention, over the positions where there is something to find. A sink must be one wherever it looks:
 * heads that copy rest on the first token in the first copy, which is half of all rows.
 */
export const NAME_THRESHOLDS = {
  inductionScore: {name: 'induction', aboveChance: 0.5},
  previousTokenScore: {name: 'previous-token', aboveChance: 0.5},
  duplicateTokenScore: {name: 'duplicate-token', aboveChance: 0.5},
  firstTokenScore: {name: 'sink', aboveChance: 0.75},
} as const satisfies Partial<Record<keyof HeadStatistics, {name: HeadName; aboveChance: number}>>

/**
 * The random-repeat probe: the begin tokens and `length` random distinct tokens, `repeats` times.
 * @param beginIds What the tokenizer puts before a text; may be empty.
 * @param candidates Ids to draw from, distinct, at least `length` of them: no special ones.
 */
export function repeatSequence(
  {length, repeats}: Pick<RepeatProbe, 'length' | 'repeats'>,
  {seed, beginIds, candidates}: {seed: number; beginIds: readonly number[]; candidates: Int32Array}
): Int32Array<ArrayBuffer> {
  if (candidates.length < length) {
    throw new RangeError(`${length} distinct tokens of ${candidates.length}`)
  }
  const random = createSeededRandom(seed)
  const drawn = candidates.slice()
  for (let at = 0; at < length; at++) {
    const other = at + Math.floor(random.nextUnit() * (drawn.length - at))
    const chosen = drawn[other]!
    drawn[other] = drawn[at]!
    drawn[at] = chosen
  }
  const ids = new Int32Array(beginIds.length + length * repeats)
  ids.set(beginIds)
  for (let copy = 0; copy < repeats; copy++) {
    ids.set(drawn.subarray(0, length), beginIds.length + copy * length)
  }
  return ids
}

/** What the probe calls a head; a head may be several. Nothing where it was asked with too few seeds. */
export function headNames(scores: ScoresOfHead, seedCount: number): HeadName[] {
  if (seedCount < LEAST_SEEDS_FOR_NAMES) return []
  const names: HeadName[] = []
  for (const key of Object.keys(NAME_THRESHOLDS) as (keyof typeof NAME_THRESHOLDS)[]) {
    const {name, aboveChance} = NAME_THRESHOLDS[key]
    const [score, chance] = [scores[key], scores.chance[key]]
    if (score !== null && chance !== null && score - chance >= aboveChance) names.push(name)
  }
  return names
}

/** One head over several random texts: means over those that have the number, sums of the counts, names. */
export function probedHead(
  head: Pick<HeadStatistics, 'layer' | 'head'>,
  seeds: readonly ScoresOfHead[]
): ProbedHead {
  const mean = (of: (scores: ScoresOfHead) => number | null) => {
    const values = seeds.map(of).filter((value) => value !== null)
    return values.length === 0
      ? null
      : values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const total = (of: (scores: ScoresOfHead) => number) =>
    seeds.reduce((sum, scores) => sum + of(scores), 0)
  const scores: ScoresOfHead = {
    entropyBits: mean((one) => one.entropyBits),
    normalizedEntropy: mean((one) => one.normalizedEntropy),
    meanDistance: mean((one) => one.meanDistance),
    meanDistanceWithoutSink: mean((one) => one.meanDistanceWithoutSink),
    previousTokenScore: mean((one) => one.previousTokenScore),
    firstTokenScore: mean((one) => one.firstTokenScore),
    duplicateTokenScore: mean((one) => one.duplicateTokenScore),
    inductionScore: mean((one) => one.inductionScore),
    chance: {
      previousTokenScore: mean(({chance}) => chance.previousTokenScore),
      firstTokenScore: mean(({chance}) => chance.firstTokenScore),
      duplicateTokenScore: mean(({chance}) => chance.duplicateTokenScore),
      inductionScore: mean(({chance}) => chance.inductionScore),
    },
    positionCounts: {
      rows: total(({positionCounts}) => positionCounts.rows),
      previousTokenScore: total(({positionCounts}) => positionCounts.previousTokenScore),
      firstTokenScore: total(({positionCounts}) => positionCounts.firstTokenScore),
      duplicateTokenScore: total(({positionCounts}) => positionCounts.duplicateTokenScore),
      inductionScore: total(({positionCounts}) => positionCounts.inductionScore),
    },
    nowhereShare: mean((one) => one.nowhereShare),
    nonFiniteCount: total((one) => one.nonFiniteCount),
  }
  return {...head, ...scores, names: headNames(scores, seeds.length)}
}
