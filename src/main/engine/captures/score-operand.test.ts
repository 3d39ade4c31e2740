import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  compactOperand,
  fillOperandRow,
  operandByteLength,
  type ScoreValues,
} from './score-operand.ts'

/** Numbers of an operand as masks, biases and constants have them, any axis shared or not. */
const scoreValues: fc.Arbitrary<ScoreValues> = fc
  .record({
    headCount: fc.constantFrom(1, 3),
    queryCount: fc.constantFrom(1, 4),
    keyCount: fc.constantFrom(1, 5),
    numbers: fc.constantFrom([0], [0, Number.NEGATIVE_INFINITY], [0, 1], [0, 1, -2.5]),
  })
  .chain(({numbers, ...counts}) =>
    fc
      .array(fc.constantFrom(...numbers), {
        minLength: counts.headCount * counts.queryCount * counts.keyCount,
        maxLength: counts.headCount * counts.queryCount * counts.keyCount,
      })
      .map((values) => ({...counts, values: Float32Array.from(values)}))
  )

function causalMask(count: number, masked: number, padding = 0): Float32Array {
  return Float32Array.from({length: count * count}, (_, i) => {
    const query = Math.floor(i / count)
    const key = i % count
    return key <= query && key >= padding ? 0 : masked
  })
}

describe('compactOperand', () => {
  it('gives back every number, whatever the form', () => {
    fc.assert(
      fc.property(scoreValues, (numbers) => {
        const {values, headCount, queryCount, keyCount} = numbers
        const operand = compactOperand(numbers)
        const row = new Float64Array(5)
        for (let head = 0; head < 3; head++) {
          for (let query = 0; query < 4; query++) {
            row.fill(Number.NaN)
            fillOperandRow(operand, {head, query, start: 1, end: 4}, row)
            expect(row[0]).toBeNaN()
            expect(row[4]).toBeNaN()
            for (let key = 1; key < 4; key++) {
              const at =
                ((head % headCount) * queryCount + (query % queryCount)) * keyCount +
                (key % keyCount)
              // An axis that is not shared has no more entries than that.
              if (keyCount === 1 || key < keyCount) expect(row[key]).toBe(values[at])
            }
          }
        }
      })
    )
  })

  it('keeps a mask as a range for each query', () => {
    const count = 64
    for (const masked of [Number.NEGATIVE_INFINITY, -3.4028234663852886e38, -10000]) {
      const values = causalMask(count, masked, 3)
      const operand = compactOperand({values, headCount: 1, queryCount: count, keyCount: count})
      expect(operand.kind).toBe('ranges')
      expect(operandByteLength(operand)).toBe(2 * 4 * count)
    }
  })

  it('keeps a mask whose visible keys have a hole as numbers', () => {
    const values = Float32Array.of(0, -1, 0)
    const operand = compactOperand({values, headCount: 1, queryCount: 1, keyCount: 3})
    // The hole itself is a range.
    expect(operand).toMatchObject({kind: 'ranges', inside: -1, outside: 0})
    const striped = Float32Array.of(0, -1, 0, -1)
    expect(compactOperand({values: striped, headCount: 1, queryCount: 1, keyCount: 4}).kind).toBe(
      'dense'
    )
  })

  it('keeps one number as one number', () => {
    const values = new Float32Array(24).fill(-0)
    const operand = compactOperand({values, headCount: 2, queryCount: 3, keyCount: 4})
    expect(operand).toEqual({kind: 'constant', value: -0})
  })
})
