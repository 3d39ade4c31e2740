import {expect, test} from 'vitest'
import {tokenTableOf} from '../../shared/domain/token.ts'
import type {NextTokens} from '../../shared/lenses/tokens.ts'
import {computeNextTokens} from '../../shared/math/next-tokens.ts'
import {insteadRows} from './instead-rows.ts'
import {answerBitsText} from './prompt-list/prompt-list-text.ts'

const LOGITS = Float32Array.from({length: 40}, (_, i) => Math.sin(i * 1.7) * 3)
/** By the formula itself, over the whole vocabulary. */
const PROBS = [...LOGITS].map(
  (logit) => Math.exp(logit) / [...LOGITS].reduce((sum, other) => sum + Math.exp(other), 0)
)

function tableOf(topK: number): NextTokens {
  const {ids, ...columns} = computeNextTokens(LOGITS, {topK, temperature: 0.5, topP: 0.4})
  const parts = Array.from(ids, (id) => ({
    ...{id, bytes: Uint8Array.of(65 + id), byteStart: 0, byteEnd: 1},
    ...{isSpecial: false, isInserted: false, spanClass: 'lossless' as const},
  }))
  return {position: 3, temperature: 0.5, topP: 0.4, tokens: tokenTableOf(parts), ...columns}
}

test.each([5, 7, 40])(
  'of %i rows of a table five and the rest are the whole, whatever the sampling',
  (topK) => {
    const {rows, restProb, restCount} = insteadRows(tableOf(topK), 5)
    const likeliest = [...PROBS.keys()].sort((a, b) => PROBS[b]! - PROBS[a]!)
    expect(rows.map(({token}) => token.id)).toEqual(likeliest.slice(0, 5))
    for (const {token, prob} of rows) expect(prob).toBeCloseTo(PROBS[token.id]!, 6)
    const others = likeliest.slice(5)
    expect(restCount).toBe(others.length)
    expect(restProb).toBeCloseTo(
      others.reduce((sum, id) => sum + PROBS[id]!, 0),
      6
    )
  }
)

test('the surprisal of an answer is how often its probability has to be doubled to be sure', () => {
  for (const [prob, text] of [
    [1, '0.00 bits'],
    [1 / 2, '1.0 bits'],
    [1 / 1024, '10.0 bits'],
    [0.7, '0.51 bits'],
  ] as const) {
    expect(answerBitsText({logprob: Math.log(prob)})).toBe(text)
  }
})
