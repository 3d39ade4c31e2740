import type {SeededRandom} from '../../../shared/math/seeded-random.ts'

/** What the model says of a target after each of some sequences, one entry a sequence. */
export interface TargetScores {
  /** The explained probability: mean over the target's tokens, or of a contrast p(A) / (p(A) + p(B)). */
  readonly prob: Float64Array
  /** 1 − prob, summed from the tokens that are not the target: exact where prob is nearly 1. */
  readonly otherProb: Float64Array
  /**
   * How far the target's logit is from not being among the k highest, or of a contrast how far A's is ahead of B's;
   * of several tokens the worst. From 0 on it is among them.
   */
  readonly margin: Float64Array
}

/** Runs sequences of the same length as one batch, or as several that fit. */
export type ScoreSequences = (sequences: readonly Int32Array[]) => Promise<TargetScores>

/** Where replacements come from. */
export interface ReplacementSampler {
  /**
   * A token for each of some positions, each exactly one token of the attributed model as text. It takes numbers from
   * `random` alone, so that the same stream gives the same tokens whatever else is drawn.
   */
  draw(positions: readonly number[], random: SeededRandom): Promise<readonly number[]>
  /** Candidates so far that were no single token, and were drawn again. */
  readonly redrawnCount: number
}

/** A context whose tokens are to be scored. */
export interface Subject {
  readonly ids: Int32Array
  /** Positions that may be replaced, ascending; scores have one entry each. */
  readonly positions: readonly number[]
  readonly score: ScoreSequences
  readonly sampler: ReplacementSampler
}

/** The sequence with other tokens at some positions. */
export async function replaced(
  {ids, sampler}: Pick<Subject, 'ids' | 'sampler'>,
  positions: readonly number[],
  random: SeededRandom
): Promise<Int32Array> {
  const changed = ids.slice()
  const drawn = await sampler.draw(positions, random)
  positions.forEach((position, i) => {
    changed[position] = drawn[i]!
  })
  return changed
}
