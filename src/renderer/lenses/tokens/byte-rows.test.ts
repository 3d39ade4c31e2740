import {expect, test} from 'vitest'
import {byteRows} from './byte-rows.ts'

const bytes = (probs: Readonly<Record<number, readonly [number, number | null]>>) =>
  Array.from({length: 256}, (_, byte) => ({
    byte,
    prob: probs[byte]?.[0] ?? 0,
    tokenProb: probs[byte] ? probs[byte][1] : 0,
  }))

test('rows are those that either way holds likely, by exact probability; the others are summed', () => {
  const {rows, rest, longest} = byteRows({
    bytes: bytes({
      97: [0.5, 0],
      98: [0.2, 0.05],
      99: [0, 0.9],
      ...Object.fromEntries(Array.from({length: 10}, (_, i) => [i, [0.03, 0.005]])),
    }),
  })
  expect(rows.map(({byte}) => byte)).toEqual([97, 98, 0, 1, 2, 3, 4, 99])
  expect(longest).toBe(0.9)
  // Five of ten are shown.
  expect(rest.prob).toBeCloseTo(0.15, 12)
  expect(rest.tokenProb).toBeCloseTo(0.025, 12)
})

test('where the text is no whole one its tokens say nothing', () => {
  const {rest} = byteRows({bytes: bytes({}).map((row) => ({...row, tokenProb: null}))})
  expect(rest.tokenProb).toBeNull()
})
