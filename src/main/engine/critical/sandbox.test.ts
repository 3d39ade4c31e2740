import {expect, it} from 'vitest'
import {Sandbox} from './sandbox.ts'
import {ScriptError} from './script-error.ts'

/** What a script does instead of giving an answer to 'x'. */
async function errorOf(source: string): Promise<ScriptError> {
  const sandbox = await Sandbox.create(source)
  try {
    const isTrue = sandbox.call('x', '31')
    throw new Error(`it gave ${isTrue}`)
  } catch (error) {
    if (error instanceof ScriptError) return error
    throw error
  }
}

it('a script has 64 MiB', async () => {
  const source = (count: number) => `(r) => r === 'x'.repeat(${count})`
  expect((await Sandbox.create(source(3e7))).call('x', '')).toBe(false)
  await expect(errorOf(source(8e7))).resolves.toMatchObject({
    ...{kind: 'threw', message: expect.stringContaining('memory')},
  })
})

it.each([
  ['async (r) => false', 'a promise'],
  ['(r) => undefined', 'undefined'],
  ['(r) => null', 'null'],
  ['(r) => 0', 'a number, 0'],
  ['(r) => 10n', 'a bigint, 10'],
  ['(r) => "yes"', 'a string, "yes"'],
  ['(r) => r.match(/z/g)', 'null'],
  ['(r) => [1]', 'an array'],
  ['(r) => ({toJSON() { throw 1 }})', 'an object'],
  ['(r) => Symbol("a")', 'a symbol'],
  ['(r) => () => true', 'a function'],
])('%s gives neither true nor false, but %s', async (source, kind) => {
  expect(await errorOf(source)).toMatchObject({kind: 'not-boolean', message: `it gave ${kind}`})
})

it.each([
  ['throw new TypeError("no")', 'TypeError: no'],
  ['throw "no"', 'no'],
  ['throw {message: {a: 1}}', 'an object without a message'],
  ['throw {message: "no", toJSON() { throw 1 }}', 'no'],
  ['throw {name: {}, message: "no"}', 'no'],
  ['throw {get message() { throw 1 }}', 'an error that cannot be printed'],
  ['throw Object.create(null)', 'an object without a message'],
  ['throw Symbol("a")', 'Symbol(a)'],
  ['throw new Proxy({}, {get() { throw 1 }})', 'an error that cannot be printed'],
  ['throw null', 'null'],
  ['String = () => "x"; throw 5', '5'],
  ['throw {get message() { while (true) {} }}', 'it took more than 250 ms'],
])('what a script throws is printed: %s', async (thrown, found) => {
  expect((await errorOf(`(r) => { ${thrown} }`)).message).toBe(found)
})
