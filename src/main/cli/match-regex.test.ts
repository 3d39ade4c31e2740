import fc from 'fast-check'
import {expect, test} from 'vitest'
import {ProblemError} from '../../shared/domain/problem.ts'
import {decodeBytes} from '../../shared/units/decoded-text.ts'
import {findMatches} from '../../shared/units/find-matches.ts'
import {createRegexMatcher} from '../../shared/units/match-regex.ts'
import {matchRegex} from './match-regex.ts'

const encoder = new TextEncoder()
const slices = (text: string, spans: readonly {byteStart: number; byteEnd: number}[]) =>
  spans.map(({byteStart, byteEnd}) =>
    new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(
      encoder.encode(text).subarray(byteStart, byteEnd)
    )
  )
const problemOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error
  )
  return error instanceof ProblemError ? error.problem : expect.fail(String(error))
}

test('matches are byte spans; empty ones are passed over, and a flag counts', async () => {
  const text = 'Één 東京 👩‍💻 één'
  const find = async (source: string, flags = '') =>
    slices(text, (await matchRegex(text, {source, flags})).spans)
  expect(await find('één', 'i')).toEqual(['Één', 'één'])
  expect(await find('é?')).toEqual(['é', 'é', 'é'])
  expect(await find('.', 's')).toEqual([...text])
  expect(await find('[\\p{L}--[a-zé]]+', 'v')).toEqual(['É', '東京'])
  expect(await find('^')).toEqual([])
})

test('in decoded bytes a bad byte is one byte', async () => {
  const bytes = Uint8Array.from([0x61, 0xff, 0xc3, 0xa9, 0xc3])
  const {spans} = await matchRegex(decodeBytes(bytes), {source: '\ufffd|é', flags: ''})
  expect(spans.map(({byteStart, byteEnd}) => [byteStart, byteEnd])).toEqual([
    [1, 2],
    [2, 4],
    [4, 5],
  ])
})

test('an expression that backtracks for ever is stopped in its time', async () => {
  const problem = await problemOf(
    matchRegex(`${'a'.repeat(60)}!`, {source: '(a+)+$', flags: ''}, {limitMs: 100})
  )
  expect(problem).toMatchObject({code: 'regex-timeout', field: 'unit'})
  expect(problem.found).toContain('/(a+)+$/, still looking after 0.1 s in 61 characters')
  expect(problem.expected).toBe('all matches within 0.1 s')
  expect(problem.advice).not.toBe('')
})

test('what cannot be read says so', async () => {
  const problem = await problemOf(matchRegex('a', {source: '(', flags: ''}))
  expect(problem).toMatchObject({code: 'regex-syntax', found: expect.stringContaining('group')})
  expect((await problemOf(matchRegex('a', {source: 'a', flags: 'q'}))).code).toBe('regex-syntax')
})

test('whoever asked may give up', async () => {
  const controller = new AbortController()
  const found = matchRegex(
    `${'a'.repeat(60)}!`,
    {source: '(a+)+$', flags: ''},
    {limitMs: 60_000, signal: controller.signal}
  )
  controller.abort(new Error('enough'))
  await expect(found).rejects.toThrow('enough')
  await expect(
    matchRegex('a', {source: 'a', flags: ''}, {signal: AbortSignal.abort(new Error('before'))})
  ).rejects.toThrow('before')
})

test('too many matches are cut, and said to be', async () => {
  const {spans, warnings} = await matchRegex('aaaa', {source: 'a', flags: ''}, {mostMatches: 3})
  expect(spans).toHaveLength(3)
  expect(warnings.map((warning) => warning.code)).toEqual(['regex-matches-cut'])
  expect((await matchRegex('aaa', {source: 'a', flags: ''}, {mostMatches: 3})).warnings).toEqual([])
})

test('a thread that fails is a failure, not a silence', async () => {
  let endCount = 0
  const broken = createRegexMatcher(({fail}) => {
    queueMicrotask(() => fail(new Error('no thread')))
    return {post: () => {}, terminate: () => void endCount++}
  })
  await expect(broken('a', {source: 'a', flags: ''})).rejects.toThrow('no thread')
  expect(endCount).toBe(1)
})

test('spans of any text are those of its matches, in order and apart', async () => {
  const matcher = createRegexMatcher(({answer}) => {
    queueMicrotask(() => answer({kind: 'ready'}))
    return {post: (query) => queueMicrotask(() => answer(findMatches(query))), terminate: () => {}}
  })
  await fc.assert(
    fc.asyncProperty(fc.string({unit: 'grapheme'}), async (text) => {
      const {spans} = await matcher(text, {source: '\\p{L}+|\\S', flags: ''})
      expect(slices(text, spans)).toEqual([...text.matchAll(/\p{L}+|\S/gu)].map(([all]) => all))
    })
  )
})
