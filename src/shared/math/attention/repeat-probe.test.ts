import {describe, expect, it} from 'vitest'
import type {ScoresOfHead} from './head-statistics.ts'
import {headNames, probedHead, repeatSequence} from './repeat-probe.ts'

const CANDIDATES = Int32Array.from({length: 200}, (_, i) => i + 3)
const draw = (seed: number, repeats = 2) =>
  repeatSequence({length: 50, repeats}, {seed, beginIds: [0], candidates: CANDIDATES})

const scores = (changes: Partial<ScoresOfHead> = {}): ScoresOfHead => ({
  ...{entropyBits: 1, normalizedEntropy: 0.5, meanDistance: 3, meanDistanceWithoutSink: null},
  ...{previousTokenScore: 0, firstTokenScore: 0, duplicateTokenScore: 0, inductionScore: 0},
  chance: {
    ...{previousTokenScore: 0.04, firstTokenScore: 0.04},
    ...{duplicateTokenScore: 0.01, inductionScore: 0.01},
  },
  positionCounts: {
    ...{rows: 100, previousTokenScore: 99, firstTokenScore: 100},
    ...{duplicateTokenScore: 50, inductionScore: 50},
  },
  ...{nowhereShare: null, nonFiniteCount: 0},
  ...changes,
})

describe('the random-repeat probe', () => {
  it('is a begin token and as many distinct tokens, again and again', () => {
    const ids = [...draw(1, 3)]
    expect(ids).toHaveLength(151)
    expect(ids[0]).toBe(0)
    expect(new Set(ids.slice(1, 51)).size).toBe(50)
    expect(ids.slice(51, 101)).toEqual(ids.slice(1, 51))
    expect(ids.slice(101)).toEqual(ids.slice(1, 51))
    expect(ids.slice(1).every((id) => CANDIDATES.includes(id))).toBe(true)
  })

  it('is the same for a seed, and another for another', () => {
    expect(draw(4)).toEqual(draw(4))
    expect(draw(4)).not.toEqual(draw(5))
  })

  it('draws every token about as often as any other', () => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 400; seed++) {
      for (const id of draw(seed).slice(1, 51)) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    // 400 · 50 / 200 = 100 of each, with a deviation of 8.7.
    expect(counts.size).toBe(200)
    expect(Math.min(...counts.values())).toBeGreaterThan(60)
    expect(Math.max(...counts.values())).toBeLessThan(140)
  })

  it('needs as many tokens as it draws', () => {
    expect(() =>
      repeatSequence({length: 5, repeats: 2}, {seed: 0, beginIds: [], candidates: Int32Array.of(1)})
    ).toThrow('5 distinct tokens of 1')
  })
})

describe('what heads are called', () => {
  it('by half of their attention above chance, a sink by three quarters', () => {
    expect(headNames(scores({inductionScore: 0.52}), 5)).toEqual(['induction'])
    expect(headNames(scores({inductionScore: 0.5}), 5)).toEqual([])
    expect(headNames(scores({firstTokenScore: 0.6}), 5)).toEqual([])
    expect(headNames(scores({firstTokenScore: 0.8, previousTokenScore: 0.6}), 5)).toEqual([
      'previous-token',
      'sink',
    ])
    expect(headNames(scores({inductionScore: null}), 5)).toEqual([])
  })

  it('never from fewer than five random texts', () => {
    expect(headNames(scores({inductionScore: 0.9}), 4)).toEqual([])
  })

  it('on means over the seeds, with positions of all of them', () => {
    const seeds = [0.9, 0.8, 0.7, 0.6, 0.5].map((score) => scores({inductionScore: score}))
    const head = probedHead({layer: 4, head: 3}, seeds)
    expect(head.inductionScore).toBeCloseTo(0.7, 12)
    expect(head.positionCounts.inductionScore).toBe(250)
    expect(head).toMatchObject({layer: 4, head: 3, names: ['induction']})
    expect(head.meanDistanceWithoutSink).toBeNull()
  })
})
