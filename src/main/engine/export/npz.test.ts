import fc from 'fast-check'
import {unzipSync} from 'fflate'
import {expect, test} from 'vitest'
import {type NpyArray, NpzWriter} from './npz.ts'

type Filled = NpyArray & {readonly pieces: readonly ArrayBufferView<ArrayBuffer>[]}

function bytesOf(arrays: readonly Filled[]): Uint8Array {
  const writer = new NpzWriter()
  const parts = arrays.flatMap((array) => [
    writer.begin(array),
    ...array.pieces.map((piece) => writer.write(piece)),
    writer.end(),
  ])
  return Buffer.concat([...parts, writer.finish()])
}

/** Reads a `.npy` file by numpy's description of the format, not by the writer. */
function readNpy(file: Uint8Array) {
  expect([...file.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0])
  const headerLength = file[8]! + 256 * file[9]!
  expect((10 + headerLength) % 64).toBe(0)
  const header = new TextDecoder('latin1').decode(file.subarray(10, 10 + headerLength))
  expect(header.endsWith('\n')).toBe(true)
  const [, descr, order, axes] =
    /^\{'descr': '(.+)', 'fortran_order': (\w+), 'shape': \((.*)\), \} *\n$/.exec(header) ?? []
  expect(order).toBe('False')
  const shape = axes!
    .split(',')
    .filter((text) => text.trim() !== '')
    .map(Number)
  const data = file.slice(10 + headerLength).buffer
  const values = {
    '<f4': () => [...new Float32Array(data)],
    '<i4': () => [...new Int32Array(data)],
    '<i8': () => [...new BigInt64Array(data)].map(Number),
  }[descr!]!()
  return {descr, shape, values}
}

test('arrays come back by name, with their shapes, types and entries, however they were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({min: 0, max: 5}), {minLength: 0, maxLength: 4}),
      fc.integer({min: 1, max: 7}),
      (shape, pieceLength) => {
        const length = shape.reduce((product, axis) => product * axis, 1)
        const weights = Float32Array.from({length}, (_, i) => Math.fround(i / 7 - 1))
        const pieces = Array.from({length: Math.ceil(length / pieceLength)}, (_, i) =>
          weights.subarray(i * pieceLength, (i + 1) * pieceLength)
        )
        const archive = unzipSync(
          bytesOf([
            {name: 'weights', dtype: 'float32', shape, pieces},
            {name: 'layers', dtype: 'int64', shape: [2], pieces: [BigInt64Array.of(0n, 2n ** 40n)]},
            {name: 'tokenIds', dtype: 'int32', shape: [1], pieces: [Int32Array.of(-5)]},
          ])
        )
        expect(Object.keys(archive)).toEqual(['weights.npy', 'layers.npy', 'tokenIds.npy'])
        expect(readNpy(archive['weights.npy']!)).toEqual({
          descr: '<f4',
          shape,
          values: [...weights],
        })
        expect(readNpy(archive['layers.npy']!)).toEqual({
          descr: '<i8',
          shape: [2],
          values: [0, 2 ** 40],
        })
        expect(readNpy(archive['tokenIds.npy']!)).toEqual({descr: '<i4', shape: [1], values: [-5]})
      }
    )
  )
})

test('the same arrays give the same bytes, which name no time', async () => {
  const arrays = (): Filled[] => [
    {name: 'a', dtype: 'float32', shape: [3], pieces: [Float32Array.of(1, 2, 3)]},
  ]
  const first = bytesOf(arrays())
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(bytesOf(arrays())).toEqual(first)
})

test('checksums are those of a table-driven CRC over each whole file', async () => {
  const {crc32} = await import('../../../shared/math/crc32.ts')
  const bytes = Buffer.from(
    bytesOf([{name: 'a', dtype: 'int32', shape: [2], pieces: [Int32Array.of(7, 8)]}])
  )
  const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]))
  const file = unzipSync(bytes)['a.npy']!
  expect(bytes.readUInt32LE(directory + 16)).toBe(crc32(file))
})

test('pieces that do not fill the shape are refused', () => {
  for (const piece of [Float32Array.of(1), Float32Array.of(1, 2, 3)]) {
    expect(() => bytesOf([{name: 'a', dtype: 'float32', shape: [2], pieces: [piece]}])).toThrow(
      RangeError
    )
  }
})
