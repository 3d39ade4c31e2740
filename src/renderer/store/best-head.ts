import type {HEAD_SCORES, HeadRef, HeadStatistics} from '../../shared/lenses/attention-maps.ts'

type HeadScore = (typeof HEAD_SCORES)[number]

/** The head that a text is opened on, and the score that says so. */
export interface BestHead extends HeadRef {
  readonly score: HeadScore
  readonly value: number
  /** What uniform attention would score. */
  readonly chance: number
}

/** In this order; attention to the first token says the least, so it is none of them. */
const TELLING: readonly HeadScore[] = [
  'inductionScore',
  'previousTokenScore',
  'duplicateTokenScore',
]
/** Fewer positions are too few to rest a score on. */
const LEAST_POSITIONS = 5
/** A score nearer to chance than this says nothing. */
const LEAST_ABOVE = 0.1

/**
 * The head with the highest induction score above chance; where none has one that says something, the
 * highest by previous token, then by duplicates. Null where all are like chance. Of heads alike the first.
 */
export function bestHeadOf(heads: readonly HeadStatistics[]): BestHead | null {
  for (const score of TELLING) {
    let best: BestHead | null = null
    for (const {layer, head, positionCounts, chance, [score]: value} of heads) {
      if (value === null || positionCounts[score] < LEAST_POSITIONS) continue
      const found = {layer, head, score, value, chance: chance[score] ?? 0}
      if (found.value - found.chance < LEAST_ABOVE) continue
      if (!best || found.value - found.chance > best.value - best.chance) best = found
    }
    if (best) return best
  }
  return null
}

const WORDS: Readonly<Record<HeadScore, string>> = {
  inductionScore: 'induction score',
  previousTokenScore: 'previous-token score',
  duplicateTokenScore: 'duplicate-token score',
  firstTokenScore: 'first-token score',
}
/** What a score is called in a sentence. */
export const scoreWords = (score: HeadScore) => WORDS[score]
