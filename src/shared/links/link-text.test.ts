import fc from 'fast-check'
import {deflateSync} from 'fflate'
import {describe, expect, test} from 'vitest'
import {ProblemError} from '../domain/problem.ts'
import {fingerprint} from './fingerprint.ts'
import type {LinkData} from './link-data.ts'
import {formatLink, MAX_LINK_CHARACTERS, parseLink} from './link-text.ts'

const SHA = 'ab12'.repeat(16)
const served = {kind: 'served', origin: 'http://127.0.0.1:4321'} as const
const desktop = {kind: 'desktop'} as const

const view = (change: Partial<LinkData> = {}): LinkData => ({
  model: {id: 'micro-base', sha256: SHA},
  promptText: 'Where is Ana?',
  turns: [],
  isChat: false,
  parameters: {
    temperature: 0.7,
    topP: 0.9,
    topK: 12,
    generateCount: 3,
    isSampled: true,
    seed: 11,
    tracks: ['surprisal', 'rank'],
    stripTrack: 'rank',
  },
  tracked: [],
  runs: [
    {
      model: {id: 'micro-base', sha256: SHA},
      request: {
        command: 'tokens',
        prompt: 'Where is Ana?',
        topK: 10,
        temperature: 1,
        topP: 1,
        position: 'last',
        generate: 0,
        sample: false,
        track: [],
        seed: 0,
        completionIds: [412, 37],
      },
      label: 'Where is Ana?',
      lock: 3,
      pins: [{kind: 'pair', from: 1, to: 4}],
      drawnSpans: [{byteStart: 0, byteEnd: 5}],
    },
  ],
  panes: [
    {lensId: 'tokens', run: 0, view: 'table'},
    {lensId: 'tokens', run: 0, view: null},
  ],
  activePane: 1,
  unit: {kind: 'word'},
  ...change,
})

function problemOf(text: string) {
  try {
    parseLink(text)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('it was read')
}

/** A link around any bytes, with the mark that they need. */
function linkAround(bytes: Uint8Array): string {
  const body = Buffer.from(bytes).toString('base64url')
  return `v1.${body}.${fingerprint(body)}`
}
const linkOf = (value: unknown) => linkAround(deflateSync(Buffer.from(JSON.stringify(value))))

describe('there and back', () => {
  test('every form of a link gives the view again', () => {
    const text = formatLink(view(), served)
    expect(text.startsWith('http://127.0.0.1:4321/#v1.')).toBe(true)
    const fragment = text.slice(text.indexOf('#'))
    const forms = [
      text,
      fragment,
      fragment.slice(1),
      formatLink(view(), desktop),
      `tokenscope://open/${fragment}`,
      `TOKENSCOPE://OPEN${fragment}`,
      `  ${text.replace(/.{60}/g, '$&\r\n')}\n`,
    ]
    for (const form of forms) expect(parseLink(form)).toEqual(view())
  })

  test('any text survives: marks, emoji, half of a surrogate pair, control characters', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.array(fc.nat(100_000)), (promptText, ids) => {
        const data = view({promptText})
        data.runs[0]!.request.completionIds = ids
        expect(parseLink(formatLink(data, desktop))).toEqual(data)
      })
    )
    expect(parseLink(formatLink(view({promptText: '\ud83d'}), desktop)).promptText).toBe('\ud83d')
  })

  test('a short prompt makes a link that fits into a line of a chat', () => {
    const [run] = view().runs
    const short = view({runs: [{...run!, pins: [], drawnSpans: []}]})
    expect(formatLink(short, desktop).length).toBeLessThan(420)
  })
})

describe('what cannot be read is refused with its four parts', () => {
  const good = formatLink(view(), served)

  test.each([
    ['nothing', '', 'link-not-one'],
    ['words', 'good morning', 'link-not-one'],
    ['another address', 'http://127.0.0.1:4321/', 'link-not-one'],
    ['another scheme', 'javascript:alert(1)#v1.abc.def', 'link-not-one'],
    ['a later version', good.replace('#v1.', '#v2.'), 'link-later-version'],
    ['the first half', good.slice(0, -80), 'link-damaged'],
    ['without its last character', good.slice(0, -1), 'link-damaged'],
    ['one character changed', good.replace(/(#v1\.\w{10})./, '$1_'), 'link-damaged'],
    ['no deflate data', linkAround(Buffer.from('not packed at all')), 'link-damaged'],
    [
      'cut deflate data',
      linkAround(deflateSync(Buffer.alloc(999, 7)).subarray(0, 8)),
      'link-damaged',
    ],
    ['no JSON', linkAround(deflateSync(Buffer.from('{"model":'))), 'link-damaged'],
    ['a list', linkOf([]), 'link-not-readable'],
    [
      'a negative lock',
      linkOf({...view(), runs: [{...view().runs[0], lock: -1}]}),
      'link-not-readable',
    ],
    ['a pane of no run', linkOf({...view(), runs: []}), 'link-not-readable'],
    [
      'an active pane that is not',
      linkOf({...view(), panes: [view().panes[0]]}),
      'link-not-readable',
    ],
    ['a long one', `#v1.${'A'.repeat(MAX_LINK_CHARACTERS)}.0`, 'link-too-long'],
    ['a very long one', `#v1.${'A '.repeat(3 * MAX_LINK_CHARACTERS)}`, 'link-too-long'],
  ])('%s', (_, text, code) => {
    const problem = problemOf(text)
    expect(problem.code).toBe(code)
    expect(problem.found).toBeTruthy()
    expect(problem.expected).toBeTruthy()
    expect(problem.advice).toMatch(/\.$/)
  })

  test('the field is named', () => {
    const parameters = {...view().parameters, temperature: -1}
    expect(problemOf(linkOf({...view(), parameters})).field).toBe('parameters.temperature')
  })

  test('a small link that unpacks to hundreds of megabytes is left after the first', () => {
    const bomb = deflateSync(new Uint8Array(400 * 2 ** 20), {level: 9})
    expect(bomb.length).toBeLessThan(600_000)
    expect(problemOf(linkAround(bomb)).code).toBe('link-too-large-inside')
  })

  test('keys that reach into prototypes reach nothing', () => {
    const json = JSON.stringify(view()).replace(
      '"promptText"',
      '"__proto__":{"isEvil":true},"constructor":{"prototype":{"isEvil":true}},"promptText"'
    )
    const read = parseLink(linkAround(deflateSync(Buffer.from(json))))
    expect(read).toEqual(view())
    expect(({} as Record<string, unknown>).isEvil).toBeUndefined()
  })

  test('whatever is altered, it is read or refused, never a crash', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({maxLength: 3}), (at, piece) => {
        try {
          parseLink(good.slice(0, at) + piece + good.slice(at + 1))
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError)
        }
      })
    )
  })

  test('a view that is too long is said to be so where it would be copied', () => {
    // Random digits do not pack.
    const random = fc.sample(fc.string({minLength: 2_000_000, maxLength: 2_000_000}), 1)[0]!
    expect(() => formatLink(view({promptText: random}), served)).toThrow(/too long for a link/)
  })
})
