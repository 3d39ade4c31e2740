import {type Law, residualOf, withoutToken} from './law.ts'

/** How the draws at one node are tested one after another, each given that those before it were rejected. */
export interface DrawTests {
  readonly tests: readonly DrawTest[]
  /** What the correction is drawn from once all were rejected. */
  readonly residual: Law
}

export interface DrawTest {
  /** Probability of the token in what is left to be drawn, and in the law that it was drawn from. */
  readonly residualProb: number
  readonly usedProb: number
  /** It is accepted where a uniform number lies below. */
  readonly acceptProb: number
  /** What is left after its rejection; null where the rule does not say before all are tested. */
  readonly residual: Law | null
}

/**
 * A rule of verification: `p` is the target's law, `q` the draft's, `tokens` the draws in order. Every rule
 * here keeps the law of the target, whatever the draft.
 */
export type VerifyRule = (p: Law, q: Law | null, tokens: readonly number[]) => DrawTests

/**
 * Independent draws (SpecInfer's multi-step rule; of one draw plain speculative sampling, Leviathan et al.
 * 2023): accept with R/q, else R becomes norm([R − q]+).
 */
export const independentRule: VerifyRule = (p, q, tokens) => ratioTests(p, tokens, () => q!)

/**
 * Draws without replacement (DySpec, RSD, Sequoia without its uniform fallback): accept with R/D, else R
 * becomes norm([R − D]+) and D loses the token. An empty D ends the tests.
 */
export const withoutReplacementRule: VerifyRule = (p, q, tokens) => {
  let draft: Law | null = q
  return ratioTests(p, tokens, (previous) => {
    if (previous !== null) draft = draft && withoutToken(draft, previous)
    return draft
  })
}

/**
 * Look-up: the target's own draw is looked up among the children, here child by child. Accept with R, else R
 * loses the token. The draft's law has no part in it; equal tokens count once.
 */
export const lookUpRule: VerifyRule = (p, _, tokens) => {
  const tests: DrawTest[] = []
  let residual: Law | null = p
  for (const token of tokens) {
    const residualProb = residual?.[token] ?? 0
    const rest: Law | null = residual && withoutToken(residual, token)
    // Nothing but this token was left, so it is certain; and what is certain is never rejected.
    const acceptProb = rest ? residualProb : 1
    if (!rest) {
      tests.push({residualProb, usedProb: 1, acceptProb, residual})
      break
    }
    residual = rest
    tests.push({residualProb, usedProb: 1, acceptProb, residual})
  }
  return {tests, residual: residual ?? p}
}

function ratioTests(
  p: Law,
  tokens: readonly number[],
  draftAfter: (rejected: number | null) => Law | null
): DrawTests {
  const tests: DrawTest[] = []
  let residual = p
  let rejected: number | null = null
  for (const token of tokens) {
    const draft = draftAfter(rejected)
    if (!draft) break
    rejected = token
    const residualProb = residual[token]!
    const usedProb = draft[token]!
    const rest = residualOf(residual, draft)
    // Nothing to correct with: a rejection could only be rounding, so the draft is accepted.
    const acceptProb = rest ? Math.min(1, residualProb / usedProb) : 1
    tests.push({residualProb, usedProb, acceptProb, residual: rest})
    if (!rest) break
    residual = rest
  }
  return {tests, residual}
}
