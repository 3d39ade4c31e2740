import {describe, expect, it} from 'vitest'
import {NormalSource} from '../../../../fixtures/random.ts'
import {
  addCosines,
  divideByLengths,
  leastImportant,
  mostSimilar,
  pruneCounts,
  similarityGroups,
} from './token-pruning.ts'

const anyOf = () => true

describe('what goes and what stays', () => {
  it('both stages remove half each, the S-stage the smaller one', () => {
    expect(pruneCounts(20, 10, 18)).toEqual({bySimilarity: 5, byImportance: 5})
    expect(pruneCounts(20, 9, 18)).toEqual({bySimilarity: 5, byImportance: 6})
    expect(pruneCounts(20, 20, 18)).toEqual({bySimilarity: 0, byImportance: 0})
    expect(pruneCounts(20, 30, 18)).toEqual({bySimilarity: 0, byImportance: 0})
    // No more than may go.
    expect(pruneCounts(20, 1, 18)).toEqual({bySimilarity: 9, byImportance: 9})
  })

  it('the less important half is compared with all others', () => {
    const importance = [9, 1, 5, 2, 8, 3]
    expect(similarityGroups(importance, anyOf)).toEqual({candidates: [1, 3, 5], others: [0, 2, 4]})
    // What must stay is never a candidate, however little it counts.
    expect(similarityGroups(importance, (at) => at !== 1)).toEqual({
      candidates: [3, 5],
      others: [0, 1, 2, 4],
    })
  })

  it('the most alike go first, then the least important', () => {
    expect(mostSimilar([1, 3, 5], [0.2, 0.9, 0.5], 2)).toEqual([3, 5])
    expect(leastImportant([9, 1, 5, 2, 8, 3], (at) => at !== 1, 2)).toEqual([3, 5])
    // The later of two alike: the first occurrence of something stays.
    expect(leastImportant([1, 1, 1, 2], anyOf, 1)).toEqual([2])
    expect(mostSimilar([0, 2], [0.5, 0.5], 1)).toEqual([2])
  })
})

it('cosines are those of the angle between vectors', () => {
  const size = 5
  const vectors = new Float64Array(new NormalSource(4).normals(6 * size, 2))
  const plain = (a: number, b: number) => {
    const [x, y] = [a, b].map((at) => [...vectors.subarray(at * size, (at + 1) * size)])
    const product = (p: number[], q: number[]) =>
      p.reduce((sum, value, i) => sum + value * q[i]!, 0)
    return product(x!, y!) / Math.sqrt(product(x!, x!) * product(y!, y!))
  }
  const others = [1, 2, 4]
  const expected = others.map((other) => 2 * plain(3, other))
  divideByLengths(vectors, size)
  const sums = new Float64Array(3)
  for (let layer = 0; layer < 2; layer++) addCosines(sums, {vectors, size, candidate: 3, others})
  for (const [at, value] of expected.entries()) expect(sums[at]).toBeCloseTo(value, 9)
})

it('a vector of nothing, or of no numbers, is like none', () => {
  const vectors = Float64Array.of(0, 0, Number.NaN, 1, 3, 4)
  divideByLengths(vectors, 2)
  expect([...vectors.subarray(0, 4)]).toEqual([0, 0, 0, 0])
  expect(vectors[4]).toBeCloseTo(0.6, 12)
})
