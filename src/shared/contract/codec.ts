/**
 * Messages as bytes, the same on every transport. Numbers travel as they lie in memory:
 *
 *   u32  length of the JSON in bytes, little endian
 *   ...  JSON in UTF-8; a typed array is a placeholder `{"$": [kind, byteOffset, length]}`
 *   ...  zeros up to a multiple of 8, then the arrays' bytes, each starting at a multiple of 8
 *
 * `byteOffset` counts from the start of the binary part. Numbers that JSON lacks are
 * `{"$": "NaN" | "Infinity" | "-Infinity" | "-0"}`, and an object that itself has a key `$` is
 * `{"$": ["object", …]}`. Undefined is left out of objects and becomes null in lists, as in JSON.
 */

/** Longest message that is sent or accepted. */
export const MAX_MESSAGE_BYTES = 64 * 2 ** 20
/** Longest JSON part: parsed JSON takes many times its length in memory. */
export const MAX_JSON_BYTES = 32 * 2 ** 20
const MAX_DEPTH = 100
/** Most lists and objects in a message: millions of empty ones would hold the engine for seconds. */
const MAX_CONTAINERS = 1_000_000
const ALIGNMENT = 8
const MARK = '$'

/** Bytes that are not a message, or a value that cannot travel. */
export class CodecError extends Error {
  override readonly name = 'CodecError'
}

type TypedArray = ArrayBufferView & {
  readonly length: number
  readonly [Symbol.toStringTag]: string
}
type TypedArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray
}

const KINDS = new Map<string, TypedArrayConstructor>(
  [
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'BigInt64Array',
    'BigUint64Array',
    // Node 20 has no Float16Array.
    'Float16Array',
    'Float32Array',
    'Float64Array',
  ].flatMap((kind) => {
    const found = (globalThis as unknown as Record<string, TypedArrayConstructor | undefined>)[kind]
    return found ? [[kind, found] as const] : []
  })
)

const align = (offset: number) => Math.ceil(offset / ALIGNMENT) * ALIGNMENT

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/** Throws a {@link CodecError} for what cannot travel: a cycle, a Map, a Date, a bigint, too much. */
export function encodeMessage(value: unknown): Uint8Array<ArrayBuffer> {
  const arrays: {bytes: Uint8Array; byteOffset: number}[] = []
  let binaryLength = 0

  const packArray = (array: TypedArray) => {
    // A Node Buffer names itself Uint8Array here, which is what it becomes.
    const kind = array[Symbol.toStringTag]
    const byteOffset = align(binaryLength)
    binaryLength = byteOffset + array.byteLength
    arrays.push({
      bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
      byteOffset,
    })
    return {[MARK]: [kind, byteOffset, array.length]}
  }

  const pack = (item: unknown, depth: number): unknown => {
    switch (typeof item) {
      case 'number':
        if (Object.is(item, -0)) return {[MARK]: '-0'}
        return Number.isFinite(item) ? item : {[MARK]: String(item)}
      case 'string':
      case 'boolean':
      case 'undefined':
        return item
      case 'object':
        break
      default:
        throw new CodecError(`a ${typeof item} cannot travel`)
    }
    if (item === null) return null
    if (depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}`)
    if (ArrayBuffer.isView(item)) {
      if (item instanceof DataView) throw new CodecError('a DataView cannot travel')
      return packArray(item as TypedArray)
    }
    if (Array.isArray(item)) return item.map((entry) => pack(entry, depth + 1))
    const prototype = Object.getPrototypeOf(item)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new CodecError(`a ${prototype.constructor?.name ?? 'class instance'} cannot travel`)
    }
    // Without a prototype, so that a key `__proto__` is a key like any other.
    const packed: Record<string, unknown> = Object.create(null)
    for (const key of Object.keys(item)) {
      packed[key] = pack((item as Record<string, unknown>)[key], depth + 1)
    }
    return Object.hasOwn(item, MARK) ? {[MARK]: ['object', packed]} : packed
  }

  const json = encoder.encode(JSON.stringify(pack(value, 0)) ?? 'null')
  const binaryStart = align(4 + json.length)
  const byteLength = binaryLength === 0 ? 4 + json.length : binaryStart + binaryLength
  if (json.length > MAX_JSON_BYTES || byteLength > MAX_MESSAGE_BYTES) {
    throw new CodecError(`a message of ${byteLength} bytes is too large to send`)
  }
  const message = new Uint8Array(byteLength)
  new DataView(message.buffer).setUint32(0, json.length, true)
  message.set(json, 4)
  for (const {bytes, byteOffset} of arrays) {
    if (bytes.length > 0) message.set(bytes, binaryStart + byteOffset)
  }
  return message
}

/**
 * The value a message stands for. Arrays are views into the message where its alignment allows.
 * Throws a {@link CodecError} on anything that {@link encodeMessage} would not have written.
 */
export function decodeMessage(message: Uint8Array): unknown {
  if (message.byteLength < 4) throw new CodecError('shorter than its own header')
  if (message.byteLength > MAX_MESSAGE_BYTES) throw new CodecError('larger than any message')
  const jsonLength = new DataView(message.buffer, message.byteOffset).getUint32(0, true)
  if (jsonLength > MAX_JSON_BYTES || 4 + jsonLength > message.byteLength) {
    throw new CodecError(`${jsonLength} bytes of JSON in a message of ${message.byteLength}`)
  }
  const json = message.subarray(4, 4 + jsonLength)
  // Counted in text, too; a prompt with that many brackets is longer than any context.
  if (jsonLength > MAX_CONTAINERS && countContainers(json) > MAX_CONTAINERS) {
    throw new CodecError(`more than ${MAX_CONTAINERS} lists and objects`)
  }
  const binary = binaryPart(message, align(4 + jsonLength))

  const unpackMark = (mark: unknown, depth: number): unknown => {
    if (mark === 'NaN' || mark === 'Infinity' || mark === '-Infinity' || mark === '-0') {
      return Number(mark)
    }
    if (!Array.isArray(mark)) throw new CodecError('a placeholder of no known kind')
    const [kind, second, length] = mark as unknown[]
    if (kind === 'object' && typeof second === 'object' && second !== null) {
      return unpackEntries(second as Record<string, unknown>, depth)
    }
    const found = typeof kind === 'string' ? KINDS.get(kind) : undefined
    if (!found) throw new CodecError('a placeholder of no known kind')
    if (!isCount(second) || !isCount(length) || second % ALIGNMENT !== 0) {
      throw new CodecError('a placeholder without a place')
    }
    if (second + length * found.BYTES_PER_ELEMENT > binary.byteLength) {
      throw new CodecError(`${kind} of ${length} at ${second} lies outside the message`)
    }
    return new found(binary.buffer, binary.byteOffset + second, length)
  }

  const unpackEntries = (entries: Record<string, unknown>, depth: number) => {
    // JSON.parse makes `__proto__` an own property, and assigning to an own property keeps it one.
    for (const key of Object.keys(entries)) entries[key] = unpack(entries[key], depth + 1)
    return entries
  }

  const unpack = (item: unknown, depth: number): unknown => {
    if (typeof item !== 'object' || item === null) return item
    if (depth > MAX_DEPTH * 2) throw new CodecError('nested too deep')
    if (Array.isArray(item)) {
      for (let i = 0; i < item.length; i++) item[i] = unpack(item[i], depth + 1)
      return item
    }
    const entries = item as Record<string, unknown>
    return Object.hasOwn(entries, MARK)
      ? unpackMark(entries[MARK], depth)
      : unpackEntries(entries, depth)
  }

  let parsed: unknown
  try {
    parsed = JSON.parse(decoder.decode(json))
  } catch (error) {
    throw new CodecError('not JSON', {cause: error})
  }
  return unpack(parsed, 0)
}

const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

function countContainers(json: Uint8Array): number {
  let count = 0
  for (const byte of json) if (byte === OPEN_LIST || byte === OPEN_OBJECT) count++
  return count
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** The arrays' bytes at an address that every kind of array can view; copied where they lie askew. */
function binaryPart(
  message: Uint8Array,
  start: number
): {buffer: ArrayBuffer; byteOffset: number; byteLength: number} {
  const part = message.subarray(Math.min(start, message.byteLength))
  if (part.byteOffset % ALIGNMENT === 0 && part.buffer instanceof ArrayBuffer) {
    return {buffer: part.buffer, byteOffset: part.byteOffset, byteLength: part.byteLength}
  }
  const copy = new Uint8Array(part)
  return {buffer: copy.buffer, byteOffset: 0, byteLength: copy.byteLength}
}
