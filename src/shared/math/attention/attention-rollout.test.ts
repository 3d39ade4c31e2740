import {describe, expect, it} from 'vitest'
import {
  AttentionFlow,
  dividedBySum,
  flowSeconds,
  flowWork,
  MOST_FLOW_WORK,
} from './attention-flow.ts'
import {addReach, addRows, mixWithResidual, rolloutStart} from './attention-rollout.ts'
import {MaxFlow} from './max-flow.ts'
import {randomAttention, smallestCut} from './test-matrices.ts'
import {type VisibleKeys, visibleKeys} from './visible-keys.ts'

/** Layers as they are multiplied: the mean over heads with the residual in. */
function mixed(heads: readonly Float32Array[], tokenCount: number): Float64Array {
  const sums = new Float64Array(tokenCount * tokenCount)
  for (const head of heads) addRows(sums, head)
  for (let query = 0; query < tokenCount; query++) {
    const row = sums.subarray(query * tokenCount, (query + 1) * tokenCount)
    mixWithResidual(row, query, heads.length)
  }
  return sums
}

function rolledOut(layers: readonly Float64Array[], query: number, keys: VisibleKeys) {
  const tokenCount = keys.ends.length
  let reach = rolloutStart(tokenCount, query)
  for (const layer of [...layers].reverse()) {
    const below = new Float64Array(tokenCount)
    for (let i = 0; i < tokenCount; i++) {
      const row = layer.subarray(i * tokenCount, (i + 1) * tokenCount)
      addReach(below, {row, query: i, reach: reach[i]!, keys})
    }
    reach = below
  }
  return reach
}

/** The attention of the hand case, whose two layers do not commute. */
const FIRST = mixed([Float32Array.of(1, 0, 0, 0.4, 0.6, 0, 0.2, 0.6, 0.2)], 3)
const SECOND = mixed([Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 0.6, 0.2, 0.2)], 3)
const CAUSAL_3 = visibleKeys(3, {isCausal: true})

function expectNumbers(found: Float64Array, expected: readonly number[], digits = 9) {
  expect(found.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, digits)
}

describe('attention rollout', () => {
  it('of three tokens by hand: the last layer comes first', () => {
    expectNumbers(rolledOut([FIRST, SECOND], 0, CAUSAL_3), [1, 0, 0], 6)
    expectNumbers(rolledOut([FIRST, SECOND], 1, CAUSAL_3), [0.4, 0.6, 0], 6)
    expectNumbers(rolledOut([FIRST, SECOND], 2, CAUSAL_3), [0.38, 0.26, 0.36], 6)
    // The wrong order gives other numbers.
    expectNumbers(rolledOut([SECOND, FIRST], 2, CAUSAL_3), [0.355, 0.285, 0.36], 6)
  })

  it('the residual is half of a row, and rows sum to 1 with a sink too', () => {
    const row = Float64Array.of(0.5, 0.25, 0)
    mixWithResidual(row, 2, 1)
    expectNumbers(row, [0.25 / 0.875, 0.125 / 0.875, 0.5 / 0.875])
    const none = Float64Array.of(Number.NaN, 0, 0)
    mixWithResidual(none, 1, 1)
    expectNumbers(none, [0, 1, 0])
  })

  for (const isCausal of [true, false]) {
    it(`is the product of matrices, ${isCausal ? 'causal' : 'both ways'}`, () => {
      const n = 11
      const keys = visibleKeys(n, {isCausal, window: isCausal ? 7 : null})
      const heads = [1, 2, 3].map((layer) =>
        [0, 1].map((head) => randomAttention(10 * layer + head, keys, {sink: layer - 1}))
      )
      const layers = heads.map((layer) => mixed(layer, n))
      // Once more, from the heads: ½ mean + ½ I, rows to 1, then last · … · first.
      const matrices = heads.map((layer) =>
        Array.from({length: n}, (_, i) => {
          const row = Array.from(
            {length: n},
            (_, j) => (layer[0]![i * n + j]! + layer[1]![i * n + j]!) / 4 + (i === j ? 0.5 : 0)
          )
          const sum = row.reduce((a, b) => a + b, 0)
          return row.map((value) => value / sum)
        })
      )
      const product = matrices.reduce((first, second) =>
        second.map((row) =>
          row.map((_, j) => row.reduce((sum, value, k) => sum + value * first[k]![j]!, 0))
        )
      )
      for (const query of [0, 5, n - 1]) {
        const found = rolledOut(layers, query, keys)
        expectNumbers(found, product[query]!)
        expect(found.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
      }
    })
  }
})

describe('attention flow', () => {
  it('of three tokens by hand', () => {
    const flow = new AttentionFlow([FIRST, SECOND], 3, 2)
    expectNumbers(flow.toAll(), [0.5, 0.4, 0.6], 6)
    expectNumbers(dividedBySum(flow.toAll()), [1 / 3, 4 / 15, 0.4], 6)
    const other = new AttentionFlow([FIRST, SECOND], 3, 1)
    expectNumbers(other.toAll(), [0.45, 0.75, 0], 6)
    expectNumbers(dividedBySum(other.toAll()), [0.375, 0.625, 0], 6)
  })

  it('is the smallest cut, over all cuts of a small graph', () => {
    const n = 3
    const keys = visibleKeys(n, {isCausal: false})
    for (let seed = 1; seed <= 10; seed++) {
      const layers = [0, 1, 2].map((layer) => mixed([randomAttention(7 * seed + layer, keys)], n))
      const flow = new AttentionFlow(layers, n, 1)
      for (let sink = 0; sink < n; sink++) {
        expect(flow.to(sink)).toBeCloseTo(smallestCut(layers, n, 1, sink), 9)
      }
    }
  })

  it('a larger one has as much through every layer, and no more than its first edges', () => {
    const n = 24
    const keys = visibleKeys(n, {isCausal: true})
    const layers = [1, 2, 3, 4].map((seed) => mixed([randomAttention(seed, keys, {scale: 2})], n))
    const rolled = rolledOut(layers, n - 1, keys)
    const flow = new AttentionFlow(layers, n, n - 1)
    for (let sink = 0; sink < n; sink++) {
      const value = flow.to(sink)
      expect(value).toBeLessThanOrEqual(1 + 1e-9)
      // What rollout passes along its paths is a flow as well, so the largest is at least that.
      expect(value).toBeGreaterThanOrEqual(rolled[sink]! - 1e-9)
    }
  })

  it('its cost grows with the cube of the tokens', () => {
    expect(flowWork(6, 63)).toBe(6 * 2080 * 64)
    expect(flowWork(12, 1023)).toBeGreaterThan(MOST_FLOW_WORK)
    expect(flowSeconds(1e9)).toBeGreaterThan(1)
  })
})

it('flow goes back over edges where that lets more through', () => {
  // The textbook case: the path over the middle must be undone.
  const flow = new MaxFlow(4, {
    from: [0, 0, 1, 1, 2],
    to: [1, 2, 2, 3, 3],
    capacity: [1, 1, 1, 1, 1],
  })
  expect(flow.between(0, 3)).toBeCloseTo(2, 12)
  expect(flow.between(0, 2)).toBeCloseTo(2, 12)
  expect(flow.between(3, 0)).toBe(0)
})
