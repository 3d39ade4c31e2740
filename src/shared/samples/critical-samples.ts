import {namedPosition, successAfter, successBefore} from '../figures/critical/named-tokens.ts'
import type {CriticalResult} from '../lenses/critical.ts'
import {count, numberIn, prob, type SampleOf, token} from './sample.ts'

export type CriticalSample = SampleOf<
  'critical',
  {
    selection: object
    settings: {readonly answer: string}
    /** With its counterfactual. */
    result: CriticalResult
  }
> & {readonly response: string}

/**
 * A word problem whose response takes the wrong plan. All its numbers are right but the last two, which only follow
 * from the plan: after its verb no completion comes right any more, and without it nearly all do.
 */
const WRONG_PLAN: CriticalSample = {
  id: 'wrong-plan-token',
  title: 'The wrong plan, and the token that takes it',
  lens: 'critical',
  view: null,
  model: 'micro-base',
  prompt: 'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. How many books has Kai?',
  response: ' So we add. 38 + 7 = 45. Answer: 45.',
  selection: {position: 'end', text: '?'},
  settings: {answer: '31'},
  claim: {
    name: 'the token after which no completion comes right, before any wrong number',
    measure(result) {
      const at = namedPosition(result, 'released')
      const [first] = result.counterfactual?.passAtK ?? []
      if (at === null || !first) return null
      const [before, after] = [successBefore(result, at), successAfter(result, at)]
      if (!before || !after) return null
      const firstNumber = result.tokens
        .slice(result.responseStart)
        .find(({text}) => /\d/u.test(text))?.position
      if (firstNumber === undefined) return null
      return {
        critical: token(result.tokens[at]!),
        before: prob(before.successCount / before.sampleCount),
        after: prob(after.successCount / after.sampleCount),
        ahead: count(firstNumber - at),
        forbidden: prob(first.forbidden),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'before') >= 0.7 &&
      numberIn(slots, 'after') === 0 &&
      numberIn(slots, 'ahead') > 0 &&
      numberIn(slots, 'forbidden') >= 0.7,
    caption:
      'Success falls from {before} to {after} at {critical}, {ahead} tokens before the first number is written. Forbid it, and {forbidden} of new completions are right.',
  },
}

/** Responses that went wrong at a known token. */
export const CRITICAL_SAMPLES: readonly CriticalSample[] = [WRONG_PLAN]
