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
  {temperature, topP}: {temperature: number; topP: number},
  random: SeededRandom
): number {
  const likeliest = likeliestId(logits)
  const maxLogit = logits[likeliest]!
  const nucleus = selectNucleus(logits, maxLogit, temperature, topP)
  let left = random.nextUnit() * nucleus.keptWeight
  for (let i = 0; i < nucleus.keptCount; i++) {
    const id = nucleus.ids ? nucleus.ids[i]! : i
    left -= expOfNonPositive((logits[id]! - maxLogit) / temperature)
    if (left < 0) return id
  }
  // Rounding may leave a sliver after the last token.
  return likeliest
}
