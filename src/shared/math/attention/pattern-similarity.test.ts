import {expect, it} from 'vitest'
import {PatternSimilarity} from './pattern-similarity.ts'
import {matrixOf, randomAttention} from './test-matrices.ts'
import {visibleKeys} from './visible-keys.ts'

const N = 13
const KEYS = visibleKeys(N, {isCausal: true})

function similarityOf(a: Float32Array, b: Float32Array, n = N, keys = KEYS): number | null {
  const similarity = new PatternSimilarity(keys, keys)
  for (let row = 0; row < n; row += 3) {
    const end = Math.min(n, row + 3)
    similarity.add(row, a.slice(row * n, end * n), b.slice(row * n, end * n), n)
  }
  return similarity.similarity
}

/** 1 − ½ KL(p‖m) − ½ KL(q‖m), as it is written. */
function plainly(a: Float32Array, b: Float32Array): number {
  let total = 0
  for (let i = 1; i < N; i++) {
    const row = (matrix: Float32Array) => {
      const values = [...matrix.subarray(i * N, (i + 1) * N)]
      const sum = values.reduce((x, y) => x + y, 0)
      return values.map((value) => value / sum)
    }
    const [p, q] = [row(a), row(b)]
    const kl = (from: number[]) =>
      from.reduce(
        (sum, value, j) => sum + (value > 0 ? value * Math.log2(value / ((p[j]! + q[j]!) / 2)) : 0),
        0
      )
    total += 0.5 * kl(p) + 0.5 * kl(q)
  }
  return 1 - total / (N - 1)
}

it('is 1 less the mean divergence of rows, by its definition', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const a = randomAttention(seed, KEYS, {scale: 2})
    const b = randomAttention(seed + 50, KEYS, {scale: 2, sink: seed})
    expect(similarityOf(a, b)).toBeCloseTo(plainly(a, b), 5)
    expect(similarityOf(b, a)).toBeCloseTo(similarityOf(a, b)!, 9)
  }
})

it('is 1 of a head with itself, a sink that is no token left aside', () => {
  const a = randomAttention(3, KEYS, {scale: 2})
  expect(similarityOf(a, a)).toBeCloseTo(1, 5)
  expect(similarityOf(a, randomAttention(3, KEYS, {scale: 2, sink: 5}))).toBeCloseTo(1, 5)
})

it('is 0 of rows that share no key', () => {
  const keys = visibleKeys(2, {isCausal: true})
  const first = matrixOf([
    [1, 0],
    [1, 0],
  ])
  const own = matrixOf([
    [1, 0],
    [0, 1],
  ])
  expect(similarityOf(first, own, 2, keys)).toBeCloseTo(0, 6)
})

it('leaves rows out that are no numbers, and is nothing of none', () => {
  const a = randomAttention(3, KEYS)
  const broken = a.slice().fill(Number.NaN)
  expect(similarityOf(a, broken)).toBeNull()
})
