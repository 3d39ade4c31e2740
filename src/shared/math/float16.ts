let table: Float32Array | null = null

/** The values of half-precision numbers given as their bits. */
export function float32OfFloat16Bits(bits: Uint16Array): Float32Array {
  table ??= Float32Array.from({length: 65536}, (_, half) => valueOfHalf(half))
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

/** Numbers as the bits of the nearest half-precision ones, ties to even; beyond 65,504 they are infinite. */
export function float16BitsOfFloat32(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) bits[i] = halfOfWord(words[i]!)
  return bits
}

/** From the bits of a float32 to those of a half. */
function halfOfWord(word: number): number {
  const sign = (word >>> 16) & 0x8000
  const magnitude = word & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x47800000) return sign | 0x7c00
  // Below 2^-14 halves are whole multiples of 2^-24; below 2^-25 the nearest is 0.
  if (magnitude < 0x38800000) {
    if (magnitude <= 0x33000000) return sign
    const fraction = (magnitude & 0x7fffff) | 0x800000
    return sign | roundedShift(fraction, 126 - (magnitude >>> 23))
  }
  // The exponent's bias falls from 127 to 15; a fraction rounded up may carry into it, up to infinity.
  return sign | roundedShift(magnitude - 0x38000000, 13)
}

/** An integer divided by 2^count, rounded to the nearest, ties to even. */
function roundedShift(value: number, count: number): number {
  const quotient = value >>> count
  const rest = value & ((1 << count) - 1)
  const half = 1 << (count - 1)
  return rest > half || (rest === half && quotient & 1) ? quotient + 1 : quotient
}

function valueOfHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
