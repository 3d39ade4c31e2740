import {expect, test} from 'vitest'
import {distributionSchema} from '../../../shared/lenses/next-tokens.ts'
import {shapeLaw} from './law.ts'

test('the three laws are softmaxes of the log-probabilities, written out', () => {
  const probs = [0.5, 0.3, 0.15, 0.05]
  const law = shapeLaw(Float64Array.from(probs, Math.log), {temperature: 0.5, topK: 2})
  // At temperature ½ probabilities are squared.
  const squares = probs.map((prob) => prob * prob)
  const [all, two] = [squares.reduce((a, b) => a + b), squares[0]! + squares[1]!]
  const expected = {
    raw: probs,
    temperature: squares.map((square) => square / all),
    truncated: squares.map((square, id) => (id < 2 ? square / two : 0)),
  }
  for (const distribution of distributionSchema.options) {
    for (const [id, prob] of law.law(distribution).entries()) {
      expect(prob).toBeCloseTo(expected[distribution][id]!, 12)
      const logprob = law.logprob(id, distribution)
      expect(Math.exp(logprob)).toBeCloseTo(expected[distribution][id]!, 12)
    }
    // What is without the likeliest token is the rest of the same law.
    const rest = law.without(new Set([0]))[distribution]
    expect(rest).toBeCloseTo(1 - expected[distribution][0]!, 12)
  }
  for (const id of probs.keys()) {
    expect(law.drawnProb(id)).toBeCloseTo(expected.truncated[id]!, 12)
  }
})
