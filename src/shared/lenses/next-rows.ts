import {tokensOfTable} from '../domain/token.ts'
import {exp} from '../math/exp.ts'
import {log} from '../math/log.ts'
import type {Distribution, NextToken, NextTokens, Sampling} from './next-tokens.ts'

/** Which distribution the probabilities of a table belong to. */
export function distributionOf({temperature, topP}: Sampling): Distribution {
  if (topP < 1) return 'truncated'
  return temperature === 1 ? 'raw' : 'temperature'
}

/** A table's rows as a result lists them: probabilities under one of its distributions. */
export function nextRows(next: NextTokens, distribution: Distribution): NextToken[] {
  return tokensOfTable(next.tokens).map((token, i) => {
    const rawProb = exp(next.rawLogprobs[i]!)
    const prob = distribution === 'raw' ? rawProb : next.sampledProbs[i]!
    const logprob = distribution === 'raw' ? next.rawLogprobs[i]! : log(prob)
    return {
      id: token.id,
      bytesHex: token.bytesHex,
      text: token.text,
      prob,
      logprob: prob > 0 || distribution === 'raw' ? logprob : null,
      rawProb,
    }
  })
}
