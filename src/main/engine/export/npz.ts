import {crc32} from 'node:zlib'

/** Element types of the arrays that are written, with numpy's names and their bytes. */
const DESCRIPTIONS = {
  float32: {descr: '<f4', bytes: 4},
  int32: {descr: '<i4', bytes: 4},
  int64: {descr: '<i8', bytes: 8},
} as const

/** One array of an archive, whose entries follow in C order, as they lie in memory. */
export interface NpyArray {
  readonly name: string
  readonly dtype: keyof typeof DESCRIPTIONS
  readonly shape: readonly number[]
}

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0)
const LOCAL_HEADER = 0x04034b50
const DATA_DESCRIPTOR = 0x08074b50
const DIRECTORY_HEADER = 0x02014b50
const DIRECTORY_END = 0x06054b50
const DIRECTORY_END_64 = 0x06064b50
const DIRECTORY_LOCATOR_64 = 0x07064b50
const MOST_32 = 0xffffffff
/** Sizes follow the data. */
const HAS_DESCRIPTOR = 0x0008
const VERSION_64 = 45
/** 1 January 1980, the first that the format knows: the same arrays give the same bytes. */
const DATE = 0x0021

interface Entry {
  readonly name: Uint8Array
  readonly offset: number
  readonly byteLength: number
  readonly crc: number
}

/**
 * A numpy archive (`.npz`): uncompressed `.npy` files in a ZIP, as `numpy.savez` writes them. Every method
 * gives the next bytes of the archive, so that arrays larger than the memory can be written; sizes beyond
 * 4 GB are given as ZIP64. Bytes are little-endian, as on every machine that the runtime ships for.
 */
export class NpzWriter {
  private readonly entries: Entry[] = []
  private offset = 0
  private open: {
    array: NpyArray
    start: number
    byteLength: number
    leftBytes: number
    crc: number
  } | null = null

  /** Begins an array. */
  begin(array: NpyArray): Uint8Array<ArrayBuffer> {
    if (this.open) throw new RangeError(`${this.open.array.name} is not at its end`)
    const header = npyHeader(array)
    const leftBytes = DESCRIPTIONS[array.dtype].bytes * elementCount(array.shape)
    const byteLength = header.byteLength + leftBytes
    this.open = {array, start: this.offset, byteLength, leftBytes, crc: crc32(header)}
    return this.count(record([], localHeader(nameOf(array)), header))
  }

  /** Some entries of the array that was begun. Throws a RangeError where they are too many. */
  write(entries: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const {open} = this
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength)
    if (!open || bytes.byteLength > open.leftBytes) throw misfit(open?.array, 'more')
    open.leftBytes -= bytes.byteLength
    open.crc = crc32(bytes, open.crc)
    return this.count(bytes)
  }

  /** Ends the array. Throws a RangeError where entries are missing. */
  end(): Uint8Array<ArrayBuffer> {
    const {open} = this
    if (!open || open.leftBytes > 0) throw misfit(open?.array, 'fewer')
    this.open = null
    const entry: Entry = {
      name: nameOf(open.array),
      offset: open.start,
      byteLength: open.byteLength,
      crc: open.crc,
    }
    this.entries.push(entry)
    return this.count(dataDescriptor(entry))
  }

  /** The list of what was written, which ends the archive. */
  finish(): Uint8Array<ArrayBuffer> {
    return directory(this.entries, this.offset)
  }

  private count(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.offset += bytes.byteLength
    return bytes
  }
}

function nameOf({name}: NpyArray): Uint8Array {
  return new TextEncoder().encode(`${name}.npy`)
}

function misfit(array: NpyArray | undefined, what: 'more' | 'fewer'): RangeError {
  return new RangeError(
    array
      ? `${what} entries than ${array.name} [${array.shape.join(', ')}] has`
      : 'no array was begun'
  )
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** Version 1.0 of the format: the header's length is a multiple of 64, so that data is aligned. */
function npyHeader({dtype, shape}: NpyArray): Uint8Array<ArrayBuffer> {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const {descr} = DESCRIPTIONS[dtype]
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${axes}), }`
  const length = Math.ceil((MAGIC.length + 2 + text.length + 1) / 64) * 64
  const padded = `${text.padEnd(length - MAGIC.length - 3)}\n`
  const bytes = new Uint8Array(length)
  bytes.set(MAGIC)
  new DataView(bytes.buffer).setUint16(MAGIC.length, padded.length, true)
  bytes.set(new TextEncoder().encode(padded), MAGIC.length + 2)
  return bytes
}

/** Numbers of 2, 4 or 8 bytes in a row, little-endian, then bytes as they are. */
function record(
  fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[],
  ...rest: Uint8Array[]
) {
  const fixed = fields.reduce((sum, [bytes]) => sum + bytes, 0)
  const whole = new Uint8Array(rest.reduce((sum, {length}) => sum + length, fixed))
  const view = new DataView(whole.buffer)
  let at = 0
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true)
    else if (bytes === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
    at += bytes
  }
  for (const bytes of rest) {
    whole.set(bytes, at)
    at += bytes.length
  }
  return whole
}

/** Says by its ZIP64 field, with sizes still 0, that the descriptor has sizes of 8 bytes. */
function localHeader(name: Uint8Array): Uint8Array<ArrayBuffer> {
  const extra = record([
    [2, 1],
    [2, 16],
    [8, 0],
    [8, 0],
  ])
  return record(
    [
      [4, LOCAL_HEADER],
      [2, VERSION_64],
      [2, HAS_DESCRIPTOR],
      [2, 0],
      [2, 0],
      [2, DATE],
      [4, 0],
      [4, MOST_32],
      [4, MOST_32],
      [2, name.length],
      [2, extra.length],
    ],
    name,
    extra
  )
}

function dataDescriptor({crc, byteLength}: Entry): Uint8Array<ArrayBuffer> {
  return record([
    [4, DATA_DESCRIPTOR],
    [4, crc],
    [8, byteLength],
    [8, byteLength],
  ])
}

function directoryHeader({name, offset, byteLength, crc}: Entry): Uint8Array<ArrayBuffer> {
  const extra = record([
    [2, 1],
    [2, 24],
    [8, byteLength],
    [8, byteLength],
    [8, offset],
  ])
  return record(
    [
      [4, DIRECTORY_HEADER],
      [2, VERSION_64],
      [2, VERSION_64],
      [2, HAS_DESCRIPTOR],
      [2, 0],
      [2, 0],
      [2, DATE],
      [4, crc],
      [4, MOST_32],
      [4, MOST_32],
      [2, name.length],
      [2, extra.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, MOST_32],
    ],
    name,
    extra
  )
}

/** The list of entries that readers start from, `offset` bytes into the archive, with both its ends. */
function directory(entries: readonly Entry[], offset: number): Uint8Array<ArrayBuffer> {
  const headers = entries.map(directoryHeader)
  const byteLength = headers.reduce((sum, {length}) => sum + length, 0)
  const end64 = record([
    [4, DIRECTORY_END_64],
    [8, 44],
    [2, VERSION_64],
    [2, VERSION_64],
    [4, 0],
    [4, 0],
    [8, entries.length],
    [8, entries.length],
    [8, byteLength],
    [8, offset],
  ])
  const locator = record([
    [4, DIRECTORY_LOCATOR_64],
    [4, 0],
    [8, offset + byteLength],
    [4, 1],
  ])
  const end = record([
    [4, DIRECTORY_END],
    [2, 0],
    [2, 0],
    [2, entries.length],
    [2, entries.length],
    [4, Math.min(byteLength, MOST_32)],
    [4, MOST_32],
    [2, 0],
  ])
  return record([], ...headers, end64, locator, end)
}
