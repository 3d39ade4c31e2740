import {describe, expect, it} from 'vitest'
import {NormalSource} from '../../../../fixtures/random.ts'
import {createSeededRandom} from '../seeded-random.ts'
import {
  addVotes,
  dampingOf,
  firstRemaining,
  hollowPositions,
  pageRank,
  passesVarianceFilter,
  type RankedTokens,
  type RankVariant,
  rootMeanSquare,
  roundCount,
  scoresOfVotes,
  scoreVariance,
  startScores,
  uniformVotes,
} from './page-rank.ts'
import {matrixOf, randomAttention} from './test-matrices.ts'
import {visibleKeys} from './visible-keys.ts'

const all = (tokenCount: number): RankedTokens => ({tokenCount, first: 0, isDropped: null})
const bothWays = (tokenCount: number) => visibleKeys(tokenCount, {isCausal: false})
const causal = (tokenCount: number) => visibleKeys(tokenCount, {isCausal: true})
const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)

function expectScores(found: Float64Array, expected: readonly number[], digits = 6) {
  expect(found.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, digits)
}

describe('constants of the method notes', () => {
  const A = matrixOf([
    [0.5, 0.3, 0.2],
    [0.1, 0.8, 0.1],
    [0.3, 0.3, 0.4],
  ])
  const inRounds = (rounds: number) =>
    pageRank(A, {keys: bothWays(3), tokens: all(3), rounds, damping: 1})

  it('after one round, two, and in the end', () => {
    expectScores(inRounds(1), [0.9, 1.4, 0.7])
    expectScores(inRounds(2), [0.8, 1.6, 0.6])
    expectScores(inRounds(200), [0.675, 1.8, 0.525])
  })

  it('of three causal tokens everything goes to the first', () => {
    const causalA = matrixOf([
      [1, 0, 0],
      [0.5, 0.5, 0],
      [0.2, 0.3, 0.5],
    ])
    const rounds = (count: number) =>
      pageRank(causalA, {keys: causal(3), tokens: all(3), rounds: count, damping: 1})
    expectScores(rounds(1), [1.7, 0.8, 0.5])
    expectScores(rounds(2), [2.2, 0.55, 0.25])
    expectScores(rounds(3), [2.525, 0.35, 0.125])
    expectScores(rounds(200), [3, 0, 0])
  })

  it('the root mean square of heads favours a token that one of them is sure of', () => {
    const found = rootMeanSquare([Float64Array.of(0.9, 0.5), Float64Array.of(0.1, 0.5)])
    expect(found[0]).toBeCloseTo(0.640312, 6)
    expect(found[1]).toBeCloseTo(0.5, 12)
  })

  it('uniform causal attention of 64 tokens: variances, absorption, damping', () => {
    const uniform = randomAttention(1, causal(64), {scale: 0})
    const plain = (rounds: number, damping = 1) =>
      pageRank(uniform, {keys: causal(64), tokens: all(64), rounds, damping})
    expect(scoreVariance(plain(1), all(64))).toBeCloseTo(0.93, 2)
    // All 64 on the first token: (63² + 63 · 1) / 64, which the notes cut to 62.
    expect(scoreVariance(plain(50), all(64))).toBeCloseTo(63, 6)
    expect(Math.floor(scoreVariance(plain(50), all(64)))).toBe(62)
    expect(passesVarianceFilter(scoreVariance(plain(1), all(64)))).toBe(false)
    // Damped by hand: s_j = .15 + .85 Σ s_i / (i + 1), solved from the last token to the first.
    const solved = new Float64Array(64)
    for (let j = 63; j >= 0; j--) {
      let sum = 0
      for (let i = j + 1; i < 64; i++) sum += solved[i]! / (i + 1)
      solved[j] = (0.15 + 0.85 * sum) / (1 - 0.85 / (j + 1))
    }
    expect(plain(50, 0.85)[0]).toBeCloseTo(solved[0]!, 2)
    expect(solved[0]! / 64).toBeGreaterThan(0.5)
    const tokens = {...all(64), first: 1}
    const dropped = (rounds: number) =>
      pageRank(uniform, {keys: causal(64), tokens, rounds, damping: 1})[1]! / 63
    expect(dropped(10)).toBeGreaterThan(0.92)
    expect(dropped(50)).toBeGreaterThan(0.999)
  })
})

describe('invariants', () => {
  const keys = bothWays(9)
  const weights = randomAttention(4, keys)
  const ranked = (matrix: Float32Array, rounds = 7) =>
    pageRank(matrix, {keys, tokens: all(9), rounds, damping: 1})

  it('scores sum to the number of tokens, and none is negative', () => {
    for (const variant of ['plain', 'drop-sink', 'damped'] as const) {
      for (const seen of [keys, causal(9)]) {
        const tokens = {...all(9), first: firstRemaining(variant)}
        const scores = pageRank(randomAttention(5, seen), {
          ...{keys: seen, tokens, rounds: 12, damping: dampingOf(variant)},
        })
        expect(sum(scores)).toBeCloseTo(9 - tokens.first, 6)
        expect(scores.every((score) => score >= 0)).toBe(true)
        if (tokens.first === 1) expect(scores[0]).toBe(0)
      }
    }
  })

  it('rows that sum to less, with a sink that is no token, change nothing of that', () => {
    const scores = ranked(randomAttention(5, keys, {sink: 4}))
    expect(sum(scores)).toBeCloseTo(9, 6)
    expectScores(scores, [...ranked(randomAttention(5, keys))])
  })

  it('columns that sum to 1 keep everyone alike', () => {
    const shifted = matrixOf(
      Array.from({length: 9}, (_, i) =>
        Array.from({length: 9}, (_, j) => (j === (i + 1) % 9 ? 0.7 : j === (i + 4) % 9 ? 0.3 : 0))
      )
    )
    expectScores(ranked(shifted), Array(9).fill(1))
  })

  it('with the tokens named otherwise the scores are too', () => {
    const place = [3, 0, 7, 1, 8, 2, 6, 4, 5]
    const permuted = new Float32Array(81)
    for (let i = 0; i < 9; i++) {
      for (let j = 0; j < 9; j++) permuted[place[i]! * 9 + place[j]!] = weights[i * 9 + j]!
    }
    const scores = ranked(weights)
    const others = ranked(permuted)
    for (let i = 0; i < 9; i++) expect(others[place[i]!]).toBeCloseTo(scores[i]!, 9)
  })

  it('is Aᵀ applied again and again, by a plain product of matrices', () => {
    const dense = Array.from({length: 9}, (_, i) => [...weights.subarray(i * 9, i * 9 + 9)])
    let plain: number[] = Array(9).fill(1)
    for (let round = 0; round < 7; round++) {
      plain = plain.map((_, j) => dense.reduce((total, row, i) => total + row[j]! * plain[i]!, 0))
    }
    expectScores(ranked(weights), plain, 5)
  })

  it('tokens that were taken out neither vote nor are voted for', () => {
    const isDropped = new Uint8Array(9)
    isDropped[2] = 1
    isDropped[5] = 1
    const tokens = {...all(9), isDropped}
    const kept = [0, 1, 3, 4, 6, 7, 8]
    const small = new Float32Array(49)
    for (const [a, i] of kept.entries()) {
      for (const [b, j] of kept.entries()) small[a * 7 + b] = weights[i * 9 + j]!
    }
    const expected = pageRank(small, {keys: bothWays(7), tokens: all(7), rounds: 3, damping: 1})
    const found = pageRank(weights, {keys, tokens, rounds: 3, damping: 1})
    expectScores(
      Float64Array.from(kept, (at) => found[at]!),
      [...expected]
    )
    expect([found[2], found[5]]).toEqual([0, 0])
  })

  it('a row that is no number has no vote, and is counted', () => {
    const broken = weights.slice()
    broken[3 * 9 + 4] = Number.NaN
    const votes = new Float64Array(9)
    const request = {firstQuery: 0, keys, scores: startScores(all(9)), tokens: all(9)}
    expect(addVotes(votes, {weights: broken, ...request})).toBe(1)
    expect(votes.every(Number.isFinite)).toBe(true)
  })
})

describe('a planted token', () => {
  const LENGTH = 64
  const keys = causal(LENGTH)
  const LEAST_FOUND = 0.95

  /** Attention whose weights are all alike but for noise, and e² times as much on one token. */
  function planted(seed: number): {weights: Float32Array; position: number} {
    // Neither one of the two that everything runs to, nor the last ones, which are drawn hollow.
    const position = 2 + Math.floor(createSeededRandom(seed).nextUnit() * (LENGTH - 5))
    const noise = new NormalSource(seed)
    const weights = new Float32Array(LENGTH * LENGTH)
    for (let i = 0; i < LENGTH; i++) {
      const powers = Array.from({length: i + 1}, (_, j) =>
        Math.exp(0.1 * noise.normal() + (j === position ? 2 : 0))
      )
      const total = powers.reduce((a, b) => a + b, 0)
      for (const [j, power] of powers.entries()) weights[i * LENGTH + j] = power / total
    }
    return {weights, position}
  }

  /** Share of 200 random trials in which the planted token has the highest score. */
  function foundShare(scoresIn: (weights: Float32Array) => Float64Array): number {
    let found = 0
    for (let seed = 1; seed <= 200; seed++) {
      const {weights, position} = planted(seed)
      const scores = [...scoresIn(weights)]
      if (scores.indexOf(Math.max(...scores)) === position) found++
    }
    return found / 200
  }

  const by = (variant: RankVariant, rounds: number) =>
    foundShare((weights) => {
      const tokens = {...all(LENGTH), first: firstRemaining(variant)}
      return pageRank(weights, {keys, tokens, rounds, damping: dampingOf(variant)})
    })

  it('is found first by position-corrected scores', () => {
    const tokens = {...all(LENGTH), first: firstRemaining('position-corrected')}
    const uniform = uniformVotes(keys, tokens)
    const share = foundShare((weights) => {
      const votes = new Float64Array(LENGTH)
      const scores = startScores(tokens)
      addVotes(votes, {weights, firstQuery: 0, keys, scores, tokens})
      return scoresOfVotes(votes, 1, tokens).map((score, at) =>
        at < tokens.first ? 0 : score / uniform[at]!
      )
    })
    expect(share).toBeGreaterThanOrEqual(LEAST_FOUND)
  })

  it('is hidden by position otherwise: the control', () => {
    expect(by('drop-sink', 50)).toBe(0)
    expect(by('plain', 50)).toBe(0)
    expect(by('damped', 50)).toBe(0)
    const once = by('drop-sink', 1)
    expect(once).toBeGreaterThan(0.3)
    expect(once).toBeLessThan(0.6)
  })
})

describe('what a model’s layers do', () => {
  it('rounds by thirds of the layers', () => {
    const rounds = (layerCount: number) =>
      Array.from({length: layerCount}, (_, layer) => roundCount('plain', layer, layerCount))
    expect(rounds(6)).toEqual([50, 50, 10, 10, 1, 1])
    expect(rounds(1)).toEqual([50])
    expect(rounds(4)).toEqual([50, 50, 10, 1])
    expect(roundCount('position-corrected', 0, 6)).toBe(1)
  })

  it('uniform attention is what position alone gives: 1 everywhere', () => {
    for (const keys of [causal(20), visibleKeys(20, {isCausal: true, window: 5}), bothWays(20)]) {
      const tokens = {...all(20), first: 1}
      const votes = new Float64Array(20)
      const weights = randomAttention(1, keys, {scale: 0})
      const request = {weights, firstQuery: 0, keys, tokens, scores: startScores(tokens)}
      addVotes(votes, request)
      const uniform = uniformVotes(keys, tokens)
      for (let at = 1; at < 20; at++) expect(votes[at]! / uniform[at]!).toBeCloseTo(1, 5)
    }
  })

  it('the last three of position-corrected are hollow', () => {
    expect(hollowPositions('position-corrected', 10)).toEqual([7, 8, 9])
    expect(hollowPositions('position-corrected', 3)).toEqual([1, 2])
    expect(hollowPositions('plain', 10)).toEqual([])
  })
})
