import type {ReplacementSampler, ScoreSequences, Subject} from './subject.ts'

/** Replacements that no context has. */
const FIRST_OTHER_ID = 1000

/** Draws one of 1,000 tokens that stand for nothing. */
export function otherTokens(): ReplacementSampler {
  return {
    redrawnCount: 0,
    draw: async (positions, random) =>
      positions.map(() => FIRST_OTHER_ID + Math.floor(random.nextUnit() * 1000)),
  }
}

/** A context of ids 0, 1, …, and a target whose probability is a function of which of them are intact. */
export function stubSubject(
  count: number,
  probOf: (isIntact: (position: number) => boolean) => number
): Subject & {readonly batchSizes: number[]; readonly seen: Int32Array[]} {
  const batchSizes: number[] = []
  const seen: Int32Array[] = []
  const score: ScoreSequences = async (sequences) => {
    batchSizes.push(sequences.length)
    seen.push(...sequences.map((sequence) => sequence.slice()))
    const prob = Float64Array.from(sequences, (ids) =>
      probOf((position) => ids[position] === position)
    )
    return {
      prob,
      otherProb: prob.map((one) => 1 - one),
      margin: prob.map((one) => one - 0.5),
    }
  }
  return {
    ids: Int32Array.from({length: count}, (_, position) => position),
    positions: Array.from({length: count}, (_, position) => position),
    sampler: otherTokens(),
    ...{score, batchSizes, seen},
  }
}

/** The target is likely while all of some tokens are intact, and unlikely without any one of them. */
export function needing(positions: readonly number[]) {
  return (isIntact: (position: number) => boolean) => (positions.every(isIntact) ? 0.9 : 0.1)
}
