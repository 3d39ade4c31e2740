import {deepStrictEqual} from 'node:assert'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {CodecError, decodeMessage, encodeMessage, MAX_MESSAGE_BYTES} from './codec.ts'

const anyArray = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array()
)

const {value: anyValue} = fc.letrec<{value: unknown; leaf: unknown}>((tie) => ({
  leaf: fc.oneof(
    anyArray,
    fc.double(),
    fc.integer(),
    fc.string({unit: 'binary'}),
    fc.boolean(),
    fc.constant(null)
  ),
  value: fc.oneof(
    {maxDepth: 6},
    tie('leaf'),
    fc.array(tie('value'), {maxLength: 5}),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', 'length')),
      tie('value'),
      {maxKeys: 5, noNullPrototype: true}
    )
  ),
}))

test('any nested value with arrays of numbers survives the way, bit for bit', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      // vitest's own comparison takes a key named `constructor` for the class.
      deepStrictEqual(decodeMessage(encodeMessage(value)), value)
    }),
    {numRuns: 500}
  )
})

test('a message that lies at an odd address is read all the same', () => {
  fc.assert(
    fc.property(anyValue, fc.integer({min: 1, max: 7}), (value, shift) => {
      const message = encodeMessage(value)
      const moved = new Uint8Array(message.length + shift).subarray(shift)
      moved.set(message)
      deepStrictEqual(decodeMessage(moved), value)
    })
  )
})

test('the layout is as documented', () => {
  const message = encodeMessage({a: Float64Array.of(1), b: Uint8Array.of(7)})
  const json = '{"a":{"$":["Float64Array",0,1]},"b":{"$":["Uint8Array",8,1]}}'
  expect(new DataView(message.buffer).getUint32(0, true)).toBe(json.length)
  expect(Buffer.from(message.subarray(4, 4 + json.length)).toString()).toBe(json)
  const binaryStart = Math.ceil((4 + json.length) / 8) * 8
  expect(message.length).toBe(binaryStart + 8 + 1)
  expect(new DataView(message.buffer).getFloat64(binaryStart, true)).toBe(1)
  expect(message[binaryStart + 8]).toBe(7)
})

test('every bit of NaN is kept', () => {
  const bits = new Uint32Array([0x7fc00001, 0xffffffff])
  const back = decodeMessage(encodeMessage(new Float32Array(bits.buffer))) as Float32Array
  expect(new Uint32Array(back.buffer, back.byteOffset, 2)).toEqual(bits)
})

test('a view takes its own part along and no more; a Buffer arrives as plain bytes', () => {
  const large = new Float32Array(100_000)
  expect(encodeMessage(large.subarray(3, 5)).length).toBeLessThan(100)
  const back = decodeMessage(encodeMessage({bytes: Buffer.from('abc')})) as {bytes: Uint8Array}
  expect(back.bytes.constructor).toBe(Uint8Array)
  expect(back.bytes).toEqual(Uint8Array.of(97, 98, 99))
})

test('undefined is left out of objects and null in lists', () => {
  expect(decodeMessage(encodeMessage({a: undefined, b: [undefined]}))).toStrictEqual({b: [null]})
  expect(decodeMessage(encodeMessage(undefined))).toBe(null)
})

test('what cannot travel is refused where it is sent', () => {
  const cycle: {self?: unknown} = {}
  cycle.self = cycle
  const wrong = [
    new Map(),
    new Date(),
    1n,
    () => 1,
    Symbol('a'),
    cycle,
    new DataView(new ArrayBuffer(1)),
  ]
  for (const value of wrong) expect(() => encodeMessage({value})).toThrow(CodecError)
  expect(() => encodeMessage(new Uint8Array(MAX_MESSAGE_BYTES))).toThrow('too large')
})

function messageOf(json: string, binary = new Uint8Array()): Uint8Array {
  const text = Buffer.from(json)
  const start = Math.ceil((4 + text.length) / 8) * 8
  const message = new Uint8Array(start + binary.length)
  new DataView(message.buffer).setUint32(0, text.length, true)
  message.set(text, 4)
  message.set(binary, start)
  return message
}

test.each([
  ['nothing', new Uint8Array()],
  ['a header cut short', Uint8Array.of(1, 0, 0)],
  ['a JSON length beyond the end', Uint8Array.of(9, 0, 0, 0, 0x7b)],
  ['the greatest JSON length', Uint8Array.of(255, 255, 255, 255, 0)],
  ['JSON cut short', messageOf('{"a":')],
  ['JSON that is not UTF-8', Uint8Array.of(3, 0, 0, 0, 0x22, 0xff, 0x22)],
  ['an array beyond the end', messageOf('{"$":["Float64Array",0,2]}', new Uint8Array(8))],
  ['an array at an odd place', messageOf('{"$":["Uint8Array",1,2]}', new Uint8Array(8))],
  ['an array of negative length', messageOf('{"$":["Uint8Array",0,-1]}', new Uint8Array(8))],
  ['an array of half a length', messageOf('{"$":["Uint8Array",0,0.5]}', new Uint8Array(8))],
  ['an array at a huge place', messageOf('{"$":["Uint8Array",9007199254740984,8]}')],
  ['a kind that is no array', messageOf('{"$":["SharedArrayBuffer",0,0]}')],
  ['a kind from the prototype', messageOf('{"$":["constructor",0,0]}')],
  ['a mark of no kind', messageOf('{"$":{"a":1}}')],
  ['a flood of empty lists', messageOf(`[${'[],'.repeat(1_000_001)}1]`)],
  ['nesting without end', messageOf(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)],
])('%s is refused', (_, message) => {
  expect(() => decodeMessage(message)).toThrow(CodecError)
})

test('random bytes are refused or decoded, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), (bytes) => {
      try {
        decodeMessage(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError)
      }
    }),
    {numRuns: 2000}
  )
})
