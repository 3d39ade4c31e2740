import {describe, expect, it} from 'vitest'
import {HeadAccumulator, type ScoresOfHead} from './head-statistics.ts'
import {matrixOf, randomAttention} from './test-matrices.ts'
import {textFacts} from './token-repeats.ts'
import {isVisible, type VisibleKeys, visibleKeys} from './visible-keys.ts'

interface Text {
  readonly ids: readonly number[]
  readonly special: readonly number[]
  readonly isFirstInserted: boolean
}

function scoresOf(
  {ids, special, isFirstInserted}: Text,
  keys: VisibleKeys,
  weights: Float32Array,
  rowsAtOnce = ids.length
): ScoresOfHead {
  const facts = textFacts(ids, {isLeftOut: (at) => special.includes(at), isFirstInserted})
  const head = new HeadAccumulator(facts, keys)
  for (let row = 0; row < ids.length; row += rowsAtOnce) {
    const end = Math.min(ids.length, row + rowsAtOnce)
    head.add(row, weights.slice(row * ids.length, end * ids.length))
  }
  return head.scores
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** The definitions once more, each by itself, by looking at every pair of a query and a key. */
function plainly({ids, special, isFirstInserted}: Text, keys: VisibleKeys, A: Float32Array) {
  const n = ids.length
  const all = [...Array(n).keys()]
  const rows = all.filter((i) => i >= 1)
  const a = (i: number, j: number) => A[i * n + j]!
  const sum = (i: number) => all.reduce((total, j) => total + a(i, j), 0)
  const seen = (i: number) => all.filter((j) => isVisible(keys, i, j))
  const left = (i: number) => special.includes(i)
  const entropy = (i: number) => {
    const p = all.map((j) => a(i, j) / sum(i)).filter((one) => one > 0)
    return -p.reduce((total, one) => total + one * Math.log2(one), 0)
  }
  const pairs = (
    isPair: (i: number, j: number) => boolean,
    isEligible: (i: number) => boolean = (i) => all.some((j) => isPair(i, j))
  ) => {
    const eligible = rows.filter(isEligible)
    const over = (value: (i: number, j: number) => number) =>
      mean(eligible.map((i) => all.reduce((t, j) => t + (isPair(i, j) ? value(i, j) : 0), 0)))
    return {
      score: over(a),
      chance: over((i, j) => (isVisible(keys, i, j) ? 1 / seen(i).length : 0)),
      count: eligible.length,
    }
  }
  const first = pairs(
    (_, j) => j === 0,
    () => true
  )
  const previous = pairs(
    (i, j) => j === i - 1,
    (i) => i >= (isFirstInserted ? 2 : 1)
  )
  const duplicate = pairs((i, j) => j < i && ids[j] === ids[i] && !left(i) && !left(j))
  const induction = pairs(
    (i, j) => j >= 1 && j < i - 1 && ids[j - 1] === ids[i] && !left(i) && !left(j) && !left(j - 1)
  )
  const distance = (i: number, from: number) =>
    all.reduce((total, j) => total + (j >= from ? a(i, j) * Math.abs(i - j) : 0), 0)
  return {
    entropyBits: mean(rows.map(entropy)),
    normalizedEntropy: mean(
      rows.filter((i) => seen(i).length >= 2).map((i) => entropy(i) / Math.log2(seen(i).length))
    ),
    meanDistance: mean(rows.map((i) => distance(i, 0))),
    meanDistanceWithoutSink: mean(
      rows.filter((i) => sum(i) > a(i, 0)).map((i) => distance(i, 1) / (sum(i) - a(i, 0)))
    ),
    previousTokenScore: previous.score,
    firstTokenScore: first.score,
    duplicateTokenScore: duplicate.score,
    inductionScore: induction.score,
    chance: {
      previousTokenScore: previous.chance,
      firstTokenScore: first.chance,
      duplicateTokenScore: duplicate.chance,
      inductionScore: induction.chance,
    },
    positionCounts: {
      rows: rows.length,
      previousTokenScore: previous.count,
      firstTokenScore: first.count,
      duplicateTokenScore: duplicate.count,
      inductionScore: induction.count,
    },
    nowhereShare: mean(rows.map((i) => 1 - sum(i))),
  }
}

function expectClose(found: object, expected: object, path = '') {
  for (const [name, value] of Object.entries(expected)) {
    const other = (found as Record<string, unknown>)[name]
    if (value !== null && typeof value === 'object') {
      expectClose(other as object, value, `${path}${name}.`)
    } else if (typeof value === 'number') {
      expect(Math.abs((other as number) - value), `${path}${name}`).toBeLessThan(1e-6)
    } else expect(other, `${path}${name}`).toBe(value)
  }
}

/** A text with repeats, special tokens inside and, where asked, an inserted one first. */
const text = (length: number, isFirstInserted: boolean): Text => ({
  ids: Array.from({length}, (_, i) => (i % 11 === 0 ? 0 : ((i * i + 3 * i) % 7) + 1)),
  special: Array.from({length}, (_, i) => i).filter((i) => i % 11 === 0),
  isFirstInserted,
})

describe('statistics of a head', () => {
  const LENGTH = 37
  for (const [name, keys, sink] of [
    ['causal', visibleKeys(LENGTH, {isCausal: true}), 0],
    ['a window of 6', visibleKeys(LENGTH, {isCausal: true, window: 6}), 0],
    ['both ways', visibleKeys(LENGTH, {isCausal: false}), 0],
    ['with a sink that is no token', visibleKeys(LENGTH, {isCausal: true}), 3],
  ] as const) {
    it.each([true, false])(`are those of a plain computation: ${name}, begin token %s`, (begin) => {
      for (let seed = 1; seed <= 5; seed++) {
        const weights = randomAttention(seed, keys, {scale: 2, sink})
        const {nowhereShare, ...expected} = plainly(text(LENGTH, begin), keys, weights)
        const found = scoresOf(text(LENGTH, begin), keys, weights)
        expectClose(found, expected)
        if (sink === 0) expect(found.nowhereShare).toBeNull()
        else expect(found.nowhereShare).toBeCloseTo(nowhereShare!, 6)
        expect(found.nonFiniteCount).toBe(0)
        // In whichever pieces the rows come.
        expectClose(scoresOf(text(LENGTH, begin), keys, weights, 5), found)
      }
    })
  }

  it('of four tokens by hand', () => {
    // a b a b: the last looks at what followed the first b (a, position 2) with .1.
    const weights = matrixOf([
      [1, 0, 0, 0],
      [0.5, 0.5, 0, 0],
      [0.25, 0.5, 0.25, 0],
      [0.6, 0.2, 0.1, 0.1],
    ])
    const found = scoresOf(
      {ids: [5, 6, 5, 6], special: [], isFirstInserted: false},
      visibleKeys(4, {isCausal: true}),
      weights
    )
    expect(found.firstTokenScore).toBeCloseTo((0.5 + 0.25 + 0.6) / 3, 6)
    expect(found.previousTokenScore).toBeCloseTo((0.5 + 0.5 + 0.1) / 3, 6)
    expect(found.duplicateTokenScore).toBeCloseTo((0.25 + 0.2) / 2, 6)
    expect(found.chance.duplicateTokenScore).toBeCloseTo((1 / 3 + 1 / 4) / 2, 12)
    // Position 2 would look at 1 = i − 1, position 3 at 2 = i − 1: both are left out.
    expect([found.inductionScore, found.positionCounts.inductionScore]).toEqual([null, 0])
    expect(found.meanDistance).toBeCloseTo((0.5 + 1 + 2.3) / 3, 6)
    expect(found.entropyBits).toBeCloseTo((1 + 1.5 + 1.5709505944546684) / 3, 6)
  })

  it('on a sequence repeated once, induction is A[i, i − n + 1] over the second half', () => {
    const n = 12
    const ids = [0, ...Array.from({length: 2 * n}, (_, i) => (i % n) + 1)]
    const keys = visibleKeys(ids.length, {isCausal: true})
    const weights = randomAttention(3, keys)
    const found = scoresOf({ids, special: [0], isFirstInserted: true}, keys, weights)
    const second = Array.from({length: n}, (_, i) => n + 1 + i)
    expect(found.inductionScore).toBeCloseTo(
      mean(second.map((i) => weights[i * ids.length + i - n + 1]!))!,
      9
    )
    expect(found.positionCounts.inductionScore).toBe(n)
    expect(found.chance.inductionScore).toBeCloseTo(mean(second.map((i) => 1 / (i + 1)))!, 12)
  })

  it('a head that looks back by one does not pass for induction on “a , b , c ,”', () => {
    const ids = [1, 9, 2, 9, 3, 9, 4, 9]
    const keys = visibleKeys(8, {isCausal: true})
    const weights = new Float32Array(64)
    for (let i = 0; i < 8; i++) weights[i * 8 + Math.max(0, i - 1)] = 1
    const found = scoresOf({ids, special: [], isFirstInserted: false}, keys, weights)
    expect(found.previousTokenScore).toBe(1)
    expect(found.inductionScore).toBe(0)
  })

  it('uniform attention scores its chance level, and has normalised entropy 1', () => {
    const keys = visibleKeys(24, {isCausal: true})
    const found = scoresOf(text(24, true), keys, randomAttention(1, keys, {scale: 0}))
    for (const [score, chance] of Object.entries(found.chance)) {
      expect(found[score as keyof typeof found.chance]).toBeCloseTo(chance!, 6)
    }
    expect(found.normalizedEntropy).toBeCloseTo(1, 6)
    expect(found.meanDistance).toBeCloseTo(
      mean(Array.from({length: 23}, (_, i) => (i + 1) / 2))!,
      5
    )
  })

  it('has no distance without the first token where that holds over 90 %', () => {
    const keys = visibleKeys(6, {isCausal: true})
    const withFirst = (share: number) =>
      scoresOf(
        {ids: [1, 2, 3, 4, 5, 6], special: [], isFirstInserted: false},
        keys,
        matrixOf(
          Array.from({length: 6}, (_, i) =>
            Array.from({length: 6}, (_, j) =>
              i === 0 ? Number(j === 0) : j === 0 ? share : j === i ? 1 - share : 0
            )
          )
        )
      )
    expect(withFirst(0.91).meanDistanceWithoutSink).toBeNull()
    expect(withFirst(0.89).meanDistanceWithoutSink).toBeCloseTo(0, 6)
  })

  it('counts weights that are no numbers, and leaves their rows out', () => {
    const keys = visibleKeys(8, {isCausal: true})
    const weights = randomAttention(2, keys)
    const whole = scoresOf(text(8, false), keys, weights)
    weights[3 * 8 + 1] = Number.NaN
    weights[3 * 8 + 2] = Number.POSITIVE_INFINITY
    const found = scoresOf(text(8, false), keys, weights)
    expect(found.nonFiniteCount).toBe(2)
    expect(found.positionCounts.rows).toBe(6)
    expect(found.firstTokenScore).toBeCloseTo((7 * whole.firstTokenScore! - weights[3 * 8]!) / 6, 6)
  })

  it('of one token there is nothing to say', () => {
    const keys = visibleKeys(1, {isCausal: true})
    const found = scoresOf(
      {ids: [1], special: [], isFirstInserted: false},
      keys,
      Float32Array.of(1)
    )
    expect(found).toMatchObject({entropyBits: null, firstTokenScore: null, inductionScore: null})
  })
})
