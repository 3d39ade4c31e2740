import {expect, test} from 'vitest'
import {sampleResult} from '../../../shared/figures/tokens/sample-result.ts'
import {factsOfToken, occurrencesOf} from './inspector-facts.ts'

const {tokens} = sampleResult({
  tokens: [
    ['<s>', null],
    [' lamp', 2],
    ['.', 0.25],
    [' lamp', 1],
  ],
})
const factOf = (position: number, name: string) =>
  factsOfToken(tokens[position]!, 2048).find((fact) => fact.name === name)!

test('numbers are rounded to be read and exact to be copied', () => {
  expect(factOf(1, 'probability')).toMatchObject({text: '0.25'})
  expect(Number(factOf(1, 'probability').exact)).toBeCloseTo(0.25, 12)
  expect(factOf(1, 'surprisal').text).toBe('2.00 bits')
  expect(factOf(1, 'bytes')).toMatchObject({text: '20 6c 61 6d 70', exact: '206c616d70'})
  expect(factOf(1, 'rank').text).toMatch(/^\d+ of 2,048$/u)
})

test('the first token has no statistics: a dash, never 0, and nothing to copy', () => {
  for (const name of ['probability', 'surprisal', 'entropy', 'rank', 'top-p mass', 'p(end)']) {
    expect(factOf(0, name)).toMatchObject({text: '—', exact: null})
  }
  expect(factOf(0, 'text bytes').text).toBe('inserted')
})

test('occurrences are of the id', () => {
  expect(occurrencesOf(tokens, tokens[1]!.id)).toEqual([1, 3])
  expect(occurrencesOf(tokens, tokens[2]!.id)).toEqual([2])
})
