import type {FileHandle} from 'node:fs/promises'

/** A protobuf field on the wire: `value` of a varint, and where the content lies. */
export interface WireField {
  readonly number: number
  readonly wireType: number
  /** Of a varint, as an unsigned number (exact up to 2^53); 0 for other wire types. */
  readonly value: number
  /** Where the field begins, with its tag. */
  readonly tagStart: number
  /** Content of a length-delimited or fixed field: [start, end) in the file. */
  readonly start: number
  readonly end: number
}

export const WIRE_TYPE = {varint: 0, fixed64: 1, bytes: 2, fixed32: 5} as const

/** Bytes that are no protobuf at all, or lengths that lie. `position` is a byte of the file. */
export class WireError extends Error {
  constructor(
    readonly kind: 'bad-tag' | 'overrun' | 'too-many-fields',
    readonly position: number,
    message: string
  ) {
    super(message)
    this.name = 'WireError'
  }
}

const WINDOW_BYTES = 1 << 16
/** Ten million fields are ten times the largest real graph; a crafted file could hold a billion. */
const MAX_FIELD_COUNT = 10_000_000

/**
 * Walks protobuf fields of a file by position, reading only what it is asked for: large contents are
 * stepped over, so a file of gigabytes costs a few small reads.
 */
export class WireReader {
  private window: Uint8Array = new Uint8Array(0)
  private windowStart = 0
  private fieldCount = 0

  constructor(
    private readonly handle: FileHandle,
    readonly byteLength: number
  ) {}

  /** The bytes [start, end) of the file, which must lie within it. The view lasts until the next call. */
  async bytes(start: number, end: number): Promise<Uint8Array> {
    if (start < this.windowStart || end > this.windowStart + this.window.length) {
      const wanted = Math.max(end - start, Math.min(WINDOW_BYTES, this.byteLength - start))
      const buffer = Buffer.allocUnsafe(wanted)
      let filled = 0
      while (filled < wanted) {
        const {bytesRead} = await this.handle.read(buffer, filled, wanted - filled, start + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      this.window = buffer.subarray(0, filled)
      this.windowStart = start
      if (filled < end - start) {
        throw new WireError('overrun', start + filled, 'the file became shorter while it was read')
      }
    }
    return this.window.subarray(start - this.windowStart, end - this.windowStart)
  }

  /** Every field in [start, end) in order. Throws a WireError where the bytes make no sense. */
  async *fields(start: number, end: number): AsyncGenerator<WireField> {
    let position = start
    while (position < end) {
      const field = await this.fieldAt(position, end)
      yield field
      position = field.end
    }
  }

  /** The field whose tag begins at `start`; it must end by `limit`. */
  async fieldAt(start: number, limit: number): Promise<WireField> {
    if (++this.fieldCount > MAX_FIELD_COUNT) {
      throw new WireError('too-many-fields', start, `more than ${MAX_FIELD_COUNT} fields`)
    }
    // A tag and a length take at most ten bytes each.
    const head = await this.bytes(start, Math.min(start + 20, limit))
    const tag = varintAt(head, 0, start)
    const number = Math.floor(tag.value / 8)
    const wireType = tag.value % 8
    if (number < 1 || number > 0x1fffffff) {
      throw new WireError('bad-tag', start, `field number ${number} at byte ${start}`)
    }
    const contentStart = start + tag.length
    switch (wireType) {
      case WIRE_TYPE.varint: {
        const varint = varintAt(head, tag.length, start)
        const end = contentStart + varint.length
        return {number, wireType, value: varint.value, tagStart: start, start: contentStart, end}
      }
      case WIRE_TYPE.fixed64:
        return fixed(number, wireType, [start, contentStart], 8, limit)
      case WIRE_TYPE.fixed32:
        return fixed(number, wireType, [start, contentStart], 4, limit)
      case WIRE_TYPE.bytes: {
        const length = varintAt(head, tag.length, start)
        return fixed(number, wireType, [start, contentStart + length.length], length.value, limit)
      }
      default:
        throw new WireError('bad-tag', start, `wire type ${wireType} at byte ${start}`)
    }
  }
}

function fixed(
  number: number,
  wireType: number,
  [tagStart, start]: readonly [number, number],
  byteLength: number,
  limit: number
): WireField {
  const end = start + byteLength
  if (end > limit) {
    const left = Math.max(0, limit - start)
    const message = `field ${number} at byte ${start} needs ${byteLength} bytes, ${left} are left`
    throw new WireError('overrun', start, message)
  }
  return {number, wireType, value: 0, tagStart, start, end}
}

function varintAt(
  bytes: Uint8Array,
  offset: number,
  fileStart: number
): {value: number; length: number} {
  let value = 0
  let scale = 1
  for (let i = 0; i < 10; i++) {
    const byte = bytes[offset + i]
    if (byte === undefined) {
      throw new WireError('overrun', fileStart + offset + i, 'the bytes end inside a number')
    }
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return {value, length: i + 1}
    scale *= 128
  }
  throw new WireError('bad-tag', fileStart + offset, 'a number of more than ten bytes')
}

/** The unsigned varints of a packed field. */
export function packedVarints(bytes: Uint8Array): number[] {
  const values: number[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const {value, length} = varintAt(bytes, offset, 0)
    values.push(value)
    offset += length
  }
  return values
}
