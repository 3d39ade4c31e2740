import {crc32} from 'node:zlib'

/** Element types of the arrays that are written, with numpy's names and their bytes. */
const DESCRIPTIONS = {
  float32: {descr: '<f4', bytes: 4},
  int32: {descr: '<i4', bytes: 4},
  int64: {descr: '<i8', bytes: 8},
} as const

/** One array of an archive. Its entries come in pieces, in C order, as they lie in memory. */
export interface NpyArray {
  readonly name: string
  readonly dtype: keyof typeof DESCRIPTIONS
  readonly shape: readonly number[]
  readonly pieces: Iterable<ArrayBufferView> | AsyncIterable<ArrayBufferView>
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
 * A numpy archive (`.npz`): uncompressed `.npy` files in a ZIP, as `numpy.savez` writes them. It is made
 * piece by piece, so that arrays larger than the memory can be written; sizes beyond 4 GB are given as
 * ZIP64. Throws a RangeError where pieces do not fill an array's shape. Big-endian machines are none
 * that the runtime ships for.
 */
export async function* npzPieces(arrays: Iterable<NpyArray>): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = []
  let offset = 0
  for (const array of arrays) {
    const name = new TextEncoder().encode(`${array.name}.npy`)
    const start = offset
    const header = npyHeader(array)
    const dataLength = DESCRIPTIONS[array.dtype].bytes * elementCount(array.shape)
    const byteLength = header.byteLength + dataLength
    const local = localHeader(name)
    yield local
    yield header
    let crc = crc32(header)
    let written = 0
    for await (const piece of array.pieces) {
      const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
      written += bytes.byteLength
      if (written > dataLength) break
      crc = crc32(bytes, crc)
      yield bytes
    }
    if (written !== dataLength) {
      throw new RangeError(`${written} bytes for ${array.name} [${array.shape.join(', ')}]`)
    }
    const entry = {name, offset: start, byteLength, crc}
    const descriptor = dataDescriptor(entry)
    yield descriptor
    offset += local.byteLength + byteLength + descriptor.byteLength
    entries.push(entry)
  }
  yield directory(entries, offset)
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

/** Version 1.0 of the format: the header's length is a multiple of 64, so that data is aligned. */
function npyHeader({dtype, shape}: NpyArray): Uint8Array {
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
function localHeader(name: Uint8Array): Uint8Array {
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

function dataDescriptor({crc, byteLength}: Entry): Uint8Array {
  return record([
    [4, DATA_DESCRIPTOR],
    [4, crc],
    [8, byteLength],
    [8, byteLength],
  ])
}

function directoryHeader({name, offset, byteLength, crc}: Entry): Uint8Array {
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
function directory(entries: readonly Entry[], offset: number): Uint8Array {
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
