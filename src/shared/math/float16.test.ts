import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {float16BitsOfFloat32, float32OfFloat16Bits} from './float16.ts'

const EVERY_HALF = Uint16Array.from({length: 65536}, (_, bits) => bits)
/** Finite halves that are not negative, in rising order; their bits are their places. */
const RISING = float32OfFloat16Bits(EVERY_HALF.subarray(0, 0x7c00))

/** The nearest half by search among all of them; of two equally near ones that of even bits. */
function nearestHalf(value: number): number {
  const magnitude = Math.abs(value)
  let best = 0
  for (let low = 0, high = RISING.length - 1; low <= high; ) {
    const middle = (low + high) >> 1
    if (RISING[middle]! <= magnitude) {
      best = middle
      low = middle + 1
    } else {
      high = middle - 1
    }
  }
  // 65,536 would be the next half after the largest one: what is nearer to it is infinite.
  const above = RISING[best + 1] ?? 65536
  const down = magnitude - RISING[best]!
  const up = above - magnitude
  const isUp = up < down || (up === down && best % 2 === 1)
  return (
    (isUp ? best + 1 : best) |
    (Object.is(Math.sign(value), -1) || Object.is(value, -0) ? 0x8000 : 0)
  )
}

describe('half-precision numbers', () => {
  it('come back as the bits they were', () => {
    const back = float16BitsOfFloat32(float32OfFloat16Bits(EVERY_HALF))
    for (let bits = 0; bits < 65536; bits++) {
      const isNumberless = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0
      if (!isNumberless) expect(back[bits]).toBe(bits)
    }
    expect(float32OfFloat16Bits(float16BitsOfFloat32(Float32Array.of(Number.NaN)))[0]).toBeNaN()
  })

  it('are the nearest ones, ties to even', () => {
    const value = fc.oneof(
      fc.float({noNaN: true, min: -70000, max: 70000}),
      fc.float({noNaN: true, min: -(2 ** -12), max: 2 ** -12}),
      fc.float({noNaN: true}),
      // Halfway between two halves.
      fc.nat(RISING.length - 2).map((i) => (RISING[i]! + RISING[i + 1]!) / 2),
      fc.constantFrom(65504, 65519.99609375, 65520, 65536, -0, 0, 2 ** -25, 2 ** -24, 1e30)
    )
    fc.assert(
      fc.property(value, (number) => {
        const expected = Number.isFinite(number)
          ? nearestHalf(number)
          : number > 0
            ? 0x7c00
            : 0xfc00
        expect(float16BitsOfFloat32(Float32Array.of(number))[0]).toBe(expected)
      }),
      {numRuns: 2000}
    )
  })
})
