import {expOfNonPositive} from './exp.ts'
import {selectNucleus} from './next-tokens.ts'
import type {SeededRandom} from './seeded-random.ts'

/** The id of the largest logit; of equal ones the lowest. */
export function likeliestId(logits: Float32Array): number {
  let best = 0
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id
  return best
}

/**
 * Draws a token at `temperature` from the smallest set that reaches `topP`, renormalised. It takes
 * exactly one number from `random`, whatever the logits are. All logits must be finite.
 */
export function drawToken(
  logits: Float32Array,
  law: {temperature: number; topP: number},
  random: SeededRandom
): number {
  return tokenLaw(logits, law)(random)
}

/** What `drawToken` does, for many draws from one row: its set is chosen once. The row must not change meanwhile. */
export function tokenLaw(
  logits: Float32Array,
  {temperature, topP}: {temperature: number; topP: number}
): (random: SeededRandom) => number {
  const likeliest = likeliestId(logits)
  const maxLogit = logits[likeliest]!
  const nucleus = selectNucleus(logits, maxLogit, temperature, topP)
  const idAt = (i: number) => (nucleus.ids ? nucleus.ids[i]! : i)
  /** As far as draws have come. */
  const weights: number[] = []
  return (random) => {
    let left = random.nextUnit() * nucleus.keptWeight
    for (let i = 0; i < nucleus.keptCount; i++) {
      weights[i] ??= expOfNonPositive((logits[idAt(i)]! - maxLogit) / temperature)
      left -= weights[i]!
      if (left < 0) return idAt(i)
    }
    // Rounding may leave a sliver after the last token.
    return likeliest
  }
}
