const EXPONENT_BIAS = 1023
const SERIES_LENGTH = 12
const TWO_TO_54 = 18014398509481984

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)
// Typed arrays have the byte order of the machine.
const HIGH_WORD = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

/**
 * ln x, with an absolute error below 1e-15 times max(1, |ln x|); −Infinity for 0, NaN below.
 *
 * Only + − × ÷ and the bits of the number are used, so it gives the same bits in every JavaScript
 * engine, which Math.log does not: for numbers that page and command line derive separately.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  if (x < 2.2250738585072014e-308) return log(x * TWO_TO_54) - 54 * Math.LN2
  number[0] = x
  let exponent = (words[HIGH_WORD]! >>> 20) - EXPONENT_BIAS
  words[HIGH_WORD] = (words[HIGH_WORD]! & 0x000fffff) | (EXPONENT_BIAS << 20)
  let mantissa = number[0]
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  // ln m = 2 artanh((m − 1) / (m + 1)), whose argument is at most 0.172.
  const ratio = (mantissa - 1) / (mantissa + 1)
  const square = ratio * ratio
  let series = 0
  for (let k = SERIES_LENGTH; k >= 0; k--) series = series * square + 1 / (2 * k + 1)
  return exponent * Math.LN2 + 2 * ratio * series
}
