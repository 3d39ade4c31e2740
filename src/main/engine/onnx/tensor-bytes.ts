import {elementTypeName} from './schema.ts'

/** Bits of one element as `raw_data` stores it; absent for strings and types that are not known. */
const BITS: Readonly<Record<string, number>> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
}

/** Bytes of a tensor's data (types below a byte are packed); null for a type that has no fixed size. */
export function tensorByteLength(dataType: number, dimensions: readonly number[]): number | null {
  const bits = BITS[elementTypeName(dataType)]
  if (bits === undefined) return null
  const count = dimensions.reduce((product, length) => product * length, 1)
  return Math.ceil((count * bits) / 8)
}

/**
 * The `raw_data` of a tensor whose numbers came as packed varints (`int32_data`, `int64_data`,
 * `uint64_data`), little-endian; null where the element type is not stored that way. Types below four
 * bytes, 4-bit pairs among them, are in the low bytes of each number (onnx.proto, TensorProto).
 */
export function rawBytesOfVarints(packed: Uint8Array, dataType: number): Uint8Array | null {
  const bits = BITS[elementTypeName(dataType)]
  if (
    bits === undefined ||
    bits > 64 ||
    /^(float32|float64|complex)/.test(elementTypeName(dataType))
  )
    return null
  const elementBytes = Math.max(1, bits / 8)
  let count = 0
  for (const byte of packed) if (byte < 0x80) count++
  const raw = new Uint8Array(count * elementBytes)
  // 64 bits in two halves: BigInt would cost a second for every few million numbers.
  let low = 0
  let high = 0
  let digit = 0
  let offset = 0
  for (const byte of packed) {
    const part = byte & 0x7f
    if (digit < 4) low |= part << (7 * digit)
    else if (digit === 4) {
      low |= part << 28
      high |= part >> 4
    } else high |= part << (7 * digit - 32)
    digit++
    if (byte >= 0x80) continue
    for (let i = 0; i < elementBytes; i++) {
      raw[offset++] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4))
    }
    low = 0
    high = 0
    digit = 0
  }
  return raw
}
